"""Soak test of the method cache: every value that it returns is compared with the database, in one snapshot.

A PostgreSQL primary, a standby that lags behind it and a Redis of its own, several processes. Readers audit;
writers write, roll back, use raw SQL behind a trigger, read their own writes; one reader reads from the
standby. A tormentor pauses and kills processes, flushes Redis, deletes single keys, kills Redis and brings it
back with old data, hangs it, cuts single workers off, begins new generations, halts the standby's replay.

    python benchmarks/soak_cache.py --seconds 60              # the short form
    python benchmarks/soak_cache.py                           # a million audited reads, at most 25 minutes
    python benchmarks/soak_cache.py --mutate                  # breaks each rule: the auditor must notice
    python benchmarks/soak_cache.py --mutate --random         # the soak itself must notice, too
    python benchmarks/soak_cache.py --without compare-window  # one broken rule

An audit reads up to 24 keys through the cache and asks the database once, in the same snapshot, what all of
them are; each key is one audited read.

Exit status 1: a stale value, too few reads (or, with --mutate, a broken rule that went unnoticed).
"""

import argparse
import contextlib
import functools
import logging
import random
import signal
import sys
import time
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _soak
from _cache_world import ADD, DEPENDS, KEYS, RAW, TABLES, World, truth, truths
from method_cache.engine import schema
from method_cache.engine.cache import Cache, Settings
from method_cache.engine.errors import CacheError
from method_cache.engine.protocol import RULES
from method_cache.engine.snapshot import Snapshot
from method_cache.engine.store_redis import RedisStore
from method_cache.engine.transaction import Transaction
from method_cache.testing import scenarios

NEEDS = "servers"  # of `make soak`: no database

# Audited reads by where they read; those answered without computing; what the writers did.
COUNTERS = (
    "reads", "standby reads", "hits", "standby hits", "stale", "writes", "rollbacks", "raw", "errors",
)  # fmt: skip
COLUMN = {name: i for i, name in enumerate(COUNTERS)}
LAG = 0.2  # seconds that the standby is always behind; replay is halted for longer now and then


class Worker:
    """One process: a reader that writes now and then, a writer that reads now and then, or a reader of the
    standby."""

    def __init__(self, number, options, world, counters, stop):
        self.rng = random.Random(options.seed * 1000 + number)
        self.standby = number == options.processes
        self.writer = number % 2 == 1 and not self.standby
        self.world = world
        self.rules = RULES - set(options.without)
        self.counters, self.stop = counters, stop
        self.cache = Cache(
            "soak",
            lambda: world.connect(autocommit=True),
            lambda cnx: Settings(url=world.redis.url, timeout=0.05, local_bytes=2**20),
            self.rules,
        )
        self.cnx = world.connect(standby=self.standby)

    def count(self, what, number=1):
        self.counters[COLUMN[what]] += number  # nobody else writes this array

    def run(self):
        while not self.stop.is_set():
            try:
                self.one_transaction()
            except psycopg2.Error:
                self.count("errors")
                if self.cnx.closed:
                    self.cnx = self.world.connect(standby=self.standby)
                else:
                    self.cnx.rollback()
            self.cut_off()

    def one_transaction(self):
        rng = self.rng
        txn = Transaction(self.cnx, self.cache)
        wrote = False
        try:
            if not self.standby and rng.random() < (0.8 if self.writer else 0.02):
                if rng.random() < 0.2:
                    self.audit(txn, 1)  # fixes the snapshot before the write
                self.write(txn)
                wrote = True
                if rng.random() < 0.3:
                    self.audit(txn, 6)
            if not wrote or rng.random() < 0.1:
                for _ in range(rng.choice((1, 1, 1, 1, 4))):
                    self.audit(txn, 24)
                    if rng.random() < 0.03:
                        time.sleep(rng.random() * 0.1)  # the snapshot grows old
            self.end(txn, wrote)
        finally:
            txn.end()
        if self.writer:
            time.sleep(rng.random() * 0.02)

    def write(self, txn):
        rng = self.rng
        with self.cnx.cursor() as cursor:
            for _ in range(rng.choice((1, 1, 2, 3))):
                table = rng.choice(TABLES)
                key = rng.randrange(KEYS)
                if table not in RAW:  # as the ORM's hooks do
                    txn.touch(table)
                else:
                    self.count("raw")
                if rng.random() < 0.1:
                    cursor.execute("SAVEPOINT s")
                    cursor.execute(ADD[table], [1000000, key])
                    cursor.execute("ROLLBACK TO SAVEPOINT s")
                cursor.execute(ADD[table], [1, key])
                if rng.random() < 0.1:
                    time.sleep(rng.random() * 0.01)

    def end(self, txn, wrote):
        rng = self.rng
        if wrote and rng.random() < 0.1:
            if rng.random() < 0.5:
                txn.before_commit()  # logged, and then rolled back
            self.cnx.rollback()
            self.count("rollbacks")
            return
        if "log-before-commit" in self.rules:
            txn.before_commit()
            if wrote and rng.random() < 0.3:
                time.sleep(rng.random() * 0.01)
            self.cnx.commit()
        else:
            self.commit_then_log(txn)
        if wrote:
            self.count("writes")

    def commit_then_log(self, txn):
        """What most caches do: tell others after the commit."""
        if not txn.touched:
            self.cnx.commit()
            return
        with self.cnx.cursor() as cursor:
            cursor.execute(schema.WRITE)
            xid, sight, life, generation, store_id, _identity, _current = cursor.fetchone()
        store = self.cache.store_of(self.cnx, generation, store_id)
        self.cnx.commit()
        time.sleep(self.rng.random() * 0.005)
        with contextlib.suppress(CacheError):
            store.log(f"mc:{life}.{generation}", sorted(txn.touched), int(xid), Snapshot.parse(sight))

    def audit(self, txn, number):
        rng = self.rng
        got, hits = {}, 0
        for key in rng.sample(range(KEYS), number):
            computed = []

            def compute(key=key, computed=computed):
                computed.append(True)
                value = truth(self.cnx, key)
                if rng.random() < 0.02:
                    time.sleep(rng.random() * 0.02)  # a filler that dawdles
                return value

            got[key] = txn.get("soak", f"k{key}", DEPENDS[key], rng.choice((0.5, 5, 60)), compute, wait=0.5)
            hits += not computed
        really = truths(self.cnx)
        for key, value in got.items():
            if value != really[key]:
                self.count("stale")
                if self.counters[COLUMN["stale"]] <= 3:
                    seen = txn.view and txn.view.snapshot
                    print(
                        f"  stale: key {key} got {value} instead of {really[key]}, seen from {seen}",
                        flush=True,
                    )
        self.count("standby reads" if self.standby else "reads", len(got))
        self.count("standby hits" if self.standby else "hits", hits)

    def cut_off(self):
        """Now and then this worker alone loses Redis."""
        if self.rng.random() < 0.005:
            for store in self.cache._by_id.values():
                store.breaker.trip("cut off by the soak")


def work(options, world, number, counters, stop):
    RedisStore.most_ids = 8  # logs are pruned all the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Worker(number, options, world, counters, stop).run()


class Tormentor(_soak.Tormentor):
    """Pauses, kills, flushes, restarts; the crew's last worker is the reader of the standby."""

    actions = (
        *("pause", "lose_log", "lose_entry", "halt_replay") * 2,
        *("kill", "restart", "generation", "flush", "restart", "save", "generation", "hang"),
    )

    def __init__(self, options, crew, world):
        super().__init__(options, crew)
        self.world, self.redis = world, world.redis

    def flush(self):
        self.redis.command("FLUSHALL")

    def lose_log(self):
        """Once, or again while one who found it missing is paused."""
        self._delete("w")
        if self.rng.random() < 0.5:
            time.sleep(self.rng.random() * 0.004)
            with self.paused():
                time.sleep(self.rng.random() * 0.03)
                self._delete("w")
                time.sleep(self.rng.random() * 0.004)

    def lose_entry(self):
        self._delete("e")

    def _delete(self, kind):
        found = self.redis.command("KEYS", f"*}}:{kind}*")
        if found:
            self.redis.command("DEL", self.rng.choice(found))

    def save(self):
        self.redis.command("SAVE")

    def restart(self):
        """Redis comes back with what it had saved a moment before its end, or long before."""
        if self.rng.random() < 0.7:
            self.save()
            time.sleep(self.rng.random() * 0.1)
        self.redis.kill()
        time.sleep(self.rng.choice((0, 0, 0.3)) * self.rng.random())
        self.redis.start()

    def hang(self):
        self.redis.signal(signal.SIGSTOP)
        time.sleep(self.rng.random() * 0.2)
        self.redis.signal(signal.SIGCONT)

    def halt_replay(self):
        """The standby stands still while the primary goes on; it catches up later, in a jump."""
        with (
            contextlib.closing(self.world.connect(autocommit=True, standby=True)) as cnx,
            cnx.cursor() as cursor,
        ):
            cursor.execute("SELECT CASE WHEN pg_is_wal_replay_paused() THEN pg_wal_replay_resume()"
                           " ELSE pg_wal_replay_pause() END")  # fmt: skip

    def generation(self):
        """Somebody paused does not notice for a while."""
        with (
            contextlib.closing(self.world.connect(autocommit=True)) as cnx,
            cnx.cursor() as cursor,
            self.paused(),
        ):
            cursor.execute("BEGIN")
            schema.next_generation(cursor)
            cursor.execute(self.rng.choice(("COMMIT", "COMMIT", "ROLLBACK")))
            time.sleep(self.rng.random() * 0.2)


def soak(options):
    """Run until ``options.seconds`` or ``options.reads``; return the counters as a dict, what the tormentor
    did, and the seconds that it took."""
    with World(standby=LAG) as world:
        settings = Settings(url=world.redis.url)
        claim = Cache("soak", lambda: world.connect(autocommit=True), lambda _cnx: settings)
        claim.claim()
        crew = _soak.Crew(options.processes + 1, COUNTERS, functools.partial(work, options, world))
        tormentor = Tormentor(options, crew, world)
        line = "{reads:>9,} reads  {standby reads:>8,} of the standby  {stale} stale".format_map
        seconds = _soak.run(options, crew, tormentor, audited, lambda found: found["stale"], line)
        claim.close()
        return crew.totals(), str(tormentor), seconds


def audited(found):
    return found["reads"] + found["standby reads"]


def arguments(argv=None):
    parser = _soak.parser(__doc__, RULES, seconds=1500, reads=1_000_000)
    parser.add_argument("--processes", type=int, default=4, help="beside the reader of the standby")
    parser.add_argument("--verbose", action="store_true", help="show the circuit breaker's log lines")
    parser.add_argument("--database", help=argparse.SUPPRESS)  # what `make soak` says to every soak test
    parser.add_argument("--config", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv=None):
    options = arguments(argv)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.CRITICAL, format="%(message)s")
    if options.mutate:
        return mutate(options)
    print(
        f"at most {options.seconds:.0f} s, {options.reads:,} audited reads, {options.processes} processes and"
        f" a reader of a standby {LAG} s behind"
    )
    found, torments, seconds = soak(options)
    reads = audited(found)
    print(f"\n{_soak.table(found)}\ntorments         {torments}")
    print(f"{reads:,} audited reads, {reads / seconds:,.0f}/s for {seconds:.0f} s: ", end="")
    if found["stale"]:
        print("FAIL: stale values")
        return 1
    if not found["hits"] or not found["standby hits"]:
        print("FAIL: nothing came from the cache")
        return 1
    print("no stale value")
    return 0


def mutate(options):
    """Break each rule; the written-down interleavings, and with ``--random`` the soak, must notice."""
    print(
        f"{len(RULES)} rules; about a second each"
        + (f", and at most {options.seconds:.0f} s" * options.random)
    )
    with World() as world:
        missed = _soak.mutate_scenarios(
            scenarios.RULE_OF,
            # What others do on the same server may hide a broken rule: three tries. It never breaks one.
            lambda scenario, rule: any(interleave(world, scenario, rule) for _ in range(3 if rule else 1)),
            words=("stale", "fresh"),
        )
    if options.random:

        def at_random(options):
            found, _torments, seconds = soak(options)
            return bool(found["stale"]), audited(found), seconds

        missed += _soak.mutate_at_random(options, RULES, at_random)
    print("every broken rule was noticed" if not missed else f"FAIL: {missed} wrong")
    return 1 if missed else 0


def interleave(world, scenario, rule):
    world.redis.command("FLUSHALL")
    lab = scenarios.Lab(world.dsn(), world.redis, RULES - {rule})
    try:
        return scenario(lab)
    finally:
        lab.close()


if __name__ == "__main__":
    sys.exit(main())
