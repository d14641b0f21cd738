"""What do the declared indexes give, and what do they cost, where the dairy is large?

    python benchmarks/indexes.py --config odoo.conf [--size 60k|200k|600k] [--seconds 90]

`make bench NAME=indexes` prepares everything: the demo dairy grown to 2.1 million order lines, 100,000
animals and 10 million milk records (`_grown.py`). The declared indexes are deployed. Then everything that
`_lists.py` finds is done: each list that a menu opens, with each of its facets, search boxes, drill-downs
of the dashboards, the portal, and the calls that the declarations name; with the indexes, and in a
transaction that dropped them and is rolled back. What Odoo sends meanwhile is timed, statement by
statement. Groupings of whole tables are left out: no index helps them, they are what rollups are for.

Of the slowest statements, and of all that look slower with the indexes, those whose plan the indexes change
are then timed again, in turn with and without them. In the end orders are confirmed and milk is entered in
two copies of a smaller dairy, with the indexes and without, and the indexes are taken back.

Ends with status 1 when fewer than 95 % of the statements take under 50 ms with the indexes; when one of the
slowest is more than 5 % slower with them, beyond its own noise, or any other is and takes over 50 ms; or when
a write takes 10 % longer.
"""

import argparse
import random
import statistics
import sys
import time
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace

import _grown
import _lists
import _orders
import dashboards
from odoo.modules.registry import Registry
from odoo.sql_db import close_all
from odoo.tools import SQL, config
from rollup import LARGE, SMALL

from devtools import databases, odoo_source

NEEDS = "tests"
SLOWEST = 20
SOON_MS, MOST_SOON = 50.0, 95.0  # %: share of the statements that take less
MOST_SLOWER, TOO_SHORT_MS = 5.0, 1.0  # %; and a difference that is none
MOST_WRITE = 10.0  # %
LEAST_ROWS = 1000  # of a table whose list is opened
SIZES = {
    "60k": SMALL,
    "200k": _grown.Size(200_000, 20_000, daily_milk=60, name="200k"),
    "600k": LARGE,
}
COWS = 40  # of a herd whose milk is entered at once
COPIES = {True: "smart_dairy_bench_indexes", False: "smart_dairy_bench_no_indexes"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", help="(unused: the databases are made here)")
    parser.add_argument("--config", help="Odoo's configuration file")
    parser.add_argument("--size", choices=SIZES, default="600k")
    parser.add_argument("--seconds", type=float, default=90, help="of timing in turn")
    parser.add_argument("--writes", type=int, default=40, help="rounds of writing; 0: none")
    options = parser.parse_args()
    started, missed = time.monotonic(), []
    odoo = odoo_source.find()
    name = _grown.ensure(odoo, SIZES[options.size])
    config.parse_config(
        [*(["--config", options.config] if options.config else []), "--no-http", "--log-level", "warn"],
        setup_logging=True,
    )
    with deployed(name) as indexes:
        with dashboards.environment(SimpleNamespace(database=name, config=options.config)) as env:
            missed += reading(env, indexes, options.seconds)
            env.cr.rollback()
        close_all()
    if options.writes:
        missed += writing(_grown.ensure(odoo, SMALL), options)
    print(
        f"\n{time.monotonic() - started:.0f} s. "
        + ("Missed: " + "; ".join(missed) if missed else "All bars reached.")
    )
    return 1 if missed else 0


@contextmanager
def deployed(database, back=True):
    """Deploy what is declared; yields the indexes that stand then, and takes them back."""
    registry = Registry(database)  # its addons can be imported from now on
    from odoo.addons.database_index import runtime
    from odoo.addons.database_index.engine import deploy

    declarations = runtime.declarations(registry)
    with runtime.session(database) as session:
        began = time.monotonic()
        outcomes = deploy.deploy(session, declarations)
        failed = [f"{one.name}: {one.message}" for one in outcomes if one.failed]
        if failed:
            sys.exit("the indexes could not be deployed: " + "; ".join(failed))
        standing = [(declarations[one.name][0], one.bytes) for one in outcomes if one.state == "valid"]
        print(f"{database}: {len(standing)} indexes deployed in {time.monotonic() - began:.0f} s", flush=True)
        try:
            yield standing
        finally:
            if back:
                deploy.rollback(session)


# ---------------------------------------------------------------- reading


def reading(env, indexes, seconds):
    """Do what people do, with the indexes and without; print, return missed bars."""
    from odoo.addons.database_index import evidence

    pages, unread = _lists.pages(env, LEAST_ROWS)
    pages += [
        _lists.Page(f"declared for {index.name}", evidence.asking(env, index.query))
        for index, _bytes in indexes
    ]
    names = [index.name for index, _bytes in indexes]
    shapes = [{}, {}]  # without and with
    # else a scan of a whole table begins where the last one was, and a LIMIT is met sooner or later
    env.cr.execute("SET LOCAL synchronize_seqscans = off")
    played(env.cr, env, pages)  # from now on everybody's memory is warm
    with without(env.cr, names):
        before = played(env.cr, env, pages)
        shapes[False] = plans(env.cr, before)
    shapes[True] = plans(env.cr, before)
    after = {text: ms for text, (ms, _label) in played(env.cr, env, pages).items()}
    labels = {text: label for text, (_ms, label) in before.items()}
    before = {text: ms for text, (ms, _label) in before.items() if text in after}
    for text in before:
        if not changed(text, shapes):
            before[text] = after[text] = min(before[text], after[text])
    print(f"{len(pages)} things to do, {len(before)} different statements; left out: {len(unread)} facets")
    for text in unread:
        print(f"  {text}")
    after = {text: after[text] for text in before}
    shares = [100 * sum(ms < SOON_MS for ms in times.values()) / len(times) for times in (before, after)]
    print(
        f"under {SOON_MS:.0f} ms: {shares[0]:.1f} % without indexes, {shares[1]:.1f} % with them"
        f" (bar {MOST_SOON:g} %)"
    )
    slowest = sorted(before, key=before.get, reverse=True)[:SLOWEST]
    again = [
        text
        for text in before
        if changed(text, shapes) and (text in slowest or differ(before[text], after[text]))
    ]
    times = {text: ([before[text]], [after[text]]) for text in slowest}
    times.update(in_turn(env.cr, again, names, seconds))
    used = {text: evidence.planned(env.cr, text) & set(names) for text in before if _is_query(text)}
    missed = _judge(slowest, times, used, labels, shapes)
    if shares[1] < MOST_SOON:
        missed.append(f"only {shares[1]:.1f} % of the statements take under {SOON_MS:.0f} ms")
    _sizes(indexes, used)
    return missed


def _judge(slowest, times, used, labels, shapes):
    print(
        f"\nthe {SLOWEST} slowest statements{'':22}{'without':>12}{'with':>10}  ms   {'times':>6}   plan with"
    )
    missed, slower = [], 0
    for text, (without_ms, with_ms) in times.items():
        old, new = statistics.median(without_ms), statistics.median(with_ms)
        noise = 2 * statistics.median(abs(ms - old) for ms in without_ms)
        is_slower = changed(text, shapes) and differ(old, new) and new - old > noise
        slower += is_slower
        late = is_slower and (text in slowest or new > SOON_MS)
        if late:
            missed.append(f"{labels[text]}: {old:.1f} ms without, {new:.1f} with indexes")
        if text in slowest or is_slower:
            names = ", ".join(sorted(used.get(text, ()))) or "-"
            print(
                f"{labels[text][:49]:49}{old:12.1f}{new:10.1f}      {old / new:6.1f}"
                f"   {names if changed(text, shapes) else '(the same plan)'}"
                f"{'   MISSED' if late else '   slower' if is_slower else ''}"
            )
    print(f"{slower} are slower, {len(missed)} of them among the {SLOWEST} or over {SOON_MS:.0f} ms")
    return missed


def _sizes(indexes, used):
    print(f"\n{'index':42}{'table':24}{'MB':>9}{'plans':>8}")
    for index, size in sorted(indexes, key=lambda pair: -pair[1]):
        plans_with = sum(index.name in names for names in used.values())
        print(f"{index.name:42}{index.table:24}{size / 1e6:9.1f}{plans_with or '-':>8}")
    total = sum(size for _index, size in indexes)
    print(f"{f'{len(indexes)} indexes':66}{total / 1e6:9.1f}   (-: this data has too few rows for it)")


def differ(old, new):
    """Whether ``new`` is so much slower than ``old`` (ms) that it may be the indexes' fault."""
    return new - old > max(TOO_SHORT_MS, old * MOST_SLOWER / 100)


def plans(cr, texts):
    """``{statement: its plan}``, as text without costs."""
    found = {}
    for text in filter(_is_query, texts):
        cr._obj.execute("EXPLAIN (COSTS OFF) " + text)
        found[text] = cr._obj.fetchall()
    return found


def changed(text, shapes):
    """Whether the indexes change the plan: what takes the same way cannot be slower for their sake."""
    return shapes[False].get(text) != shapes[True].get(text)


@contextmanager
def without(cr, names):
    """The indexes are gone meanwhile: dropped behind a savepoint, to which the transaction goes back."""
    cr.execute("SAVEPOINT without_indexes")
    cr.execute(SQL("DROP INDEX %s", SQL(", ").join(map(SQL.identifier, names))))
    try:
        yield
    finally:
        cr.execute("ROLLBACK TO SAVEPOINT without_indexes")


def played(cr, env, pages):
    """``{statement: (ms, label of the page)}`` of all that the pages send, the quicker of equal ones."""
    found, execute, label = {}, cr.execute, ""

    def timed(query, params=None, **options):
        began = time.perf_counter()
        result = execute(query, params, **options)
        ms = (time.perf_counter() - began) * 1000
        text = cr._obj.query.decode()
        if text not in found or ms < found[text][0]:
            found[text] = (ms, label)
        return result

    cr.execute = timed
    try:
        for page in pages:
            env.invalidate_all()
            label = page.label
            page.call()
    finally:
        del cr.execute
    return found


def _is_query(text):
    return text.lstrip(" \n(").upper().startswith(("SELECT", "WITH"))


def in_turn(cr, texts, names, seconds):
    """``{statement: (ms without, ms with)}``, at least five of each, until the time is over."""
    times = {text: ([], []) for text in texts}
    until = time.monotonic() + seconds
    rounds = 0
    while rounds < 5 or (time.monotonic() < until and rounds < 15):
        rounds += 1
        for there in random.sample((True, False), 2):
            if there:
                _time(cr, times, there)
            else:
                with without(cr, names):
                    _time(cr, times, there)
    print(f"{len(texts)} statements timed in turn, {rounds} times each")
    return times


def _time(cr, times, there):
    for text, found in times.items():
        for _warm in range(2):
            began = time.perf_counter()
            cr._obj.execute(text)
            ms = (time.perf_counter() - began) * 1000
            if ms > SOON_MS * 2:  # such a one has long forgotten that its tables were looked up anew
                break
        found[there].append(ms)


# ---------------------------------------------------------------- writing


def writing(database, options):
    """Confirm orders and enter milk with the indexes and without, side by side; print, return missed bars."""
    missed = []
    try:
        for name in COPIES.values():
            databases.clone(database, name)
        with deployed(COPIES[True], back=False):
            close_all()
        print()
        for what, times in (
            (
                "confirming an order of 5 lines",
                _orders.confirm(options.config, COPIES.values(), options.writes),
            ),
            (
                f"entering the milk of {COWS} cows",
                _orders.in_turn(options.config, COPIES.values(), options.writes, _herd, _enter),
            ),
        ):
            pairs = zip(times[COPIES[True]], times[COPIES[False]], strict=True)
            more = (statistics.median(one / other for one, other in pairs) - 1) * 100
            alone = statistics.median(times[COPIES[False]]) * 1000
            late = more > MOST_WRITE
            print(
                f"{what}: {alone:.1f} ms without indexes, {more:+.1f} % with them (bar {MOST_WRITE:g} %)"
                f"{'   MISSED' if late else ''}"
            )
            missed += [f"{what}: {more:+.1f} %, bar {MOST_WRITE:g} %"] if late else []
    finally:
        close_all()
        for name in COPIES.values():
            databases.drop(name)
    return missed


def _herd(_name, env):
    farm = env["farm.farm"].create({"name": "Benchmark", "code": "BENCH"})
    pen = env["farm.pen"].create({"name": "Milking", "farm_id": farm.id, "pen_type": "milking"})
    born, calved = date.today() - timedelta(days=1500), date.today() - timedelta(days=200)
    cows = env["farm.animal"].create(
        [
            {
                "name": f"Cow {number}",
                "animal_type": "cow",
                "sex": "female",
                "farm_id": farm.id,
                "pen_id": pen.id,
                "ear_tag": f"BENCH-{number}",
                "birth_date": born,
                "entry_date": born,
            }
            for number in range(COWS)
        ]
    )
    env["farm.lactation"].create([{"animal_id": cow.id, "calving_date": calved, "parity": 1} for cow in cows])
    sessions = [
        (date.today() - timedelta(days=day), when) for day in range(1, 100) for when in ("morning", "evening")
    ]
    return farm.id, cows.ids, sessions


def _enter(env, herd):
    farm, cows, sessions = herd
    day, when = sessions.pop()
    lines = [{"animal_id": cow, "kg": "9.5", "fat": "3.9", "seen": ""} for cow in cows]
    done = env["farm.milk.record"].save_herd_entry(farm, day, when, lines)
    if done["saved"] != len(cows):
        sys.exit(f"milk was refused: {done['lines'][0]}")


if __name__ == "__main__":
    sys.exit(main())
