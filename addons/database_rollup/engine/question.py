"""Questions to a rollup, and which cut may answer them."""

from dataclasses import dataclass
from datetime import date, timedelta

from odoo.tools import SQL

from .declaration import Count, CountDaily, Max, Min, Sum
from .errors import NotCoveredError, QuestionError
from .levels import LEVELS

#: what a result can be cut into, and the coarsest level whose buckets lie within one
GRAINS = {"day": "day", "week": "day", **dict(zip(LEVELS[1:], LEVELS[1:], strict=True))}
ORDERS = ("asc", "desc")


@dataclass(frozen=True)
class Question:
    """What to read.

    :param first: first day; ``last``: last day, included
    :param measures: names; default: all
    :param by: dimensions that the result is grouped by
    :param grain: cut the period into 'day', 'week' (from Monday), 'dekad', 'month', 'quarter', 'year' or
        'century'
    :param where: condition over the dimensions as columns of ``t``; names come from :func:`column`
    :param pinned: dimensions that ``where`` holds to one value
    :param order: pairs of a column of the answer and 'asc' or 'desc'. NULL comes last either way; the
        keys break ties
    :param limit: most rows; the statement then has one more column, the number of groups without the limit
    :param periods: pairs of days within ``first`` and ``last``, to ask about each of them; they may overlap.
        The result's first column, ``period``, is the number of the pair, from 0; one without rows is missing
    :param parts: a group may come in several rows, for a statement that adds them up in its own way: counts,
        sums, smallest and largest values only
    :param floats: sums and averages in double precision, as Odoo's cursors give every number
    """

    first: date
    last: date
    measures: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    grain: str | None = None
    where: SQL | None = None
    pinned: tuple[str, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    limit: int | None = None
    periods: tuple[tuple[date, date], ...] = ()
    parts: bool = False
    floats: bool = False

    @property
    def end(self):
        return self.last + timedelta(days=1)

    @property
    def spans(self):
        """``(first day, day after the last)`` of each period; of the only one where none are given."""
        pairs = self.periods or ((self.first, self.last),)
        return tuple((first, last + timedelta(days=1)) for first, last in pairs)

    @property
    def keys(self):
        """Names of what the result is grouped by."""
        return (
            *(("period",) if self.periods else ()),
            *(("bucket",) if self.grain else ()),
            *self.by,
        )


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
    for first, last in (*question.periods, (question.first, question.last)):
        if first > last:
            raise QuestionError(f"first day {first} is after last day {last}: swap them")
        if first < question.first or last > question.last:
            raise QuestionError(
                f"period {first} to {last} is not within {question.first} to {question.last}: widen these"
            )
    if question.first.year < 2 or question.last.year > 9990:
        raise QuestionError(f"{question.first} to {question.last} is outside the years 2 to 9990")
    have = columns(rollup, question)
    for name, direction in question.order:
        if name not in have:
            raise QuestionError(f"order by {name!r}: the answer's columns are {', '.join(have)}")
        if direction not in ORDERS:
            raise QuestionError(f"order by {name} {direction!r}: say 'asc' or 'desc'")
    if question.parts and any(not isinstance(m, Count | Sum | Min | Max) for m in measures(rollup, question)):
        raise QuestionError("parts of averages and of different values cannot be added up: leave parts out")
    if question.limit is not None and question.limit < 1:
        raise QuestionError(f"limit {question.limit!r} is less than 1; leave it out for all rows")


def measures(rollup, question):
    """The measures asked for."""
    return (
        [rollup.measure(name) for name in question.measures] if question.measures else list(rollup.measures)
    )


def columns(rollup, question):
    """Names of the answer's columns: ``bucket`` (first day of the grain), dimensions, measures."""
    return (*question.keys, *(m.name for m in measures(rollup, question)))


def choose(rollup, question):
    """The cut with the fewest dimensions that can answer; of several, the first declared.

    :raises NotCoveredError: none can
    """
    used = {
        d.name for d in rollup.dimensions if question.where and column(d.name).code in question.where.code
    }
    needed = used | set(question.by)
    wanted = measures(rollup, question)
    fitting = [
        cut for cut in rollup.kept if needed <= cut.names and all(_adds_up(cut, question, m) for m in wanted)
    ]
    if fitting:
        return min(fitting, key=lambda cut: len(cut.dimensions))
    raise NotCoveredError(
        f"no cut of rollup {rollup.name} has {', '.join(m.name for m in wanted)}"
        f" by {', '.join(sorted(needed)) or 'nothing'}"
    )


def _adds_up(cut, question, measure):
    """Whether the cut has the measure, and adding rows of one day together counts nothing twice."""
    if measure not in cut.measures:
        return False
    if not isinstance(measure, CountDaily):
        return True
    return cut.names <= {*measure.within, *question.by, *question.pinned}


def one_row_each(cut, question):
    """Whether every group of the answer is made of at most one row of the cut, whatever there is."""
    days = question.grain == "day" or all(end - first == timedelta(days=1) for first, end in question.spans)
    return days and cut.names <= {*question.by, *question.pinned}
