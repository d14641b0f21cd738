import logging
import os
import threading
import time
from datetime import datetime, timedelta, timezone

from odoo import sql_db
from odoo.addons.database_monitor.engine import keep, origin, schema
from odoo.addons.database_monitor.engine.histogram import Histogram
from odoo.addons.database_monitor.engine.recorder import RECORDER, Recorder, merge
from odoo.addons.database_monitor.engine.shapes import identity, normalise
from odoo.addons.database_monitor.runtime import KEEPER
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, HttpCase, TransactionCase, get_db_name, new_test_user, tagged
from odoo.tools import SQL
from psycopg2.errors import UndefinedTable

from .common import LabCase

HOUR = timedelta(hours=1)


def seen(text):
    """Histogram and origins of one shape that this process recorded so far and did not write."""
    KEEPER.fold()
    shape = normalise(text)
    return KEEPER.sorted.get(get_db_name(), {}).get((identity(shape), shape))


@tagged("post_install", "-at_install")
class TestCursor(TransactionCase):
    def test_every_way_of_asking(self):
        cr = self.env.cr
        before = (seen("SELECT %s AS monitored") or (Histogram(), {}))[0].calls
        cr.execute("SELECT %s AS monitored", [1])
        cr.execute(SQL("SELECT %s AS monitored", 2))
        cr.execute("SELECT 3 AS monitored")
        with self.assertLogs("odoo.sql_db"), self.assertRaises(UndefinedTable), cr.savepoint():
            cr.execute("SELECT %s AS monitored FROM nowhere_at_all", [1])
        histogram, origins = seen("SELECT %s AS monitored")
        self.assertEqual(histogram.calls - before, 3)
        self.assertEqual(seen("SELECT %s AS monitored FROM nowhere_at_all")[0].calls, 1)
        self.assertTrue(any("test_every_way_of_asking" in place for _m, _r, place in origins), origins)

    def test_long_and_binary(self):
        cr = self.env.cr
        cr.execute("CREATE TEMP TABLE monitored (a int, b text) ON COMMIT DROP")
        for size in (2, 3):
            cr.execute_values("INSERT INTO monitored (a, b) VALUES %s", [(i, "secret") for i in range(size)])
        text = "INSERT INTO monitored (a, b)  VALUES …"
        self.assertEqual(seen(text)[0].calls, 2)
        cr.execute("SELECT 1 AS longish /* " + "x" * 5000 + " */")
        self.assertEqual(seen("SELECT 1 AS longish")[0].calls, 1)
        KEEPER.fold()
        self.assertFalse([t for _id, t in KEEPER.sorted[get_db_name()] if "secret" in t])

    def test_slow_calls_say_who(self):
        self.env.cr.execute("SELECT pg_sleep(0.06)")
        self.env.cr.execute("SELECT pg_sleep(0.06)")
        histogram, origins = seen("SELECT pg_sleep(0.06)")
        self.assertGreaterEqual(histogram.quantile(0.5), 0.055)
        self.assertEqual(histogram.under_goal(), 0)
        self.assertGreaterEqual(sum(calls for calls, _slowest in origins.values()), 2)
        self.assertGreaterEqual(max(slowest for _calls, slowest in origins.values()), 0.06)

    def test_for_administrators_only(self):
        statements = self.env["database.monitor.statement"]
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"monitor_{group[-6:]}", groups=group)
            with self.assertRaises(AccessError):
                statements.with_user(user).search_read([])
        admin = self.env.ref("base.user_admin")
        statements.with_user(admin).search_read([], limit=1)


@tagged("post_install", "-at_install")
class TestRoute(HttpCase):
    def test_model_and_route(self):
        """A statement's first call in a request tells the route and the model of the call."""
        RECORDER.known.get(get_db_name(), {}).clear()
        KEEPER.flush()
        self.authenticate("admin", "admin")
        self.make_jsonrpc_request(
            "/web/dataset/call_kw/res.country.state/search_count",
            {
                "model": "res.country.state",
                "method": "search_count",
                "args": [[["code", "=", "XMONITOR"]]],
                "kwargs": {},
            },
        )
        KEEPER.fold()
        origins = [
            origin
            for (_id, text), (_histogram, found) in KEEPER.sorted[get_db_name()].items()
            if 'FROM "res_country_state"' in text
            for origin in found
        ]
        self.assertTrue(origins)
        self.assertIn(
            ("res.country.state.search_count", "/web/dataset/call_kw/res.country.state/search_count"),
            [(model, route) for model, route, _place in origins],
        )


@tagged("post_install", "-at_install")
class TestOrigin(BaseCase):
    def test_no_token_is_kept(self):
        thread = threading.current_thread()
        had = getattr(thread, "url", None)
        self.addCleanup(setattr, thread, "url", had)
        for url, route in (
            ("http://here:8069/web/content/17?access_token=secret", "/web/content/…"),
            ("https://here/survey/start/0f6b1e0e-c704-11ef-9d2f-0242ac120002", "/survey/start/…"),
            ("http://here/web/dataset/call_kw/res.partner/read", "/web/dataset/call_kw/res.partner/read"),
            (None, ""),
        ):
            thread.url = url
            self.assertEqual(origin.route(), route)


@tagged("post_install", "-at_install")
class TestRecorder(TransactionCase):
    def test_threads_lose_nothing(self):
        """Eight threads record while another takes out: every call is counted once."""
        recorder, taken, done = Recorder(), {}, threading.Event()

        def work(number):
            for turn in range(5000):
                text = f"SELECT a{turn % 7} WHERE b = %s"
                try:
                    recorder.known["db"][text](0.001 * number)
                except KeyError:
                    recorder.shape("db", text).waiting.append(0.001 * number)

        def drain():
            while not done.is_set():
                merge(taken, recorder.drain())

        threads = [threading.Thread(target=work, args=[number + 1]) for number in range(8)]
        drainer = threading.Thread(target=drain)
        for thread in (*threads, drainer):
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        drainer.join()
        merge(taken, recorder.drain())
        self.assertEqual(sum(h.calls for h, _o in taken["db"].values()), 40000)
        self.assertEqual(len(taken["db"]), 7)

    def test_memory_is_bounded(self):
        recorder = Recorder()
        for number in range(12000):
            recorder.shape("db", f"SELECT a{number}").waiting.append(0.001)
        self.assertLessEqual(len(recorder.known["db"]), 5000)
        self.assertLessEqual(len(recorder.shapes["db"]), 5001)
        self.assertEqual(sum(h.calls for h, _o in recorder.drain()["db"].values()), 12000)
        self.assertFalse(recorder.shapes["db"])

    def test_a_fork_begins_anew(self):
        self.env.cr.execute("SELECT 1 AS of_the_parent")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            alive = KEEPER.thread is not None or bool(RECORDER.shapes) or bool(KEEPER.sorted)
            os.write(writing, b"1" if alive else b"0")
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual(os.read(reading, 1), b"0")
        self.assertEqual(seen("SELECT 1 AS of_the_parent")[0].calls, 1)


class TestKept(LabCase):
    def test_processes_add_up(self):
        """Two flushes of the same hour add up; the database's quantiles are the histogram's."""
        since = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
        whole = Histogram()
        for turn in range(3):
            part = Histogram()
            part.add([0.001 * (i % 97 + 1) * (turn + 1) for i in range(500)])
            whole.merge(part)
            origins = {("res.partner.read", "/web", "a/b.py:3 f"): (turn + 1, 0.2 * turn)}
            with self.lab.session() as work, work.transaction() as cursor:
                keep.write(cursor, {(7, "SELECT ?"): (part, origins), (8, "SELECT ?, ?"): (part, {})})
        with self.lab.session() as work, work.transaction() as cursor:
            kept = keep.overall(cursor, since, since + 2 * HOUR)
            self.assertEqual(kept.counts, {number: 2 * n for number, n in whole.counts.items()})
            cursor.execute(
                "SELECT calls, total, maximum, under_goal, p50, p90, p99"
                " FROM database_monitor.statements(%s, %s) WHERE shape = 7",
                [since, since + 2 * HOUR],
            )
            calls, total, maximum, under, p50, p90, p99 = cursor.fetchone()
            cursor.execute("SELECT calls, slowest FROM database_monitor.origin WHERE shape = 7")
            self.assertEqual(cursor.fetchall(), [(6, 0.4)])
        self.assertEqual((calls, maximum), (1500, whole.maximum))
        self.assertAlmostEqual(total, whole.total)
        self.assertAlmostEqual(under, whole.under_goal())
        for told, share in ((p50, 0.5), (p90, 0.9), (p99, 0.99)):
            self.assertAlmostEqual(told, whole.quantile(share))
        with self.lab.session() as work, work.transaction() as cursor:
            cursor.execute("UPDATE database_monitor.latency SET hour = hour - interval '40 days'")
            self.assertEqual(keep.forget(cursor, 30), 2)
            schema.install(cursor)  # once more: harmless


@tagged("post_install", "-at_install")
class TestKeeper(TransactionCase):
    def test_unreachable_is_written_later(self):
        histogram = Histogram()
        histogram.add([0.01])
        merge(KEEPER.sorted, {"no_such_database_here": {(1, "SELECT ?"): (histogram, {})}})
        with self.assertLogs("odoo.addons.database_monitor.runtime", logging.INFO) as logs:
            KEEPER.flush("no_such_database_here")
        self.assertIn("written later", logs.output[0])
        self.assertEqual(KEEPER.sorted.pop("no_such_database_here")[1, "SELECT ?"][0].calls, 1)

    def test_flush_reaches_the_page(self):
        mark = f"SELECT 1 AS page_{time.time_ns()}"
        self.env.cr.execute(mark)
        KEEPER.flush(get_db_name())
        with sql_db.db_connect(get_db_name()).cursor() as fresh:
            model = self.env["database.monitor.statement"].with_env(self.env(cr=fresh))
            found = model.search([("text", "=", normalise(mark))])
            self.assertEqual(len(found), 1)
            self.assertEqual(found.calls, 1)
            self.assertEqual(found.under_goal, 100)
            self.assertIn("test_flush_reaches_the_page", found.place)
