"""Days and what they are gathered in: each level's buckets lie within those of the next."""

from datetime import date, timedelta
from functools import cache

from odoo.tools import SQL

#: from fine to coarse. A dekad is a third of a month: from the 1st, the 11th, the 21st.
LEVELS = ("day", "dekad", "month", "quarter", "year")
#: how a level is marked in the tables
CODES = {level: code for code, level in enumerate(LEVELS)}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def start(level, day):
    """SQL: first day of the bucket that holds ``day``."""
    if level == "day":
        return day
    if level == "dekad":
        third = SQL("LEAST((EXTRACT(day FROM %s)::integer - 1) / 10, 2)", day)
        return SQL("(date_trunc('month', %s::timestamp)::date + 10 * %s)", day, third)
    return SQL("date_trunc(%s, %s::timestamp)::date", SQL(f"'{level}'"), day)


def after(level, first):
    """SQL: the day after the bucket that begins on ``first``."""
    if level == "day":
        return SQL("(%s + 1)", first)
    if level == "dekad":
        month = after("month", start("month", first))
        return SQL("CASE WHEN EXTRACT(day FROM %s) < 21 THEN %s + 10 ELSE %s END", first, first, month)
    return SQL("(%s + interval %s)::date", first, SQL(f"'{_MONTHS[level]} months'"))


def begin(level, day):
    """First day of the bucket that holds ``day``."""
    if level == "day":
        return day
    if level == "dekad":
        return day.replace(day=min((day.day - 1) // 10, 2) * 10 + 1)
    months = _MONTHS[level]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def end(level, first):
    """The day after the bucket that begins on ``first``."""
    if level == "day":
        return first + timedelta(days=1)
    if level == "dekad":
        return first.replace(day=first.day + 10) if first.day < 21 else end("month", first.replace(day=1))
    month = first.year * 12 + first.month - 1 + _MONTHS[level]
    return date(month // 12, month % 12 + 1, 1)


def whole(level, first, last_end):
    """The whole buckets of a level within ``[first, last_end)``, as ``[(first day, day after)]``."""
    found = []
    at = begin(level, first)
    if at < first:
        at = end(level, at)
    while (after_it := end(level, at)) <= last_end:
        found.append((at, after_it))
        at = after_it
    return found


@cache
def nested(levels):
    """Whether ``levels`` are such as a rollup may keep: from the day on, each coarser than the one before."""
    return bool(levels) and levels[0] == "day" and levels == tuple(x for x in LEVELS if x in levels)
