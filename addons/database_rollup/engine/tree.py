"""How a rollup's tables hang together: a tree with the source table as its root."""

import re

from .errors import DeclarationError

_REFERENCE = re.compile(r"\b([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\b")
_LITERAL = re.compile(r"'(?:[^']|'')*'")


def references(expression, aliases, name):
    """Return the set of ``(alias, column)`` that an expression reads.

    :raises DeclarationError: for an alias that is not declared
    """
    found = set(_REFERENCE.findall(_LITERAL.sub("''", expression)))
    for alias, column in found:
        if alias not in aliases:
            raise DeclarationError(
                f"rollup {name}: {alias}.{column} in {expression!r} names no declared table; "
                f"the aliases are {', '.join(aliases)}"
            )
    return found


class Tree:
    """The joins, each tied to one table before it."""

    def __init__(self, name, root, joins):
        self.root = root
        self.parent = {root: None}
        self.joins = {}
        for join in joins:
            if join.alias in self.parent:
                raise DeclarationError(f"rollup {name}: alias {join.alias} is declared twice")
            known = (*self.parent, join.alias)
            tied = {alias for alias, _column in references(join.on, known, name)} - {join.alias}
            if len(tied) != 1:
                raise DeclarationError(
                    f"rollup {name}: {join.on!r} must tie {join.alias} to exactly one table declared before "
                    f"it, not to {', '.join(sorted(tied)) or 'none'}; further conditions go into where"
                )
            self.parent[join.alias] = tied.pop()
            self.joins[join.alias] = join
        self.aliases = tuple(self.parent)

    def up(self, alias):
        """The aliases from ``alias`` to the root, both included."""
        result = []
        while alias is not None:
            result.append(alias)
            alias = self.parent[alias]
        return result

    def path(self, start, end):
        """The aliases on the way from ``start`` to ``end``, both included."""
        first, second = self.up(start), self.up(end)
        meet = next(alias for alias in first if alias in second)
        return [*first[: first.index(meet) + 1], *reversed(second[: second.index(meet)])]

    def tie(self, one, other):
        """The condition between two neighbours."""
        child = one if self.parent[one] == other else other
        return self.joins[child].on
