"""Declarations that administrators make: kept as data beside those in code, and deployed like them.

Developers write SQL into a declaration. An administrator's holds names, directions and constants only, and is
read anew by the same grammar whenever it is used, so that nothing else reaches a statement.
"""

import hashlib
import json
import re

from odoo.tools import SQL

from . import catalogue, state
from .declaration import Index, Key
from .errors import DeclarationError
from .sql import own, run, value

#: who declares, where an addon declares in code
OWNER = "database_index"
NEEDED, OPTIONAL = ("table", "keys", "purpose", "query"), ("name", "include", "method", "where")
NAME = r'(?:"[a-z_][a-z0-9_]*"|[a-z_][a-z0-9_]*)'
KEY = re.compile(
    rf"({NAME})(?: ([a-z0-9_]+_ops))?((?: (?:ASC|DESC))?(?: NULLS (?:FIRST|LAST))?)", re.IGNORECASE
)
CONSTANT = r"(?:-?\d+(?:\.\d+)?|'[^'\\\x00-\x1f]*')"
TEST = rf"{NAME}(?: IS (?:NOT )?(?:NULL|TRUE|FALSE)| (?:=|<>|<=|>=|<|>) {CONSTANT})?"
WHERE = re.compile(rf"(?:{TEST}(?: AND {TEST})*)?", re.IGNORECASE)


def read(facts):
    """The :class:`.Index` of a declaration as data.

    :param facts: ``table``; ``keys``, each a column with an operator class and a direction
        (``"date_order DESC"``, ``"name gin_trgm_ops"``); ``purpose`` and ``query``, texts; and, where wanted,
        ``name``, ``include`` (columns), ``method`` and ``where`` (columns compared with constants, and IS
        NULL, TRUE or FALSE, joined by AND)
    :raises DeclarationError: the message names field, value and remedy
    """
    if not isinstance(facts, dict):
        raise DeclarationError(f"declaration {facts!r} will not do; take a JSON object")
    if unknown := set(facts) - {*NEEDED, *OPTIONAL}:
        known = ", ".join((*NEEDED, *OPTIONAL))
        raise DeclarationError(f"declaration: field {', '.join(sorted(unknown))} is unknown; take {known}")
    facts = {"include": [], "method": "btree", "where": "", **facts}
    for field in (*NEEDED, "method", "where", *(["name"] if "name" in facts else [])):
        if field != "keys":
            good = isinstance(facts.get(field), str) and "\x00" not in facts[field]
            _expect(good and (facts[field] or field == "where"), facts, field, "a text")
    for field in ("keys", "include"):
        good = isinstance(facts.get(field), list | tuple) and all(isinstance(o, str) for o in facts[field])
        _expect(good, facts, field, "a list of texts")
    keys = [KEY.fullmatch(one) for one in facts["keys"]]
    _expect(keys and all(keys), facts, "keys", "columns, each with an operator class and a direction")
    _expect(WHERE.fullmatch(facts["where"]), facts, "where", "comparisons of columns with constants")
    keys = tuple(
        Key(one[1].strip('"'), one[3].strip().upper(), (one[2] or "").lower()) for one in keys
    )  # fmt: skip
    return Index(
        name=facts.get("name") or name_of(facts),
        table=facts["table"],
        keys=keys,
        include=tuple(one.strip('"') for one in facts["include"]),
        where=facts["where"],
        method=facts["method"],
        purpose=facts["purpose"],
        query=facts["query"],
        extension="pg_trgm" if any(one.opclass.endswith("_trgm_ops") for one in keys) else "",
    )


def _expect(good, facts, field, remedy):
    if not good:
        raise DeclarationError(f"declaration: {field} {facts.get(field)!r} will not do; take {remedy}")


def name_of(facts):
    """A name for an index without one: the same for the same index, another for any other."""
    shape = [facts["table"], facts.get("method") or "btree", facts.get("where") or ""]
    shape += [list(facts["keys"]), list(facts.get("include") or ())]
    mark = hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:6]
    columns = (one.split(" ")[0].strip('"') for one in facts["keys"])
    return f"{'_'.join((facts['table'], *columns))[:50].strip('_').lower()}_{mark}"


def declare(session, facts, login, declarations):
    """Keep a declaration; return its :class:`.Index`. Declared already, it stays as it is.

    :param login: who declares it
    :param declarations: ``{name: (Index, addon)}`` of those in code
    :raises DeclarationError: it will not do, PostgreSQL refuses it, an index like it is there, or its name is
        taken
    """
    index = read(facts)
    if index.name in declarations:
        raise DeclarationError(
            f"index {index.name}: addon {declarations[index.name][1]} declares it; take another name"
        )
    with session.transaction() as cursor:
        before = kept(cursor).get(index.name)
        mine = catalogue.deployed(cursor).get(index.name)
    if before == index:
        return index
    if before:
        raise DeclarationError(f"index {index.name}: declared otherwise already; take another name")
    seen = state.inspect(session, index, mine)
    if seen.code not in state.OPEN | {"valid"}:
        raise DeclarationError(f"index {index.name}: {seen.message}")
    with session.transaction() as cursor:
        statement = (
            "INSERT INTO %s (name, facts, login) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING name"
        )
        new = run(cursor, SQL(statement, own("declared"), index.name, json.dumps(facts), login))
        if not new:
            raise DeclarationError(f"index {index.name}: somebody else declared it just now; look again")
        catalogue.note(cursor, index, OWNER, seen.statement, seen.code, seen.message)
    return index


def kept(cursor):
    """``{name: Index}`` of what administrators declared; empty where the catalogue is older than that."""
    if not value(cursor, SQL("SELECT to_regclass(%s) IS NOT NULL", "database_index.declared")):
        return {}
    rows = run(cursor, SQL("SELECT name, facts FROM %s ORDER BY name", own("declared")))
    return {name: read({**facts, "name": name}) for name, facts in rows}


def beside(session, declarations):
    """Declarations in code and those of administrators; of one name, the one in code counts."""
    with session.transaction() as cursor:
        return {name: (index, OWNER) for name, index in kept(cursor).items()} | dict(declarations)


def forget(cursor, name):
    """Take a declaration out; whether it was there."""
    return bool(run(cursor, SQL("DELETE FROM %s WHERE name = %s RETURNING name", own("declared"), name)))
