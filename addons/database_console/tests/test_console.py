from odoo.addons.database_console.engine.recommendations import ADDON, declarable
from odoo.addons.database_index import runtime as index_runtime
from odoo.addons.database_index.engine import tasks
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, get_db_name, tagged

from .common import users, work

ADVISED = 'CREATE INDEX ON "public"."console_herd" USING btree (farm)'


@tagged("post_install", "-at_install")
class TestConsole(TransactionCase):
    @classmethod
    def setUpClass(cls):
        work(
            "CREATE TABLE console_herd (id serial PRIMARY KEY, farm int, note text)",
            "CREATE INDEX console_herd_note ON console_herd (note)",
            "INSERT INTO database_monitor.advice"
            ' ("table", definition, gain, seconds, bytes, write, tried, statements)'
            f" VALUES ('console_herd', '{ADVISED}', 0.9, 90, 1048576, 0.1, 'sample',"
            " '[[\"SELECT id FROM console_herd WHERE farm = ?\", 900, 8]]')",
        )
        cls.addClassCleanup(
            work,
            "DROP TABLE console_herd",
            "DELETE FROM database_monitor.advice WHERE \"table\" = 'console_herd'",
            "DELETE FROM database_index.task WHERE name LIKE 'console_herd%'",
            "DELETE FROM database_index.dropped WHERE name LIKE 'console_herd%'",
            "DELETE FROM database_index.index WHERE name LIKE 'console_herd%'",
        )
        super().setUpClass()
        cls.users = users(cls.env)
        cls.console = cls.env["database.console"].with_user(cls.users["administrator"])

    def advised(self):
        (one,) = [
            one
            for one in self.console.recommendations({"kind": "advice", "limit": 500})["items"]
            if one["table"] == "console_herd"
        ]
        return one

    def perform(self, declarations=None):
        """What the scheduler does after its transaction: work off the queue."""
        with index_runtime.session(get_db_name()) as session:
            return tasks.work(session, declarations or {})

    def indexes(self):
        return {row[0] for row in work("SELECT indexname FROM pg_indexes WHERE tablename = 'console_herd'")}

    def test_nobody_else_gets_anything(self):
        calls = [
            ("overview",), ("indexes",), ("queries",), ("plan", 1), ("recommendations",),
            ("preview", "reindex", "console_herd_note"), ("operate", "reindex", "console_herd_note"),
            ("preview_recommendation", "x"), ("follow", "x"), ("analyze",), ("work",),
        ]  # fmt: skip
        public = {
            name
            for name in dir(type(self.console))
            if not name.startswith("_") and type(self.console).__dict__.get(name)
        }
        for name in ("clerk", "portal"):
            for method, *arguments in calls:
                with self.assertRaises(AccessError, msg=f"{name} {method}"):
                    getattr(self.env["database.console"].with_user(self.users[name]), method)(*arguments)
            for model in ("database.console.index", "database.console.analysis"):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(self.users[name]).search([])
        self.assertLessEqual(public, {method for method, *_arguments in calls})

    def test_nobody_declares_by_hand(self):
        with self.assertRaises(AccessError):
            self.env["database.console.index"].with_user(self.users["administrator"]).create(
                {"name": "x", "statement": "DROP TABLE res_users", "purpose": "p"}
            )

    def test_overview(self):
        found = self.console.overview()
        tiles = found["tiles"]
        counted = work(
            "SELECT count(*) FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname AND c.relkind = 'i'"
            " AND c.relnamespace = 'public'::regnamespace WHERE i.schemaname = 'public'"
        )
        self.assertEqual(tiles["indexes"], counted[0][0])
        self.assertTrue(0 < tiles["cache_hit"] <= 1)
        self.assertEqual(tiles["goal_ms"], 50)
        self.assertIn("database_monitor.action_database_monitor_alert", [one["action"] for one in found["links"]])

    def test_advice_is_followed_and_taken_back(self):
        one = self.advised()
        self.assertEqual((one["severity"], one["operation"]), ("high", "deploy"))
        (statement,) = self.console.preview_recommendation(one["key"])
        self.assertIn(f'CREATE INDEX CONCURRENTLY "{one["name"]}" ON "public"."console_herd"', statement)
        self.assertEqual(self.indexes(), {"console_herd_pkey", "console_herd_note"})

        self.console.follow(one["key"])
        self.assertEqual([t["name"] for t in self.console.recommendations()["taken"]], [one["name"]])
        taken = self.env["database.console.index"].search([("name", "=", one["name"])])
        declared = {taken.name: (index_from(taken), ADDON)}
        self.perform(declared)
        self.assertIn(one["name"], self.indexes())
        left = self.console.recommendations({"kind": "advice", "limit": 500})["items"]
        self.assertNotIn(one["key"], [other["key"] for other in left])

        self.console.operate("withdraw", one["name"])
        self.assertFalse(taken.exists())
        self.perform()
        self.assertNotIn(one["name"], self.indexes())

    def test_what_was_taken_over_is_declared(self):
        one = self.advised()
        self.console.follow(one["key"])
        self.env.flush_all()
        with self.enter_registry_test_mode():
            index, addon = self.env["database.index"]._declarations()[one["name"]]
        self.assertEqual((index.table, addon), ("console_herd", ADDON))
        self.assertEqual([key.column for key in index.keys], ["farm"])
        work(f"DELETE FROM database_index.task WHERE name = '{one['name']}'")

    def test_drop_and_restore(self):
        (statement,) = self.console.preview("drop", "console_herd_note")
        self.assertEqual(statement, 'DROP INDEX CONCURRENTLY IF EXISTS "public"."console_herd_note"')
        task = self.console.operate("drop", "console_herd_note")
        self.assertEqual(self.console.operate("drop", "console_herd_note"), task, "it is asked for once")
        self.perform()
        self.assertNotIn("console_herd_note", self.indexes())
        (row,) = self.console.indexes({"search": "console_herd_note"})["items"]
        self.assertEqual(row["state"], "dropped")
        self.console.operate("restore", "console_herd_note")
        self.perform()
        self.assertIn("console_herd_note", self.indexes())

    def test_refusals_say_what_to_do(self):
        for operation, name, words in (
            ("reindex", "nothing_like_it", "take one that the list shows"),
            ("restore", "console_herd_note", "take one that the list shows"),
            ("drop", "console_herd_pkey", "guards what rows"),
            ("deploy", "console_herd_note", "is unknown"),
            ("withdraw", "console_herd_note", "take one that the list shows"),
        ):
            with self.subTest(operation=operation), self.assertRaisesRegex(UserError, words):
                self.console.operate(operation, name)
        with self.assertRaisesRegex(UserError, "limit '0' will not do"):
            self.console.indexes({"limit": 0})
        with self.assertRaisesRegex(UserError, "does not stand any longer"):
            self.console.follow("advice-0")


def index_from(taken):
    return declarable(taken.statement, taken.purpose)
