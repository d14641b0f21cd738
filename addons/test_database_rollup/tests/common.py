import contextlib
from collections import Counter

from odoo import api
from odoo.addons.database_rollup.testing.sample import Lab
from odoo.modules.registry import Registry
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name


def server():
    """psycopg2's keywords of the server that Odoo uses."""
    _name, info = connection_info_for(get_db_name())
    return info


def close(rows):
    """Rows as a bag; what Odoo's cursors give as floats is compared to 9 digits."""
    return Counter(map(rounded, rows))


def rounded(row):
    return tuple(round(v, 9) if isinstance(v, float) else v for v in row)


class LabCase(BaseCase):
    """A scratch database with the sample's tables, apart from Odoo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab = Lab(server(), f"{get_db_name()}_{cls.__name__.lower()}").build()
        cls.addClassCleanup(cls.lab.drop)

    def do(self, *statements):
        with self.lab.transaction() as cursor:
            for statement in statements:
                cursor.execute(statement)


class CommittedCase(BaseCase):
    """Real transactions on Odoo's own cursors: what they commit is deleted afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.addClassCleanup(cls.clean)

    @classmethod
    def clean(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            env["test.rollup.order"].search([]).unlink()

    @contextlib.contextmanager
    def transaction(self, user=None, **context):
        """A transaction of its own, committed at the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, user or api.SUPERUSER_ID, context)
