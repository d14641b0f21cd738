import datetime
import io
from unittest.mock import patch

from odoo.tests import TransactionCase

from ..generator.build import generate
from ..generator.context import Context
from ..generator.progress import Progress

UNTIL = datetime.date(2026, 3, 31)
FIRST = datetime.date(2026, 1, 1)


class SmallDairy(TransactionCase):
    """Three months of a dairy of 24 animals, made once in the class's transaction."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.ctx = Context(
            env=cls.env, seed=7, scale=0.03, first=FIRST, until=UNTIL, progress=Progress(io.StringIO())
        )
        cls.counts = generate(cls.ctx)
        # statuses of animals are those of the last day, not of the day the test runs on
        cls.startClassPatcher(cls._today_is(UNTIL))

    @classmethod
    def _today_is(cls, day):
        return patch.object(type(cls.env["res.company"]), "_business_today", lambda company: day)

    @classmethod
    def rows(cls, query, *params):
        cls.env.cr.execute(query, params)
        return cls.env.cr.fetchall()
