"""What is promised besides fresh answers: bounded waiting, bounded memory, nothing slow asked of Redis."""

import concurrent.futures
import threading
import time
from dataclasses import replace

from odoo.addons.method_cache.testing import scenarios
from odoo.addons.method_cache.testing.trap import trap_cache
from odoo.tests import tagged

from .common import CacheCase, LabCase

HERD = "test.method.cache.herd"


@tagged("post_install", "-at_install")
class TestLimits(LabCase):
    def setUp(self):
        super().setUp()
        self.lab = scenarios.Lab(self.dsn, self.server)
        self.addCleanup(self.lab.close)

    def computing(self, session):
        """Let ``session`` compute in a thread; return the event that ends it."""
        begun, go_on = threading.Event(), threading.Event()

        def slow():
            begun.set()
            go_on.wait(10)
            return session.truth()

        pool = concurrent.futures.ThreadPoolExecutor(1)
        done = pool.submit(session.read, slow)
        self.addCleanup(pool.shutdown)
        self.addCleanup(lambda: done.result(10))
        self.addCleanup(go_on.set)
        self.assertTrue(begun.wait(10))
        return go_on

    def test_waiting_is_bounded(self):
        holder, other = self.lab.session(), self.lab.session()
        self.lab.warm(other)
        self.lab.warm(holder)
        writer = self.lab.session()
        writer.write()
        writer.commit()
        self.computing(holder)
        start = time.monotonic()
        self.assertEqual(other.read(wait=0.3), 1)
        self.assertGreaterEqual(time.monotonic() - start, 0.29)
        self.assertLess(time.monotonic() - start, 2)

    def test_a_waiter_gets_what_the_other_computed(self):
        holder, other = self.lab.session(), self.lab.session()
        self.lab.warm(holder)
        self.lab.warm(other)
        writer = self.lab.session()
        writer.write()
        writer.commit()
        go_on = self.computing(holder)
        threading.Timer(0.2, go_on.set).start()
        self.assertEqual(other.read(lambda: self.fail("it was computed twice"), wait=10), 1)

    def test_the_previous_value_only_where_it_is_allowed(self):
        holder, other = self.lab.session(), self.lab.session()
        self.lab.warm(holder)
        self.lab.warm(other)
        writer = self.lab.session()
        writer.write()
        writer.commit()
        self.computing(holder)
        old = other.txn.get("lab", "key", ("lab",), 60, lambda: self.fail("no need"), wait=10, previous=True)
        self.assertEqual(old, 0)
        self.assertEqual(other.read(wait=0.05), 1, "without leave: computed")

    def test_large_values_are_not_kept(self):
        session = self.lab.session()
        self.lab.warm(session)
        session.cache.max_value = 1000
        kept = set(self.lab.keys("e"))
        computed = []

        def big():
            computed.append(True)
            return "x" * 2000

        for _ in range(3):
            self.assertEqual(len(session.txn.get("lab", "big", ("lab",), 60, big)), 2000)
            session.done()
        self.assertEqual(len(computed), 3)
        self.assertEqual(set(self.lab.keys("e")), kept)

    def test_every_key_expires_and_nothing_slow_is_asked(self):
        self.server.command("FLUSHALL")
        self.server.command("CONFIG", "RESETSTAT")
        sessions = [self.lab.session() for _ in range(3)]
        for session in sessions:
            self.lab.warm(session)
            session.write()
            session.commit()
            session.cache.stats.add("lab", "hits")
            session.cache.send_stats()
        with self.server.client() as client:
            asked = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
            self.assertIn("evalsha", asked)
            self.assertFalse(asked & {"keys", "scan", "flushall", "flushdb", "smembers"}, asked)
            left = {key: client.pttl(key) for key in client.scan_iter()}
        self.assertTrue(left)
        self.assertFalse([key for key, ttl in left.items() if ttl <= 0], left)

    def test_the_settings_reach_the_engine(self):
        cache = self.lab.cache()
        settings = replace(cache._load(None), max_value=10, local_bytes=20)
        cache._load = lambda _cnx: settings
        self.lab.session(cache).read()
        self.assertEqual((cache.max_value, cache.tier.max_bytes), (10, 20))


class TestForgetting(CacheCase):
    def test_by_method_by_model_and_all(self):
        def computed():
            with trap_cache() as trap, self.transaction() as env:
                for method in ("get_totals", "get_types", "get_cows"):
                    getattr(env[HERD], method)()
            return [done for _name, done in trap.calls]

        computed()
        computed()
        self.assertEqual(computed(), [False, False, False])
        for forget, expected in (
            ((HERD, "get_totals"), [True, False, False]),
            ((HERD,), [True, True, True]),
            (("test.method.cache.cow",), [False, False, True]),
            ((), [True, True, True]),
        ):
            with self.transaction() as env:
                env["method.cache"].flush_cache(*forget)
            first = computed()
            computed()  # opens logs anew
            self.assertEqual((first, computed()), (expected, [False] * 3), forget)
