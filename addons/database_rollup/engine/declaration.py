"""What a rollup is. Everything here is written by developers, never by users: expressions are trusted SQL.

Each column in an expression is qualified by its table's alias (``l.price_total``), so that the engine knows
which columns of which table matter.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from .errors import DeclarationError
from .levels import LEVELS, nested
from .tree import Tree, references

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
#: names that the engine uses for itself in the tables it makes
TAKEN = {"level", "bucket", "period", "value", "t", "r", "c", "d", "p", "days", "xid"}


@dataclass(frozen=True)
class Join:
    """A further table. ``on`` ties ``alias`` to exactly one table declared before it.

    ``left`` keeps rows of the source without a partner. A joined row must not multiply source rows unless
    the measures mean that.
    """

    alias: str
    table: str
    on: str
    left: bool = False


@dataclass(frozen=True)
class Dimension:
    """What rows are grouped and filtered by.

    :param fields: paths from the rollup's model (``order_id.user_id``) that mean the same, so that domains
        and record rules on them can be answered from the rollup
    """

    name: str
    expression: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """``expression`` may be left out by :class:`Count` only, which then counts rows."""

    name: str
    expression: str = ""


class Count(Measure):
    """Rows, or rows where the expression is not null."""


class Sum(Measure):
    """Sum as ``numeric``: exact, whatever the order of adding. Nothing to add gives NULL, as in SQL."""


class Avg(Measure):
    """Sum divided by the number of values, at every level: averages are never averaged."""


class Min(Measure):
    """Smallest value."""


class Max(Measure):
    """Largest value."""


class CountDistinct(Measure):
    """Exact number of different values over any period; kept as the values themselves."""


@dataclass(frozen=True)
class CountDaily(Measure):
    """Number of different values on each day, added up over the days: cow-days from cows.

    :param within: dimensions of which a value has only one on any one day (an animal's farm), by a rule of
        the database or the business that you vouch for; over these it may be added up, over others a
        question must group by or hold to one value. ``verify`` names days on which the promise is broken.
    """

    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cut:
    """Some dimensions and measures that are kept apart from the rest, so that few rows answer.

    :param dimensions: names
    :param measures: names; default: all
    """

    dimensions: tuple[str, ...]
    measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Secured:
    """A further model whose access rights and record rules apply to whoever asks.

    :param path: required many2one fields from the rollup's model to it (``order_id``)
    :param alias: its table among the joins
    """

    model: str
    path: str
    alias: str


@dataclass(frozen=True)
class Rollup:
    """A declared rollup.

    :param name: lower case, at most 30 characters; names the database objects
    :param table: source table, with the alias ``alias``
    :param time: ``alias.column`` of the source or of a joined table, a ``timestamp`` in UTC; or a ``date``,
        which may be any expression over columns of one table (index it)
    :param zone: ``alias.column`` with the name of the time zone in which a timestamp's day begins; without
        it, or where it is empty or unknown to PostgreSQL, UTC. Its table is joined to the time's table.
    :param timestamp: whether ``time`` is a timestamp (else a date)
    :param where: conditions, all of which a row must meet
    :param levels: ``day`` and the coarser ones that are kept, of :data:`..levels.LEVELS`
    :param cuts: what is kept; default: one cut with all dimensions and measures
    :param model: ORM model of the source table, whose access rights and record rules apply
    :param secured: further models whose rights and rules apply as well
    """

    name: str
    table: str
    alias: str
    time: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    joins: tuple[Join, ...] = ()
    where: tuple[str, ...] = ()
    zone: str = ""
    timestamp: bool = True
    levels: tuple[str, ...] = ("day", "month", "year")
    cuts: tuple[Cut, ...] = ()
    model: str = ""
    secured: tuple[Secured, ...] = ()
    title: str = ""

    def __post_init__(self):
        self._check_names()
        tree = self.tree
        for expression in self.expressions:
            references(expression, tree.aliases, self.name)
        self._check_time(tree)

    def _check_names(self):
        names = [self.name, *(d.name for d in self.dimensions), *(m.name for m in self.measures)]
        for name in names:
            if not NAME.fullmatch(name) or name in TAKEN:
                raise DeclarationError(
                    f"rollup {self.name}: {name!r} is no usable name; take lower-case letters, digits and _, "
                    f"at most 30, none of {', '.join(sorted(TAKEN))}"
                )
        if len(set(names[1:])) < len(names) - 1:
            raise DeclarationError(f"rollup {self.name}: a dimension or measure name is used twice")
        if not self.measures:
            raise DeclarationError(f"rollup {self.name} has no measure; Count('rows') counts rows")
        if not nested(self.levels):
            raise DeclarationError(
                f"rollup {self.name}: levels {self.levels!r} must begin with day, and go on in the order of "
                + ", ".join(LEVELS)
            )
        for measure in self.measures:
            if not measure.expression and not isinstance(measure, Count):
                raise DeclarationError(f"rollup {self.name}: measure {measure.name} has no expression")
        self._check_cuts()
        suffixes = [f"_{cut.number}_{m.name}_live" for cut in self.kept for m in cut.distinct]
        suffixes += [f"_note_{alias}_u" for alias in self.tree.aliases]
        longest = max(suffixes, key=len)
        if len(self.prefix + longest) > 63:
            raise DeclarationError(
                f"rollup {self.name}: {self.prefix + longest} is longer than PostgreSQL's 63 characters; "
                "shorten the rollup's name, the measure's or the alias"
            )

    def _check_cuts(self):
        for cut in self.cuts:
            self._check_known(f"cut {cut.dimensions!r}", "dimension", cut.dimensions, self.dimensions)
            self._check_known(f"cut {cut.dimensions!r}", "measure", cut.measures, self.measures)
        if len({frozenset(cut.dimensions) for cut in self.cuts}) < len(self.cuts):
            raise DeclarationError(f"rollup {self.name}: two cuts have the same dimensions; make them one")
        for measure in self.measures:
            if isinstance(measure, CountDaily):
                self._check_known(f"{measure.name}'s within", "dimension", measure.within, self.dimensions)

    def _check_known(self, what, kind, names, declared):
        known = [item.name for item in declared]
        for name in names:
            if name not in known:
                raise DeclarationError(
                    f"rollup {self.name}: {what} names no {kind}: {name!r}; there are {', '.join(known)}"
                )

    def _check_time(self, tree):
        for label, column in (("time", self.timestamp and self.time), ("zone", self.zone)):
            if column and not re.fullmatch(r"\w+\.\w+", column):
                raise DeclarationError(f"rollup {self.name}: {label} {column!r} must be alias.column")
        if len({alias for alias, _column in references(self.time, tree.aliases, self.name)}) != 1:
            raise DeclarationError(f"rollup {self.name}: time {self.time!r} must be of exactly one table")
        if self.zone and not self.timestamp:
            raise DeclarationError(f"rollup {self.name}: a date has no time zone; leave out zone")
        for alias in self.zone_aliases:
            if self.time_alias not in tree.up(alias):
                raise DeclarationError(
                    f"rollup {self.name}: the zone's table {alias} must be joined to the time's table "
                    f"{self.time_alias}, or a bucket could not be told from the latter alone"
                )

    @cached_property
    def tree(self):
        return Tree(self.name, self.alias, self.joins)

    @cached_property
    def expressions(self):
        return (
            self.time,
            *filter(None, (self.zone,)),
            *(d.expression for d in self.dimensions),
            *(m.expression for m in self.measures if m.expression),
            *self.where,
            *(join.on for join in self.joins),
        )

    @cached_property
    def time_alias(self):
        return next(alias for alias, _column in references(self.time, self.tree.aliases, self.name))

    @cached_property
    def zone_aliases(self):
        """Tables between the time's table (left out) and the zone's: a change of theirs moves every day."""
        if not self.zone:
            return ()
        alias = self.zone.partition(".")[0]
        return tuple(a for a in self.tree.path(alias, self.time_alias) if a != self.time_alias)

    @cached_property
    def columns(self):
        """``{alias: columns that matter}``, sorted."""
        found = {alias: set() for alias in self.tree.aliases}
        for expression in self.expressions:
            for alias, column in references(expression, self.tree.aliases, self.name):
                found[alias].add(column)
        return {alias: tuple(sorted(names)) for alias, names in found.items()}

    @cached_property
    def kept(self):
        """The cuts with what they name: a tuple of :class:`Kept`."""
        cuts = self.cuts or (Cut(tuple(d.name for d in self.dimensions)),)
        return tuple(
            Kept(
                self,
                number,
                tuple(d for d in self.dimensions if d.name in cut.dimensions),
                tuple(m for m in self.measures if not cut.measures or m.name in cut.measures),
            )
            for number, cut in enumerate(cuts)
        )

    @property
    def graces(self):
        """Grace periods that a note must outlive before it may be folded (README, *Protocol*)."""
        return len(self.tree.aliases) if self.joins else 0

    @cached_property
    def fingerprint(self):
        """Changes with everything that the database objects are made of."""
        facts = (
            5,  # of this engine's objects
            self.table,
            self.alias,
            self.time,
            self.zone,
            self.timestamp,
            self.levels,
            self.where,
            self.joins,
            [(d.name, d.expression) for d in self.dimensions],
            [(type(m).__name__, m.name, m.expression) for m in self.measures],
            [([d.name for d in cut.dimensions], [m.name for m in cut.measures]) for cut in self.kept],
        )
        return sha256(repr(facts).encode()).hexdigest()[:8]

    @property
    def prefix(self):
        return f"{self.name}_{self.fingerprint}"

    def dimension(self, name):
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        return None

    def measure(self, name):
        for measure in self.measures:
            if measure.name == name:
                return measure
        return None


@dataclass(frozen=True, eq=False)
class Kept:
    """A cut with its declarations looked up; they are in the order of the rollup's."""

    rollup: Rollup
    number: int
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]

    @property
    def prefix(self):
        return f"{self.rollup.prefix}_{self.number}"

    @cached_property
    def names(self):
        return frozenset(d.name for d in self.dimensions)

    @cached_property
    def distinct(self):
        return tuple(m for m in self.measures if isinstance(m, CountDistinct))

    @cached_property
    def stored(self):
        """Its columns: ``(column, aggregate of source rows, aggregate of finer rows)``.

        There is no way to aggregate a distinct count: None.
        """
        return tuple(column for measure in self.measures for column in _stored(measure))


def _stored(measure):
    name, e = measure.name, measure.expression
    if isinstance(measure, Count):
        yield name, f"count({e or '*'})", "sum({})::bigint"
    elif isinstance(measure, Sum):
        yield name, f"sum(({e})::numeric)", "sum({})"
    elif isinstance(measure, Avg):
        yield f"{name}_sum", f"sum(({e})::numeric)", "sum({})"
        yield f"{name}_count", f"count({e})", "sum({})::bigint"
    elif isinstance(measure, Min | Max):
        how = "min" if isinstance(measure, Min) else "max"
        yield name, f"{how}({e})", how + "({})"
    elif isinstance(measure, CountDaily):
        yield name, f"count(DISTINCT {e})", "sum({})::bigint"
    elif isinstance(measure, CountDistinct):
        yield name, f"count(DISTINCT {e})", None
