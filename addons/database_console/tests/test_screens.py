from odoo import sql_db
from odoo.addons.database_monitor import runtime
from odoo.tests import HttpCase, get_db_name, new_test_user, tagged

from .common import work


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    @classmethod
    def setUpClass(cls):
        """What is shown is committed before the tests' transaction begins, and taken away at the end."""
        work(
            "CREATE TABLE console_tour (id serial PRIMARY KEY, farm int, herd int)",
            "CREATE INDEX console_tour_farm ON console_tour (farm)",
            "INSERT INTO database_monitor.alert (kind, key, text, severity, raised_at, seen_at)"
            " VALUES ('console', '', 'wrong in the console', 'error', now(), now())",
            "INSERT INTO database_monitor.advice"
            ' ("table", definition, gain, seconds, bytes, write, tried, statements, declaration)'
            " VALUES ('console_tour', 'CREATE INDEX ON \"public\".\"console_tour\" USING btree (herd)'"
            ", 0.9, 90, 1048576, 0.1, 'sample',"
            " '[[\"SELECT id FROM console_tour WHERE herd = ?\", 900, 8]]',"
            ' \'{"table": "console_tour", "keys": ["herd"], "method": "btree", "purpose": "advised",'
            ' "query": "SELECT id FROM console_tour WHERE herd = ?"}\')',
        )
        cls.addClassCleanup(
            work,
            "DROP TABLE console_tour",
            "DELETE FROM database_monitor.advice WHERE \"table\" = 'console_tour'",
            "DELETE FROM database_monitor.alert WHERE kind = 'console'",
            "DELETE FROM database_index.task WHERE name LIKE 'console_tour%'",
            "DELETE FROM database_index.declared WHERE name LIKE 'console_tour%'",
            "DELETE FROM database_index.index WHERE name LIKE 'console_tour%'",
        )
        with sql_db.db_connect(get_db_name()).cursor() as cr:
            cr.execute("SELECT pg_sleep(0.06) AS of_the_console")
        runtime.KEEPER.flush(get_db_name())
        super().setUpClass()

    def tasks(self):
        return work(
            "SELECT operation, login FROM database_index.task WHERE name LIKE 'console_tour%' ORDER BY id"
        )

    def test_overview_and_indexes(self):
        before = self.tasks()
        self.start_tour("/odoo", "database_console", login="admin")
        self.assertEqual(self.tasks()[len(before) :], [("reindex", "admin")], "the drop was not confirmed")

    def test_queries(self):
        self.start_tour("/odoo", "database_console_queries", login="admin")

    def test_recommendations(self):
        before = self.tasks()
        self.start_tour("/odoo", "database_console_recommendations", login="admin")
        self.assertEqual(self.tasks()[len(before) :], [("deploy", "admin")])

    def test_as_wide_as_a_telephone(self):
        self.browser_size = "390x844"
        self.start_tour("/odoo", "database_console", login="admin")

    def test_an_ordinary_user_has_no_menu(self):
        menu = self.env.ref("database_console.menu_database_console")
        clerk = new_test_user(self.env, "console_menu", groups="base.group_user")
        visible = self.env["ir.ui.menu"].with_user(clerk)._visible_menu_ids()
        self.assertNotIn(menu.id, visible)
