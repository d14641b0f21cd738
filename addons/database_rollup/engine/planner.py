"""The one statement that answers a question exactly.

Both statements of this module answer a question with the same columns: ``answer`` from the rollup,
``base`` from the source tables.
"""

from dataclasses import replace

from odoo.tools import SQL

from . import cover, objects
from .declaration import Avg, Count, CountDaily, CountDistinct, Max, Min, Sum
from .levels import CODES, start
from .protocol import RULES
from .question import GRAINS, Question, check, choose, column, columns, measures, one_row_each
from .sql import all_of, commas, trusted

__all__ = ["GRAINS", "Question", "answer", "base", "check", "choose", "column", "columns"]


def _arms(cut, days, question, select, measure=None, condition=None, below=None):
    """The rows of every level (or those ``below`` one) and the live ones, with the columns ``select``.

    ``None`` where neither arm has anything to read.
    """
    where = all_of([SQL("(%s)", term) for term in (question.where, condition) if term])
    arms, pieces = [], days.pieces(below)
    if pieces:
        arms.append(
            SQL(
                # OFFSET 0: one index scan a piece, whatever the planner thinks of joining by level
                "SELECT t.* FROM %s, LATERAL (SELECT %s FROM %s t WHERE %s"
                " AND t.level = c.level AND t.bucket >= c.low AND t.bucket < c.high OFFSET 0) t",
                pieces,
                select,
                objects.table(cut, measure),
                where,
            )
        )
    if days.live:
        arms.append(
            SQL(
                "SELECT %s FROM %s, LATERAL %s(%s, %s) t WHERE %s",
                select,
                days.live,
                objects.live(cut, measure),
                days.low,
                days.high,
                where,
            )
        )
    return SQL(" UNION ALL ").join(arms) if arms else None


def _keys(question, alias="t"):
    """``(name, SQL)`` of what the result is grouped by."""
    found = [("period", SQL("c.period"))] if question.periods else []
    if question.grain:
        day = SQL.identifier(alias, "bucket")
        # weeks are the only grain that is no level
        week = SQL("date_trunc('week', %s::timestamp)::date", day)
        found.append(("bucket", week if question.grain == "week" else start(question.grain, day)))
    return [*found, *((name, SQL.identifier(alias, name)) for name in question.by)]


def _named(pairs):
    return commas(SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in pairs)


def _identifiers(names):
    return [SQL.identifier(name) for name in names]


def _group(question):
    return SQL("GROUP BY %s", commas(_identifiers(question.keys))) if question.keys else SQL()


def answer(rollup, question, rules=RULES, noted=None, dirty=None):
    """Statement that answers from the rollup: clean days at the coarsest level, dirty ones live.

    :param noted: dirty days read earlier, as text: what the mutation check breaks ``read-once`` with
    :param dirty: the dirty days, of :func:`.cover.dirty_of`, as they stand in this transaction's snapshot;
        without them the statement looks itself
    :raises NotCoveredError: no cut can answer
    """
    check(rollup, question)
    cut = choose(rollup, question)
    asked = measures(rollup, question)
    keys = _keys(question)
    stored = [name for m in asked for name in _columns_of(m)]
    rows = commas(
        [*(SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in keys), *_identifiers(stored)]
    )
    days = cover.found(cut, question, rules, noted) if dirty is None else cover.known(cut, question, dirty)
    ctes = [*days.ctes]
    found = _arms(cut, days, question, rows)
    distinct = [m for m in asked if isinstance(m, CountDistinct)]
    # nothing to add up; without keys there is one row always, and only adding up makes one of none
    ready = question.parts or (question.keys and one_row_each(cut, question))
    if distinct and not one_row_each(cut, question):
        more, found = _with_values(cut, days, question, found, asked, distinct)
        ctes.append(more)
    totals = ((m, (_row if ready else _total)(m)) for m in asked)
    return _as_wanted(
        question,
        asked,
        SQL(
            "%s SELECT %s%s FROM (%s) q %s %s",
            SQL("WITH %s", commas(ctes)) if ctes else SQL(),
            commas([*_identifiers(question.keys), *_numbers(question, totals)]),
            _groups(question),
            found,
            SQL() if ready else _group(question),
            _ordered(question),
        ),
    )


def _with_values(cut, days, question, found, asked, distinct):
    """Count values where a group has several rows; return further CTEs and the statement of the parts.

    A group of one row has its distinct counts in it. Only if there is any other, values are read.
    """
    ups = {name: up for name, _how, up in cut.stored}
    names = [name for m in asked for name in _columns_of(m)]
    columns = [*_identifiers(question.keys)]
    for name in names:
        how = trusted(ups[name].format(f'"{name}"')) if ups[name] else SQL("max(%s)", SQL.identifier(name))
        columns.append(SQL("%s AS %s", how, SQL.identifier(name)))
    group = SQL(
        "g AS MATERIALIZED (SELECT %s, count(*) AS _rows FROM (%s) u %s)",
        commas(columns),
        found,
        _group(question),
    )
    counted = {m.name for m in distinct}
    # where a bucket of the grain has one row, only groups of finer rows have several
    below = None
    if question.grain in CODES and cut.names <= {*question.by, *question.pinned}:
        below = CODES[question.grain]
    of_rows = [
        SQL("CASE WHEN _rows = 1 THEN %s END AS %s", SQL.identifier(name), SQL.identifier(name))
        if name in counted
        else SQL.identifier(name)
        for name in names
    ]
    parts = [SQL("SELECT %s FROM g", commas([*_identifiers(question.keys), *of_rows]))]
    for m in distinct:
        values = commas([_named(_keys(question)), SQL("t.value")] if question.keys else [SQL("t.value")])
        several = SQL("(SELECT bool_or(_rows > 1) FROM g)")
        read = _arms(cut, days, question, values, m, several, below)
        if read is None:
            continue
        parts.append(
            SQL(
                "SELECT %s FROM (SELECT DISTINCT * FROM (%s) u) v %s",
                commas(
                    [
                        *_identifiers(question.keys),
                        *(SQL("count(*)" if name == m.name else "NULL") for name in names),
                    ]
                ),
                read,
                _group(question),
            )
        )
    return group, SQL(" UNION ALL ").join(parts)


def _columns_of(measure):
    """The columns of a cut's table that a measure is computed from."""
    if isinstance(measure, Avg):
        return (f"{measure.name}_sum", f"{measure.name}_count")
    return (measure.name,)


def _total(m):
    """SQL of a measure from rows of a cut."""
    name = SQL.identifier(m.name)
    if isinstance(m, CountDistinct):
        # of one row, or of the values: where there are both, they are the same
        return SQL("COALESCE(max(%s), 0)", name)
    if isinstance(m, Count | CountDaily):
        # exact up to nine quadrillion, and a third faster than adding bigint, which makes numeric of it
        return SQL("COALESCE(sum(%s::float8), 0)::bigint", name)
    if isinstance(m, Avg):
        both = (SQL.identifier(f"{m.name}_sum"), SQL.identifier(f"{m.name}_count"))
        # trimmed, so that the quotient's digits do not depend on how the sum was come by
        return SQL("trim_scale(sum(%s)) / NULLIF(sum(%s), 0)", *both)
    if isinstance(m, Min | Max):
        return SQL("%s(%s)", SQL("min" if isinstance(m, Min) else "max"), name)
    return SQL("sum(%s)", name)


def _row(m):
    """SQL of a measure from the one row of a cut that makes up its group."""
    if isinstance(m, Avg):
        sums, counts = (SQL.identifier(f"{m.name}_{part}") for part in ("sum", "count"))
        return SQL("trim_scale(%s) / NULLIF(%s, 0)", sums, counts)
    name = SQL.identifier(m.name)
    return SQL("COALESCE(%s, 0)", name) if isinstance(m, Count | CountDaily | CountDistinct) else name


def _numbers(question, totals):
    """Columns of pairs of a measure and its SQL, as the question wants numbers."""
    for m, sql in totals:
        early = question.floats and not question.limit and isinstance(m, Sum | Avg)
        yield SQL("%s AS %s", SQL("(%s)::float8", sql) if early else sql, SQL.identifier(m.name))


def _as_wanted(question, asked, sql):
    """Of the best, only those that are left need to become floats."""
    if not (question.floats and question.limit):
        return sql
    totals = ((m, SQL.identifier(m.name)) for m in asked)
    numbers = _numbers(replace(question, limit=None), totals)
    return SQL("SELECT %s, _groups FROM (%s) q", commas([*_identifiers(question.keys), *numbers]), sql)


def _groups(question):
    return SQL(", count(*) OVER () AS _groups") if question.limit else SQL()


def _ordered(question):
    """ORDER BY and LIMIT over the answer's columns."""
    if not question.order and not question.limit:
        return SQL()
    terms = [
        SQL("%s %s NULLS LAST", SQL.identifier(name), SQL("DESC" if direction == "desc" else "ASC"))
        for name, direction in (*question.order, *((key, "asc") for key in question.keys))
    ]
    order = SQL("ORDER BY %s", commas(terms)) if terms else SQL()
    return SQL("%s LIMIT %s", order, question.limit) if question.limit else order


def base(rollup, question, restrict=None):
    """Statement that answers the same from the source tables.

    :param restrict: further condition over the sources' own columns, qualified by the declared aliases
    """
    check(rollup, question)
    asked = measures(rollup, question)
    inner = [("bucket", objects.bucket(rollup))]
    inner += [(d.name, trusted(d.expression)) for d in rollup.dimensions]
    inner += [(f"_{number}", trusted(m.expression)) for number, m in enumerate(asked) if m.expression]
    totals = ((m, _base_total(m, SQL.identifier(f"_{number}"))) for number, m in enumerate(asked))
    ranges = (
        objects.in_range(rollup, SQL("%s::date", first), SQL("%s::date", end))
        for first, end in question.spans
    )
    conditions = [SQL("(%s)", SQL(" OR ").join(SQL("(%s)", one) for one in ranges))]
    if restrict:
        conditions.append(SQL("(%s)", restrict))
    named = [SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in _keys(question)]
    return _as_wanted(
        question,
        asked,
        SQL(
            "SELECT %s%s FROM (SELECT %s FROM %s WHERE %s) t %s WHERE %s %s %s",
            commas([*named, *_numbers(question, totals)]),
            _groups(question),
            _named(inner),
            objects.sources(rollup),
            all_of(conditions),
            SQL("JOIN %s ON c.days @> t.bucket", cover.periods(question)) if question.periods else SQL(),
            question.where or SQL("TRUE"),
            _group_inner(question),
            _ordered(question),
        ),
    )


def _base_total(m, raw):
    """SQL of a measure from rows of the sources."""
    if isinstance(m, Count):
        return SQL("count(%s)", raw if m.expression else SQL("*"))
    if isinstance(m, CountDistinct):
        return SQL("count(DISTINCT %s)", raw)
    if isinstance(m, CountDaily):
        return SQL("count(DISTINCT (bucket, %s)) FILTER (WHERE %s IS NOT NULL)", raw, raw)
    if isinstance(m, Min | Max):
        return SQL("%s(%s)", SQL("min" if isinstance(m, Min) else "max"), raw)
    if isinstance(m, Avg):
        return SQL("trim_scale(sum(%s::numeric)) / NULLIF(count(%s), 0)", raw, raw)
    return SQL("sum(%s::numeric)", raw)


def _group_inner(question):
    count = len(question.keys)
    return SQL("GROUP BY %s", commas(SQL(str(n + 1)) for n in range(count))) if count else SQL()
