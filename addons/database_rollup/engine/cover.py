"""Which days of a question a rollup's levels answer, and which are read live.

Either the statement itself finds out (:func:`found`), or a statement before it has, in the same transaction
and so in the same snapshot (:func:`standing`, :func:`known`): a page with several questions looks once, and
each of its statements is short.
"""

import re
from dataclasses import dataclass
from datetime import date

from odoo.tools import SQL

from . import objects
from .levels import CODES, LEVELS, split
from .protocol import RULES
from .question import GRAINS
from .sql import commas, own

#: more separate dirty ranges than this are left to the statement itself
MOST_DIRTY = 50


@dataclass
class Cover:
    """FROM items of a statement's two arms; ``None`` where there is nothing to read.

    :param ctes: what the statement has to begin with
    :param pieces: function that gives ``c(period, level, low, high)``, of levels below a code if it gets one
    :param live: ``c`` with ``period``; ``low`` and ``high``: SQL of the ranges
    """

    ctes: list
    pieces: object
    live: SQL | None
    low: SQL
    high: SQL


def _levels(cut, question):
    """Levels that may answer, from coarse to fine."""
    coarsest = CODES[GRAINS[question.grain]] if question.grain else CODES[LEVELS[-1]]
    return [level for level in reversed(cut.rollup.levels) if CODES[level] <= coarsest]


def _if_ready(rollup, dirty, otherwise):
    """SQL: what is dirty if the rollup's tables are those of the snapshot."""
    first = objects.table(rollup.kept[0])
    return SQL(
        # Tables are found by name as of now, rows as of the snapshot: they must belong together. The
        # join that finds nothing locks the table before its name is turned into the oid; while it is
        # locked, no other declaration's tables can come into being.
        "CASE WHEN EXISTS (SELECT FROM %(state)s s LEFT JOIN %(first)s ON false WHERE s.name = %(name)s"
        " AND s.ready AND s.fingerprint = %(fingerprint)s AND s.relation = %(relation)s::regclass)"
        " THEN %(dirty)s ELSE %(otherwise)s END",
        state=own("state"),
        first=first,
        name=rollup.name,
        fingerprint=rollup.fingerprint,
        relation=first.code,
        dirty=dirty,
        otherwise=otherwise,
    )


# ---------------------------------------------------------------- in the statement itself


def periods(question):
    """The periods, as a table of their numbers and days."""
    rows = (
        SQL("(%s, datemultirange(daterange(%s, %s)))", SQL(str(number)), first, end)
        for number, (first, end) in enumerate(question.spans)
    )
    return SQL("(VALUES %s) c(period, days)", commas(rows))


def found(cut, question, rules=RULES, noted=None):
    """The :class:`Cover` of a statement that looks itself.

    :param noted: dirty days read earlier, as text: what the mutation check breaks ``read-once`` with
    """
    rollup = cut.rollup
    period = SQL("daterange(%s, %s)", question.first, question.end)
    if noted is None:
        noted = SQL("(SELECT range_agg(days) FROM %s WHERE days && %s)", objects.log(rollup), period)
    else:
        noted = SQL("%s::datemultirange", noted)
    dirty = SQL("COALESCE(%s * datemultirange(%s), '{}')", noted, period)
    if "read-ready" in rules:
        dirty = _if_ready(rollup, dirty, SQL("datemultirange(%s)", period))
    asked = periods(question)
    cte = SQL(
        "d AS MATERIALIZED (SELECT %s AS dirty), c AS MATERIALIZED (SELECT c.period, p.* FROM d, %s,"
        " %s(c.days - d.dirty, %s::smallint[]) p)",
        dirty,
        asked,
        own("pieces"),
        [CODES[level] for level in _levels(cut, question)],
    )

    def pieces(below=None):
        return SQL("c") if below is None else SQL("(SELECT * FROM c WHERE level < %s) c", below)

    return Cover(
        [cte],
        pieces,
        SQL("d, %s, unnest(c.days * d.dirty) r", asked),
        SQL("lower(r)"),
        SQL("upper(r)"),
    )


# ---------------------------------------------------------------- in a statement before it


def standing(rollups):
    """Statement: one row with the dirty days of each rollup, as text for :func:`dirty_of`.

    It locks what it looks at until the transaction ends: its answer holds for the other statements of a
    transaction with one snapshot, as long as that writes nothing to the source tables itself.
    """
    columns = (
        SQL(
            "(%s)::text",
            _if_ready(
                rollup,
                SQL("COALESCE((SELECT range_agg(days) FROM %s), '{}')", objects.log(rollup)),
                SQL(f"'{objects.EVERYTHING}'::datemultirange"),
            ),
        )
        for rollup in rollups
    )
    return SQL("SELECT %s", commas(columns))


def dirty_of(text):
    """``((first day, day after the last), …)`` of a datemultirange, in order; ``None`` without a bound.

    ``None`` itself when there are too many.
    """
    ranges = re.findall(r"[\[(]([^,]*),([^)\]]*)[)\]]", text)
    if len(ranges) > MOST_DIRTY:
        return None
    return tuple((_day(low, None, date.max), _day(high, date.min, None)) for low, high in ranges)


def _day(text, early, late):
    """A bound as date; ``early`` or ``late`` where Python's calendar has no such day."""
    if not text:
        return None
    if "BC" in text or text.startswith("-"):
        return early
    return date.fromisoformat(text) if len(text) == len("2000-01-01") else late


def known(cut, question, dirty):
    """The :class:`Cover` when the ``dirty`` days (of :func:`dirty_of`) are known."""
    levels = _levels(cut, question)
    pieces, live = [], []
    for number, (first, end) in enumerate(question.spans):
        day = first
        for low, high in dirty:
            low, high = max(low or first, first), min(high or end, end)
            if low < high:
                pieces += [(number, *piece) for piece in split(day, low, levels)]
                live.append((number, low, high))
                day = max(day, high)
        pieces += [(number, *piece) for piece in split(day, end, levels)]

    def of_levels(below=None):
        rows = [
            SQL("(%s, %s::smallint, %s, %s)", SQL(str(number)), SQL(str(CODES[level])), low, high)
            for number, level, low, high in pieces
            if below is None or CODES[level] < below
        ]
        return SQL("(VALUES %s) c(period, level, low, high)", commas(rows)) if rows else None

    rows = [SQL("(%s, %s, %s)", SQL(str(number)), low, high) for number, low, high in live]
    ranges = SQL("(VALUES %s) c(period, low, high)", commas(rows)) if rows else None
    return Cover([], of_levels, ranges, SQL("c.low"), SQL("c.high"))
