"""Soak test of the rollups: every answer is compared with GROUP BY over the source tables, in one snapshot.

Real PostgreSQL, several processes on connections of their own. Writers insert, move, correct and delete
as an ORM does and in raw bulk, in REPEATABLE READ and in READ COMMITTED, roll back, change time zones,
categories and companies, TRUNCATE; folders fold; readers hold old snapshots and read their own writes; a
tormentor kills processes and connections in the middle of what they do, deploys rollups anew and writes
tables anew.

    python benchmarks/soak_rollup.py --seconds 60             # the short form
    python benchmarks/soak_rollup.py --reads 100000           # the full form (about 15 minutes)
    python benchmarks/soak_rollup.py --mutate                 # breaks each rule: its interleaving goes wrong
    python benchmarks/soak_rollup.py --mutate --random        # the soak itself must notice, too
    python benchmarks/soak_rollup.py --without graces         # one broken rule

Exit status 1: a wrong answer (or, with --mutate, a broken rule that went unnoticed).
PostgreSQL: SMART_DAIRY_PGHOST, SMART_DAIRY_PGPORT, SMART_DAIRY_PGUSER, libpq's own variables, or --config.
"""

import argparse
import configparser
import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
import types
from datetime import date, timedelta
from pathlib import Path

import psycopg2
import psycopg2.extensions

# The engine knows no registry: load it as a package without running the addon's own __init__.
_package = types.ModuleType("database_rollup")
_package.__path__ = [str(Path(__file__).resolve().parent.parent / "addons" / "database_rollup")]
sys.modules.setdefault("database_rollup", _package)

from database_rollup.engine import deploy, fold, grace, planner, verify  # noqa: E402
from database_rollup.engine.errors import BusyError, NotCoveredError, NotDeployedError  # noqa: E402
from database_rollup.engine.protocol import RULES  # noqa: E402
from database_rollup.engine.sql import SQL, run  # noqa: E402
from database_rollup.testing import scenarios  # noqa: E402
from database_rollup.testing.sample import MILK, ORDERS, ROLLUPS, SALES, Lab  # noqa: E402

NEEDS = "servers"  # of `make soak`: no database
COUNTERS = ("reads", "wrong", "own", "old", "single", "writes", "rollbacks", "folds", "graces", "errors")
READS, WRONG, OWN, OLD, SINGLE, WRITES, ROLLBACKS, FOLDS, GRACES, ERRORS = range(len(COUNTERS))
FIRST = date(2025, 1, 1)
DAYS = 400  # two changes of clocks, each way
# Days without and with 23, 25 hours, half-hour and three-quarter zones, an unknown one, none.
ZONES = ("Asia/Dhaka", "Europe/Paris", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "no/where", None)
MOST_LINES = 700
# PostgreSQL shows a truncated table as empty to older snapshots, too: then GROUP BY itself is wrong. Held
# from before the snapshot (LOCK takes none), the table cannot be truncated while we compare.
HOLD = "LOCK TABLE line, orders, milk IN ACCESS SHARE MODE"


def server():
    env = os.environ
    return {
        "host": env.get("SMART_DAIRY_PGHOST") or env.get("PGHOST") or "127.0.0.1",
        "port": env.get("SMART_DAIRY_PGPORT") or env.get("PGPORT") or "5432",
        "user": env.get("SMART_DAIRY_PGUSER") or env.get("PGUSER") or "odoo",
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


class Worker:
    """One process with one connection; what it does depends on its role."""

    def __init__(self, role, number, options, counters, stop):
        self.rng = random.Random(options.seed * 1000 + number + time.time_ns() % 1000 * 100)
        self.role, self.options = role, options
        self.lab = Lab(server(), options.database)
        self.rules = RULES - set(options.without)
        self.counters, self.stop = counters, stop
        self.cnx = None

    def count(self, what, number=1):
        self.counters[what] += number

    def run(self):
        while not self.stop.is_set():
            try:
                if self.cnx is None or self.cnx.closed:
                    self.cnx = self.lab.connect()
                self.one()
            except (BusyError, NotDeployedError):
                self.give_up()
            except psycopg2.Error:
                self.count(ERRORS)
                self.give_up()

    def give_up(self):
        if self.cnx is None:
            return
        try:
            self.cnx.rollback()
        except psycopg2.Error:  # cut off: the next turn connects anew
            self.cnx.close()

    def one(self):
        # READ COMMITTED, now and then: statements of one transaction then see different snapshots
        level = (
            psycopg2.extensions.ISOLATION_LEVEL_READ_COMMITTED
            if self.role == "write" and self.rng.random() < 0.3
            else psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ
        )
        self.cnx.set_isolation_level(level)
        {"write": self.write, "fold": self.fold, "read": self.read}[self.role]()

    # ------------------------------------------------------------ writers

    def write(self):
        rng = self.rng
        audited = rng.random() < 0.1 and self.cnx.isolation_level == self.REPEATABLE_READ
        with self.cnx.cursor() as cursor:
            if audited:
                cursor.execute(HOLD)
            if rng.random() < 0.5:
                cursor.execute("SELECT 1")  # the snapshot grows old
                self.dawdle(0.02)
            for _ in range(rng.choice((1, 1, 2, 3))):
                if rng.random() < 0.1:
                    cursor.execute("SAVEPOINT s")
                    self.change(cursor)
                    cursor.execute("ROLLBACK TO SAVEPOINT s")
                self.change(cursor)
                if rng.random() < 0.3:
                    self.dawdle(0.02)
            if audited:
                self.audit(cursor, OWN)
        if rng.random() < 0.1:
            self.cnx.rollback()
            self.count(ROLLBACKS)
        else:
            self.cnx.commit()
            self.count(WRITES)
        self.dawdle(0.01)

    REPEATABLE_READ = psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ

    def dawdle(self, most):
        time.sleep(self.rng.random() * most)

    def moment(self):
        return f"{self.day()} {self.rng.randrange(24):02}:{self.rng.randrange(60):02}:00"

    def day(self):
        # most happens lately, some of it long ago
        back = self.rng.choice((0, 0, 0, 1, 2, self.rng.randrange(DAYS)))
        return FIRST + timedelta(days=DAYS - 1 - back)

    CHANGES = (
        (8, "new_order"), (6, "new_line"), (6, "correct_line"), (5, "move_order"), (5, "change_state"),
        (3, "give_away"), (4, "delete_line"), (3, "delete_order"), (2, "bulk"), (2, "bulk_move"),
        (2, "category"), (1, "rename"), (1, "zone"), (1, "company"), (5, "milk"), (3, "correct_milk"),
        (2, "delete_milk"), (1, "irrelevant"), (0.2, "truncate"), (0.2, "odd_day"),
    )  # fmt: skip

    def change(self, cursor):
        weights, names = zip(*self.CHANGES, strict=True)
        getattr(self, self.rng.choices(names, weights)[0])(cursor)

    def new_order(self, cursor):
        rng = self.rng
        cursor.execute(
            "INSERT INTO orders (company_id, customer, seller, date_order, state) VALUES (%s, %s, %s, %s, %s)"
            " RETURNING id",
            [
                rng.randint(1, 3),
                rng.choice((None, *range(1, 9))),
                rng.choice((1, 2, None)),
                self.moment(),
                self.state(),
            ],
        )
        (order,) = cursor.fetchone()
        for _ in range(rng.randrange(3)):
            self.line(cursor, order)

    def state(self):
        return self.rng.choice(("draft", "sale", "sale", "sale", "cancel"))

    def line(self, cursor, order):
        rng = self.rng
        cursor.execute(
            "INSERT INTO line (order_id, product_id, quantity, amount)"
            " SELECT id, %s, %s, %s FROM orders WHERE id = %s",
            [
                rng.choice((1, 2, 3, 4, 5, 6, None)),
                rng.randrange(3),
                rng.choice((None, rng.randrange(10**6) / 100)),
                order,
            ],
        )

    def some(self, cursor, table):
        """The id of a row that this transaction sees; None when there is none."""
        cursor.execute(f"SELECT id FROM {table} ORDER BY random() LIMIT 1")  # noqa: S608 our own tables
        row = cursor.fetchone()
        return row and row[0]

    def new_line(self, cursor):
        self.line(cursor, self.some(cursor, "orders"))

    def correct_line(self, cursor):
        rng = self.rng
        cursor.execute(
            "UPDATE line SET amount = %s, quantity = %s, product_id = %s WHERE id = %s",
            [rng.randrange(1000), rng.randrange(3), rng.randint(1, 6), self.some(cursor, "line")],
        )

    def move_order(self, cursor):
        moment = self.moment() if self.rng.random() < 0.95 else None
        cursor.execute(
            "UPDATE orders SET date_order = %s WHERE id = %s", [moment, self.some(cursor, "orders")]
        )

    def change_state(self, cursor):
        cursor.execute(
            "UPDATE orders SET state = %s WHERE id = %s", [self.state(), self.some(cursor, "orders")]
        )

    def give_away(self, cursor):
        cursor.execute(
            "UPDATE orders SET seller = %s, company_id = %s, customer = %s WHERE id = %s",
            [
                self.rng.randint(1, 3),
                self.rng.randint(1, 3),
                self.rng.randint(1, 9),
                self.some(cursor, "orders"),
            ],
        )

    def delete_line(self, cursor):
        cursor.execute("DELETE FROM line WHERE id = %s", [self.some(cursor, "line")])

    def delete_order(self, cursor):
        cursor.execute("DELETE FROM orders WHERE id = %s", [self.some(cursor, "orders")])

    def bulk(self, cursor):
        cursor.execute(
            "INSERT INTO line (order_id, product_id, quantity, amount)"
            " SELECT id, 1 + id %% 6, 1, id FROM orders ORDER BY random() LIMIT %s",
            [self.rng.randrange(40)],
        )
        cursor.execute("SELECT count(*) FROM line")
        if cursor.fetchone()[0] > MOST_LINES:
            cursor.execute(
                "DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY random() LIMIT 100)"
            )
            cursor.execute("DELETE FROM milk WHERE id IN (SELECT id FROM milk ORDER BY random() LIMIT 100)")

    def bulk_move(self, cursor):
        cursor.execute(
            "UPDATE orders SET date_order = date_order + %s WHERE seller = %s",
            [timedelta(hours=self.rng.randrange(-30, 30)), self.rng.randint(1, 3)],
        )
        cursor.execute(
            "UPDATE orders SET date_order = %s WHERE date_order < %s OR date_order > %s",
            [self.moment(), FIRST - timedelta(days=9), FIRST + timedelta(days=DAYS + 9)],
        )

    def category(self, cursor):
        cursor.execute(
            "UPDATE product SET category_id = %s WHERE id = %s",
            [self.rng.choice((1, 2, 3, 4, None)), self.rng.randint(1, 6)],
        )

    def rename(self, cursor):
        cursor.execute(
            "UPDATE category SET name = %s WHERE id = %s",
            [f"category {self.rng.randint(1, 5)}", self.rng.randint(1, 3)],
        )
        if self.rng.random() < 0.3:
            cursor.execute("DELETE FROM category WHERE id = 4")
            cursor.execute("INSERT INTO category VALUES (4, 'new') ON CONFLICT DO NOTHING")

    def zone(self, cursor):
        cursor.execute(
            "UPDATE partner SET tz = %s WHERE id = %s", [self.rng.choice(ZONES), self.rng.randint(1, 4)]
        )

    def company(self, cursor):
        cursor.execute(
            "UPDATE company SET partner_id = %s WHERE id = %s",
            [self.rng.randint(1, 4), self.rng.randint(1, 3)],
        )

    def milk(self, cursor):
        cursor.execute(
            "INSERT INTO milk (farm, cow, session, day, kg)"
            " SELECT %s, g %% 4 + %s, %s, %s::date + g %% 3, %s FROM generate_series(1, %s) g",
            [
                self.rng.choice((1, 2, None)),
                self.rng.choice((0, 1, 2, None)),
                self.rng.choice((1, 2)),
                self.day(),
                self.rng.choice((0, self.rng.random() * 40)),
                self.rng.choice((1, 1, 5)),
            ],
        )

    def odd_day(self, cursor):
        """A day that no range can hold, beside others: the trigger fails, and must not miss these."""
        cursor.execute(
            "INSERT INTO milk (farm, day, kg) VALUES (1, '5874897-12-31', 1), (2, %s, 1)", [self.day()]
        )
        cursor.execute("DELETE FROM milk WHERE day = '5874897-12-31'")

    def correct_milk(self, cursor):
        cursor.execute(
            "UPDATE milk SET kg = %s, day = %s WHERE id = %s",
            [self.rng.random() * 40, self.day(), self.some(cursor, "milk")],
        )

    def delete_milk(self, cursor):
        cursor.execute("DELETE FROM milk WHERE day = %s", [self.day()])

    def irrelevant(self, cursor):
        cursor.execute("UPDATE line SET note = 'x'")
        cursor.execute("UPDATE orders SET note = 'x' WHERE id = %s", [self.some(cursor, "orders")])

    def truncate(self, cursor):
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        cursor.execute(self.rng.choice(("TRUNCATE milk", "TRUNCATE milk", "TRUNCATE line")))

    # ------------------------------------------------------------ folders

    def fold(self):
        rng = self.rng
        if rng.random() < 0.7:
            with contextlib.suppress(psycopg2.errors.SerializationFailure), self.lab.transaction() as cursor:
                self.count(GRACES, grace.advance(cursor))
        with self.cnx.cursor() as cursor:
            done = fold.fold(cursor, rng.choice(ROLLUPS), rng.choice((1, 5, 31, 400)), self.rules)
            if done.folded and rng.random() < 0.2:
                self.dawdle(0.03)
        if rng.random() < 0.05:
            self.cnx.rollback()
        else:
            self.cnx.commit()
            self.count(FOLDS, done.folded)
        if not done.folded:
            self.dawdle(0.02)

    # ------------------------------------------------------------ readers

    def read(self):
        rng = self.rng
        if rng.random() < 0.2:
            self.read_at_once()
            return
        with self.cnx.cursor() as cursor:
            what = READS
            cursor.execute(HOLD)
            if rng.random() < 0.2:
                cursor.execute("SELECT 1")
                self.dawdle(0.1)
                what = OLD
            for _ in range(rng.choice((1, 2, 4))):
                self.audit(cursor, what)
        self.cnx.commit()

    def question(self):
        """A rollup and a question that one of its cuts can answer."""
        while True:
            rollup, question = self.any_question()
            with contextlib.suppress(NotCoveredError):
                planner.choose(rollup, question)
                return rollup, question

    def any_question(self):
        rng = self.rng
        rollup = rng.choice((SALES, SALES, ORDERS, MILK))
        first = FIRST + timedelta(days=rng.choice((0, rng.randrange(-5, DAYS))))
        last = first + timedelta(days=rng.choice((0, 30, rng.randrange(DAYS), DAYS)))
        cut = rng.choice(rollup.kept)
        dimensions = [d.name for d in cut.dimensions]
        where, pinned = None, ()
        if rng.random() < 0.3:
            pinned = (rng.choice(dimensions[:2]),)
            where = SQL("%s = %s", planner.column(pinned[0]), rng.randint(1, 3))
        measures = rng.sample([m.name for m in cut.measures], rng.randint(1, len(cut.measures)))
        ranked = rng.random() < 0.2
        return rollup, planner.Question(
            first,
            last,
            measures=tuple(measures),
            by=tuple(rng.sample(dimensions, rng.randint(0, len(dimensions)))),
            grain=rng.choice((None, None, None, *planner.GRAINS)),
            where=where,
            pinned=pinned,
            order=((measures[0], rng.choice(("asc", "desc"))),) if ranked else (),
            limit=rng.choice((1, 3, 10)) if ranked else None,
        )

    def audit(self, cursor, what):
        """Ask the rollup and the source tables in the transaction's snapshot."""
        rollup, question = self.question()
        noted = None
        if "read-once" not in self.rules:  # what another snapshot said
            with self.lab.transaction() as other:
                noted = run(
                    other,
                    SQL(
                        "SELECT COALESCE(range_agg(days), '{}')::text FROM %s",
                        SQL.identifier("database_rollup", f"{rollup.prefix}_log"),
                    ),
                )[0][0]
        answer = run(cursor, planner.answer(rollup, question, self.rules, noted))
        really = run(cursor, planner.base(rollup, question))
        if not scenarios.same(answer, really):
            self.report(rollup, question, answer, really)
        self.count(READS)
        if what != READS:
            self.count(what)

    def read_at_once(self):
        """Compare in one statement of a READ COMMITTED connection: no transaction keeps the snapshot."""
        rollup, question = self.question()
        cnx = self.lab.connect(autocommit=True)
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            answer, base = planner.answer(rollup, question, self.rules), planner.base(rollup, question)
            found = run(
                cursor,
                SQL("((%s) EXCEPT ALL (%s)) UNION ALL ((%s) EXCEPT ALL (%s))", answer, base, base, answer),
            )
        if found:
            self.report(rollup, question, found, "one statement")
        self.count(READS)
        self.count(SINGLE)

    def report(self, rollup, question, answer, really):
        self.count(WRONG)
        if self.counters[WRONG] <= 2:
            print(f"  wrong: {rollup.name} {question}\n    {answer!s:.600}\n    {really!s:.600}", flush=True)


def work(role, number, options, counters, stop):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Worker(role, number, options, counters.get_obj(), stop).run()


class Tormentor:
    """Kills processes, and connections in mid-transaction; pauses them; deploys rollups anew."""

    def __init__(self, options, lab, spawn):
        self.rng = random.Random(options.seed)
        self.lab, self.spawn = lab, spawn
        self.rules = RULES - set(options.without)
        self.done = {}

    def act(self, workers):
        action = self.rng.choice(
            (self.pause, self.pause, self.kill, self.kill, self.cut_off, self.deploy, self.rewrite)
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

    def deploy(self, workers):
        """A source column changed its type, it seems: build anew, beside readers with old snapshots."""
        rollup = self.rng.choice(ROLLUPS)
        with contextlib.suppress(psycopg2.errors.LockNotAvailable, psycopg2.errors.SerializationFailure):
            with self.lab.transaction() as cursor:
                cursor.execute(
                    "UPDATE database_rollup.state SET columns = 'other' WHERE name = %s", [rollup.name]
                )
            deploy.deploy(self.lab.transaction, rollup, self.rules)

    def rewrite(self, workers):
        """A source table is written anew: to older snapshots it is empty then."""
        with contextlib.suppress(psycopg2.errors.LockNotAvailable), self.lab.transaction() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'; ALTER TABLE milk DROP COLUMN IF EXISTS filled")
            cursor.execute("ALTER TABLE milk ADD COLUMN filled double precision DEFAULT random()")

    def cut_off(self, workers):
        with self.lab.transaction() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND usesysid IS NOT NULL ORDER BY random() LIMIT 1"
            )


ROLES = ("write", "read", "write", "fold", "read", "write", "read", "fold")


def soak(options):
    """Run until ``options.seconds`` or ``options.reads``; return the counters as a dict."""
    lab = Lab(server(), options.database).build(rules=RULES - set(options.without))
    stop = multiprocessing.Event()
    arrays = []

    def spawn(number):
        # no process shares its counters: a killed one cannot hold anybody's lock
        own = multiprocessing.Array("q", len(COUNTERS))
        arrays.append(own)
        role = ROLES[number % len(ROLES)]
        process = multiprocessing.Process(target=work, args=(role, number, options, own, stop), daemon=True)
        process.start()
        return process

    def totals():
        return [sum(array.get_obj()[i] for array in arrays) for i in range(len(COUNTERS))]

    try:
        workers = [spawn(number) for number in range(options.processes)]
        tormentor = Tormentor(options, lab, spawn)
        start = time.monotonic()
        next_line = start + 10
        while True:
            time.sleep(options.calm * random.random())
            now = time.monotonic()
            found = totals()
            if found[READS] >= options.reads or now - start > options.seconds:
                break
            if found[WRONG] and options.first:
                break
            if now > next_line and not options.first:
                print(
                    f"  {now - start:5.0f} s  {found[READS]:>9,} reads  {found[FOLDS]:>7,} folds"
                    f"  {found[WRITES]:>7,} writes  {found[WRONG]} wrong",
                    flush=True,
                )
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
                worker.join()
        found = dict(zip(COUNTERS, totals(), strict=True))
        if not options.first:
            found["left dirty"], found["wrong buckets"] = settle(lab, options)
        return found, tormentor.done, seconds
    finally:
        stop.set()
        lab.drop()


def settle(lab, options):
    """Fold all that is left; return ``(notes left, wrong buckets)``: both 0 when all is well."""
    left = wrong = 0
    for rollup in ROLLUPS:
        deploy.deploy(lab.transaction, rollup)  # what a deployment of the tormentor's left unfinished
    grace.wait_graces(lab.transaction, SALES.graces + 1, 10)
    for rollup in ROLLUPS:
        fold.fold_all(lab.transaction, rollup, rules=RULES - set(options.without))
        with lab.transaction() as cursor:
            left += fold.freshness(cursor, rollup)["notes"]
            wrong += len(verify.wrong_days(cursor, rollup))
    return left, wrong


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--database",
        default="rollup",
        help="left alone; <database>_soak_rollup is created, and dropped at the end",
    )
    parser.add_argument("--config", help="odoo.conf with the address of PostgreSQL")
    parser.add_argument("--seconds", type=float, default=1500, help="stop after this long at the latest")
    parser.add_argument("--reads", type=int, default=100_000, help="stop after so many audited reads")
    parser.add_argument("--processes", type=int, default=6, help="at least 4: every role is played")
    parser.add_argument("--calm", type=float, default=1.5, help="most seconds between two torments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[], choices=sorted(RULES), help="break these rules")
    parser.add_argument("--mutate", action="store_true", help="break every rule in turn")
    parser.add_argument(
        "--random", action="store_true", help="with --mutate: wait for the soak to notice, too"
    )
    parser.add_argument("--first", action="store_true", help="stop at the first wrong answer")
    options = parser.parse_args(argv)
    if options.processes < 4:
        parser.error(f"--processes {options.processes}: at least 4, or a role is missing")
    options.database += "_soak_rollup"
    if options.config:
        read_config(options.config)
    return options


def main(argv=None):
    options = arguments(argv)
    if options.mutate:
        return mutate(options)
    print(f"at most {options.seconds:.0f} s, {options.reads:,} audited reads, {options.processes} processes")
    found, torments, seconds = soak(options)
    print(f"\n{'what':<16}{'number':>12}")
    for what, number in found.items():
        print(f"{what:<16}{number:>12,}")
    print("torments    ", ", ".join(f"{number} {what}" for what, number in sorted(torments.items())))
    bad = found["wrong"] or found["wrong buckets"] or found["left dirty"]
    print(f"{found['reads'] / seconds:,.0f} audited reads/s for {seconds:.0f} s: ", end="")
    print("FAIL: wrong answers" if bad else "no wrong answer")
    return 1 if bad else 0


def mutate(options):
    """Break each rule; the written-down interleavings, and with ``--random`` the soak, must notice."""
    print(
        f"{len(RULES)} rules; about a second each" + f", and at most {options.seconds:.0f} s" * options.random
    )
    missed = 0
    lab = Lab(server(), options.database).build()
    try:
        for scenario, broken in scenarios.RULE_OF.items():
            for rule in (None, *broken):
                wrong = scenarios.play(lab, scenario, rule)
                missed += wrong != bool(rule)
                print(
                    f"{scenario.__name__:<34}{'without ' + rule if rule else 'all rules':<24}"
                    f"{'wrong' if wrong else 'right'}{'' if wrong == bool(rule) else '   <- unexpected'}",
                    flush=True,
                )
    finally:
        lab.drop()
    if options.random:
        options.first = True
        for rule in sorted(RULES):
            options.without = [rule]
            found, _torments, seconds = soak(options)
            missed += not found["wrong"]
            print(
                f"soak without {rule:<20}{'noticed' if found['wrong'] else 'MISSED'} after {seconds:5.1f} s,"
                f" {found['reads']:>8,} reads",
                flush=True,
            )
    print("every broken rule was noticed" if not missed else f"FAIL: {missed} not noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
