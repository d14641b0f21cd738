import contextlib

from odoo import api, sql_db
from odoo.addons.database_monitor import runtime
from odoo.addons.database_monitor.engine import plans
from odoo.addons.database_monitor.engine.shapes import normalise
from odoo.exceptions import AccessError, UserError
from odoo.orm.registry import Registry
from odoo.tests import BaseCase, TransactionCase, get_db_name, new_test_user, tagged

QUERY = "SELECT id, note FROM monitor_wish WHERE farm = %s AND done IS NOT TRUE ORDER BY at DESC LIMIT 5"


def do(*statements):
    with runtime.session(get_db_name()) as work, work.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def outline():
    """The plan of the slow statement, as lines."""
    with runtime.session(get_db_name()) as work, work.transaction(undo=True) as cursor:
        return plans.outline(plans.explain(cursor, normalise(QUERY)))


@tagged("post_install", "-at_install")
class TestDeclare(BaseCase):
    """From a slow statement to its index and back, with the addon `database_index`.

    No transaction stays open from step to step: a build would wait for it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        do(
            "CREATE TABLE monitor_wish (id serial PRIMARY KEY, farm int, at timestamp, done bool, note text)",
            "INSERT INTO monitor_wish (farm, at, note) SELECT i % 4000, timestamp '2025-01-01'"
            " + i * interval '1 minute', repeat('n', 50) FROM generate_series(1, 50000) i",
            "ANALYZE monitor_wish",
        )
        cls.addClassCleanup(do, "DROP TABLE monitor_wish", "DELETE FROM database_monitor.advice")

    @contextlib.contextmanager
    def environment(self):
        with Registry(get_db_name()).cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})
            cr.rollback()

    def advice(self, env):
        return env["database.monitor.advice"].search([("table", "=", "monitor_wish")])

    def press(self, env, action):
        """The preview that an action opens, confirmed; the statements that it showed."""
        wizard = env[action["res_model"]].with_context(**action["context"]).create({})
        shown = wizard.statements
        wizard.action_run()
        return shown

    def work(self):
        """What the scheduled action does once its transaction has ended."""
        from odoo.addons.database_index import runtime as indexes  # not a dependency of this addon
        from odoo.addons.database_index.engine import tasks
        from odoo.addons.database_index.engine.connection import Patience

        with indexes.session(get_db_name()) as session:
            return tasks.work(session, {}, Patience(old_s=1e6))  # other tests' transactions are harmless

    def test_slow_statement_to_index_and_back(self):
        with self.environment() as env:
            if "database.index" not in env:
                self.skipTest("database_index is not installed")
        with sql_db.db_connect(get_db_name()).cursor() as cr:
            for farm in range(30):
                cr.execute(QUERY, [farm])
        self.assertIn("Seq Scan monitor_wish", outline())
        with self.environment() as env:
            env["database.monitor.advice"].action_analyze()
        with self.environment() as env:
            advice = self.advice(env)
            self.assertEqual(len(advice), 1)
            self.assertTrue(advice.declarable)
            shown = self.press(env, advice.action_declare())
            self.assertTrue(shown.startswith("CREATE INDEX CONCURRENTLY"), shown)
            self.assertIn('("farm"', shown)
        with self.environment() as env:
            self.assertFalse(self.advice(env).declarable)
            record = env["database.index"].search([("table_name", "=", "monitor_wish")])
            self.assertEqual((record.stored, record.state, record.deployed), (True, "missing", False))
            self.assertIn("FROM monitor_wish WHERE farm = ?", record.query)
            self.assertIn("less cost", record.purpose)
            name = record.name
        (done,) = self.work()
        self.assertEqual((done.name, done.did), (name, "built"), done)
        self.assertIn(name, outline())
        self.assertNotIn("Seq Scan", outline())
        with self.environment() as env:
            env["database.monitor.advice"].action_analyze()
        with self.environment() as env:
            self.assertFalse(self.advice(env))
            record = env["database.index"].search([("name", "=", name)])
            self.assertEqual((record.state, record.deployed), ("valid", True))
            shown = self.press(env, record.with_context(index_operation="withdraw").action_operate())
            self.assertEqual(shown, f'DROP INDEX CONCURRENTLY IF EXISTS "public"."{name}"')
        self.work()
        self.assertIn("Seq Scan monitor_wish", outline())
        self.assertEqual(
            do("SELECT indexname FROM pg_indexes WHERE tablename = 'monitor_wish'"), [("monitor_wish_pkey",)]
        )
        with self.environment() as env:
            self.assertFalse(env["database.index"].search([("name", "=", name)]))
        do("DELETE FROM database_index.task WHERE name LIKE 'monitor_wish%'")


@tagged("post_install", "-at_install")
class TestDeclareRights(TransactionCase):
    def test_administrators_only(self):
        advice = self.env["database.monitor.advice"].new({})
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"declare_{group[-6:]}", groups=group)
            with self.assertRaises(AccessError):
                advice.with_user(user).action_declare()
            if "database.index" in self.env:
                with self.assertRaises(AccessError):
                    self.env["database.index"].with_user(user)._declare({})

    def test_advice_of_an_older_version(self):
        words = "analyze anew" if "database.index" in self.env else "Install the addon database_index"
        with self.assertRaisesRegex(UserError, words):
            self.env["database.monitor.advice"].new({}).action_declare()

    def test_a_declaration_that_will_not_do(self):
        if "database.index" in self.env:
            with self.assertRaisesRegex(UserError, "keys"):
                self.env["database.index"]._declare({"table": "res_partner", "keys": ["lower(name)"],
                                                     "purpose": "p", "query": "q"})  # fmt: skip
