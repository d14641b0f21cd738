"""From memory to the database and back: what the cursors of all processes saw, by hour."""

import json

from psycopg2.extras import execute_values

from .histogram import Histogram
from .shapes import identity

MERGE = """
    INSERT INTO database_monitor.latency AS kept (hour, shape, calls, total, maximum, buckets) VALUES %s
    ON CONFLICT (hour, shape) DO UPDATE SET
        calls = kept.calls + EXCLUDED.calls, total = kept.total + EXCLUDED.total,
        maximum = GREATEST(kept.maximum, EXCLUDED.maximum),
        buckets = (SELECT jsonb_object_agg(key, calls) FROM (
            SELECT key, sum(value::bigint) AS calls
              FROM (SELECT * FROM jsonb_each_text(kept.buckets)
                    UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.buckets)) both_of_them
             GROUP BY key) added)
"""
ORIGINS = """
    INSERT INTO database_monitor.origin AS kept (shape, model, route, place, calls, slowest, last_seen)
    VALUES %s
    ON CONFLICT (shape, model, route, place) DO UPDATE SET
        calls = kept.calls + EXCLUDED.calls, slowest = GREATEST(kept.slowest, EXCLUDED.slowest),
        last_seen = EXCLUDED.last_seen
"""
REFUSED = """
    INSERT INTO database_monitor.refusal AS kept (hour, kind, relation, name, calls) VALUES %s
    ON CONFLICT (hour, kind, relation, name) DO UPDATE SET calls = kept.calls + EXCLUDED.calls
"""
REPEATED = """
    INSERT INTO database_monitor.n_plus_one AS kept
        (place, shape, text, cure, route, requests, most, first_seen, last_seen) VALUES %s
    ON CONFLICT (place, shape) DO UPDATE SET
        requests = kept.requests + EXCLUDED.requests, most = GREATEST(kept.most, EXCLUDED.most),
        cure = EXCLUDED.cure, route = EXCLUDED.route, last_seen = EXCLUDED.last_seen
"""


def write(cursor, taken):
    """Add what one process recorded (``{(id, text): (Histogram, origins)}``) to the current hour.

    Rows go in in the order of shapes, so that processes which write at once cannot deadlock.
    """
    taken = sorted(taken.items())
    execute_values(
        cursor,
        "INSERT INTO database_monitor.shape (id, text) VALUES %s ON CONFLICT (id) DO NOTHING",
        [key for key, _found in taken],
    )
    execute_values(
        cursor,
        MERGE,
        [
            (shape, h.calls, h.total, h.maximum, json.dumps(h.to_json()["buckets"]))
            for (shape, _text), (h, _origins) in taken
        ],
        template="(date_trunc('hour', now()), %s, %s, %s, %s, %s)",
    )
    origins = [
        (shape, *origin, calls, slowest)
        for (shape, _text), (_h, found) in taken
        for origin, (calls, slowest) in sorted(found.items())
    ]
    execute_values(cursor, ORIGINS, origins, template="(%s, %s, %s, %s, %s, %s, now())")


def write_repeated(cursor, taken):
    """Add what :meth:`.recorder.Recorder.drain_repeated` gave."""
    rows = [
        (place, identity(shape), shape, cure, route, requests, most)
        for (place, shape), (requests, most, cure, route) in sorted(taken.items())
    ]
    execute_values(cursor, REPEATED, rows, template="(%s, %s, %s, %s, %s, %s, %s, now(), now())")


def write_refused(cursor, taken):
    """Add what :meth:`.recorder.Recorder.drain_refused` gave to the current hour."""
    rows = [(*name, calls) for name, calls in sorted(taken.items())]
    execute_values(cursor, REFUSED, rows, template="(date_trunc('hour', now()), %s, %s, %s, %s)")


def overall(cursor, since, until):
    """Every call between two moments (whole hours) as one :class:`Histogram`."""
    cursor.execute(
        "SELECT COALESCE(sum(total), 0), COALESCE(max(maximum), 0) FROM database_monitor.latency"
        " WHERE hour >= %s AND hour < %s",
        [since, until],
    )
    total, maximum = cursor.fetchone()
    cursor.execute(
        "SELECT b.key::integer, sum(b.value::bigint)::bigint FROM database_monitor.latency,"
        " jsonb_each_text(buckets) b WHERE hour >= %s AND hour < %s GROUP BY 1",
        [since, until],
    )
    return Histogram(dict(cursor.fetchall()), total, maximum)


def forget(cursor, days):
    """Drop what is older than ``days`` (but baselines); return how many hours' rows and snapshots went."""
    cursor.execute(
        "DELETE FROM database_monitor.latency WHERE hour < now() - make_interval(days => %s)", [days]
    )
    gone = cursor.rowcount
    for statement in (
        "DELETE FROM database_monitor.snapshot WHERE taken_at < now() - make_interval(days => %s)"
        " AND NOT baseline",
        "DELETE FROM database_monitor.origin WHERE last_seen < now() - make_interval(days => %s)",
        "DELETE FROM database_monitor.n_plus_one WHERE last_seen < now() - make_interval(days => %s)",
        "DELETE FROM database_monitor.refusal WHERE hour < now() - make_interval(days => %s)",
        "DELETE FROM database_monitor.alert WHERE ended_at < now() - make_interval(days => %s)",
    ):
        cursor.execute(statement, [days])
        gone += cursor.rowcount
    cursor.execute(
        "DELETE FROM database_monitor.shape s WHERE first_seen < now() - make_interval(days => %s)"
        " AND NOT EXISTS (SELECT FROM database_monitor.latency l WHERE l.shape = s.id)",
        [days],
    )
    return gone
