import contextlib
import time

from odoo import sql_db
from odoo.addons.database_monitor import runtime
from odoo.addons.database_monitor.engine import alerts, keep, metrics
from odoo.addons.database_monitor.engine.histogram import Histogram
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, get_db_name, new_test_user, tagged
from psycopg2.errors import RaiseException, UniqueViolation
from psycopg2.sql import SQL, Identifier

from .common import LabCase


class TestAlerts(LabCase):
    def judge(self):
        with self.lab.session() as work, work.transaction() as cursor:
            return alerts.judge(cursor)

    def setUp(self):
        super().setUp()
        self.lab.do("TRUNCATE database_monitor.alert, database_monitor.latency, database_monitor.refusal")

    def test_raised_kept_ended(self):
        """Told once while it lasts, again when it comes back; a slow call is told for its hours."""
        slow = Histogram()
        slow.add([1.4])
        origin = {("", "", "a/b.py:3 f"): (1, 1.4)}
        with self.lab.session() as work, work.transaction() as cursor:
            keep.write(cursor, {(9, "SELECT ?, pg_sleep(?)"): (slow, origin)})
        raised, over = self.judge()
        self.assertEqual([(one.kind, one.key) for one in raised], [("slow_query", "9")])
        self.assertIn("took 1.4 s (a/b.py:3 f)", raised[0].text)
        self.assertEqual((self.judge(), over), (([], []), []))
        self.lab.do("UPDATE database_monitor.latency SET hour = hour - interval '5 hours'")
        self.assertEqual([row[:2] for row in self.judge()[1]], [("slow_query", "9")])
        self.lab.do("UPDATE database_monitor.latency SET hour = hour + interval '5 hours'")
        self.assertEqual(len(self.judge()[0]), 1)
        self.assertEqual(
            self.lab.do("SELECT count(*), count(ended_at) FROM database_monitor.alert"), [(2, 1)]
        )

    def test_who_holds_vacuum_back(self):
        """A transaction that lasts, and one that is prepared or on a slot, are named; quick ones are not."""
        self.assertEqual(self.judge(), ([], []))
        long_, before = alerts.LONG, self.lab.connect()
        self.addCleanup(setattr, alerts, "LONG", long_)
        with contextlib.closing(before), before.cursor() as cursor:
            cursor.execute("SET application_name = 'a forgotten report'")
            before.commit()
            cursor.execute("CREATE TABLE held (a int)")
            time.sleep(0.3)
            alerts.LONG = 0.2
            raised, _over = self.judge()
            self.assertEqual([one.kind for one in raised], ["holds_vacuum"])
            self.assertIn("a forgotten report, idle in transaction", raised[0].text)
            before.rollback()
        alerts.LONG = long_
        self.assertEqual(len(self.judge()[1]), 1)

    def test_connections(self):
        full, raised = alerts.FULL, []
        self.addCleanup(setattr, alerts, "FULL", full)
        alerts.FULL = 0
        raised, _over = self.judge()
        self.assertIn("connections are taken", raised[0].text)
        with self.lab.session() as work, work.transaction() as cursor:
            found = metrics.rows(cursor, metrics.CONNECTIONS)[0]
        self.assertTrue(0 < found["here"] <= found["all_databases"] < found["most"])

    def test_sources_of_others(self):
        @alerts.register("index_bloat")
        def bloat(cursor):
            cursor.execute("SELECT 41 + 1")
            return [alerts.Alert("index_bloat", "x", f"{cursor.fetchone()[0]} % of x is empty")]

        self.addCleanup(alerts.forget, bloat)
        self.assertEqual([one.text for one in self.judge()[0]], ["42 % of x is empty"])
        with self.lab.session() as work, work.transaction() as cursor:
            self.assertEqual(alerts.judge(cursor, {}), ([], []), "nobody was asked, so nothing is over")


@tagged("post_install", "-at_install")
class TestRefused(TransactionCase):
    def test_constraints_and_guards(self):
        """What a constraint or a guarding trigger refused is counted by name, and becomes an alert."""
        database = get_db_name()
        runtime.KEEPER.flush(database)
        cr = self.env.cr
        cr.execute("CREATE TEMP TABLE ledger (id int CONSTRAINT one_entry UNIQUE, amount int)")
        cr.execute(
            "CREATE FUNCTION pg_temp.guard_the_ledger() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'the ledger is append-only: secret %', OLD.amount; END$$"
        )
        cr.execute(
            "CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW"
            " EXECUTE FUNCTION pg_temp.guard_the_ledger()"
        )
        cr.execute("INSERT INTO ledger VALUES (1, 777)")
        for statement, error in (
            ("INSERT INTO ledger VALUES (1, 888)", UniqueViolation),
            ("UPDATE ledger SET amount = 0", RaiseException),
            ("DELETE FROM ledger", RaiseException),
        ):
            with self.assertLogs("odoo.sql_db"), self.assertRaises(error), cr.savepoint():
                cr.execute(statement)
        self.addCleanup(self.forget)
        runtime.KEEPER.flush(database)
        with runtime.session(database) as work, work.transaction() as cursor:
            cursor.execute("SELECT kind, relation, name, calls FROM database_monitor.refusal ORDER BY 1")
            rows = [row for row in cursor.fetchall() if "ledger" in row[1] + row[2]]
            found = [one for one in alerts.refusals(cursor) if "ledger" in one.text]
        self.assertEqual(rows[0], ("constraint", "ledger", "one_entry", 1))
        self.assertIn("guard_the_ledger", rows[1][2])
        self.assertEqual(rows[1][3], 2)
        self.assertEqual(sorted(one.severity for one in found), ["error", "warning"])
        self.assertNotIn("777", str(found))

    def test_scheduled_action_tells_administrators(self):
        """New alerts are an activity for each administrator (the suite has the addon mail), once."""

        @alerts.register("test")
        def source(_cursor):
            return [alerts.Alert("test", "only", "<b>something</b> is wrong", "error")]

        self.addCleanup(self.forget)
        self.addCleanup(alerts.forget, source)
        self.env["database.monitor.alert"]._cron_watch()
        admin = self.env.ref("base.user_admin")
        found = self.env["mail.activity"].search([("user_id", "=", admin.id), ("note", "like", "is wrong")])
        self.assertEqual(len(found), 1)
        self.assertIn("&lt;b&gt;something", found.note)
        self.env["database.monitor.alert"]._cron_watch()
        again = self.env["mail.activity"].search([("user_id", "=", admin.id), ("note", "like", "is wrong")])
        self.assertEqual(again, found)
        with sql_db.db_connect(get_db_name()).cursor() as cr:
            page = self.env["database.monitor.alert"].with_env(self.env(cr=cr))
            self.assertEqual(page.search([("kind", "=", "test")]).severity, "error")

    def test_bloated_indexes(self):
        """Where database_index is installed, its estimate of an index that is mostly empty is an alert."""
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            cursor.execute("CREATE TABLE monitor_bloat (a int)")
            cursor.execute("INSERT INTO monitor_bloat SELECT generate_series(1, 200000)")
            cursor.execute("CREATE INDEX monitor_bloat_a ON monitor_bloat (a)")
            cursor.execute("DELETE FROM monitor_bloat WHERE a % 20 <> 0")
            cursor.execute("ANALYZE monitor_bloat")
        self.addCleanup(self.forget, "DROP TABLE monitor_bloat")
        self.env["database.monitor.alert"]._watch_indexes()
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            cursor.execute("SELECT text FROM database_monitor.alert WHERE key = 'monitor_bloat_a'")
            texts = [row[0] for row in cursor.fetchall()]
        self.assertEqual(len(texts), int("database.index" in self.env))
        self.assertTrue(all("REINDEX" in text for text in texts), texts)

    def forget(self, *statements):
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            for statement in statements:
                cursor.execute(statement)
            for table in ("alert", "refusal", "advice"):
                cursor.execute(SQL("DELETE FROM {}").format(Identifier("database_monitor", table)))

    def test_for_administrators_only(self):
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"alerts_{group[-6:]}", groups=group)
            for name in ("alert", "advice", "n.plus.one", "snapshot", "statement"):
                with self.assertRaises(AccessError):
                    self.env[f"database.monitor.{name}"].with_user(user).search_read([])
            with self.assertRaises(AccessError):
                self.env["database.monitor.advice"].with_user(user).action_analyze()


@tagged("post_install", "-at_install")
class TestAnalysis(TransactionCase):
    def test_slow_statement_to_advice(self):
        """From a statement at Odoo's cursor to its plan, its findings and an advised index on the page."""
        database = get_db_name()
        with runtime.session(database) as work:
            with work.transaction() as cursor:
                cursor.execute("CREATE TABLE monitor_visit (id serial PRIMARY KEY, farm int, note text)")
                cursor.execute(
                    "INSERT INTO monitor_visit (farm, note) SELECT i % 4000, repeat('n', 50)"
                    " FROM generate_series(1, 50000) i"
                )
            self.addCleanup(self.drop)
            work.connection.cursor().execute("ANALYZE monitor_visit")
        with sql_db.db_connect(database).cursor() as cr:
            for farm in range(30):
                cr.execute("SELECT id, note FROM monitor_visit WHERE farm = %s", [farm])
        self.env["database.monitor.advice"].action_analyze()
        with sql_db.db_connect(database).cursor() as cr:
            env = self.env(cr=cr)
            advice = env["database.monitor.advice"].search([("table", "=", "monitor_visit")])
            self.assertIn('("farm")', advice.definition)
            self.assertGreater(advice.gain, 50)
            self.assertIn("FROM monitor_visit WHERE farm = ?", advice.statements)
            statement = env["database.monitor.statement"].search(
                [("text", "like", "FROM monitor_visit WHERE farm")]
            )
            self.assertIn("Seq Scan monitor_visit", statement.plan)
            self.assertIn("reads all of monitor_visit", statement.findings)
            self.assertGreaterEqual(statement.calls, 30)

    def drop(self):
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            cursor.execute("DROP TABLE monitor_visit")
            cursor.execute("DELETE FROM database_monitor.advice")
