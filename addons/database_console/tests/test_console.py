from odoo.addons.database_console.models.database_console import DatabaseConsole
from odoo.addons.database_index import runtime as index_runtime
from odoo.addons.database_index.engine import tasks
from odoo.exceptions import AccessError, UserError
from odoo.orm.registry import Registry
from odoo.tests import BaseCase, TransactionCase, get_db_name, tagged

from .common import call, users, work


@tagged("post_install", "-at_install")
class TestConsole(BaseCase):
    """In committed transactions only: a build waits for every older one, a test's as well."""

    @classmethod
    def setUpClass(cls):
        work(
            "CREATE TABLE console_herd (id serial PRIMARY KEY, farm int, note text)",
            "CREATE INDEX console_herd_note ON console_herd (note)",
            "INSERT INTO database_monitor.advice"
            ' ("table", definition, gain, seconds, bytes, write, tried, statements, declaration)'
            " VALUES ('console_herd', 'CREATE INDEX ON \"public\".\"console_herd\" USING btree (farm)'"
            ", 0.9, 90, 1048576, 0.1, 'sample',"
            " '[[\"SELECT id FROM console_herd WHERE farm = ?\", 900, 8]]',"
            ' \'{"table": "console_herd", "keys": ["farm"], "method": "btree", "purpose": "advised",'
            ' "query": "SELECT id FROM console_herd WHERE farm = ?"}\')',
        )
        cls.addClassCleanup(
            work,
            "DROP TABLE console_herd",
            "DELETE FROM database_monitor.advice WHERE \"table\" = 'console_herd'",
            "DELETE FROM database_index.task WHERE name LIKE 'console_herd%'",
            "DELETE FROM database_index.dropped WHERE name LIKE 'console_herd%'",
            "DELETE FROM database_index.index WHERE name LIKE 'console_herd%'",
            "DELETE FROM database_index.declared WHERE name LIKE 'console_herd%'",
        )
        super().setUpClass()

    def advised(self):
        (one,) = [
            one
            for one in call("recommendations", {"kind": "advice", "limit": 500})["items"]
            if one["table"] == "console_herd"
        ]
        return one

    def perform(self):
        """What the scheduler does after its transaction: work off the queue."""
        with index_runtime.session(get_db_name()) as session:
            tasks.work(session, index_runtime.declarations(Registry(get_db_name())))

    def indexes(self):
        return {row[0] for row in work("SELECT indexname FROM pg_indexes WHERE tablename = 'console_herd'")}

    def test_overview(self):
        found = call("overview")
        tiles = found["tiles"]
        counted = work(
            "SELECT count(*) FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname AND c.relkind = 'i'"
            " AND c.relnamespace = 'public'::regnamespace WHERE i.schemaname = 'public'"
        )
        self.assertEqual(tiles["indexes"], counted[0][0])
        self.assertTrue(0 < tiles["cache_hit"] <= 1)
        self.assertEqual(tiles["goal_ms"], 50)
        self.assertIn(
            "database_monitor.action_database_monitor_alert", [one["action"] for one in found["links"]]
        )

    def test_advice_is_followed_and_taken_back(self):
        one = self.advised()
        self.assertEqual((one["severity"], one["operation"]), ("high", "declare"))
        (statement,) = call("preview_recommendation", one["key"])
        self.assertIn(f'CREATE INDEX CONCURRENTLY "{one["name"]}" ON "public"."console_herd"', statement)
        self.assertEqual(self.indexes(), {"console_herd_pkey", "console_herd_note"})

        call("follow", one["key"])
        self.perform()
        self.assertIn(one["name"], self.indexes())
        (taken,) = [t for t in call("recommendations")["taken"] if t["name"] == one["name"]]
        self.assertEqual(taken["state"], "valid")
        left = call("recommendations", {"kind": "advice", "limit": 500})["items"]
        self.assertNotIn(one["key"], [other["key"] for other in left])

        call("operate", "withdraw", one["name"])
        self.perform()
        self.assertNotIn(one["name"], self.indexes())
        self.assertIn(
            one["key"], [other["key"] for other in call("recommendations", {"kind": "advice"})["items"]]
        )

    def test_drop_and_restore(self):
        (statement,) = call("preview", "drop", "console_herd_note")
        self.assertEqual(statement, 'DROP INDEX CONCURRENTLY IF EXISTS "public"."console_herd_note"')
        task = call("operate", "drop", "console_herd_note")
        self.assertEqual(call("operate", "drop", "console_herd_note"), task, "it is asked for once")
        self.perform()
        self.assertNotIn("console_herd_note", self.indexes())
        (row,) = call("indexes", {"search": "console_herd_note"})["items"]
        self.assertEqual(row["state"], "dropped")
        call("operate", "restore", "console_herd_note")
        self.perform()
        self.assertIn("console_herd_note", self.indexes())

    def test_refusals_say_what_to_do(self):
        for operation, name, words in (
            ("reindex", "nothing_like_it", "take one that the list shows"),
            ("restore", "console_herd_note", "take one that the list shows"),
            ("drop", "console_herd_pkey", "guards what rows"),
            ("deploy", "console_herd_note", "is unknown"),
            ("withdraw", "console_herd_note", "not declared by an administrator"),
        ):
            with self.subTest(operation=operation), self.assertRaisesRegex(UserError, words):
                call("operate", operation, name)
        with self.assertRaisesRegex(UserError, "limit '0' will not do"):
            call("indexes", {"limit": 0})
        with self.assertRaisesRegex(UserError, "does not stand any longer"):
            call("follow", "advice-0")


@tagged("post_install", "-at_install")
class TestRights(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = users(cls.env)

    def test_nobody_else_gets_anything(self):
        calls = [
            ("overview",), ("indexes",), ("queries",), ("plan", 1), ("recommendations",),
            ("preview", "reindex", "console_herd_note"), ("operate", "reindex", "console_herd_note"),
            ("preview_recommendation", "x"), ("follow", "x"), ("analyze",), ("work",),
        ]  # fmt: skip
        public = {name for name, found in vars(DatabaseConsole).items() if callable(found) and name[0] != "_"}
        for name in ("clerk", "portal"):
            for method, *arguments in calls:
                with self.assertRaises(AccessError, msg=f"{name} {method}"):
                    getattr(self.env["database.console"].with_user(self.users[name]), method)(*arguments)
            with self.assertRaises(AccessError):
                self.env["database.console.analysis"].with_user(self.users[name]).search([])
        self.assertLessEqual(public, {method for method, *_arguments in calls})
