"""Keeping rollups fresh: folding dirty days, in REPEATABLE READ transactions of their own."""

import time
from dataclasses import dataclass
from itertools import pairwise

import psycopg2.errors
from odoo.tools import SQL

from . import objects
from .errors import BusyError, NotDeployedError, RollupError
from .grace import DATABASE
from .levels import CODES, after, start
from .objects import END_DAY, FIRST_DAY
from .protocol import RULES
from .sql import SCHEMA, commas, own, run, trusted


@dataclass(frozen=True)
class Folded:
    """What one fold did: whether anything, whether more waits, how long, and how many day rows it wrote."""

    folded: bool
    more: bool
    seconds: float
    rows: int


def fold(cursor, rollup, most_days=31, rules=RULES, skip_empty=False):
    """Compute at most ``most_days`` dirty days, newest first, in the cursor's fresh transaction.

    The caller commits. Notes younger than the rollup's grace periods stay, and their days stay dirty.

    :param skip_empty: look for the next day that has anything first (a mistyped year leaves centuries
        without); reads the time's table, quickly where the time is indexed

    :raises BusyError: another process is at it, or was since this transaction began
    :raises NotDeployedError: the database holds another declaration, or none
    :raises RollupError: the transaction is not REPEATABLE READ
    """
    started = time.monotonic()
    # SHOW and LOCK take no snapshot
    if run(cursor, SQL("SHOW transaction_isolation"))[0][0] == "read committed":
        raise RollupError(f"rollup {rollup.name}: folding needs a REPEATABLE READ transaction")
    if "fold-held" in rules:
        _hold_sources(cursor, rollup)
    lock_state(cursor, rollup)
    snapshot = _seen_by_all(cursor, rollup, rules)
    if snapshot is None:
        return Folded(False, False, 0.0, 0)
    seen = SQL("pg_visible_in_snapshot(xid, %s)", snapshot)
    chunk = _next_chunk(cursor, rollup, seen, most_days, skip_empty)
    if chunk is None:
        return Folded(False, False, 0.0, 0)
    low, high, rest, xid, noted = chunk
    rows = 0
    if low is not None:
        rows = compute(cursor, rollup, low, high, "fold-whole" in rules)
    if "fold-seen" not in rules:
        cursor.connection.commit()
        seen = SQL("TRUE")
    # with all rules the snapshot is still that of the first statement: notes it does not see stay
    run(cursor, SQL("DELETE FROM %s WHERE %s", objects.log(rollup), seen))
    run(
        cursor,
        SQL(
            "INSERT INTO %s (days, xid, noted_at) SELECT d, %s::xid8, %s FROM unnest(%s::datemultirange) d",
            objects.log(rollup),
            xid,
            noted,
            rest,
        ),
    )
    seconds = time.monotonic() - started
    run(
        cursor,
        SQL(
            """
            UPDATE %s SET folds = folds + 1, folded_at = clock_timestamp(), fold_seconds = %s WHERE name = %s
            """,
            own("state"),
            seconds,
            rollup.name,
        ),
    )
    if "fold-whole" not in rules:
        cursor.connection.commit()
        compute_coarser(cursor, rollup, low, high)
    return Folded(True, rest != "{}", seconds, rows)


def _hold_sources(cursor, rollup):
    """Keep the source tables from being rewritten, from before the snapshot.

    To an older snapshot a table that ALTER TABLE wrote anew is empty. Writers are not in the way.
    """
    tables = commas(SQL.identifier(name) for name in sorted(set(objects.watched(rollup).values())))
    try:
        run(cursor, SQL("LOCK TABLE %s IN ACCESS SHARE MODE NOWAIT", tables))
    except psycopg2.errors.LockNotAvailable as error:
        raise BusyError(f"rollup {rollup.name}: a source table is being altered") from error


def lock_state(cursor, rollup):
    """Make this transaction the only one that folds or deploys, with all earlier ones in its snapshot.

    Every fold updates the row, so that locking it in REPEATABLE READ fails where one committed meanwhile.
    """
    try:
        rows = run(
            cursor,
            SQL(
                "SELECT ready, fingerprint FROM %s WHERE name = %s FOR UPDATE NOWAIT",
                own("state"),
                rollup.name,
            ),
        )
    except (psycopg2.errors.LockNotAvailable, psycopg2.errors.SerializationFailure) as error:
        raise BusyError(f"rollup {rollup.name} is being folded by another process") from error
    if not rows or rows[0] != (True, rollup.fingerprint):
        raise NotDeployedError(f"rollup {rollup.name} is not deployed as declared; deploy it first")


def _seen_by_all(cursor, rollup, rules):
    """The snapshot whose transactions have outlived the rollup's grace periods, as text."""
    graces = rollup.graces
    if "grace" not in rules:
        graces = 0
    elif "graces" not in rules:
        graces = min(1, graces)
    if not graces:
        return run(cursor, SQL("SELECT pg_current_snapshot()::text"))[0][0]
    rows = run(
        cursor,
        SQL(
            "SELECT snapshot::text FROM %s WHERE database = %s ORDER BY id DESC OFFSET %s LIMIT 1",
            own("epoch"),
            DATABASE,
            graces,
        ),
    )
    return rows[0][0] if rows else None


def _next_chunk(cursor, rollup, seen, most_days, skip_empty):
    """Return ``(low, high, rest, xid, noted_at)`` as texts: the newest dirty days, and what stays dirty.

    ``low`` is None when the dirty days hold nothing: no row of a source table and none of the rollup.
    """
    rows = run(
        cursor,
        SQL(
            """
            SELECT range_agg(days)::text, (array_agg(xid))[1]::text, min(noted_at),
                   lower_inf(range_agg(days)) OR upper_inf(range_agg(days))
              FROM %s WHERE %s
            """,
            objects.log(rollup),
            seen,
        ),
    )
    dirty, xid, noted, open_ended = rows[0]
    if dirty is None:
        return None
    # an open end reaches to the last day that has anything
    extent = _extent(rollup) if open_ended else SQL("daterange(%s, %s)", FIRST_DAY, END_DAY)
    rows = run(
        cursor,
        SQL(
            """
            WITH newest AS (
                SELECT d, days FROM (SELECT %s::datemultirange * datemultirange(%s) AS days) x, unnest(days) d
                 ORDER BY d DESC LIMIT 1),
            ends AS (SELECT d, days, LEAST(upper(d), %s) AS high FROM newest),
            chunk AS (SELECT d, days, high, GREATEST(lower(d), high - %s) AS low FROM ends)
            SELECT low::text, high::text, (days - datemultirange(daterange(low, upper(d))))::text FROM chunk
            """,
            dirty,
            extent,
            _last_day(rollup) if skip_empty else SQL("upper(d)"),
            most_days,
        ),
    )
    if not rows:
        return None, None, "{}", xid, noted
    return *rows[0], xid, noted


def _last_day(rollup):
    """SQL of the day after the last one before ``upper(d)`` that may have anything."""
    return SQL(
        """
        COALESCE(GREATEST((SELECT max(bucket) + 1 FROM %s WHERE level = 0 AND bucket < upper(d)),
                 (SELECT max(%s)::date + 3 FROM %s %s WHERE %s < upper(d) + interval '2 days' AND %s)),
                 lower(d))
        """,
        objects.table(rollup.kept[0]),
        trusted(rollup.time),
        SQL.identifier(objects.watched(rollup)[rollup.time_alias]),
        SQL.identifier(rollup.time_alias),
        trusted(rollup.time),
        objects.own_terms(rollup, rollup.time_alias),
    )


def _extent(rollup):
    """SQL of a range that holds every day of the sources and of the rollup; empty when there is none."""
    alias = rollup.time_alias
    return SQL(
        """
        (SELECT CASE WHEN min(low) IS NULL THEN 'empty'::daterange
                ELSE daterange(GREATEST(min(low), DATE %(first)s), LEAST(max(high), DATE %(end)s - 3) + 3) END
           FROM (SELECT min(bucket) AS low, max(bucket) AS high FROM %(kept)s WHERE level = 0
                 UNION ALL
                 SELECT GREATEST(min(%(time)s), %(first)s)::date - 2, LEAST(max(%(time)s), %(end)s)::date
                   FROM %(table)s %(alias)s WHERE %(own)s HAVING min(%(time)s) IS NOT NULL) e)
        """,
        first=FIRST_DAY,
        end=END_DAY,
        kept=objects.table(rollup.kept[0]),
        time=trusted(rollup.time),
        table=SQL.identifier(objects.watched(rollup)[alias]),
        alias=SQL.identifier(alias),
        own=objects.own_terms(rollup, alias),
    )


def compute(cursor, rollup, low, high, coarser=True):
    """Replace the rows of the days ``[low, high)`` at all levels by fresh ones; return the number of rows."""
    written = 0
    for cut in rollup.kept:
        for measure in (None, *cut.distinct):
            written += _clear(cursor, cut, measure, "day", low, high)
            run(
                cursor,
                SQL(
                    "INSERT INTO %s SELECT * FROM %s(%s::date, %s::date)",
                    objects.table(cut, measure),
                    objects.live(cut, measure),
                    low,
                    high,
                ),
            )
            written += cursor.rowcount
    if coarser:
        compute_coarser(cursor, rollup, low, high)
    return written


def compute_coarser(cursor, rollup, low, high):
    """Move the days ``[low, high)`` up: a coarse row is always the aggregate of the finer rows below it."""
    low, last = SQL("%s::date", low), SQL("(%s::date - 1)", high)
    for finer, level in pairwise(rollup.levels):
        # whole buckets, that of the last day included
        first, end = start(level, low), after(level, start(level, last))
        for cut in rollup.kept:
            for measure in (*cut.distinct, None):  # values first: rows are counted from them
                _clear(cursor, cut, measure, level, first, end)
                rows = objects.select_level(cut, level, finer, first, end, measure)
                run(cursor, SQL("INSERT INTO %s %s", objects.table(cut, measure), rows))


def _clear(cursor, cut, measure, level, low, high):
    run(
        cursor,
        SQL(
            "DELETE FROM %s WHERE level = %s AND bucket >= %s AND bucket < %s",
            objects.table(cut, measure),
            SQL(str(CODES[level])),
            low,
            high,
        ),
    )
    return cursor.rowcount


def fold_all(transaction, rollup, seconds=float("inf"), most_days=31, rules=RULES):
    """Fold until nothing may be folded or the time is over; return ``(folds, whether more waits)``.

    Chunks grow while they are quick and shrink when they are slow, so that no fold lasts long.
    """
    until = time.monotonic() + seconds
    folds, skip_empty = 0, False
    while True:
        with transaction() as cursor:
            done = fold(cursor, rollup, most_days, rules, skip_empty)
        folds += done.folded
        if not done.folded or not done.more:
            return folds, done.more
        if time.monotonic() >= until:
            return folds, True
        skip_empty = not done.rows
        if done.seconds < 0.5:
            most_days = min(most_days * 2, 4000)
        elif done.seconds > 2:
            most_days = max(most_days // 2, 1)


def freshness(cursor, rollup):
    """Return a dict: notes, dirty_days (None: no bound), lag (s since the oldest note), bytes, rows."""
    rows = run(
        cursor,
        SQL(
            """
            SELECT count(*), EXTRACT(epoch FROM clock_timestamp() - min(noted_at))::float,
                   (SELECT sum(upper(d) - lower(d)) FROM unnest(range_agg(days)) d),
                   bool_or(lower_inf(days) OR upper_inf(days))
              FROM %s
            """,
            objects.log(rollup),
        ),
    )
    notes, lag, days, unbounded = rows[0]
    size = run(
        cursor,
        SQL(
            """
            SELECT COALESCE(sum(pg_total_relation_size(oid)), 0)::bigint,
                   COALESCE(sum(GREATEST(reltuples, 0)), 0)::bigint
              FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relname LIKE %s
            """,
            SCHEMA,
            rollup.prefix.replace("_", r"\_") + r"\_%",
        ),
    )
    return {
        "notes": notes,
        "lag": lag or 0.0,
        "dirty_days": None if unbounded else int(days or 0),
        "bytes": int(size[0][0]),
        "rows": int(size[0][1]),
    }
