"""Benchmark of the method cache; takes two to four minutes.

    python benchmarks/cache.py --config odoo.conf

On a PostgreSQL and a Redis of its own (redis-server on PATH):

1. p50 of a hit of a 17 kB dashboard value, beside a raw redis-py GET and GET plus parsing, interleaved;
2. 200 simultaneous callers of one key: how often it is computed;
3. what a call costs when Redis has just died, and afterwards;
4. stale reads of the naive design (key prefix, delete on write) and of this one in the same run;
5. with ``--config``, in copies of a database with sale (see ``_cache_orders.py``): how much longer confirming
   an order of 5 lines takes with the cache than without it.

Exit status 1 when a bar is missed.
"""

import argparse
import concurrent.futures
import contextlib
import json
import logging
import multiprocessing
import os
import random
import signal
import statistics
import sys
import threading
import time
from pathlib import Path

import psycopg2
import redis

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _cache_world import World
from method_cache.engine.cache import Cache, Settings
from method_cache.engine.transaction import Transaction

NEEDS = "tests"  # of `make bench`: the template with sale and stock
MODELS = (
    "@sale.order.get_dashboard_summary",
    "sale.order",
    "sale.order.line",
    "~access",
)  # as the addon asks
WATCHED = ("@sale.order.get_dashboard_summary", "~access", "g", "h")  # two with statement triggers


def dashboard():
    """A value of about 17 kB, as a dashboard's daily statistics look."""
    return {
        "daily_stats": [
            {
                "order_date": f"2026-{i // 28 + 1:02}-{i % 28 + 1:02}",
                "order_count": 40 + i % 17,
                "total_revenue": round(1234.5 + i * 17.31, 2),
                "avg_order_value": round(30.25 + i % 13 * 1.07, 2),
                "unique_customers": 20 + i % 11,
            }
            for i in range(136)
        ],
        "summary": {"total_orders": 5712, "total_revenue": 204132.5, "avg_order_value": 35.74},
    }


class Bench:
    """One process's cache, with the default settings unless told otherwise."""

    def __init__(self, world, **settings):
        self.settings = Settings(url=world.redis.url, **settings)
        self.cache = Cache("bench", lambda: world.connect(autocommit=True), lambda _cnx: self.settings)
        self.cache.claim()
        self.cnx = world.connect()

    def get(self, compute=dashboard, key="bench", wait=20.0):
        return Transaction(self.cnx, self.cache).get("bench", key, MODELS, 600, compute, wait=wait)

    def warm(self):
        for _ in range(3):
            self.get()
            self.cnx.commit()


def p50(samples):
    return statistics.median(samples) * 1e6


def hits(world, rounds):
    """Every round measures each kind once, so load on the machine falls on all alike."""
    bench = Bench(world, timeout=0.05)
    bench.warm()
    client = redis.Redis.from_url(world.redis.url)
    text = json.dumps(dashboard(), separators=(",", ":"))
    client.set("raw", text)
    tier, state = bench.cache.tier, {}

    def opened(*, seen=False, kept=True, models=MODELS):
        """Begin a transaction that has asked the database for its snapshot; warm, or not, as told."""
        bench.cnx.commit()
        state["txn"] = Transaction(bench.cnx, bench.cache)
        state["models"] = models
        hit()
        hit()  # a copy is parsed when it is first asked for
        if not seen:
            for entry in tier._entries.values():
                entry.seen = None
        if not kept:
            tier.clear()

    def hit():
        models = state["models"]
        return state["txn"].get("bench", models[-1], models, 600, dashboard)

    def begun(models=MODELS):
        opened(models=models)
        bench.cnx.commit()
        bench.cnx.cursor().execute("SELECT 1")

    def whole():
        state["txn"] = Transaction(bench.cnx, bench.cache)
        return hit()

    kinds = {
        "redis-py GET": (opened, lambda: client.get("raw")),
        "GET plus parsing": (opened, lambda: json.loads(client.get("raw"))),
        "in-process tier": (opened, hit),
        "same snapshot again": (lambda: opened(seen=True), hit),
        "from Redis": (lambda: opened(kept=False), hit),
        "new transaction, in-process": (begun, whole),
        "the same, tables with triggers": (lambda: begun(WATCHED), whole),
    }
    samples = {kind: [] for kind in kinds}
    order = list(kinds)
    for _ in range(rounds):
        random.shuffle(order)
        for kind in order:
            before, call = kinds[kind]
            before()
            client.ping()  # nobody pays for waking the server up
            start = time.perf_counter()
            call()
            samples[kind].append(time.perf_counter() - start)
    totals = bench.cache.stats.totals
    misses = sum(totals["bench", name] for name in ("miss", "bypass_young", "bypass_down", "bypass_off"))
    if misses > rounds / 10:
        raise SystemExit(
            f"{misses:.0f} of {len(kinds) * rounds} calls were no hits: another measurement is needed"
        )
    bench.cache.close()
    return {kind: p50(found) for kind, found in samples.items()}, len(text)


def crowd(world, callers, timeout=0.25):
    """Callers in 4 processes ask for one new key at the same moment: (computations, right answers).

    With patience for a Redis that shares its processor with all of them: whoever gives it up computes.
    """
    barrier = multiprocessing.Barrier(4)
    computed = multiprocessing.Value("i", 0)
    answers = multiprocessing.Value("i", 0)

    def process():
        bench = Bench(world, timeout=timeout)
        bench.warm()  # the logs exist: right after a loss of Redis, older snapshots compute
        bench.cnx.commit()
        gate = threading.Barrier(callers // 4)

        def slow():
            with computed.get_lock():
                computed.value += 1
            time.sleep(0.5)
            return dashboard()

        def caller():
            with contextlib.closing(world.connect()) as cnx:
                with cnx.cursor() as cursor:
                    cursor.execute("SELECT 1")
                if gate.wait(60) == 0:
                    barrier.wait(60)
                gate.wait(60)
                found = Transaction(cnx, bench.cache).get("bench", "crowd", MODELS, 600, slow, wait=20.0)
            with answers.get_lock():
                answers.value += found == dashboard()

        with concurrent.futures.ThreadPoolExecutor(callers // 4) as pool:
            for done in [pool.submit(caller) for _ in range(callers // 4)]:
                done.result()
        os._exit(0)

    workers = [multiprocessing.Process(target=process) for _ in range(4)]
    for worker in workers:
        worker.start()
    until = time.monotonic() + 60
    for worker in workers:
        worker.join(max(0.1, until - time.monotonic()))
        worker.kill()
    return computed.value, answers.value


def down(world, times=5):
    """Milliseconds that the first and the later calls lose, Redis refusing connections and Redis hanging, and
    seconds until it is in use again; the worst of so many ``times``."""
    found, server = {}, world.redis
    for name, act, undo in (
        ("killed", server.kill, server.start),
        ("hanging", lambda: server.signal(signal.SIGSTOP), lambda: server.signal(signal.SIGCONT)),
    ):
        worst = (0, 0, 0)
        for _ in range(times):
            bench = Bench(world)
            bench.warm()
            bench.cache.tier.clear()
            txn = Transaction(bench.cnx, bench.cache)
            txn._open()
            act()
            lost = []
            for _ in range(101):
                start = time.perf_counter()
                txn.get("bench", "bench", MODELS, 600, int)
                lost.append((time.perf_counter() - start) * 1000)
            undo()
            start = time.monotonic()
            store = txn.view.store
            while store.breaker.open and time.monotonic() - start < 15:
                time.sleep(0.02)
            back = time.monotonic() - start
            worst = tuple(map(max, worst, (lost[0], statistics.median(lost[1:]), back)))
            bench.cache.close()
            bench.cnx.close()
        found[name] = worst
    return found


def naive(world, seconds):
    """Three writers, four readers on the same rows: (reads, stale) of delete-on-write and of this cache."""
    totals = {"naive": multiprocessing.Array("q", 2), "method_cache": multiprocessing.Array("q", 2)}

    def work(number):
        until = time.monotonic() + seconds
        rng = random.Random(number)
        cnx = world.connect()
        client = redis.Redis.from_url(world.redis.url)
        cache = Bench(world, timeout=0.2).cache
        while time.monotonic() < until:
            try:
                txn = Transaction(cnx, cache)
                key = rng.randrange(3)
                if number < 3:
                    txn.touch("a")
                    with cnx.cursor() as cursor:
                        cursor.execute("UPDATE a SET v = v + 1 WHERE k = %s", [key])
                    client.delete(f"odoo_cache:a:{key}")
                    txn.before_commit()
                    time.sleep(rng.random() * 0.005)
                    cnx.commit()
                    time.sleep(rng.random() * 0.01)
                    continue
                with cnx.cursor() as cursor:
                    cursor.execute("SELECT v FROM a WHERE k = %s", [key])
                    real = cursor.fetchone()[0]
                cached = client.get(f"odoo_cache:a:{key}")
                mine = txn.get("naive", f"n{key}", ("a",), 60, lambda real=real: real)
                if cached is None:
                    client.set(f"odoo_cache:a:{key}", real, ex=60)
                    cached = real
                for name, value in (("naive", int(cached)), ("method_cache", mine)):
                    with totals[name].get_lock():
                        totals[name][0] += 1
                        totals[name][1] += value != real
                cnx.commit()
                time.sleep(rng.random() * 0.002)
            except psycopg2.Error:
                cnx.rollback()
        os._exit(0)

    workers = [multiprocessing.Process(target=work, args=(number,)) for number in range(7)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(seconds + 30)
    return {name: tuple(found) for name, found in totals.items()}


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", help="odoo.conf; with it, order confirmation is measured, too")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--crowds", type=int, default=5, help="how often 200 callers come at once")
    parser.add_argument("--seconds", type=float, default=10, help="for the naive design")
    parser.add_argument("--orders", type=int, default=60, help="confirmed in each database")
    parser.add_argument("--database", help=argparse.SUPPRESS)  # what `make bench` says to every benchmark
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.CRITICAL)
    print("two to four minutes", flush=True)
    rows = []

    def bar(what, value, limit, unit):
        rows.append((what, value, limit, unit, limit is None or value <= limit))

    with World() as world:
        found, size = hits(world, options.rounds)
        raw, parsed = found["redis-py GET"], found["GET plus parsing"]
        print(f"value of {size / 1000:.1f} kB, {options.rounds} rounds, p50:")
        for kind, micro in found.items():
            print(
                f"  {kind:<32}{micro:8.0f} us {micro / raw:7.2f} x GET {micro / parsed:7.2f} x with parsing"
            )
        bar("in-process tier / GET", found["in-process tier"] / raw, 2.5, "x")
        bar("in-process tier / GET plus parsing", found["in-process tier"] / parsed, 1.0, "x")
        bar("from Redis / GET plus parsing", found["from Redis"] / parsed, 1.5, "x")
        bar("new transaction / GET plus parsing", found["new transaction, in-process"] / parsed, None, "x")
        crowds = [crowd(world, 200) for _ in range(options.crowds)]
        bar(f"most computations for 200 callers, {len(crowds)} times", max(c for c, _a in crowds), 1, "")
        bar("callers left without the right answer", sum(200 - a for _c, a in crowds), 0, "")
        hasty = [crowd(world, 200, Settings().timeout) for _ in range(options.crowds)]
        bar("most computations, Redis given up after 3 ms", max(c for c, _a in hasty), None, "")
        for name, (first, later, back) in down(world).items():
            bar(f"Redis {name}: first call", first, 5, "ms")
            bar(f"Redis {name}: later calls", later, 0.1, "ms")
            bar(f"Redis {name}: back in use after", back, 10, "s")
        for name, (reads, stale) in naive(world, options.seconds).items():
            bar(f"stale of {reads:,} reads, {name}", stale, 0 if name == "method_cache" else None, "")
        if options.config:
            import _cache_orders

            os.environ["METHOD_CACHE_REDIS_URL"] = world.redis.url
            for what, percent in _cache_orders.measure(options.config, options.orders):
                bar(f"confirming an order: {what}", percent, 3, "%")
    print(f"\n{'what':<52}{'measured':>12}{'bar':>10}")
    for what, value, limit, unit, good in rows:
        shown = "" if limit is None else f"<= {limit:g}"
        print(f"{what:<52}{value:>10.2f} {unit:<2}{shown:>9}{'' if good else '   MISSED'}")
    missed = [row for row in rows if not row[4]]
    print(f"{len(missed)} bar(s) missed" if missed else "all bars met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
