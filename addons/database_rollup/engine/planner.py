"""Questions to a rollup, and the one statement that answers each exactly.

Both statements of this module answer a question with the same columns: ``answer`` from the rollup,
``base`` from the source tables.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from odoo.tools import SQL

from . import objects
from .declaration import LEVELS, Avg, Count, CountDistinct, Max, Min
from .errors import QuestionError
from .protocol import RULES
from .sql import all_of, commas, own, trusted

#: what a result can be cut into, and the coarsest level that still can be
GRAINS = {"day": "day", "week": "day", "month": "month", "quarter": "month", "year": "year"}


@dataclass(frozen=True)
class Question:
    """What to read.

    :param first: first day; ``last``: last day, included
    :param measures: names; default: all
    :param by: dimensions that the result is grouped by
    :param grain: cut the period into 'day', 'week' (from Monday), 'month', 'quarter' or 'year'
    :param where: condition over the dimensions as columns of ``t``; names come from :func:`column`
    """

    first: date
    last: date
    measures: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    grain: str | None = None
    where: SQL | None = None

    @property
    def end(self):
        return self.last + timedelta(days=1)


def column(name):
    """A dimension in a question's ``where``."""
    return SQL.identifier("t", name)


def check(rollup, question):
    """
    :raises QuestionError: names what the rollup does not have
    """
    for name in question.by:
        if not rollup.dimension(name):
            have = ", ".join(d.name for d in rollup.dimensions) or "none"
            raise QuestionError(f"rollup {rollup.name} has no dimension {name!r}; it has {have}")
    for name in question.measures:
        if not rollup.measure(name):
            have = ", ".join(m.name for m in rollup.measures)
            raise QuestionError(f"rollup {rollup.name} has no measure {name!r}; it has {have}")
    if question.grain is not None and question.grain not in GRAINS:
        raise QuestionError(f"grain {question.grain!r} is none of {', '.join(GRAINS)}")
    if question.first > question.last:
        raise QuestionError(f"first day {question.first} is after last day {question.last}: swap them")
    if question.first.year < 2 or question.last.year > 9990:
        raise QuestionError(f"{question.first} to {question.last} is outside the years 2 to 9990")


def columns(rollup, question):
    """Names of the answer's columns: ``bucket`` (first day of the grain), dimensions, measures."""
    return (
        *(("bucket",) if question.grain else ()),
        *question.by,
        *(m.name for m in _measures(rollup, question)),
    )


def _measures(rollup, question):
    wanted = question.measures or tuple(m.name for m in rollup.measures)
    return [rollup.measure(name) for name in wanted]


def whole(level, first, end):
    """The whole buckets of a level within ``[first, end)``, as ``[(first day, day after)]``."""
    found = []
    at = first.replace(day=1)
    if level == "year":
        at = at.replace(month=1)
    while at < end:
        if level == "year":
            after = date(at.year + 1, 1, 1)
        else:
            after = date(at.year + at.month // 12, at.month % 12 + 1, 1)
        if at >= first and after <= end:
            found.append((at, after))
        at = after
    return found


def _ranges(pairs):
    """A daterange[] of half-open pairs of dates."""
    return SQL("%s::daterange[]", [f"[{low},{high})" for low, high in pairs])


def _levels(rollup, question):
    """Levels that may answer, coarse to fine."""
    coarsest = GRAINS[question.grain] if question.grain else "year"
    usable = LEVELS[: LEVELS.index(coarsest) + 1]
    return [level for level in reversed(rollup.levels) if level in usable]


def _cover(rollup, question, rules, noted):
    """CTEs ``d`` and ``c``: the day ranges that each level answers, and ``dirty``, which is read live."""
    period = SQL("daterange(%s, %s)", question.first, question.end)
    if noted is None:
        noted = SQL("(SELECT range_agg(days) FROM %s WHERE days && %s)", objects.log(rollup), period)
    else:
        noted = SQL("%s::datemultirange", noted)
    dirty = SQL("COALESCE(%s * datemultirange(%s), '{}')", noted, period)
    if "read-ready" in rules:
        dirty = SQL(
            # Tables are found by name as of now, rows as of the snapshot: they must belong together. The
            # join that finds nothing locks the table before its name is turned into the oid.
            "CASE WHEN EXISTS (SELECT FROM %(state)s s LEFT JOIN %(day)s ON false WHERE s.name = %(name)s"
            " AND s.ready AND s.fingerprint = %(fingerprint)s AND s.relation = %(relation)s::regclass)"
            " THEN %(dirty)s ELSE datemultirange(%(period)s) END",
            state=own("state"),
            day=objects.table(rollup, "day"),
            name=rollup.name,
            fingerprint=rollup.fingerprint,
            relation=objects.table(rollup, "day").code,
            dirty=dirty,
            period=period,
        )
    rows = SQL("d")
    taken = [SQL("d.dirty")]
    result = [SQL("d.dirty")]
    for level in _levels(rollup, question):
        if level == "day":
            left = SQL("datemultirange(%s)", period)
            for part in taken:
                left = SQL("%s - %s", left, part)
            result.append(SQL("%s AS day", left))
            continue
        name = SQL.identifier(level)
        clean = all_of(SQL("NOT r && %s", part) for part in taken)
        rows = SQL(
            "%s CROSS JOIN LATERAL (SELECT COALESCE(range_agg(r) FILTER (WHERE %s), '{}') AS %s"
            " FROM unnest(%s) r) %s",
            rows,
            clean,
            name,
            _ranges(whole(level, question.first, question.end)),
            SQL.identifier(f"_{level}"),
        )
        part = SQL.identifier(f"_{level}", level)
        taken.append(part)
        result.append(part)
    return SQL(
        "d AS MATERIALIZED (SELECT %s AS dirty), c AS MATERIALIZED (SELECT %s FROM %s)",
        dirty,
        commas(result),
        rows,
    )


def _arms(rollup, question, select, measure=None):
    """The rows of every level and the live ones, with the columns ``select``."""
    where = SQL("AND (%s)", question.where) if question.where else SQL()
    arms = [
        SQL(
            "SELECT %s FROM c, unnest(c.%s) r, %s t WHERE t.bucket >= lower(r) AND t.bucket < upper(r) %s",
            select,
            SQL.identifier(level),
            objects.table(rollup, level, measure),
            where,
        )
        for level in _levels(rollup, question)
    ]
    arms.append(
        SQL(
            "SELECT %s FROM c, unnest(c.dirty) r, LATERAL %s(lower(r), upper(r)) t WHERE TRUE %s",
            select,
            objects.live(rollup, measure),
            where,
        )
    )
    return SQL(" UNION ALL ").join(arms)


def _keys(question, alias="t"):
    """``(name, SQL)`` of what the result is grouped by."""
    found = []
    if question.grain:
        day = SQL.identifier(alias, "bucket")
        cut = day if question.grain == "day" else SQL("date_trunc(%s, %s)::date", question.grain, day)
        found.append(("bucket", cut))
    return [*found, *((name, SQL.identifier(alias, name)) for name in question.by)]


def _named(pairs):
    return commas(SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in pairs)


def _group(question):
    names = [SQL.identifier(name) for name, _sql in _keys(question)]
    return SQL("GROUP BY %s", commas(names)) if names else SQL()


def answer(rollup, question, rules=RULES, noted=None):
    """Statement that answers from the rollup: clean days at the coarsest level, dirty ones live.

    :param noted: dirty days read earlier, as text: what the mutation check breaks ``read-once`` with
    """
    check(rollup, question)
    measures = _measures(rollup, question)
    keys = _keys(question)
    names = [name for name, _sql in keys]
    stored = []
    for m in measures:
        if isinstance(m, Avg):
            stored += [f"{m.name}_sum", f"{m.name}_count"]
        elif not isinstance(m, CountDistinct):
            stored.append(m.name)
    distinct = [m for m in measures if isinstance(m, CountDistinct)]
    select = commas(
        [
            *(SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in keys),
            *(SQL.identifier("t", name) for name in stored),
            *(SQL("NULL::bigint AS %s", SQL.identifier(m.name)) for m in distinct),
        ]
    )
    parts = []
    if stored or keys:  # also for distinct counts alone: a group may have rows and no value
        parts.append(_arms(rollup, question, select))
    for m in distinct:
        values = commas([*(SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in keys), SQL("t.value")])
        # where no column is stored, the first of these names the columns
        blank = [
            *(SQL("NULL::numeric AS %s", SQL.identifier(name)) for name in stored),
            *(
                SQL("count(*) AS %s" if other is m else "NULL::bigint AS %s", SQL.identifier(other.name))
                for other in distinct
            ),
        ]
        if stored:
            # types come from the first arm: an untyped NULL fits them all
            blank = [*(SQL("NULL") for _name in stored), *blank[len(stored) :]]
        parts.append(
            SQL(
                "SELECT %s FROM (SELECT DISTINCT * FROM (%s) u) v %s",
                commas([*(SQL.identifier(name) for name in names), *blank]),
                _arms(rollup, question, values, m),
                _group(question),
            )
        )
    return SQL(
        "WITH %s SELECT %s FROM (%s) q %s",
        _cover(rollup, question, rules, noted),
        commas([*(SQL.identifier(name) for name in names), *(_total(m) for m in measures)]),
        SQL(" UNION ALL ").join(parts),
        _group(question),
    )


def _total(m):
    name = SQL.identifier(m.name)
    if isinstance(m, Count | CountDistinct):
        return SQL("COALESCE(sum(%s), 0)::bigint AS %s", name, name)
    if isinstance(m, Avg):
        both = (SQL.identifier(f"{m.name}_sum"), SQL.identifier(f"{m.name}_count"))
        # trimmed, so that the quotient's digits do not depend on how the sum was come by
        return SQL("trim_scale(sum(%s)) / NULLIF(sum(%s), 0) AS %s", *both, name)
    if isinstance(m, Min | Max):
        return SQL("%s(%s) AS %s", SQL("min" if isinstance(m, Min) else "max"), name, name)
    return SQL("sum(%s) AS %s", name, name)


def base(rollup, question, restrict=None):
    """Statement that answers the same from the source tables.

    :param restrict: further condition over the sources' own columns, qualified by the declared aliases
    """
    check(rollup, question)
    inner = [("bucket", objects.bucket(rollup))]
    inner += [(d.name, trusted(d.expression)) for d in rollup.dimensions]
    totals = []
    for number, m in enumerate(_measures(rollup, question)):
        raw = SQL.identifier(f"_{number}")
        if m.expression:
            inner.append((f"_{number}", trusted(m.expression)))
        name = SQL.identifier(m.name)
        if isinstance(m, Count):
            how = SQL("count(%s)", raw if m.expression else SQL("*"))
        elif isinstance(m, CountDistinct):
            how = SQL("count(DISTINCT %s)", raw)
        elif isinstance(m, Min | Max):
            how = SQL("%s(%s)", SQL("min" if isinstance(m, Min) else "max"), raw)
        elif isinstance(m, Avg):
            how = SQL("trim_scale(sum(%s::numeric)) / NULLIF(count(%s), 0)", raw, raw)
        else:
            how = SQL("sum(%s::numeric)", raw)
        totals.append(SQL("%s AS %s", how, name))
    low, high = SQL("%s::date", question.first), SQL("%s::date", question.end)
    conditions = [objects.in_range(rollup, low, high)]
    if restrict:
        conditions.append(SQL("(%s)", restrict))
    return SQL(
        "SELECT %s FROM (SELECT %s FROM %s WHERE %s) t WHERE %s %s",
        commas([*(SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in _keys(question)), *totals]),
        _named(inner),
        objects.sources(rollup),
        all_of(conditions),
        question.where or SQL("TRUE"),
        _group_inner(question),
    )


def _group_inner(question):
    count = len(_keys(question))
    return SQL("GROUP BY %s", commas(SQL(str(n + 1)) for n in range(count))) if count else SQL()
