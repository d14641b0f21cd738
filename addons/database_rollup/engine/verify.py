"""Doubting a rollup: recompute its clean days and compare, level by level."""

from itertools import pairwise

from odoo.tools import SQL

from . import objects
from .declaration import CountDaily
from .levels import CODES, after
from .objects import END_DAY, FIRST_DAY
from .sql import own, run, trusted


def wrong_days(cursor, rollup, low=None, high=None):
    """Compare clean days with the source tables, and coarse levels with the days, in one statement.

    :param low: first day to check; ``high``: the day after the last; None: without bound
    :return: list of ``(level, bucket, rows)``: buckets with that many missing or surplus rows, oldest first.
        Instead of a level also the name of a :class:`..declaration.CountDaily` with the number of values that
        are on several rows of the day, against its ``within``.
    """
    parts = [
        part
        for cut in rollup.kept
        for measure in (None, *cut.distinct)
        for part in _differences(cut, measure, low, high)
    ]
    parts += [
        _broken_promises(rollup, m, low, high)
        for m in rollup.measures
        if isinstance(m, CountDaily) and m.within
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


def _broken_promises(rollup, measure, low, high):
    """Statement that finds days on which a value of a daily count has several of what it has one of."""
    value = trusted(measure.expression)
    several = [
        SQL("count(DISTINCT ROW(%s)) > 1", trusted(rollup.dimension(name).expression))
        for name in measure.within
    ]
    return SQL(
        "SELECT %s AS level, bucket, count(*) AS rows FROM (SELECT %s AS bucket FROM %s"
        " WHERE %s AND (%s) IS NOT NULL GROUP BY 1, %s HAVING %s) b GROUP BY bucket",
        measure.name,
        objects.bucket(rollup),
        objects.sources(rollup),
        objects.in_range(rollup, SQL("%s::date", low or FIRST_DAY), SQL("%s::date", high or END_DAY)),
        value,
        value,
        SQL(" OR ").join(several),
    )


def mend(cursor, rollup, found):
    """Note every wrong bucket of :func:`wrong_days` as dirty: reads are right from the commit on.

    A broken promise of ``within`` stays: the declaration or the data is to be corrected.
    """
    for level, bucket, _rows in found:
        if level not in CODES:
            continue
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
