"""Days and what they are gathered in: each level's buckets lie within those of the next."""

from datetime import date, timedelta

from odoo.tools import SQL

from .sql import own

#: from fine to coarse. A dekad is a third of a month: from the 1st, the 11th, the 21st. A century, from 2001
#: to 2100, is for what is asked about all time.
LEVELS = ("day", "dekad", "month", "quarter", "year", "century")
#: how a level is marked in the tables
CODES = {level: code for code, level in enumerate(LEVELS)}
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "century": 1200}


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


def nested(levels):
    """Whether ``levels`` are such as a rollup may keep: from the day on, each coarser than the one before."""
    return bool(levels) and levels[0] == "day" and levels == tuple(x for x in LEVELS if x in levels)


def _bucket(level, day):
    """``(first day, day after the last)`` of the bucket that holds ``day``; ``None`` beyond the year 9999."""
    if level == "day":
        first, months = day, 0
    elif level == "dekad":
        third = min((day.day - 1) // 10, 2)
        first, months = day.replace(day=1 + 10 * third), int(third == 2)
        if not months:
            return first, first + timedelta(days=10)
    elif level == "century":
        first, months = date((day.year - 1) // 100 * 100 + 1, 1, 1), 1200
    else:
        months = _MONTHS[level]
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
    if not months:
        return first, first + timedelta(days=1)
    years, month = divmod(first.month - 1 + months, 12)
    return first, date(first.year + years, month + 1, 1) if first.year + years <= date.max.year else None


def split(low, high, levels):
    """``pieces`` in Python, of one range: [(level, first day, day after the last)].

    :param levels: names, from coarse to fine, the last one ``day``
    """
    found, taken = [], None
    for level in levels:
        if low >= high:
            break
        first, after = _bucket(level, low)
        begin = low if first == low else after
        end = _bucket(level, high)[0]
        if begin is None or begin >= end:
            continue
        if taken is None:
            found.append((level, begin, end))
        else:
            found += [(level, *part) for part in ((begin, taken[0]), (taken[1], end)) if part[0] < part[1]]
        taken = begin, end
    return found


def create_pieces():
    """Statement that creates ``pieces(days, levels)``: which level's buckets make up these days.

    Of each range the coarsest level takes its whole buckets, which lie together; the next one what is left
    on both sides of them, and so on. ``levels`` are codes, from coarse to fine, the last one 0.
    """
    low, high = SQL("lower(range)"), SQL("upper(range)")

    def by_level(of):
        cases = SQL(" ").join(SQL("WHEN %s THEN %s", SQL(str(CODES[level])), of(level)) for level in LEVELS)
        return SQL("CASE level %s END", cases)

    return SQL(
        """
        CREATE OR REPLACE FUNCTION %(name)s(days datemultirange, levels smallint[])
        RETURNS TABLE (level smallint, low date, high date) LANGUAGE plpgsql IMMUTABLE ROWS 10 AS $rollup$
        DECLARE
            range daterange;
            whole_low date;
            whole_high date;
            taken_low date;
            taken_high date;
        BEGIN
            FOR range IN SELECT unnest(days) LOOP
                taken_low := NULL;
                FOREACH level IN ARRAY levels LOOP
                    whole_low := %(low)s;
                    whole_high := %(high)s;
                    CONTINUE WHEN whole_low >= whole_high;
                    low := whole_low;
                    high := COALESCE(taken_low, whole_high);
                    IF low < high THEN RETURN NEXT; END IF;
                    low := taken_high;
                    high := whole_high;
                    IF taken_low IS NOT NULL AND low < high THEN RETURN NEXT; END IF;
                    taken_low := whole_low;
                    taken_high := whole_high;
                END LOOP;
            END LOOP;
        END $rollup$
        """,
        name=own("pieces"),
        low=by_level(lambda level: after(level, start(level, SQL("(%s - 1)", low)))),
        high=by_level(lambda level: start(level, high)),
    )
