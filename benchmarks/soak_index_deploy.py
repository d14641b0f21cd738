"""Soak test of index deployment: builds are killed, cancelled and starved at random while people write.

Real PostgreSQL, several processes. Each round deploys a changing set of declarations (ordinary and
partitioned tables, new, changed and withdrawn) and disturbs it: SIGKILL of the deploying process,
cancelling or terminating its backend, a transaction that stays open, a stop, a rollback. Only disturbances
that met it at work count. Then nothing disturbs, and one deployment must end with every declared index
valid and nothing else there; at the end a rollback must leave the tables as they were.

    make soak NAME=index_deploy                                         # 100 disturbances, two minutes
    python benchmarks/soak_index_deploy.py --disturbances 500 --seed 7

Exit status 1: a round that does not converge, an index left over, a writer who waited for a lock for more
than 100 ms, a failed write, a deadlock; or nothing that was interrupted had to be built again, so that
nothing was tried. PostgreSQL: SMART_DAIRY_PGHOST, SMART_DAIRY_PGPORT, SMART_DAIRY_PGUSER, libpq's own.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
import types
from collections import Counter
from pathlib import Path

import psycopg2

# The engine knows no model: load it as a package without running the addon's own __init__.
_package = types.ModuleType("database_index")
_package.__path__ = [str(Path(__file__).resolve().parent.parent / "addons" / "database_index")]
sys.modules.setdefault("database_index", _package)

from database_index.engine import build, deploy  # noqa: E402
from database_index.engine.connection import Patience  # noqa: E402
from database_index.engine.errors import IndexRefusal  # noqa: E402
from database_index.testing.lab import Lab, by_name, visits  # noqa: E402

NEEDS = "servers"
#: a lock that a writer waits for longer than this is our failure
BAR = "100ms"
IMPATIENT = Patience(tries=2, wait_s=0.2, quiet_s=0.1, old_s=0.3, quick_tries=20, turn_s=0.5)
CALM = Patience(tries=8, wait_s=5, quiet_s=10, old_s=2, quick_tries=400, turn_s=30)
CHOICES = {
    "visit_animal_at": [("animal", "at DESC"), ("animal", "at DESC", "kind"), ("animal",)],
    "visit_kind": [("kind", "animal"), ("kind",)],
    "visit_note": [("note",)],
    "visit_at": [("at",), ("at DESC", "id")],
    "reading_value": [("value",), ("value", "at")],
    "reading_at": [("at DESC", "id DESC")],
}
#: the row of a transaction that stays open; writers change those below 3000
STARVING = 4000
DISTURBANCES = ("kill", "kill", "cancel", "terminate", "starve", "stop", "nothing")


def declarations(chance):
    """Some of the choices: what an addon declares this time."""
    found = []
    for name, variants in CHOICES.items():
        if chance.random() < 0.8:
            table = "reading" if name.startswith("reading") else "visit"
            found.append(visits(name, *chance.choice(variants), table=table))
    return by_name(*found)


def work(lab, declared, patience, report=None, back=False):
    """Deploy (or roll back) in a process of its own."""
    try:
        with lab.session() as session:
            if back:
                outcomes = deploy.rollback(session, patience)
            else:
                outcomes = deploy.deploy(session, declared, patience)
            if report is not None:
                report.put([one.to_dict() for one in outcomes])
    except (IndexRefusal, psycopg2.Error) as error:
        if report is not None:
            report.put([{"name": "", "failed": True, "message": str(error).splitlines()[0]}])


def disturb(lab, process, what, chance):
    """Let it begin, then do to it what a bad day does; return whether it was still at work."""
    time.sleep(chance.uniform(0.0, 0.4))
    if what == "nothing" or not process.is_alive():
        return False
    if what == "kill":
        os.kill(process.pid, signal.SIGKILL)
    elif what in ("cancel", "terminate"):
        met = lab.do(
            "SELECT CASE WHEN %s = 'cancel' THEN pg_cancel_backend(pid) ELSE pg_terminate_backend(pid) END"
            "  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            "   AND application_name = '' AND query ~ 'INDEX (CONCURRENTLY|\"public\"|.*ON ONLY)'",
            what,
        )
        return bool(met)
    elif what == "starve":
        cnx = lab.connect()
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM visit, reading WHERE visit.id = reading.id")
            # a row that no writer changes: they are to wait for us, if for anybody
            cursor.execute("UPDATE visit SET note = note WHERE id = %s", [STARVING])
            time.sleep(chance.uniform(0.3, 1.0))
            cnx.rollback()
    elif what == "stop":
        with lab.session() as session:
            build.ask_to_stop(session)
    return True


def write(number, lab, ended, result):
    """Insert, update and delete as people do; a wait for a lock above the bar is an error."""
    chance, trouble, longest, writes = random.Random(number), Counter(), 0.0, 0
    cnx = lab.connect(autocommit=True)
    with contextlib.closing(cnx), cnx.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", [BAR])
        cursor.execute("SET application_name = 'writer'")
        while not ended.is_set():
            began = time.monotonic()
            try:
                what = chance.random()
                if what < 0.4:
                    cursor.execute(
                        "INSERT INTO visit (animal, at, kind, note) VALUES (%s, now(), 'k', md5(%s::text))",
                        [number, writes],
                    )
                elif what < 0.7:
                    cursor.execute(
                        "INSERT INTO reading (at, value) VALUES (timestamp '2025-01-01' + random() *"
                        " interval '70 days', %s)",
                        [writes],
                    )
                elif what < 0.9:
                    row = number * 1000 + chance.randrange(1000)  # its own rows: no waits between writers
                    cursor.execute(
                        "UPDATE visit SET kind = %s, at = now() WHERE id = %s", [f"k{writes % 5}", row]
                    )
                else:
                    cursor.execute(
                        "DELETE FROM reading WHERE id = (SELECT min(id) FROM reading WHERE id %% 4 = %s)",
                        [number],
                    )
                writes += 1
            except psycopg2.Error as error:
                told = "; ".join(line.strip() for line in str(error).splitlines())
                trouble[f"{type(error).__name__}: {told}"] += 1
            longest = max(longest, time.monotonic() - began)
            time.sleep(chance.uniform(0, 0.01))
    result.put((writes, dict(trouble), longest))


def converged(lab, declared, before):
    """What is wrong after the last deployment: nothing may be."""
    with lab.session() as session:
        wrong = [
            f"{one.name} is {one.state}: {one.message}"
            for one in deploy.verify(session, declared)
            if one.failed
        ]
    there = lab.indexes()
    wrong += [f"{name} is invalid" for name, valid in there.items() if not valid]
    parts = {
        row[0]
        for row in lab.do("SELECT relname FROM pg_class WHERE relkind IN ('i', 'I') AND relispartition")
    }
    wrong += [f"{name} is left over" for name in set(there) - before - set(declared) - parts]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disturbances", type=int, default=100, help="that met a deployment (default 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--config", help="taken for `make soak`'s sake")
    parser.add_argument("--database", help="taken for `make soak`'s sake")
    options, _rest = parser.parse_known_args()
    names = {"host": "HOST", "port": "PORT", "user": "USER"}
    lab = Lab(
        {key: os.environ.get(f"SMART_DAIRY_PG{name}") for key, name in names.items()}, "database_index_soak"
    )
    lab.create()
    try:
        lab.clear()
        return soak(lab, options.disturbances, random.Random(options.seed))
    finally:
        lab.drop()


def soak(lab, wanted, chance):
    before, wrong = set(lab.indexes()), []
    lab.do(
        "INSERT INTO visit (animal, at, kind, note) SELECT n, now(), 'k', md5(n::text) FROM"
        " generate_series(1, 60000) n"
    )
    ended, result = multiprocessing.Event(), multiprocessing.Queue()
    writers = [
        multiprocessing.Process(target=write, args=(n, lab, ended, result), daemon=True) for n in range(3)
    ]
    for writer in writers:
        writer.start()
    began = time.monotonic()
    met, did, judged = Counter(), Counter(), Counter()
    while sum(met.values()) < wanted:
        declared, what = declarations(chance), chance.choice(DISTURBANCES)
        met[what] += bad_day(lab, declared, what, chance)
        if chance.random() < 0.4:
            continue  # the next one finds what two bad days left
        outcomes = alone(lab, declared)
        found = [f"{one['name']}: {one['message']}" for one in outcomes if one["failed"]]
        found += converged(lab, declared, before)
        wrong += [f"after {sum(met.values())} disturbances ({what}): {text}" for text in found]
        judged[not found] += 1
        did.update(one["did"] for one in outcomes if one.get("did"))
    wrong += [f"rollback: {one['message']}" for one in alone(lab, {}, back=True) if one["failed"]]
    wrong += [f"after the rollback: {name}" for name in set(lab.indexes()) - before]
    ended.set()
    writes, longest = 0, 0.0
    for _writer in writers:
        count, trouble, slowest = result.get(timeout=30)
        writes, longest = writes + count, max(longest, slowest)
        wrong += [f"writer: {text} ({times} times)" for text, times in trouble.items()]
    if not did["rebuilt"] or not writes:
        wrong.append("nothing interrupted had to be built again: the disturbances came too late or too early")
    print(f"{sum(met.values())} disturbances in {time.monotonic() - began:.0f} s: {dict(+met)}")
    print(f"{judged[True]} of {judged.total()} deployments converged; what they did: {dict(did)}")
    print(f"{writes} writes beside them, the longest took {1000 * longest:.0f} ms; none waits for a lock"
          f" longer than {BAR}" if not wrong else f"{writes} writes beside them")  # fmt: skip
    for text in wrong[:40]:
        print(f"WRONG: {text}")
    print("soak index_deploy: " + ("ok" if not wrong else f"{len(wrong)} things are wrong"))
    return 1 if wrong else 0


def bad_day(lab, declared, what, chance):
    """A deployment, or now and then a rollback, that is disturbed; whether the disturbance met it at work."""
    back = chance.random() < 0.1
    process = multiprocessing.Process(target=work, args=(lab, declared, IMPATIENT, None, back), daemon=True)
    process.start()
    met = disturb(lab, process, what, chance)
    process.join(60)
    if process.is_alive():
        process.kill()
        process.join()
    return met


def alone(lab, declared, back=False):
    """The outcomes of a deployment, or of a rollback, that nothing disturbs."""
    report = multiprocessing.Queue()
    process = multiprocessing.Process(target=work, args=(lab, declared, CALM, report, back), daemon=True)
    process.start()
    outcomes = report.get(timeout=120)
    process.join()
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
