"""What a rollup is. Everything here is written by developers, never by users: expressions are trusted SQL.

Each column in an expression is qualified by its table's alias (``l.price_total``), so that the engine knows
which columns of which table matter.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from .errors import DeclarationError
from .tree import Tree, references

NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
#: from fine to coarse
LEVELS = ("day", "month", "year")
#: names that the engine uses for itself in the tables it makes
TAKEN = {"bucket", "value", "t", "r", "c", "days", "xid"}


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
    :param time: ``alias.column`` of the source or of a joined table: a ``date``, or a ``timestamp`` in UTC
    :param zone: ``alias.column`` with the name of the time zone in which a timestamp's day begins; without
        it, or where it is empty or unknown to PostgreSQL, UTC. Its table is joined to the time's table.
    :param timestamp: whether ``time`` is a timestamp (else a date)
    :param where: conditions, all of which a row must meet
    :param levels: ``day`` and the coarser ones that are kept
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
    levels: tuple[str, ...] = LEVELS
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
        longest = max(
            [f"_{m.name}_month" for m in self.distinct] + [f"_note_{a}_u" for a in self.tree.aliases], key=len
        )
        if len(self.prefix + longest) > 63:
            raise DeclarationError(
                f"rollup {self.name}: {self.prefix + longest} is longer than PostgreSQL's 63 characters; "
                "shorten the rollup's name, the measure's or the alias"
            )
        if len(set(names[1:])) < len(names) - 1:
            raise DeclarationError(f"rollup {self.name}: a dimension or measure name is used twice")
        if not self.measures:
            raise DeclarationError(f"rollup {self.name} has no measure; Count('rows') counts rows")
        if self.levels not in (LEVELS[:1], LEVELS[:2], LEVELS):
            raise DeclarationError(
                f"rollup {self.name}: levels {self.levels!r} must be day, month, year in order"
            )
        for measure in self.measures:
            if not measure.expression and not isinstance(measure, Count):
                raise DeclarationError(f"rollup {self.name}: measure {measure.name} has no expression")

    def _check_time(self, tree):
        for label, column in (("time", self.time), ("zone", self.zone)):
            if column and not re.fullmatch(r"\w+\.\w+", column):
                raise DeclarationError(f"rollup {self.name}: {label} {column!r} must be alias.column")
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

    @property
    def time_alias(self):
        return self.time.partition(".")[0]

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
    def stored(self):
        """Measures that have a column: ``(column, aggregate of source rows, aggregate of rollup rows)``."""
        result = []
        for m in self.measures:
            e = m.expression
            if isinstance(m, Count):
                result.append((m.name, f"count({e or '*'})", "sum({})::bigint"))
            elif isinstance(m, Sum):
                result.append((m.name, f"sum(({e})::numeric)", "sum({})"))
            elif isinstance(m, Avg):
                result.append((f"{m.name}_sum", f"sum(({e})::numeric)", "sum({})"))
                result.append((f"{m.name}_count", f"count({e})", "sum({})::bigint"))
            elif isinstance(m, Min | Max):
                how = "min" if isinstance(m, Min) else "max"
                result.append((m.name, f"{how}({e})", how + "({})"))
        return tuple(result)

    @property
    def distinct(self):
        return tuple(m for m in self.measures if isinstance(m, CountDistinct))

    @property
    def graces(self):
        """Grace periods that a note must outlive before it may be folded (README, *Protocol*)."""
        return len(self.tree.aliases) if self.joins else 0

    @cached_property
    def fingerprint(self):
        """Changes with everything that the database objects are made of."""
        facts = (
            3,  # of this engine's objects
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
