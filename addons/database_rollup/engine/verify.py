"""Doubting a rollup: recompute its clean days and compare, level by level."""

from odoo.tools import SQL

from . import objects
from .sql import own, run


def wrong_days(cursor, rollup, low=None, high=None):
    """Compare clean days with the source tables, and coarse levels with the days, in one statement.

    :param low: first day to check; ``high``: the day after the last; None: without bound
    :return: list of ``(level, bucket, rows)``: buckets with that many missing or surplus rows, oldest first
    """
    period = SQL("daterange(%s, %s)", low, high)
    bounds = (SQL("%s::date", low or "-infinity"), SQL("%s::date", high or "infinity"))
    clean = SQL("NOT EXISTS (SELECT FROM dirty WHERE days @> b.bucket)")
    parts = []
    for measure in (None, *rollup.distinct):
        there = objects.table(rollup, "day", measure)
        fresh = SQL("SELECT * FROM %s(%s, %s)", objects.live(rollup, measure), *bounds)
        kept = SQL("SELECT * FROM %s WHERE bucket >= %s AND bucket < %s", there, *bounds)
        parts.append(_difference("day", fresh, kept, clean))
        for finer, level in zip(rollup.levels, rollup.levels[1:], strict=False):
            end = SQL("'infinity'::date")
            above = objects.select_level(rollup, level, finer, SQL("'-infinity'::date"), end, measure)
            kept = SQL("SELECT * FROM %s", objects.table(rollup, level, measure))
            whole = SQL("daterange(b.bucket, (b.bucket + interval %s)::date)", f"1 {level}")
            touched = SQL(
                "%s && %s AND NOT EXISTS (SELECT FROM dirty WHERE days && %s)", period, whole, whole
            )
            parts.append(_difference(level, above, kept, touched))
    return run(
        cursor,
        SQL(
            """
            WITH dirty AS MATERIALIZED (SELECT days FROM %s)
            SELECT level, bucket::text, sum(rows)::bigint FROM (%s) d
             GROUP BY level, bucket ORDER BY d.bucket, 1
            """,
            objects.log(rollup),
            SQL(" UNION ALL ").join(parts),
        ),
    )


def _difference(level, fresh, kept, condition):
    return SQL(
        """
        SELECT %(level)s AS level, bucket, count(*) AS rows FROM (
            (%(fresh)s EXCEPT ALL %(kept)s) UNION ALL (%(kept)s EXCEPT ALL %(fresh)s)) b
         WHERE %(condition)s GROUP BY bucket
        """,
        level=level,
        fresh=fresh,
        kept=kept,
        condition=condition,
    )


def mend(cursor, rollup, found):
    """Note every wrong bucket of :func:`wrong_days` as dirty: reads are right from the commit on."""
    for level, bucket, _rows in found:
        run(
            cursor,
            SQL(
                "INSERT INTO %s (days) VALUES (daterange(%s::date, (%s::date + %s::interval)::date))",
                objects.log(rollup),
                bucket,
                bucket,
                f"1 {level}",
            ),
        )


def remember(cursor, rollup, found):
    """Store the result of a check for the administrator's page."""
    text = "\n".join(f"{level} {bucket}: {rows}" for level, bucket, rows in found[:50])
    if len(found) > 50:
        text += f"\n… {len(found) - 50}"
    run(
        cursor,
        SQL(
            "UPDATE %s SET verified_at = clock_timestamp(), wrong = %s WHERE name = %s",
            own("state"),
            text,
            rollup.name,
        ),
    )
