"""What a declared index is. Written by developers, never by users: expressions are trusted SQL.

What users may declare goes through :mod:`.stored`, which lets names and constants pass and nothing else.
"""

import re
from dataclasses import dataclass

from odoo.tools import SQL

from .errors import DeclarationError
from .sql import commas, relation, trusted

#: room for the names of partitions' indexes and of a successor
NAME = re.compile(r"[a-z][a-z0-9_]{2,57}")
COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,62}")
METHODS = ("btree", "gin", "gist", "brin", "hash")


@dataclass(frozen=True)
class Key:
    """One key of an index.

    :param column: a column's name, or an expression, which PostgreSQL then wants immutable
    :param direction: ``""``, ``"DESC"``, ``"ASC NULLS FIRST"``, … as CREATE INDEX takes it
    :param opclass: operator class, as ``gin_trgm_ops``
    :param unaccent: wrap in ``unaccent()`` where Odoo's ``ilike`` does: where that function is immutable
    """

    column: str
    direction: str = ""
    opclass: str = ""
    unaccent: bool = False

    def sql(self, unaccented):
        found = (
            SQL.identifier(self.column)
            if COLUMN.fullmatch(self.column)
            else SQL("(%s)", trusted(self.column))
        )
        if self.unaccent and unaccented:
            found = SQL("(unaccent(%s))", found)
        return SQL(" ").join([found, *(SQL(part) for part in (self.opclass, self.direction) if part)])


def trigram(column, translated=False):
    """The key that serves ``ilike`` on a column, in the form in which Odoo 19 asks.

    :param translated: the column holds one text a language (jsonb)
    """
    if translated:
        column = f"jsonb_path_query_array({column}, '$.*')::text"
    return Key(column, opclass="gin_trgm_ops", unaccent=True)


@dataclass(frozen=True)
class Value:
    """A value of the database at hand, for a :class:`Query`: the first one of a statement."""

    statement: str


@dataclass(frozen=True)
class Query:
    """The call whose statements an index serves; with it a plan can be asked for on any database.

    :param model, method: what is called; ``args`` and ``kwargs`` may hold :class:`Value`
    :param context: of the call
    """

    model: str
    method: str
    args: tuple = ()
    kwargs: tuple = ()
    context: tuple = ()

    def __str__(self):
        shown = [repr(one) for one in self.args] + [f"{name}={one!r}" for name, one in self.kwargs]
        return f"{self.model}.{self.method}({', '.join(shown)})"


@dataclass(frozen=True)
class Index:
    """An index to have, or one that was tried and condemned.

    :param name: of the index, in ``public``
    :param table: the table, ordinary or partitioned, in ``public``
    :param keys: :class:`Key`, or the text of one: a column, or a column and a direction
    :param include: further columns in its leaves. Each one that changes costs HOT updates
    :param where: predicate, in the form that the query has (``active IS TRUE``)
    :param storage: pairs as ``("fillfactor", 70)``
    :param purpose: in a few words, for people
    :param query: the call that it serves; an administrator's declaration has the statement's text
    :param rejected: not to be deployed, and why: the plan, or the write cost that condemned it
    :param extension: what must be there (``pg_trgm``); without, the index is left out
    """

    name: str
    table: str
    keys: tuple
    include: tuple[str, ...] = ()
    where: str = ""
    method: str = "btree"
    storage: tuple = ()
    purpose: str = ""
    query: Query | str | None = None
    rejected: str = ""
    extension: str = ""

    def __post_init__(self):
        self._expect(NAME.fullmatch(self.name), "name", "3 to 58 lower-case letters, digits and _")
        self._expect(COLUMN.fullmatch(self.table), "table", "the name of a table")
        self._expect(self.method in METHODS, "method", f"one of {', '.join(METHODS)}")
        self._expect(self.keys, "keys", "at least one column or expression")
        for column in self.include:
            self._expect(COLUMN.fullmatch(column), "include", "names of columns")
        self._expect(self.purpose, "purpose", "a few words for people")
        self._expect(self.query or self.rejected, "query", "the call that it serves")
        object.__setattr__(self, "keys", tuple(map(_key, self.keys)))

    def _expect(self, good, field, remedy):
        if not good:
            raise DeclarationError(
                f"index {self.name}: {field} {getattr(self, field)!r} will not do; take {remedy}"
            )

    def body(self, unaccented=False):
        """What follows ``ON table`` in CREATE INDEX."""
        parts = [
            SQL("USING %s (%s)", SQL(self.method), commas(key.sql(unaccented) for key in self.keys)),
        ]
        if self.include:
            parts.append(SQL("INCLUDE (%s)", commas(map(SQL.identifier, self.include))))
        if self.storage:
            options = commas(
                SQL("%s = %s", SQL.identifier(name), SQL(str(found))) for name, found in self.storage
            )
            parts.append(SQL("WITH (%s)", options))
        if self.where:
            parts.append(SQL("WHERE %s", trusted(self.where)))
        return SQL(" ").join(parts)

    # pylint: disable-next=method-required-super
    def create(self, unaccented=False, name=None, table=None, concurrently=True, only=False):
        """The statement that makes it, by its own name and on its own table unless told otherwise."""
        return SQL(
            "CREATE INDEX %s %s ON %s %s %s",
            SQL("CONCURRENTLY") if concurrently else SQL(),
            SQL.identifier(name or self.name),
            SQL("ONLY") if only else SQL(),
            relation(table or self.table),
            self.body(unaccented),
        )


def _key(key):
    if isinstance(key, Key):
        return key
    column, _space, direction = key.partition(" ")
    return Key(column, direction)


_declared = {}


def declare(addon, *indexes):
    """Register indexes for the databases in which ``addon`` is installed.

    :raises DeclarationError: another addon declares one of these names
    """
    for index in indexes:
        _index, owner = _declared.get(index.name, (None, addon))
        if owner != addon:
            raise DeclarationError(f"index {index.name}: declared by {owner} and by {addon}; rename one")
        _declared[index.name] = (index, addon)


def declared(addons):
    """``{name: (index, addon)}`` of what these addons declare, rejected ones included, sorted by table."""
    found = {name: pair for name, pair in _declared.items() if pair[1] in addons}
    return dict(sorted(found.items(), key=lambda item: (item[1][0].table, item[0])))


def forget(name):
    """Take a declaration back; for tests."""
    _declared.pop(name, None)
