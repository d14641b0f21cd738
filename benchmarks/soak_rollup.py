"""Soak test of the rollups: every answer is compared with GROUP BY over the source tables, in one snapshot.

Real PostgreSQL, several processes on connections of their own. Writers insert, move, correct and delete
as an ORM does and in raw bulk, in REPEATABLE READ and in READ COMMITTED, roll back, change time zones,
categories and companies, TRUNCATE; folders fold; readers hold old snapshots and read their own writes; a
tormentor kills processes and connections in the middle of what they do, deploys rollups anew and writes
tables anew.

    python benchmarks/soak_rollup.py --seconds 60             # the short form
    python benchmarks/soak_rollup.py                          # 100,000 audited reads, at most 12 minutes
    python benchmarks/soak_rollup.py --mutate                 # breaks each rule: its interleaving goes wrong
    python benchmarks/soak_rollup.py --mutate --random        # the soak itself must, in 2 minutes a rule
    python benchmarks/soak_rollup.py --without graces         # one broken rule

Exit status 1: a wrong answer (or, with --mutate, a broken rule that went unnoticed).
PostgreSQL: SMART_DAIRY_PGHOST, SMART_DAIRY_PGPORT, SMART_DAIRY_PGUSER, libpq's own variables, or --config.
"""

import configparser
import contextlib
import functools
import os
import random
import signal
import sys
import time
import types
from datetime import timedelta
from pathlib import Path

import psycopg2
import psycopg2.extensions

sys.path.insert(0, str(Path(__file__).resolve().parent))

import _soak
from _rollup_writes import DAYS, FIRST, Writes

# The engine knows no registry: load it as a package without running the addon's own __init__.
_package = types.ModuleType("database_rollup")
_package.__path__ = [str(Path(__file__).resolve().parent.parent / "addons" / "database_rollup")]
sys.modules.setdefault("database_rollup", _package)

from database_rollup.engine import cover, deploy, fold, grace, planner, verify  # noqa: E402
from database_rollup.engine.errors import BusyError, NotCoveredError, NotDeployedError  # noqa: E402
from database_rollup.engine.protocol import RULES  # noqa: E402
from database_rollup.engine.sql import SQL, run  # noqa: E402
from database_rollup.testing import scenarios  # noqa: E402
from database_rollup.testing.sample import MILK, ORDERS, ROLLUPS, SALES, Lab  # noqa: E402

NEEDS = "servers"  # of `make soak`: no database
# Audited reads, wrong ones; of the former: of own writes, of an old snapshot, in a single statement, as a
# page asks that has looked which days are dirty.
COUNTERS = (
    "reads", "wrong", "own", "old", "single", "looked", "writes", "rollbacks", "folds", "graces", "errors",
)  # fmt: skip

MOST_MUTATION = 120  # seconds in which the soak must notice a broken rule
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


class Dawdler(psycopg2.extensions.cursor):
    """Waits before a statement now and then: much happens in the middle of what it does."""

    def execute(self, query, vars=None):
        if random.random() < 0.03:
            time.sleep(random.random() * 0.05)
        return super().execute(query, vars)


class Worker(Writes):
    """One process with one connection; what it does depends on its role."""

    def __init__(self, role, number, options, counters, stop):
        self.rng = random.Random(options.seed * 1000 + number + time.time_ns() % 1000 * 100)
        self.role, self.options = role, options
        self.lab = Lab(server(), options.database)
        self.rules = RULES - set(options.without)
        self.counters, self.stop = counters, stop
        self.cnx = None
        self.aside = None  # in autocommit, for what no transaction of ours may enclose

    def count(self, what, number=1):
        self.counters[COUNTERS.index(what)] += number

    def run(self):
        while not self.stop.is_set():
            try:
                if self.cnx is None or self.cnx.closed:
                    self.cnx = self.lab.connect()
                if self.aside is None or self.aside.closed:
                    self.aside = self.lab.connect(autocommit=True)
                self.one()
            except (BusyError, NotDeployedError):
                self.give_up()
            except psycopg2.Error:
                self.count("errors")
                self.give_up()
                if self.aside:
                    self.aside.close()

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
                cursor.execute("SELECT 1")  # the snapshot grows old, now and then very
                self.dawdle(rng.choice((0.02, 0.02, 0.02, 0.3)))
            for _ in range(rng.choice((1, 1, 2, 3))):
                if rng.random() < 0.1:
                    cursor.execute("SAVEPOINT s")
                    self.change(cursor)
                    cursor.execute("ROLLBACK TO SAVEPOINT s")
                self.change(cursor)
                if rng.random() < 0.3:
                    self.dawdle(0.02)
            if audited:
                self.audit(cursor, "own")
        if rng.random() < 0.1:
            self.cnx.rollback()
            self.count("rollbacks")
        else:
            self.cnx.commit()
            self.count("writes")
        self.dawdle(0.01)

    REPEATABLE_READ = psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ

    def dawdle(self, most):
        time.sleep(self.rng.random() * most)

    # ------------------------------------------------------------ folders

    def fold(self):
        rng = self.rng
        if rng.random() < 0.7:
            self.advance()
        with self.cnx.cursor(cursor_factory=Dawdler) as cursor:
            done = fold.fold(cursor, rng.choice(ROLLUPS), rng.choice((1, 5, 31, 400)), self.rules)
            if done.folded and rng.random() < 0.2:
                self.dawdle(0.03)
        if rng.random() < 0.05:
            self.cnx.rollback()
        else:
            self.cnx.commit()
            self.count("folds", done.folded)
        if not done.folded:
            self.dawdle(0.02)

    def advance(self):
        with self.aside.cursor() as cursor:
            try:
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                self.count("graces", grace.advance(cursor))
                cursor.execute("COMMIT")
            except psycopg2.errors.SerializationFailure:  # another process began one
                cursor.execute("ROLLBACK")

    # ------------------------------------------------------------ readers

    def read(self):
        rng = self.rng
        if rng.random() < 0.2:
            self.read_at_once()
            return
        with self.cnx.cursor() as cursor:
            what = "reads"
            cursor.execute(HOLD)
            if rng.random() < 0.2:
                cursor.execute("SELECT 1")
                self.dawdle(0.1)
                what = "old"
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
            periods=self.periods(first, last) if rng.random() < 0.3 else (),
        )

    def periods(self, first, last):
        """Two periods within these days."""
        days = [first + timedelta(days=self.rng.randint(0, (last - first).days)) for _ in range(4)]
        return tuple(tuple(sorted(pair)) for pair in (days[:2], days[2:]))

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
        dirty = None
        if self.rules == RULES and self.rng.random() < 0.4:  # as a page does: look first, then ask
            ((text,),) = run(cursor, cover.standing([rollup]))
            dirty = cover.dirty_of(text)
            self.count("looked")
            if self.rng.random() < 0.3:
                self.dawdle(0.1)
        answer = run(cursor, planner.answer(rollup, question, self.rules, noted, dirty))
        really = run(cursor, planner.base(rollup, question))
        if answer != really if question.limit else not scenarios.same(answer, really):
            self.report(rollup, question, answer, really)
        self.count("reads")
        if what != "reads":
            self.count(what)

    def read_at_once(self):
        """Compare in one statement of a READ COMMITTED connection: no transaction keeps the snapshot."""
        rollup, question = self.question()
        with self.aside.cursor() as cursor:
            answer, base = planner.answer(rollup, question, self.rules), planner.base(rollup, question)
            found = run(
                cursor,
                SQL("((%s) EXCEPT ALL (%s)) UNION ALL ((%s) EXCEPT ALL (%s))", answer, base, base, answer),
            )
        if found:
            self.report(rollup, question, found, "one statement")
        self.count("reads")
        self.count("single")

    def report(self, rollup, question, answer, really):
        self.count("wrong")
        if self.counters[COUNTERS.index("wrong")] <= 2:
            print(f"  wrong: {rollup.name} {question}\n    {answer!s:.600}\n    {really!s:.600}", flush=True)


ROLES = ("write", "read", "write", "fold", "read", "write", "read", "fold")


def work(options, number, counters, stop):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Worker(ROLES[number % len(ROLES)], number, options, counters, stop).run()


class Tormentor(_soak.Tormentor):
    """Kills processes, and connections in mid-transaction; pauses them; deploys rollups anew."""

    actions = ("pause", "pause", "kill", "kill", "cut_off", "deploy", "rewrite")

    def __init__(self, options, crew, lab):
        super().__init__(options, crew)
        self.lab, self.rules = lab, RULES - set(options.without)

    def deploy(self):
        """A source column changed its type, it seems: build anew, beside readers with old snapshots."""
        rollup = self.rng.choice(ROLLUPS)
        with contextlib.suppress(psycopg2.errors.LockNotAvailable, psycopg2.errors.SerializationFailure):
            with self.lab.transaction() as cursor:
                cursor.execute(
                    "UPDATE database_rollup.state SET columns = 'other' WHERE name = %s", [rollup.name]
                )
            deploy.deploy(self.lab.transaction, rollup, self.rules)

    def rewrite(self):
        """A source table is written anew: to older snapshots it is empty then."""
        with contextlib.suppress(psycopg2.errors.LockNotAvailable), self.lab.transaction() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'; ALTER TABLE milk DROP COLUMN IF EXISTS filled")
            cursor.execute("ALTER TABLE milk ADD COLUMN filled double precision DEFAULT random()")

    def cut_off(self):
        with self.lab.transaction() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND usesysid IS NOT NULL ORDER BY random() LIMIT 1"
            )


def soak(options):
    """Run until ``options.seconds`` or ``options.reads``; return the counters as a dict, what the tormentor
    did, and the seconds that it took."""
    lab = Lab(server(), options.database).build(rules=RULES - set(options.without))
    try:
        crew = _soak.Crew(options.processes, COUNTERS, functools.partial(work, options))
        tormentor = Tormentor(options, crew, lab)
        seconds = _soak.run(
            options,
            crew,
            tormentor,
            lambda found: found["reads"],
            lambda found: found["wrong"],
            "{reads:>9,} reads  {folds:>7,} folds  {writes:>7,} writes  {wrong} wrong".format_map,
        )
        found = crew.totals()
        if not options.first:
            found["left dirty"], found["wrong buckets"] = settle(lab, options)
        return found, str(tormentor), seconds
    finally:
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
    parser = _soak.parser(__doc__, RULES, seconds=720, reads=100_000)
    parser.add_argument(
        "--database",
        default="rollup",
        help="left alone; <database>_soak_rollup is created, and dropped at the end",
    )
    parser.add_argument("--config", help="odoo.conf with the address of PostgreSQL")
    parser.add_argument("--processes", type=int, default=6, help="at least 4: every role is played")
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
    print(f"\n{_soak.table(found)}\ntorments     {torments}")
    bad = found["wrong"] or found["wrong buckets"] or found["left dirty"]
    print(f"{found['reads'] / seconds:,.0f} audited reads/s for {seconds:.0f} s: ", end="")
    print("FAIL: wrong answers" if bad else "no wrong answer")
    return 1 if bad else 0


def mutate(options):
    """Break each rule; the written-down interleavings, and with ``--random`` the soak, must notice."""
    options.seconds = min(options.seconds, MOST_MUTATION)
    print(
        f"{len(RULES)} rules; about a second each" + f", and at most {options.seconds:.0f} s" * options.random
    )
    lab = Lab(server(), options.database).build()
    try:
        missed = _soak.mutate_scenarios(scenarios.RULE_OF, functools.partial(scenarios.play, lab))
    finally:
        lab.drop()
    if options.random:

        def at_random(options):
            found, _torments, seconds = soak(options)
            return bool(found["wrong"]), found["reads"], seconds

        missed += _soak.mutate_at_random(options, RULES, at_random)
    print("every broken rule was noticed" if not missed else f"FAIL: {missed} not noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
