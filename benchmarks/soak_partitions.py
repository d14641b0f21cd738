"""Soak test of partition maintenance: five years go by while people write, and nobody may notice.

Real PostgreSQL, several processes. Writers insert rows of now, late, early and impossible times; readers
look at
the same rows twice in one snapshot; one long report holds everything; maintenance runs with a moved clock
and is
killed at random. In the end every acknowledged row must be in the table or in an archive, once.

    make soak NAME=partitions                                 # 5 years in 12 minutes, a report of 10
    python benchmarks/soak_partitions.py --seconds 60         # the short form, a report of 10 s
    python benchmarks/soak_partitions.py --without nowait     # a broken rule: must be noticed

Exit status 1: a row lost, doubled or refused, a wait for a lock above 100 ms, a deadlock, a reader who saw
two
different things, or trouble that the findings do not tell.
PostgreSQL: SMART_DAIRY_PGHOST, SMART_DAIRY_PGPORT, SMART_DAIRY_PGUSER, libpq's own variables, or --config.
"""

import argparse
import configparser
import contextlib
import gzip
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import types
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2
import psycopg2.errors
from psycopg2 import sql

# The engine knows no model: load it as a package without running the addon's own __init__.
_package = types.ModuleType("database_partition")
_package.__path__ = [str(Path(__file__).resolve().parent.parent / "addons" / "database_partition")]
sys.modules.setdefault("database_partition", _package)

from database_partition.engine import catalogue, create, drain, maintain  # noqa: E402
from database_partition.engine.connection import Patience  # noqa: E402
from database_partition.engine.declaration import PartitionSet  # noqa: E402
from database_partition.engine.errors import PartitionError  # noqa: E402
from database_partition.engine.findings import findings  # noqa: E402
from database_partition.engine.protocol import RULES  # noqa: E402
from database_partition.testing.lab import Lab  # noqa: E402

NEEDS = "servers"
BEGIN = datetime(2021, 1, 1, tzinfo=timezone.utc)
YEARS = timedelta(days=5 * 365 + 1)
COUNT = sql.SQL("SELECT count(*) FROM {}")
COLUMNS = "id bigint NOT NULL, at timestamp NOT NULL, value integer, PRIMARY KEY (id, at)"
SETS = (
    PartitionSet(table="soak_order", key="at", columns=COLUMNS, zone="Asia/Dhaka", premake=4, retention=24),
    PartitionSet(
        table="soak_reading", key="at", columns=COLUMNS, interval="week", zone="America/St_Johns", premake=10,
        retention=13,
    ),
)  # fmt: skip
#: a lock that a writer waits for longer than this is our failure
BAR = "100ms"


class Clock:
    """Five years in ``seconds``; the same in every process."""

    def __init__(self, seconds):
        self.began, self.seconds = time.monotonic(), seconds

    def now(self):
        return BEGIN + min(1.0, self.share()) * YEARS

    def share(self):
        return (time.monotonic() - self.began) / self.seconds


def some_time(now, chance):
    """When a row says it happened."""
    what = chance.random()
    if what < 0.95:
        return now - timedelta(hours=chance.uniform(0, 24))
    if what < 0.999:
        return now - timedelta(days=chance.uniform(1, 60))
    if what < 0.9995:
        return now - timedelta(days=chance.uniform(60, 400))
    if what < 0.9999:
        return now + timedelta(days=chance.uniform(1, 400))
    return datetime(chance.choice((1970, 2099)), 1, 1, tzinfo=timezone.utc)


def write(number, lab, clock, result):
    """Insert as fast as people do; report what was acknowledged and what went wrong."""
    chance = random.Random(number)
    acked = {one.table: {} for one in SETS}
    trouble, longest, serial = Counter(), 0.0, 0
    cnx = lab.connect(autocommit=True)
    with contextlib.closing(cnx), cnx.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [BAR])
        while clock.share() < 1:
            table = chance.choice(SETS).table
            named = sql.Identifier(table)
            rows = []
            for _row in range(chance.choice((1, 1, 1, 20))):
                serial += 1
                rows.append(
                    (number * 10**9 + serial, some_time(clock.now(), chance).replace(tzinfo=None), serial)
                )
            began = time.monotonic()
            try:
                cursor.execute("BEGIN")
                for row in rows:
                    cursor.execute(sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(named), row)
                if chance.random() < 0.2:
                    change = sql.SQL("UPDATE {} SET value = -1 WHERE id = %s AND at = %s")
                    cursor.execute(change.format(named), rows[0][:2])
                    trouble["update that found nothing"] += cursor.rowcount != 1
                    rows[0] = (*rows[0][:2], -1)
                cursor.execute("COMMIT")
                acked[table].update((row[0], row[2]) for row in rows)
            except psycopg2.Error as error:
                trouble[type(error).__name__ + ": " + str(error).splitlines()[0]] += 1
                cursor.execute("ROLLBACK")
            longest = max(longest, time.monotonic() - began)
            time.sleep(chance.uniform(0, 0.03))
    result.put(("writer", acked, +trouble, longest))


def read(number, lab, clock, result):
    """Ask the same twice in one snapshot, once in whole and once by parts."""
    chance = random.Random(number)
    trouble, asked = Counter(), 0
    cnx = lab.connect()
    with contextlib.closing(cnx), cnx.cursor() as cursor:
        while clock.share() < 1:
            count = COUNT.format(sql.Identifier(chance.choice(SETS).table))
            low = (clock.now() - timedelta(days=chance.uniform(0, 60))).replace(tzinfo=None)
            parts = ["at < %(low)s", "at >= %(low)s"]
            cursor.execute("SELECT 1")
            time.sleep(chance.uniform(0, 0.05))
            try:
                # a range first: before the transaction holds any lock on the table's other partitions
                counts = []
                for condition in (*parts[::-1], "true", *parts):
                    cursor.execute(count + sql.SQL(" WHERE " + condition), {"low": low})
                    counts.append(cursor.fetchone()[0])
                    time.sleep(chance.uniform(0, 0.01))
                asked += 1
                if counts[0] != counts[4] or counts[1] != counts[3] or counts[0] + counts[1] != counts[2]:
                    trouble["a snapshot in which rows come and go"] += 1
            except psycopg2.Error as error:
                trouble[f"reader: {type(error).__name__}"] += 1
            cnx.rollback()
            time.sleep(chance.uniform(0, 0.5))
    result.put(("reader", asked, trouble, 0.0))


def report(lab, clock, seconds, result):
    """One long report over everything, in the midst; it ends before the five years do."""
    while clock.share() < max(0.05, min(0.4, 0.9 - seconds / clock.seconds)):
        time.sleep(0.05)
    cnx = lab.connect()
    with contextlib.closing(cnx), cnx.cursor() as cursor:
        for one in SETS:
            cursor.execute(COUNT.format(sql.Identifier(one.table)))
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    result.put(("report", None, Counter(), 0.0))


def maintain_for_ever(lab, clock, folder, rules):
    """Until killed."""
    with lab.session() as session:
        while True:
            for one in SETS:
                maintain.maintain(session, one, clock.now(), folder, Patience(grace_s=1.0), rules=rules)
            time.sleep(0.02)


def watch(lab, clock, result):
    """Rows that lie in a default partition unnoticed are trouble."""
    trouble, told = Counter(), Counter()
    with lab.session() as session:
        while clock.share() < 1:
            for one in SETS:
                with session.transaction() as cursor:
                    now = clock.now()
                    due = drain.pending(cursor, one, now, most=1)
                    codes = {found.code for found in findings(cursor, one, now)}
                    due = due and drain.pending(cursor, one, now, most=1)
                told.update(codes)
                if due and "default_rows" not in codes:
                    trouble["rows in the default partition that no finding tells"] += 1
            time.sleep(0.2)
    result.put(("watch", told, trouble, 0.0))


def archived(folder):
    """``{table: Counter of (id, value)}`` of the files themselves."""
    found = {one.table: Counter() for one in SETS}
    newest = {}
    for path in folder.glob("*.json"):
        facts = json.loads(path.read_text())
        # a table is archived again when its run was cut off before the drop: the same rows
        newest[facts["relation"], facts["content_sha256"]] = facts
    for facts in newest.values():
        at = {name: number for number, name in enumerate(facts["columns"])}
        with gzip.open(folder / facts["file"], "rt") as lines:
            for line in lines:
                cells = line.rstrip("\n").split("\t")
                found[facts["table"]][int(cells[at["id"]]), int(cells[at["value"]])] += 1
    return found


def dsn(path):
    """The server's address from the environment, or from an odoo.conf."""
    found = configparser.RawConfigParser()
    if path:
        found.read(path)
    options = found["options"] if found.has_section("options") else {}
    env = os.environ
    return {
        "host": env.get("SMART_DAIRY_PGHOST") or env.get("PGHOST") or options.get("db_host") or "127.0.0.1",
        "port": env.get("SMART_DAIRY_PGPORT") or env.get("PGPORT") or options.get("db_port") or "5432",
        "user": env.get("SMART_DAIRY_PGUSER") or env.get("PGUSER") or options.get("db_user") or "odoo",
        "password": env.get("PGPASSWORD") or options.get("db_password") or "",
    }


def soak(options, lab, folder):
    """Run it; return what went wrong as a Counter."""
    rules = RULES - {options.without}
    with lab.session() as session:
        for one in SETS:
            create.deploy(session, one, BEGIN, Patience())
            maintain.maintain(session, one, BEGIN, folder)
    clock, result, chance = Clock(options.seconds), multiprocessing.Queue(), random.Random(options.seed)
    start = lambda target, *args: multiprocessing.Process(target=target, args=args, daemon=True)  # noqa: E731
    people = [start(write, number, lab, clock, result) for number in range(1, options.writers + 1)]
    people += [start(read, number, lab, clock, result) for number in range(101, 103)]
    people += [start(report, lab, clock, options.report, result), start(watch, lab, clock, result)]
    for one in people:
        one.start()
    kills, maintenance = 0, None
    while clock.share() < 1:
        maintenance = start(maintain_for_ever, lab, clock, folder, rules)
        maintenance.start()
        maintenance.join(chance.uniform(0.5, 6))
        if maintenance.is_alive():
            os.kill(maintenance.pid, signal.SIGKILL)
            maintenance.join()
            kills += 1
        elif clock.share() < 1:
            print(f"maintenance ended by itself with {maintenance.exitcode}", file=sys.stderr)
    answers = [result.get(timeout=120 + options.report) for _one in people]
    for one in people:
        one.join()
    trouble = sum((answer[2] for answer in answers), Counter())
    settle(lab, clock, folder, trouble)
    compare(lab, folder, answers, trouble)
    writers = [answer for answer in answers if answer[0] == "writer"]
    told = next(answer[1] for answer in answers if answer[0] == "watch")
    print(f"{options.seconds:g} s for 5 years, {kills} kills of the maintenance")
    print(f"rows acknowledged     {sum(len(rows) for one in writers for rows in one[1].values())}")
    print(f"snapshots compared    {sum(a[1] for a in answers if a[0] == 'reader')}")
    print(
        f"longest transaction   {max(one[3] for one in writers) * 1000:.0f} ms (up to 21 statements; no "
        f"lock above {BAR})"
    )
    print(f"archives              {len(list(folder.glob('*.gz')))}")
    print(f"findings on the way   {dict(told)}")
    return +trouble


def settle(lab, clock, folder, trouble):
    """Left in peace, maintenance brings everything in order."""
    time.sleep(1.5)  # whoever was killed has ended in the database as well
    with lab.session() as session:
        for one in SETS:
            last = None
            for _run in range(5):
                last = maintain.maintain(session, one, clock.now(), folder)
            if last.failed:
                trouble[f"does not settle: {last.failed[0]}"] += 1
            with session.transaction() as cursor:
                codes = {found.code for found in findings(cursor, one, clock.now())} - {"default_strays"}
                spare = [p.relation for p in catalogue.partitions(cursor, one) if p.range is None]
            if codes or len(spare) != 1:
                trouble[f"findings in the end: {sorted(codes)} {spare}"] += 1
            try:
                drain.drain(session, one, clock.now(), Patience(), everything=True)
            except PartitionError as error:
                trouble[f"does not drain: {error}"] += 1


def compare(lab, folder, answers, trouble):
    """Every acknowledged row is there once, in the table or in an archive."""
    kept = archived(folder)
    for one in SETS:
        acked = Counter()
        for answer in answers:
            if answer[0] == "writer":
                acked.update(answer[1][one.table].items())
        stored = lab.do(sql.SQL("SELECT id, value FROM {}").format(sql.Identifier(one.table)))
        found = kept[one.table] + Counter(stored)
        trouble[f"{one.table}: rows lost"] += (acked - found).total()
        trouble[f"{one.table}: rows doubled or not acknowledged"] += (found - acked).total()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=720)
    parser.add_argument(
        "--report",
        type=float,
        help="seconds that the long report takes (default: 600 of 720 or more, else a sixth)",
    )
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", choices=sorted(RULES), help="break one rule: trouble is expected")
    parser.add_argument("--database", default="smart_dairy", help="the scratch database is named after it")
    parser.add_argument("--config", help="an odoo.conf with the server's address")
    options = parser.parse_args()
    options.report = options.report or (600 if options.seconds >= 720 else options.seconds / 6)
    lab = Lab(dsn(options.config), f"{options.database}_soak_partitions").create()
    folder = Path(tempfile.mkdtemp(prefix="soak_partitions_"))
    try:
        trouble = soak(options, lab, folder)
    finally:
        lab.drop()
        shutil.rmtree(folder)
    for what, times in trouble.most_common(20):
        print(f"TROUBLE {times:>6} x {what}")
    print("soak partitions: " + ("FAILED" if trouble else "ok"))
    return int(bool(trouble))


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    sys.exit(main())
