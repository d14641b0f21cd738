from odoo.addons.database_monitor import runtime
from odoo.addons.database_monitor.engine import keep, snapshot, statements
from odoo.addons.database_monitor.engine.errors import MonitorError
from odoo.addons.database_monitor.engine.histogram import Histogram
from odoo.addons.database_monitor.engine.shapes import identity, normalise
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, get_db_name, new_test_user, tagged

from .common import LabCase


class TestSnapshot(LabCase):
    def take(self, **options):
        with self.lab.session() as work, work.transaction() as cursor:
            return snapshot.take(cursor, **options)

    def load(self, which):
        with self.lab.session() as work, work.transaction() as cursor:
            return snapshot.load(cursor, which)

    def test_degraded_and_said(self):
        """Without pg_stat_statements the rest is measured, and what is missing is named with a remedy."""
        self.lab.do("DROP EXTENSION IF EXISTS pg_stat_statements")
        one = self.load(self.take(note="bare"))
        self.assertIsNone(one.statements)
        self.assertEqual(len(one.missing), 1)
        self.assertIn("CREATE EXTENSION pg_stat_statements", one.missing[0])
        self.assertTrue(all(one.metrics[name] is not None for name in one.metrics))
        self.assertIsNone(snapshot.figures(one)["slow_statements"])

    def test_figures_are_measured(self):
        self.lab.do("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self.lab.do("CREATE TABLE measured (id serial PRIMARY KEY, a int, pad text)")
        self.lab.do(
            "INSERT INTO measured (a, pad) SELECT i, repeat('x', 200) FROM generate_series(1, 9000) i"
        )
        self.lab.do("CREATE INDEX measured_pad ON measured (pad, id, a)")
        self.lab.do("VACUUM ANALYZE measured")
        self.lab.do("SELECT pg_stat_statements_reset()")
        durations = Histogram()
        durations.add([0.001] * 90 + [0.2] * 10)
        with self.lab.session() as work, work.transaction() as cursor:
            keep.write(cursor, {(5, "SELECT ?"): (durations, {})})
        for number in range(3):
            self.lab.do("SELECT count(*) FROM measured WHERE a > %s", number)
        first = self.take()
        for number in range(4):
            self.lab.do("SELECT count(*) FROM measured WHERE a > %s", number)
        self.lab.do("SELECT pg_sleep(0.12), count(*) FROM measured WHERE a = 1")
        second = self.take()
        before, after = self.load(first), self.load(second)
        self.assertEqual(after.missing, [])
        key = identity(normalise("SELECT count(*) FROM measured WHERE a > %s"))
        self.assertEqual(before.statements[key]["calls"], 3)
        between = statements.since(before.statements, after.statements)
        self.assertEqual((between[key]["calls"], between[key]["rows"]), (4, 4))
        self.assertGreater(statements.hit_share(between[key]), 0)
        figures = snapshot.figures(after)
        self.assertEqual(figures["under_goal"], 0.9)
        self.assertLess(figures["p90"], 0.01)
        self.assertGreater(figures["p99"], 0.15)
        self.assertEqual(figures["slow_statements"], 1)
        self.assertEqual(snapshot.figures(before)["slow_statements"], 0)
        self.assertEqual(figures["unused_indexes"], 1)
        self.assertTrue(0 < figures["cache_hit"] <= 1)
        self.assertTrue(0 < figures["pool_efficiency"] <= 1)
        table = next(one for one in after.tables if one["name"] == "measured")
        self.assertEqual(table["live"], 9000)
        self.assertTrue(table["vacuumed_at"])
        named, changed = snapshot.compare(before, after)
        self.assertIn(("slow_statements", 0, 1), named)
        self.assertIn(normalise("SELECT count(*) FROM measured WHERE a > %s"), [row[0] for row in changed])

    def test_sums_count_from_the_older_snapshot(self):
        """Hits of the time between two snapshots; after a reset of the statistics, since that."""
        before, after = self.load(self.take()), self.load(self.take())
        before.metrics["database"] |= {"blks_hit": 1000, "blks_read": 9000}
        after.metrics["database"] |= {"blks_hit": 1990, "blks_read": 9010}
        self.assertEqual(snapshot.figures(before)["cache_hit"], 0.1)
        self.assertEqual(snapshot.figures(after, before)["cache_hit"], 0.99)
        after.metrics["database"] |= {"blks_hit": 300, "blks_read": 100}
        self.assertEqual(snapshot.figures(after, before)["cache_hit"], 0.75)

    def test_a_reset_counts_from_zero(self):
        one = {"text": "SELECT ?", "maximum": 1.0, **dict.fromkeys(statements.SUMS, 10)}
        less = {**one, **dict.fromkeys(statements.SUMS, 4)}
        self.assertEqual(statements.since({1: one}, {1: less}), {1: less})
        self.assertEqual(statements.since({1: one}, {1: one}), {})
        self.assertEqual(statements.since({}, {1: one}), {1: one})

    def test_baseline(self):
        """One baseline at a time; retention takes every other old snapshot."""
        self.lab.do("DELETE FROM database_monitor.snapshot")
        with self.assertRaisesRegex(MonitorError, "pin one"):
            self.load("baseline")
        first, second, third = self.take(), self.take(), self.take()
        for which in (first, second):
            with self.lab.session() as work, work.transaction() as cursor:
                snapshot.pin(cursor, which)
        self.assertEqual(self.load("baseline").id, second)
        self.assertEqual(self.load("latest").id, third)
        self.lab.do("UPDATE database_monitor.snapshot SET taken_at = taken_at - interval '31 days'")
        with self.lab.session() as work, work.transaction() as cursor:
            keep.forget(cursor, 30)
        self.assertEqual(self.lab.do("SELECT id FROM database_monitor.snapshot"), [(second,)])
        with self.assertRaisesRegex(MonitorError, "there is none"):
            self.load(first)

    def test_only_this_database(self):
        """What other databases were asked is not ours."""
        self.lab.do("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self.lab.do("SELECT pg_stat_statements_reset()")
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            cursor.execute("SELECT 17 AS of_another_database")
        with self.lab.session() as work, work.transaction() as cursor:
            told, reason = statements.ask(cursor)
        self.assertIsNone(reason)
        self.assertFalse([one for one in told.values() if "of_another_database" in one["text"]])


@tagged("post_install", "-at_install")
class TestModel(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.snapshots = cls.env["database.monitor.snapshot"]

    def test_scheduled_action_and_page(self):
        with self.enter_registry_test_mode():
            self.env.ref("database_monitor.cron_snapshot").method_direct_trigger()
        self.addCleanup(self.forget)
        with self.registry.cursor() as fresh:
            snapshots = self.snapshots.with_env(self.env(cr=fresh))
            first = snapshots.search([], limit=1)
            snapshots.action_take()
        with self.registry.cursor() as fresh:
            snapshots = self.snapshots.with_env(self.env(cr=fresh))
            second = snapshots.search([], limit=1)
            self.assertGreater(second.id, first.id)
            self.assertGreater(second.size_mb, 1)
            self.assertGreater(second.connections, 0)
            snapshots.browse(first.id).action_pin()
        with self.registry.cursor() as fresh:
            snapshots = self.snapshots.with_env(self.env(cr=fresh))
            first, second = snapshots.browse([first.id, second.id])
            self.assertTrue(first.baseline)
            self.assertFalse(first.comparison)
            self.assertIn("→", second.comparison)

    def forget(self):
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            cursor.execute("DELETE FROM database_monitor.snapshot")

    def test_days(self):
        self.assertEqual(self.snapshots._days(), 30)
        for wrong in ("0", "many", "-3"):
            self.env["ir.config_parameter"].set_param("database_monitor.days", wrong)
            with self.assertRaisesRegex(UserError, "database_monitor.days"):
                self.snapshots._days()

    def test_for_administrators_only(self):
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"snapshot_{group[-6:]}", groups=group)
            theirs = self.snapshots.with_user(user)
            with self.assertRaises(AccessError):
                theirs.search_read([])
            with self.assertRaises(AccessError):
                theirs.action_take()
            with self.assertRaises(AccessError):
                theirs.new().action_pin()
