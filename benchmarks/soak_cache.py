"""Soak test of the method cache: every value that it returns is compared with the database, in one snapshot.

Real PostgreSQL, a Redis of its own, several processes. Readers audit; writers write, roll back, use raw SQL
behind a trigger, read their own writes; a tormentor pauses and kills processes, flushes Redis, deletes single
keys, kills Redis and brings it back with old data, cuts single workers off, begins new generations.

    python benchmarks/soak_cache.py --seconds 60              # the short form
    python benchmarks/soak_cache.py --reads 1000000           # the full form (about 5 to 15 minutes)
    python benchmarks/soak_cache.py --mutate                  # breaks each rule: the auditor must notice
    python benchmarks/soak_cache.py --mutate --random         # the soak itself must notice, too
    python benchmarks/soak_cache.py --without compare-window  # one broken rule

Exit status 1: a stale value (or, with --mutate, a broken rule that went unnoticed).
PostgreSQL: SMART_DAIRY_PGHOST, SMART_DAIRY_PGPORT, SMART_DAIRY_PGUSER, libpq's own variables, or --config.
"""

import argparse
import configparser
import contextlib
import logging
import multiprocessing
import os
import random
import signal
import sys
import time
import types
from pathlib import Path

import psycopg2
import psycopg2.extensions
import psycopg2.sql

# The engine knows no Odoo: load it as a package without running the addon's own __init__.
_package = types.ModuleType("method_cache")
_package.__path__ = [str(Path(__file__).resolve().parent.parent / "addons" / "method_cache")]
sys.modules.setdefault("method_cache", _package)

from method_cache.engine import schema  # noqa: E402
from method_cache.engine.cache import Cache, Settings  # noqa: E402
from method_cache.engine.errors import CacheError  # noqa: E402
from method_cache.engine.protocol import RULES  # noqa: E402
from method_cache.engine.snapshot import Snapshot  # noqa: E402
from method_cache.engine.transaction import Transaction  # noqa: E402
from method_cache.testing import scenarios  # noqa: E402
from method_cache.testing.redis_server import RedisServer  # noqa: E402

KEYS = 12
# What each key depends on; table c is written behind the ORM's back, through the trigger.
DEPENDS = [("a",), ("b",), ("c",), ("a", "b"), ("b", "c"), ("a", "b", "c")]
READ_ONE = {t: f"SELECT '{t}', v FROM {t} WHERE k = %(k)s" for t in "abc"}  # noqa: S608 our own three tables
ADD = {t: f"UPDATE {t} SET v = v + %s WHERE k = %s" for t in "abc"}  # noqa: S608
COUNTERS = ("reads", "hits", "stale", "writes", "rollbacks", "raw", "errors")
READS, HITS, STALE, WRITES, ROLLBACKS, RAW, ERRORS = range(len(COUNTERS))


class Connection(psycopg2.extensions.connection):
    """A plain connection that can carry attributes, as Odoo's does."""


def dsn(database):
    env = os.environ
    return {
        "host": env.get("SMART_DAIRY_PGHOST") or env.get("PGHOST") or "127.0.0.1",
        "port": env.get("SMART_DAIRY_PGPORT") or env.get("PGPORT") or "5432",
        "user": env.get("SMART_DAIRY_PGUSER") or env.get("PGUSER") or "odoo",
        "dbname": database,
    }


def read_config(path):
    """Take the server's address from an odoo.conf, where the environment does not say it."""
    found = configparser.RawConfigParser()
    found.read(path)
    for option, variable in (
        ("db_host", "PGHOST"),
        ("db_port", "PGPORT"),
        ("db_user", "PGUSER"),
        ("db_password", "PGPASSWORD"),
    ):
        value = found.get("options", option, fallback="")
        if value and value != "False" and not os.environ.get(f"SMART_DAIRY_{variable}"):
            os.environ[variable] = value


def connect(database, autocommit=False):
    cnx = psycopg2.connect(connection_factory=Connection, **dsn(database))
    if autocommit:
        cnx.autocommit = True
    else:
        cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
    return cnx


def prepare(database):
    with contextlib.closing(connect("postgres", autocommit=True)) as cnx, cnx.cursor() as cursor:
        cursor.execute(psycopg2.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name(database)))
        cursor.execute(psycopg2.sql.SQL("CREATE DATABASE {}").format(name(database)))
    with contextlib.closing(connect(database, autocommit=True)) as cnx, cnx.cursor() as cursor:
        cursor.execute(schema.CREATE)
        for table in "abc":
            cursor.execute(f"CREATE TABLE {table} (k integer PRIMARY KEY, v bigint NOT NULL DEFAULT 0)")
            cursor.execute(f"INSERT INTO {table} SELECT generate_series(0, %s)", [KEYS - 1])
        cursor.execute(
            "CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON c"
            " FOR EACH STATEMENT EXECUTE FUNCTION method_cache_touch_trigger('c')"
        )


def drop(database):
    with contextlib.closing(connect("postgres", autocommit=True)) as cnx, cnx.cursor() as cursor:
        cursor.execute(psycopg2.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name(database)))


def name(database):
    return psycopg2.sql.Identifier(database)


def truth(cnx, key):
    """What the database says, in the transaction's snapshot."""
    with cnx.cursor() as cursor:
        tables = DEPENDS[key % len(DEPENDS)]
        cursor.execute(" UNION ALL ".join(READ_ONE[t] for t in tables), {"k": key})
        return dict(cursor.fetchall())


def truths(cnx):
    """The same for all keys at once."""
    with cnx.cursor() as cursor:
        cursor.execute(
            "SELECT 'a', k, v FROM a UNION ALL SELECT 'b', k, v FROM b UNION ALL SELECT 'c', k, v FROM c"
        )
        rows = {(table, k): v for table, k, v in cursor.fetchall()}
    return {key: {t: rows[t, key] for t in DEPENDS[key % len(DEPENDS)]} for key in range(KEYS)}


class Worker:
    """One process: a reader that writes now and then, or a writer that reads now and then."""

    def __init__(self, number, options, redis_url, counters, stop):
        self.rng = random.Random(options.seed * 1000 + number)
        self.writer = number % 2 == 1
        self.database = options.database
        self.rules = RULES - set(options.without)
        self.counters, self.stop = counters, stop
        self.cache = Cache(
            self.database,
            lambda: connect(self.database, autocommit=True),
            lambda cnx: Settings(url=redis_url, timeout=0.05, local_bytes=2**20),
            self.rules,
        )
        self.cnx = connect(self.database)

    def count(self, what, number=1):
        with self.counters.get_lock():
            self.counters[what] += number

    def run(self):
        while not self.stop.is_set():
            try:
                self.one_transaction()
            except psycopg2.Error:
                self.count(ERRORS)
                if self.cnx.closed:
                    self.cnx = connect(self.database)
                else:
                    self.cnx.rollback()
            self.cut_off()

    def one_transaction(self):
        rng = self.rng
        txn = Transaction(self.cnx, self.cache)
        wrote = False
        try:
            if rng.random() < (0.7 if self.writer else 0.02):
                if rng.random() < 0.2:
                    self.audit(txn, 1)  # fixes the snapshot before the write
                self.write(txn)
                wrote = True
                if rng.random() < 0.3:
                    self.audit(txn, 3)
            if not wrote or rng.random() < 0.1:
                for _ in range(rng.choice((1, 1, 1, 1, 4))):
                    self.audit(txn, 12)
                    if rng.random() < 0.05:
                        time.sleep(rng.random() * 0.1)  # the snapshot grows old
            self.end(txn, wrote)
        finally:
            txn.end()

    def write(self, txn):
        rng = self.rng
        with self.cnx.cursor() as cursor:
            for _ in range(rng.choice((1, 1, 2, 3))):
                table = rng.choice("abc")
                key = rng.randrange(KEYS)
                if table != "c":  # as the ORM's hooks do
                    txn.touch(table)
                else:
                    self.count(RAW)
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
            self.count(ROLLBACKS)
            return
        if "log-before-commit" in self.rules:
            txn.before_commit()
            if wrote and rng.random() < 0.3:
                time.sleep(rng.random() * 0.01)
            self.cnx.commit()
        else:
            self.commit_then_log(txn)
        if wrote:
            self.count(WRITES)
        if rng.random() < 0.2:
            time.sleep(rng.random() * 0.003)

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
                if rng.random() < 0.05:
                    time.sleep(rng.random() * 0.02)  # a filler that dawdles
                return value

            models = DEPENDS[key % len(DEPENDS)]
            got[key] = txn.get("soak", f"k{key}", models, rng.choice((0.5, 5, 60)), compute, wait=0.5)
            hits += not computed
        really = truths(self.cnx)
        for key, value in got.items():
            if value != really[key]:
                self.count(STALE)
                if self.counters[STALE] <= 3:
                    seen = txn.view and txn.view.snapshot
                    print(
                        f"  stale: key {key} got {value} instead of {really[key]}, seen from {seen}",
                        flush=True,
                    )
        self.count(READS, len(got))
        self.count(HITS, hits)

    def cut_off(self):
        """Now and then this worker alone loses Redis."""
        if self.rng.random() < 0.002:
            for store in self.cache._by_id.values():
                store.breaker.trip("cut off by the soak")


def work(number, options, redis_url, counters, stop):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Worker(number, options, redis_url, counters, stop).run()


class Tormentor:
    """Pauses, kills, flushes, restarts."""

    def __init__(self, options, redis, spawn):
        self.rng = random.Random(options.seed)
        self.redis, self.spawn, self.options = redis, spawn, options
        self.done = {}

    def act(self, workers):
        action = self.rng.choice(
            (
                self.pause,
                self.pause,
                self.kill,
                self.flush,
                self.lose_log,
                self.lose_log,
                self.lose_entry,
                self.restart,
                self.save,
                self.generation,
                self.hang,
            )
        )
        self.done[action.__name__] = self.done.get(action.__name__, 0) + 1
        action(workers)

    def pause(self, workers):
        victim = self.rng.choice(workers)
        os.kill(victim.pid, signal.SIGSTOP)
        time.sleep(self.rng.random() * 0.3)
        os.kill(victim.pid, signal.SIGCONT)

    def kill(self, workers):
        at = self.rng.randrange(len(workers))
        workers[at].kill()
        workers[at].join()
        workers[at] = self.spawn(at)

    def flush(self, workers):
        self.redis.command("FLUSHALL")

    def lose_log(self, workers):
        self._delete("w")

    def lose_entry(self, workers):
        self._delete("e")

    def _delete(self, kind):
        found = self.redis.command("KEYS", f"*}}:{kind}*")
        if found:
            self.redis.command("DEL", self.rng.choice(found))

    def save(self, workers):
        self.redis.command("SAVE")

    def restart(self, workers):
        self.redis.kill()
        time.sleep(self.rng.random() * 0.3)
        self.redis.start()

    def hang(self, workers):
        self.redis.signal(signal.SIGSTOP)
        time.sleep(self.rng.random() * 0.2)
        self.redis.signal(signal.SIGCONT)

    def generation(self, workers):
        with (
            contextlib.closing(connect(self.options.database, autocommit=True)) as cnx,
            cnx.cursor() as cursor,
        ):
            cursor.execute("BEGIN")
            schema.next_generation(cursor)
            cursor.execute(self.rng.choice(("COMMIT", "COMMIT", "ROLLBACK")))


def soak(options):
    """Run until ``options.seconds`` or ``options.reads``; return the counters as a dict."""
    prepare(options.database)
    redis = RedisServer()
    counters = multiprocessing.Array("q", len(COUNTERS))
    stop = multiprocessing.Event()

    def spawn(number):
        # A killed process may hold the counters' lock: every process gets its own.
        own = multiprocessing.Array("q", len(COUNTERS))
        arrays.append(own)
        process = multiprocessing.Process(
            target=work, args=(number, options, redis.url, own, stop), daemon=True
        )
        process.start()
        return process

    def totals():
        return [sum(array.get_obj()[i] for array in arrays) for i in range(len(COUNTERS))]

    arrays = [counters]
    try:
        claim = Cache(
            options.database, lambda: connect(options.database, True), lambda _cnx: Settings(url=redis.url)
        )
        claim.claim()
        workers = [spawn(number) for number in range(options.processes)]
        tormentor = Tormentor(options, redis, spawn)
        start = time.monotonic()
        next_line = start + 10
        while True:
            time.sleep(options.calm * random.random())
            now = time.monotonic()
            found = totals()
            if found[READS] >= options.reads or now - start > options.seconds:
                break
            if found[STALE] and options.first:
                break
            if now > next_line and not options.first:
                print(f"  {now - start:5.0f} s  {found[READS]:>9,} reads  {found[STALE]} stale", flush=True)
                next_line = now + 30
            if any(worker.exitcode not in (None, -signal.SIGKILL) for worker in workers):
                sys.exit("a worker died of an error of its own")
            tormentor.act(workers)
        seconds = time.monotonic() - start
        stop.set()
        for worker in workers:
            worker.join(5)
            if worker.is_alive():
                worker.kill()
        claim.close()
        return dict(zip(COUNTERS, totals(), strict=True)), tormentor.done, seconds
    finally:
        redis.close()
        drop(options.database)


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--database",
        default="cache",
        help="left alone; <database>_soak_cache is created, and dropped at the end",
    )
    parser.add_argument("--config", help="odoo.conf with the address of PostgreSQL")
    parser.add_argument("--seconds", type=float, default=1800, help="stop after this long at the latest")
    parser.add_argument("--reads", type=int, default=1_000_000, help="stop after so many audited reads")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--calm", type=float, default=1.5, help="most seconds between two torments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[], choices=sorted(RULES), help="break these rules")
    parser.add_argument("--mutate", action="store_true", help="break every rule in turn")
    parser.add_argument(
        "--random", action="store_true", help="with --mutate: wait for the soak to notice, too"
    )
    parser.add_argument("--first", action="store_true", help="stop at the first stale value")
    parser.add_argument("--verbose", action="store_true", help="show the circuit breaker's log lines")
    options = parser.parse_args(argv)
    options.database += "_soak_cache"
    if options.config:
        read_config(options.config)
    return options


def main(argv=None):
    options = arguments(argv)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.CRITICAL, format="%(message)s")
    if options.mutate:
        return mutate(options)
    print(f"at most {options.seconds:.0f} s, {options.reads:,} audited reads, {options.processes} processes")
    found, torments, seconds = soak(options)
    print(f"\n{'what':<12}{'number':>12}")
    for what, number in found.items():
        print(f"{what:<12}{number:>12,}")
    print("torments    ", ", ".join(f"{number} {what}" for what, number in sorted(torments.items())))
    print(f"{found['reads'] / seconds:,.0f} audited reads/s for {seconds:.0f} s: ", end="")
    print("FAIL: stale values" if found["stale"] else "no stale value")
    return 1 if found["stale"] else 0


def mutate(options):
    """Break each rule; the written-down interleavings, and with ``--random`` the soak, must notice."""
    print(
        f"{len(RULES)} rules; about a second each"
        + (f", and at most {options.seconds:.0f} s" * options.random)
    )
    prepare(options.database)
    redis = RedisServer()
    missed = 0
    try:
        for scenario, broken in scenarios.RULE_OF.items():
            for rule in (None, *broken):
                # What others do on the same server may hide a broken rule: three tries. It never breaks one.
                stale = any(interleave(options, redis, scenario, rule) for _ in range(3 if rule else 1))
                missed += stale != bool(rule)
                print(
                    f"{scenario.__name__:<22}{'without ' + rule if rule else 'all rules':<28}"
                    f"{'stale' if stale else 'fresh'}{'' if stale == bool(rule) else '   <- wrong'}",
                    flush=True,
                )
    finally:
        redis.close()
        drop(options.database)
    if options.random:
        options.first = True
        for rule in sorted(RULES):
            options.without = [rule]
            found, _torments, seconds = soak(options)
            missed += not found["stale"]
            print(
                f"soak without {rule:<20}{'noticed' if found['stale'] else 'MISSED'} after {seconds:5.1f} s,"
                f" {found['reads']:>8,} reads",
                flush=True,
            )
    print("every broken rule was noticed" if not missed else f"FAIL: {missed} wrong")
    return 1 if missed else 0


def interleave(options, redis, scenario, rule):
    redis.command("FLUSHALL")
    lab = scenarios.Lab(dsn(options.database), redis, RULES - {rule})
    try:
        return scenario(lab)
    finally:
        lab.close()


if __name__ == "__main__":
    sys.exit(main())
