"""Keys, codec, snapshots, stores, circuit breaker: no registry needed."""

import contextlib
import datetime as dt
import itertools
import signal
import threading
import time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from odoo.addons.method_cache.engine import protocol
from odoo.addons.method_cache.engine.codec import copier, decode, encode
from odoo.addons.method_cache.engine.errors import StoreUnavailable, Unrepresentable
from odoo.addons.method_cache.engine.keys import canonical, code_digest
from odoo.addons.method_cache.engine.local_tier import LocalTier
from odoo.addons.method_cache.engine.snapshot import Snapshot, covers, differ
from odoo.addons.method_cache.engine.stats import Stats, prometheus, table
from odoo.addons.method_cache.engine.store_memory import MemoryStore
from odoo.addons.method_cache.engine.store_redis import RedisStore, make_pool
from odoo.addons.method_cache.testing.redis_server import RedisServer, free_port
from odoo.tests import BaseCase, tagged

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes().map(lambda value: value.replace(fold=0)),
    st.timedeltas(),
    st.text().map(Markup),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers(), st.just("\0")), inner, max_size=4),
    ),
    max_leaves=20,
)


def same(one, other):
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


@tagged("post_install", "-at_install")
class TestEngine(BaseCase):
    @settings(max_examples=300, deadline=None)
    @given(VALUES)
    def test_round_trip(self, value):
        back = decode(*encode(value))
        self.assertTrue(same(value, back), (value, back))
        self.assertTrue(same(value, copier(back)()))

    def test_copies_are_apart(self):
        value = {"rows": [{"a": 1, "b": [1, 2]}, {"a": 2, "b": []}], "t": ([1],), "n": None}
        make = copier(value)
        first = make()
        first["rows"][0]["b"].append(3)
        first["t"][0].append(2)
        first["new"] = 1
        self.assertEqual(make(), {"rows": [{"a": 1, "b": [1, 2]}, {"a": 2, "b": []}], "t": ([1],), "n": None})

    def test_refused_values(self):
        loop = []
        loop.append(loop)
        aware = dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=6)))
        self.assertEqual(decode(*encode(aware)), aware)
        for value in (object(), iter([]), len, loop, type, {1: object()}, (i for i in range(3))):
            with self.assertRaises(Unrepresentable):
                encode(value)

    @settings(max_examples=200, deadline=None)
    @given(VALUES.filter(lambda v: "Markup" not in repr(v)), VALUES.filter(lambda v: "Markup" not in repr(v)))
    def test_canonical(self, one, other):
        def ordered(value):
            if isinstance(value, dict):
                return {k: ordered(value[k]) for k in reversed(value)}
            return value

        self.assertEqual(canonical(one), canonical(ordered(one)))
        if not same(one, other) and one != other:
            self.assertNotEqual(canonical(one), canonical(other))

    def test_canonical_types_are_apart(self):
        apart = [1, 1.0, True, "1", b"1", Decimal(1), [1], (1,), {1}, {1: 1}, None, "", [], (), "n", "t"]
        forms = [canonical(value) for value in apart]
        self.assertEqual(len(set(forms)), len(forms))

    def test_code_digest(self):
        def one():
            return [x + 1 for x in ()]

        def two():
            return [x + 2 for x in ()]

        self.assertEqual(code_digest(one), code_digest(one))
        self.assertNotEqual(code_digest(one), code_digest(two))

    def test_snapshots(self):
        snapshot = Snapshot.parse("10:20:12,15")
        self.assertEqual([snapshot.sees(x) for x in (9, 12, 13, 15, 20)], [True, False, True, False, False])
        standby = Snapshot.parse("10:20:", standby=True)
        self.assertEqual([standby.sees(x) for x in (9, 12, 20)], [True, None, False])
        self.assertEqual(Snapshot.from_wire(standby.wire), standby)
        with self.assertRaises(ValueError):
            Snapshot.parse("nonsense")

    def test_lua_and_python_agree(self):
        """The stores answer alike for every pair of small snapshots and every small log."""
        server = RedisServer()
        self.addCleanup(server.close)
        redis = RedisStore(server.url, timeout=1.0)
        self.addCleanup(redis.close)
        texts = ["5:5:", "5:8:5", "5:8:6,7", "6:9:6,8", "8:10:9", "10:10:"]
        numbers = itertools.count()
        for one, other in itertools.product(texts, texts):
            for log in ((), (6,), (5, 7), (8, 9)):
                first, second = Snapshot.parse(one), Snapshot.parse(other)
                kinds = []
                for store in (redis, MemoryStore()):
                    ns = f"t{next(numbers)}"
                    birth = store.lookup(ns, "k", ("m",), first).birth.split(",")
                    store.set_floor(ns, ("m",), birth, 5, ())
                    for xid in log:
                        store.log(ns, ("m",), xid, first)
                    store.store(ns, "k", ("m",), first, "t", "p", b"1", 60000, 1.0)
                    kinds.append(store.lookup(ns, "k", ("m",), second).kind)
                expected = protocol.HIT if not differ(log, first, second) else protocol.PRIVATE
                self.assertEqual(kinds, [expected, expected], (one, other, log))

    def test_covers(self):
        self.assertTrue(covers((), 5, Snapshot.parse("5:9:6")))
        self.assertFalse(covers((), 8, Snapshot.parse("5:9:6")))
        self.assertTrue(covers((6,), 8, Snapshot.parse("6:9:6")))
        self.assertFalse(covers((), 10, Snapshot.parse("5:9:")))

    def test_bounded(self):
        clock = [0.0]
        store = MemoryStore(max_bytes=1000, clock=lambda: clock[0])
        at = Snapshot.parse("10:10:")
        store.set_floor("n", ("m",), store.lookup("n", "0", ("m",), at).birth.split(","), 1, ())
        for i in range(20):
            store.store("n", f"{i}", ("m",), at, "t", "p", b"x" * 100, 1000, 1.0)
        self.assertLessEqual(store.info("n")["used_bytes"], 1000)
        self.assertEqual(store.lookup("n", "19", ("m",), at).kind, protocol.HIT)
        clock[0] = 2.0
        self.assertEqual(store.lookup("n", "19", ("m",), at).kind, protocol.PRIVATE, "expired")
        tier = LocalTier(max_bytes=50_000)
        for i in range(100):
            tier.put("n", i, "t", "p", b'"' + b"x" * 100 + b'"', 1000, "s", 1.0)
        self.assertLessEqual(tier.bytes, 50_000)
        for xid in range(20, 20 + 9 * store.most_ids):
            store.log("n", ("m",), xid, Snapshot.parse(f"{xid}:{xid}:"))
        self.assertLessEqual(len(store._logs["n", "m"].ids), store.most_ids + 1)

    def test_one_lease(self):
        store = MemoryStore()
        at = Snapshot.parse("10:10:")
        store.set_floor("n", ("m",), store.lookup("n", "k", ("m",), at).birth.split(","), 1, ())
        self.assertEqual(store.lookup("n", "k", ("m",), at, lease="a").kind, protocol.COMPUTE)
        self.assertEqual(store.lookup("n", "k", ("m",), at, lease="b").kind, protocol.WAIT)
        woken = threading.Event()
        thread = threading.Thread(target=lambda: (store.wait("n", "a", 5), woken.set()))
        thread.start()
        store.store("n", "k", ("m",), at, "t", "p", b"1", 1000, 1.0, "a")
        thread.join(2)
        self.assertTrue(woken.is_set())

    def test_redis_away_hanging_and_back(self):
        server = RedisServer()
        store = RedisStore(server.url, timeout=0.02)
        self.addCleanup(store.close)
        at = Snapshot.parse("10:10:")
        store.lookup("n", "k", ("m",), at)
        for act, undo in (
            (server.kill, server.start),
            (lambda: server.signal(signal.SIGSTOP), lambda: server.signal(signal.SIGCONT)),
        ):
            # one that only hangs may be back before the first probe gives it up: no warning then
            warned = self.assertLogs("odoo.addons.method_cache.engine.breaker", "WARNING")
            with warned if act == server.kill else contextlib.nullcontext() as logs:
                act()
                with self.assertRaises(StoreUnavailable):
                    store.lookup("n", "k", ("m",), at)
                start = time.perf_counter()
                for _ in range(100):
                    with self.assertRaises(StoreUnavailable):
                        store.lookup("n", "k", ("m",), at)
                self.assertLess(time.perf_counter() - start, 0.05, "an open circuit costs nothing")
                undo()
                deadline = time.monotonic() + 20
                while store.breaker.open and time.monotonic() < deadline:
                    time.sleep(0.05)
                self.assertFalse(store.breaker.open)
                store.lookup("n", "k", ("m",), at)
            if logs:
                self.assertEqual(len(logs.output), 1)
        server.close()

    def test_addresses(self):
        pool = make_pool("rediss://:secret@cache.example:6380/2", 0.005)
        self.assertEqual(pool.connection_class.__name__, "SSLConnection")
        self.assertEqual(pool.connection_kwargs["password"], "secret")
        pool = make_pool(f"sentinel://:secret@127.0.0.1:{free_port()},127.0.0.2/dairy/1", 0.005)
        self.assertEqual(pool.service_name, "dairy")
        for bad in ("http://x", "sentinel://host", "sentinel://"):
            with self.assertRaises(ValueError):
                make_pool(bad, 0.005)

    def test_counters(self):
        stats = Stats()
        stats.add("m.x", "hit_local", 3)
        stats.add("m.x", "miss")
        taken = stats.take()
        self.assertEqual(taken, {"m.x|hit_local": 3.0, "m.x|miss": 1.0})
        stats.put_back(taken)
        self.assertEqual(stats.take(), taken)
        self.assertEqual(table(taken)["m.x"]["hit_rate"], 0.75)
        text = prometheus(taken, {"up": ("there", 1)})
        self.assertIn('method_cache_hit_local_total{method="m.x"} 3', text)
        self.assertIn("method_cache_up 1", text)
