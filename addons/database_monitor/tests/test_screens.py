from datetime import datetime, timedelta, timezone

from odoo import sql_db
from odoo.addons.database_monitor import runtime
from odoo.addons.database_monitor.engine import analyze, keep, snapshot
from odoo.tests import HttpCase, get_db_name, tagged


def work(*statements):
    """Execute and commit on a connection of the engine."""
    with runtime.session(get_db_name()) as mine, mine.transaction() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    @classmethod
    def setUpClass(cls):
        """What is shown is committed before the tests' transaction begins, and taken away at the end."""
        database, now = get_db_name(), datetime.now(timezone.utc)
        work(
            "CREATE TABLE tour_visit (id serial PRIMARY KEY, farm int, note text)",
            "INSERT INTO tour_visit (farm, note)"
            " SELECT i % 4000, repeat('n', 50) FROM generate_series(1, 50000) i",
            "ANALYZE tour_visit",
            "INSERT INTO database_monitor.alert (kind, key, text, severity, raised_at, seen_at)"
            " VALUES ('tour', '', 'wrong in the tour', 'error', now(), now())",
        )
        cls.addClassCleanup(
            work,
            "DROP TABLE tour_visit",
            "DELETE FROM database_monitor.advice",
            "DELETE FROM database_monitor.snapshot",
            "DELETE FROM database_monitor.alert WHERE kind = 'tour'",
            "DELETE FROM database_monitor.n_plus_one WHERE place LIKE 'tour.py%'",
        )
        with sql_db.db_connect(database).cursor() as cr:
            cr.execute("SELECT pg_sleep(0.06) AS of_the_tour")
            for farm in range(60):
                cr.execute("SELECT id, note FROM tour_visit WHERE farm = %s", [farm])
        runtime.KEEPER.flush(database)
        with runtime.session(database) as mine:
            with mine.transaction() as cursor:
                snapshot.pin(cursor, snapshot.take(cursor, "first"))
                place = ("tour.py:3 f", "SELECT a FROM t WHERE b = ?")
                keep.write_repeated(cursor, {place: (1, 9, "browse all at once", "/web")})
            with mine.transaction() as cursor:
                snapshot.take(cursor, "second")
            analyze.analyze(mine, now - timedelta(hours=24), now + timedelta(minutes=5))
        super().setUpClass()

    def test_snapshots(self):
        self.start_tour("/odoo", "database_monitor", login="admin")
        rows = work("SELECT note, baseline FROM database_monitor.snapshot ORDER BY id")
        self.assertEqual(rows, [("first", False), ("second", True), ("admin", False)])

    def test_statements(self):
        self.start_tour("/odoo", "database_monitor_statements", login="admin")

    def test_advice(self):
        before = work("SELECT max(id) FROM database_monitor.advice")
        self.start_tour("/odoo", "database_monitor_advice", login="admin")
        self.assertGreater(work("SELECT max(id) FROM database_monitor.advice"), before)

    def test_declare(self):
        if "database.index" not in self.env:
            self.skipTest("database_index is not installed")
        self.addCleanup(
            work,
            "DELETE FROM database_index.declared WHERE facts->>'table' = 'tour_visit'",
            "DELETE FROM database_index.index WHERE relation = 'tour_visit'",
        )
        self.start_tour("/odoo", "database_monitor_declare", login="admin")
        rows = work("SELECT login FROM database_index.declared WHERE facts->>'table' = 'tour_visit'")
        self.assertEqual(rows, [("admin",)])

    def test_alerts_and_places(self):
        self.start_tour("/odoo", "database_monitor_alerts", login="admin")
        self.start_tour("/odoo", "database_monitor_n_plus_one", login="admin")
