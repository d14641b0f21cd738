"""Generic plans of statements, and what they say in words. Nothing is executed: PREPARE and EXPLAIN only.

PostgreSQL 15 has no ``EXPLAIN (GENERIC_PLAN)``; a statement prepared with ``plan_cache_mode =
force_generic_plan`` and explained with NULLs gives the same (PostgreSQL 15 documentation, PREPARE,
Notes).
"""

import re
from dataclasses import dataclass

import psycopg2
from psycopg2.sql import SQL, Identifier

from .errors import MonitorError
from .shapes import CUT, ROWS
from .statements import hit_share

PLANNABLE = re.compile(r"\(?(?:SELECT|WITH|INSERT|UPDATE|DELETE|VALUES)\b", re.I)
#: constants with a type before them, where no parameter may stand
TYPED = re.compile(r"\b(DATE|TIME|TIMESTAMP|INTERVAL) \?", re.I)
#: rows from which reading a whole table is worth a word
LARGE = 10000
#: share of a table's rows below which an index could have found them
FEW = 0.2
#: how far the planner's rows may be from those measured
ESTIMATE = 10
#: blocks a call from which the share found in memory is worth a word, and that share
BLOCKS, HIT = 100, 0.9


@dataclass(frozen=True)
class Finding:
    """What a plan or the measured figures say of a statement, in words.

    ``kind`` is one of seq_scan, spill, misestimate, cache_hit, n_plus_one; ``severity`` high, medium or low.
    """

    kind: str
    severity: str
    text: str


def explain(cursor, shape):
    """The generic plan of a shape, as PostgreSQL's JSON gives it; in a transaction to be rolled back.

    :raises MonitorError: this shape cannot be planned; the text says why
    """
    if not PLANNABLE.match(shape):
        raise MonitorError(f"only SELECT, INSERT, UPDATE and DELETE have plans, not {shape[:60]!r}")
    if shape.endswith(CUT) or "…" in shape or ";" in shape:
        raise MonitorError(f"not kept in full, or more than one statement: {shape[:60]!r}")
    if ROWS in shape:
        raise MonitorError(f"writes rows of values, which are not kept: {shape[:60]!r}")
    shape = TYPED.sub(r"?::\1", shape)
    number = iter(range(1, 10000))
    text = re.sub(r"\?", lambda _match: f"${next(number)}", shape)
    cursor.execute("SAVEPOINT plan")
    try:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(b"PREPARE monitor_plan AS " + text.encode())
        cursor.execute(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'monitor_plan'"
        )
        nulls = ", ".join(["NULL"] * cursor.fetchone()[0])
        cursor.execute("EXPLAIN (FORMAT JSON) EXECUTE monitor_plan" + (f" ({nulls})" if nulls else ""))
        plan = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("DEALLOCATE monitor_plan")
    except psycopg2.Error as error:
        cursor.execute("ROLLBACK TO SAVEPOINT plan")
        # a prepared statement outlives a rollback
        cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = 'monitor_plan'")
        if cursor.fetchone():
            cursor.execute("DEALLOCATE monitor_plan")
        raise MonitorError(f"cannot be planned: {str(error).strip().splitlines()[0]}") from error
    cursor.execute("RELEASE SAVEPOINT plan")
    return plan


def walk(plan, above=()):
    """Every node with the nodes above it, the nearest last."""
    yield plan, above
    for child in plan.get("Plans", ()):
        yield from walk(child, (*above, plan))


def outline(plan):
    """A plan as indented lines: node, table or index, condition, rows and cost."""
    lines = []
    for node, above in walk(plan):
        name = node.get("Relation Name", "")
        if node.get("Index Name"):
            name = f"{node['Index Name']} on {name}" if name else node["Index Name"]
        words = [node["Node Type"], name, f"(rows {node['Plan Rows']}, cost {node['Total Cost']:.0f})"]
        for key in ("Index Cond", "Hash Cond", "Join Filter", "Filter", "Sort Key"):
            if key in node:
                words.append(f"{key}: {node[key]}")
        lines.append("  " * len(above) + " ".join(word for word in words if word))
    return "\n".join(lines)


def table_rows(cursor, name):
    """PostgreSQL's estimate of a table's rows; 0 where it was never analyzed or is no table."""
    cursor.execute(
        "SELECT GREATEST(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass(%s)", [f'"{name}"']
    )
    row = cursor.fetchone()
    return row[0] if row else 0


def findings(cursor, plan, told=None, places=()):
    """What is to be said of a statement, worst first.

    :param told: its measured figures (:mod:`.statements`), where there are any
    :param places: places that were found to ask it record by record
    """
    found = []
    for node, above in walk(plan):
        if node["Node Type"] != "Seq Scan":
            continue
        rows = table_rows(cursor, node["Relation Name"])
        if rows < LARGE:
            continue
        wanted = node["Plan Rows"]
        limited = any(one["Node Type"] == "Limit" for one in above)
        if node.get("Filter") and wanted <= FEW * rows:
            text = (
                f"reads all of {node['Relation Name']} ({rows:,} rows) to find {wanted:,}: {node['Filter']}"
            )
            found.append(Finding("seq_scan", "high", text))
        elif limited and any(one["Node Type"] == "Sort" for one in above):
            text = f"reads and sorts all of {node['Relation Name']} ({rows:,} rows) to return the first few"
            found.append(Finding("seq_scan", "high", text))
    if told and told["calls"]:
        found += _measured(plan, told)
    found += [Finding("n_plus_one", "medium", f"asked record by record at {place}") for place in places]
    order = ("high", "medium", "low")
    return sorted(found, key=lambda one: order.index(one.severity))


def _measured(plan, told):
    calls = told["calls"]
    if told["temp"]:
        kb = told["temp"] * 8 / calls
        text = f"sorts or hashes spill to disk: {kb:,.0f} kB a call; raise work_mem or sort less"
        yield Finding("spill", "medium", text)
    rows, expected = told["rows"] / calls, plan["Plan Rows"]
    selects = plan["Node Type"] not in ("ModifyTable", "Limit")
    far = max(rows, 1) / max(expected, 1)
    if selects and (far >= ESTIMATE or far <= 1 / ESTIMATE) and abs(rows - expected) >= 100:
        text = (
            f"the planner expects {expected:,} rows, {rows:,.1f} came a call: ANALYZE, or extended statistics"
        )
        yield Finding("misestimate", "low", text)
    share = hit_share(told)
    if share is not None and share < HIT and (told["hit"] + told["read"]) / calls >= BLOCKS:
        text = f"{share:.0%} of the blocks were in memory, {told['read'] / calls:,.0f} a call were not"
        yield Finding("cache_hit", "medium", text)


def quoted(cursor, name):
    """An identifier as it stands in a statement."""
    return SQL("{}").format(Identifier(name)).as_string(cursor)
