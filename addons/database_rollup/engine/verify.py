"""Doubting a rollup: recompute its clean days and compare, level by level."""

from itertools import pairwise

from odoo.tools import SQL

from . import objects
from .levels import CODES, after
from .sql import own, run


def wrong_days(cursor, rollup, low=None, high=None):
    """Compare clean days with the source tables, and coarse levels with the days, in one statement.

    :param low: first day to check; ``high``: the day after the last; None: without bound
    :return: list of ``(level, bucket, rows)``: buckets with that many missing or surplus rows, oldest first
    """
    parts = [
        part
        for cut in rollup.kept
        for measure in (None, *cut.distinct)
        for part in _differences(cut, measure, low, high)
    ]
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


def _differences(cut, measure, low, high):
    """Statements, one a level, that find wrong buckets of one table."""
    table = objects.table(cut, measure)
    period = SQL("daterange(%s, %s)", low, high)
    bounds = (SQL("%s::date", low or "-infinity"), SQL("%s::date", high or "infinity"))
    everything = (SQL("'-infinity'::date"), SQL("'infinity'::date"))
    yield _difference(
        "day",
        SQL("SELECT * FROM %s(%s, %s)", objects.live(cut, measure), *bounds),
        SQL(
            "SELECT * FROM %s WHERE level = %s AND bucket >= %s AND bucket < %s", table, CODES["day"], *bounds
        ),
        SQL("NOT EXISTS (SELECT FROM dirty WHERE days @> b.bucket)"),
    )
    for finer, level in pairwise(cut.rollup.levels):
        whole = SQL("daterange(b.bucket, %s)", after(level, SQL("b.bucket")))
        yield _difference(
            level,
            objects.select_level(cut, level, finer, *everything, measure),
            SQL("SELECT * FROM %s WHERE level = %s", table, CODES[level]),
            SQL("%s && %s AND NOT EXISTS (SELECT FROM dirty WHERE days && %s)", period, whole, whole),
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
                "INSERT INTO %s (days) VALUES (daterange(%s::date, %s))",
                objects.log(rollup),
                bucket,
                after(level, SQL("%s::date", bucket)),
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
