"""A base class for tests of cached methods."""

from contextlib import contextmanager

from odoo import api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name

from ..runtime import cache_of


class CacheCase(BaseCase):
    """Real transactions on real cursors: a value that one stores, another gets.

    A test's own cursor would be one single transaction, which computes whatever it wrote to. What a test
    commits here stays in the database: clean it up.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.cache = cache_of(cls.registry.db_name)
        # a busy machine that tests run on must not pass for a Redis that is down
        cls.set_time_limit("2000")
        cls.addClassCleanup(cls.set_time_limit, False)
        if cls.cache.claim() == "off":
            raise AssertionError("the method cache is off: another process holds the embedded store")
        while cls.cache.clear_ledger():  # of raw SQL in earlier tests
            continue

    @classmethod
    def set_time_limit(cls, milliseconds):
        with cls.transaction() as env:
            env["ir.config_parameter"].set_param("method_cache.timeout_ms", milliseconds)

    @classmethod
    @contextmanager
    def transaction(cls, user=None, **context):
        """An environment in a transaction of its own, committed at the end."""
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, user or api.SUPERUSER_ID, context)
