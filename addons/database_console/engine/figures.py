"""The figures of the database as they are now: for the overview, its curves, and for Prometheus."""

from datetime import datetime, timedelta, timezone

from odoo.addons.database_monitor.engine import keep, metrics
from odoo.addons.database_monitor.engine.histogram import GOAL, Histogram

from .prometheus import Metric

#: days of the overview's curves
DAYS = 7
_INDEX_STATES = """
    SELECT state, count(*) AS indexes, sum(size_mb * 1048576)::bigint AS bytes
      FROM public.database_index_present WHERE state <> 'dropped' GROUP BY state ORDER BY state
"""
#: shapes whose P90 misses the goal, of the last 24 hours
_SLOW = """
    SELECT count(*) FROM database_monitor.statements(now() - interval '24 hours', now()) WHERE p90 >= %s
"""
_BY_HOUR = """
    SELECT l.hour, b.key::integer, sum(b.value::bigint)::bigint
      FROM database_monitor.latency l, jsonb_each_text(l.buckets) b
     WHERE l.hour >= now() - make_interval(days => %s) GROUP BY 1, 2 ORDER BY 1
"""
#: blocks between one snapshot and the next; nothing where the statistics were reset between them
_CACHE = """
    SELECT taken_at, hit - lag(hit) OVER w AS hit, read - lag(read) OVER w AS read
      FROM (SELECT taken_at, (metrics#>>'{database,blks_hit}')::numeric AS hit,
                   (metrics#>>'{database,blks_read}')::numeric AS read
              FROM database_monitor.snapshot WHERE taken_at >= now() - make_interval(days => %s)) s
    WINDOW w AS (ORDER BY taken_at) ORDER BY taken_at
"""
_ALERTS = """
    SELECT kind, severity, count(*) AS alerts FROM database_monitor.alert
     WHERE ended_at IS NULL GROUP BY kind, severity ORDER BY kind, severity
"""


def latency(cursor, hours=24):
    """Every call of the last hours as one :class:`Histogram`."""
    now = datetime.now(timezone.utc)
    return keep.overall(cursor, now - timedelta(hours=hours), now + timedelta(hours=1))


def slow(cursor):
    """Number of shapes of statements whose P90 of the last 24 hours is not under the goal."""
    cursor.execute(_SLOW, [GOAL])
    return cursor.fetchone()[0]


def tiles(cursor):
    """The headline figures: counts, bytes, milliseconds and shares from 0 to 1; None: not measured."""
    states = metrics.rows(cursor, _INDEX_STATES)
    database = metrics.PARTS["database"](cursor)
    asked = database["blks_hit"] + database["blks_read"]
    calls = latency(cursor)
    quantile = calls.quantile(0.9)
    return {
        "indexes": sum(one["indexes"] for one in states),
        "index_bytes": int(sum(one["bytes"] for one in states)),
        "unused": sum(one["indexes"] for one in states if one["state"] == "unused"),
        "unused_bytes": int(sum(one["bytes"] for one in states if one["state"] == "unused")),
        "slow": slow(cursor),
        "cache_hit": database["blks_hit"] / asked if asked else None,
        "p90_ms": None if quantile is None else 1000 * quantile,
        "under_goal": calls.under_goal(),
        "calls": calls.calls,
        "goal_ms": 1000 * GOAL,
        "bytes": database["bytes"],
    }


def trends(cursor):
    """``{"latency": [(moment, P90 in ms)], "cache": [(moment, share)]}`` of the last :data:`DAYS` days."""
    cursor.execute(_BY_HOUR, [DAYS])
    hours = {}
    for hour, bucket, calls in cursor.fetchall():
        hours.setdefault(hour, {})[bucket] = calls
    # a quantile is at most the longest call, which an hour's buckets do not tell: the largest bucket's bound
    percentiles = [
        (hour.isoformat(), 1000 * Histogram(counts, maximum=float("inf")).quantile(0.9))
        for hour, counts in hours.items()
    ]
    cursor.execute(_CACHE, [DAYS])
    shares = [
        (moment.isoformat(), float(hit / (hit + read)))
        for moment, hit, read in cursor.fetchall()
        if hit is not None and hit >= 0 and read >= 0 and hit + read
    ]
    return {"latency": percentiles, "cache": shares}


def prometheus(cursor):
    """Everything that is scraped, as :class:`Metric` s."""
    database = metrics.PARTS["database"](cursor)
    states = metrics.rows(cursor, _INDEX_STATES)
    connections = metrics.PARTS["connections"](cursor)
    replication = metrics.PARTS["replication"](cursor)
    alerts = metrics.rows(cursor, _ALERTS)
    calls = latency(cursor)

    def counter(name, column, words):
        return Metric(name, "counter", words, [({}, database[column])])

    def gauge(name, words, *samples):
        return Metric(name, "gauge", words, list(samples))

    return [
        gauge("size_bytes", "Size of the database", ({}, database["bytes"])),
        counter("blocks_hit_total", "blks_hit", "Blocks found in the shared buffers"),
        counter("blocks_read_total", "blks_read", "Blocks read into the shared buffers"),
        counter("commits_total", "xact_commit", "Transactions committed"),
        counter("rollbacks_total", "xact_rollback", "Transactions rolled back"),
        counter("deadlocks_total", "deadlocks", "Deadlocks"),
        counter("temporary_bytes_total", "temp_bytes", "Bytes spilled to disk"),
        gauge("indexes", "Indexes by state",
              *(({"state": one["state"]}, one["indexes"]) for one in states)),
        gauge("index_bytes", "Size of the indexes by state",
              *(({"state": one["state"]}, one["bytes"]) for one in states)),
        gauge("connections", "Connections by what they do", ({"state": "all"}, connections["here"]),
              *(({"state": state}, connections[state])
                for state in ("active", "idle", "idle_in_transaction", "waiting_for_locks"))),
        gauge("connections_most", "Connections that the server takes", ({}, connections["most"])),
        gauge("standby_lag_bytes", "What a standby has not replayed yet",
              *(({"standby": one["standby"]}, one["lag_bytes"]) for one in replication["standbys"])),
        gauge("statement_calls_24h", "Statements of the last 24 hours", ({}, calls.calls)),
        gauge("statement_seconds", "Quantiles of the statements of the last 24 hours",
              *(({"quantile": share}, calls.quantile(share)) for share in (0.5, 0.9, 0.99))),
        gauge("statement_goal_ratio", "Share of the statements of the last 24 hours under 50 ms",
              ({}, calls.under_goal())),
        gauge("slow_statements", "Statements whose P90 of 24 hours is 50 ms or more", ({}, slow(cursor))),
        gauge("alerts", "Open alerts",
              *(({"kind": one["kind"], "severity": one["severity"]}, one["alerts"]) for one in alerts)),
    ]  # fmt: skip
