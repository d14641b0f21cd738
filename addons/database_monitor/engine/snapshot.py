"""Snapshots of a database's figures: taken, pinned as the baseline, compared."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import psycopg2

from . import keep, metrics, statements
from .errors import MonitorError
from .histogram import Histogram

#: hours of latency that a snapshot keeps
HOURS = 24
#: statements that a snapshot keeps, those with the largest totals
MOST_STATEMENTS = 500
#: seconds of mean above which a statement counts as slow
SLOW = 0.1


@dataclass
class Snapshot:
    """Figures at one moment; parts that could not be read are None and named in ``missing``."""

    id: int
    taken_at: datetime
    baseline: bool
    note: str
    latency: Histogram
    metrics: dict
    statements: dict | None
    tables: list
    indexes: list
    missing: list


def take(cursor, note=None, hours=HOURS):
    """Take a snapshot; return its id. What cannot be read is left out and said, never an error.

    :param hours: hours of latency to keep with it
    """
    missing, found = [], {}

    def part(name, read):
        cursor.execute("SAVEPOINT part")
        try:
            answer = read(cursor)
        except psycopg2.Error as error:
            cursor.execute("ROLLBACK TO SAVEPOINT part")
            missing.append(f"{name}: {str(error).strip().splitlines()[0]}")
            return None
        cursor.execute("RELEASE SAVEPOINT part")
        return answer

    for name, read in metrics.PARTS.items():
        found[name] = part(name, read)
    tables = part("tables", lambda c: metrics.rows(c, metrics.TABLES))
    indexes = part("indexes", lambda c: metrics.rows(c, metrics.INDEXES))
    told, reason = statements.ask(cursor)
    if reason:
        missing.append(reason)
    else:
        largest = sorted(told, key=lambda key: -told[key]["total"])[:MOST_STATEMENTS]
        told = {str(key): told[key] for key in largest}
    now = datetime.now(timezone.utc)
    latency = keep.overall(cursor, now - timedelta(hours=hours), now)
    cursor.execute(
        "INSERT INTO database_monitor.snapshot (note, latency, metrics, statements, tables, indexes, missing)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [note, *(json.dumps(one) if one is not None else None
                 for one in (latency.to_json(), found, told, tables, indexes, missing))],
    )  # fmt: skip
    return cursor.fetchone()[0]


def load(cursor, which):
    """One :class:`Snapshot`.

    :param which: an id, ``"baseline"`` or ``"latest"``
    :raises MonitorError: there is none
    """
    cursor.execute(
        "SELECT id, taken_at, baseline, note, latency, metrics, statements, tables, indexes, missing"
        " FROM database_monitor.snapshot"
        " WHERE CASE %(which)s WHEN 'baseline' THEN baseline WHEN 'latest' THEN true"
        " ELSE id::text = %(which)s END ORDER BY taken_at DESC, id DESC LIMIT 1",
        {"which": str(which)},
    )
    row = cursor.fetchone()
    if row is None:
        remedy = {
            "baseline": "pin one: `odoo monitor baseline`, or the button on a snapshot",
            "latest": "take one: `odoo monitor snapshot`",
        }.get(which, "`odoo monitor list` names those there are")
        raise MonitorError(f"snapshot {which!r}: there is none; {remedy}")
    one = Snapshot(*row)
    one.latency = Histogram.from_json(one.latency) if one.latency else Histogram()
    if one.statements is not None:
        one.statements = {int(key): found for key, found in one.statements.items()}
    return one


def pin(cursor, which):
    """Make a snapshot the baseline, which retention never takes; the one before is an ordinary one again.

    :raises MonitorError: there is no such snapshot
    """
    one = load(cursor, which)
    cursor.execute("UPDATE database_monitor.snapshot SET baseline = false WHERE baseline")
    cursor.execute("UPDATE database_monitor.snapshot SET baseline = true WHERE id = %s", [one.id])
    return one.id


#: sums that PostgreSQL keeps since the statistics were reset
GROWING = (
    "blks_hit",
    "blks_read",
    "active_seconds",
    "session_seconds",
    "deadlocks",
    "temp_bytes",
    "hit",
    "read",
)


def figures(one, since=None):
    """The comparable figures of a snapshot, each a number or None where it was not measured.

    Seconds, shares from 0 to 1, bytes, counts.

    :param since: an older snapshot; what PostgreSQL sums up counts from there, else from the last reset
    """
    database = _grown(one, since, "database")
    blocks = _grown(one, since, "index_blocks")
    connections = one.metrics.get("connections") or {}
    told = None if one.statements is None else one.statements.values()
    return {
        "calls": one.latency.calls or None,
        "under_goal": one.latency.under_goal(),
        "p50": one.latency.quantile(0.5),
        "p90": one.latency.quantile(0.9),
        "p99": one.latency.quantile(0.99),
        "slow_statements": None if told is None else sum(s["total"] / s["calls"] >= SLOW for s in told),
        "n_plus_one": (one.metrics.get("n_plus_one") or {}).get("places"),
        "cache_hit": _share(database.get("blks_hit"), database.get("blks_read")),
        "index_hit": _share(blocks.get("hit"), blocks.get("read")),
        "pool_efficiency": _ratio(database.get("active_seconds"), database.get("session_seconds")),
        "connections": connections.get("here"),
        "deadlocks": database.get("deadlocks"),
        "temp_bytes": database.get("temp_bytes"),
        "database_bytes": database.get("bytes"),
        "indexes": len(one.indexes) if one.indexes is not None else None,
        "unused_indexes": unused(one),
        "dead_rows": sum(t["dead"] for t in one.tables) if one.tables is not None else None,
    }  # fmt: skip


def unused(one):
    """Number of indexes of more than 1 MB that were never scanned and guarantee nothing."""
    if one.indexes is None:
        return None
    return sum(not i["scans"] and not i["unique"] and i["bytes"] > 2**20 for i in one.indexes)


def compare(before, after):
    """``[(figure, before, after)]``, and statements by what they took more or less a call.

    :return: ``(figures, statements)``; a statement is ``(text, calls before, mean before, calls between, mean
        between)`` with means in seconds, those of which a figure changed most in total first
    """
    old, new = figures(before), figures(after, before)
    changed = []
    if before.statements is not None and after.statements is not None:
        between = statements.since(before.statements, after.statements)
        for key, one in between.items():
            had = before.statements.get(key)
            if had:
                mean_before, mean = had["total"] / had["calls"], one["total"] / one["calls"]
                changed.append((one["text"], had["calls"], mean_before, one["calls"], mean))
        changed.sort(key=lambda row: -abs(row[4] - row[2]) * row[3])
    return [(name, old[name], new[name]) for name in old], changed


def _grown(one, since, part):
    """A part of the metrics with its sums since an older snapshot, unless they were reset meanwhile."""
    now = one.metrics.get(part) or {}
    before = (since and since.metrics.get(part)) or {}
    if any(now.get(name, 0) < before.get(name, 0) for name in GROWING):
        return now
    return {name: value - before.get(name, 0) if name in GROWING else value for name, value in now.items()}


def _share(hit, read):
    return _ratio(hit, None if hit is None or read is None else hit + read)


def _ratio(part, whole):
    return part / whole if part is not None and whole else None
