"""How a declaration and the database stand to each other."""

from dataclasses import dataclass

import psycopg2
from odoo.tools import SQL

from . import catalogue
from .sql import relation, run, text

STATES = (
    "rejected",  # declared as condemned: not to be deployed
    "absent",  # the table is not there: its addon is not installed
    "extension",  # an extension is missing
    "impossible",  # PostgreSQL refuses it
    "elsewhere",  # an index of another name is the same
    "missing",
    "invalid",  # a build was interrupted
    "successor",  # its successor stands under another name, to be renamed
    "changed",  # it was deployed from an older declaration
    "taken",  # something that is not ours has its name
    "valid",
)
#: what a deployment has to do something about
OPEN = frozenset({"missing", "invalid", "changed", "successor"})
#: what an administrator has to do something about
WRONG = frozenset({"extension", "impossible", "taken"})


@dataclass(frozen=True)
class State:
    """:param code: one of :data:`STATES`
    :param body: what PostgreSQL would make of the declaration; "" where it was not asked
    :param message: what to do, for people
    """

    code: str
    body: str = ""
    message: str = ""
    statement: str = ""


def successor(name):
    """The name under which an index is built that will take another's place."""
    return f"{name}_next"


def probe(cursor, index, unaccented):
    """What PostgreSQL makes of the declaration, from a temporary copy of the table's columns.

    The cursor's transaction must be rolled back afterwards.

    :raises psycopg2.Error: it refuses it
    """
    run(
        cursor,
        SQL("CREATE TEMPORARY TABLE database_index_probe (LIKE %s) ON COMMIT DROP", relation(index.table)),
    )
    run(
        cursor,
        SQL(
            "CREATE INDEX %s ON pg_temp.database_index_probe %s",
            SQL.identifier(index.name),
            index.body(unaccented),
        ),
    )
    return run(
        cursor,
        SQL(
            "SELECT regexp_replace(pg_get_indexdef(indexrelid), '^.*? USING ', 'USING ')"
            "  FROM pg_index WHERE indrelid = 'pg_temp.database_index_probe'::regclass"
        ),
    )[0][0]


def inspect(session, index, mine=None):
    """The :class:`State` of a declaration.

    :param mine: its :class:`.catalogue.Deployed`, or None
    """
    if index.rejected:
        return State("rejected", message=index.rejected)
    with session.transaction() as cursor:
        kind = catalogue.relation_kind(cursor, index.table)
        if kind not in ("r", "p"):
            return State(
                "absent", message=f"there is no table {index.table}; install the addon that makes it"
            )
        if index.extension and not catalogue.has_extension(cursor, index.extension):
            return State(
                "extension",
                message=f"the extension is missing: CREATE EXTENSION {index.extension}, then deploy again",
            )
        unaccented = catalogue.unaccents(cursor)
        statement = " ".join(text(index.create(unaccented)).split())
        there = catalogue.on_table(cursor, index.table)
        taken = catalogue.relation_kind(cursor, index.name)
    try:
        with session.transaction(keep=False) as cursor:
            body = probe(cursor, index, unaccented)
    except (psycopg2.ProgrammingError, psycopg2.DataError) as error:
        return State("impossible", message=str(error).strip().splitlines()[0], statement=statement)
    return State(*_compare(index, mine, body, there, taken), statement=statement)


def _compare(index, mine, body, there, taken):
    names = {one.name: one for one in there}
    found, follower = names.get(index.name), names.get(successor(index.name))
    if found and mine and found.body in (mine.body, mine.next_body):
        if not found.valid:
            return "invalid", body, "a build was interrupted; deploy again"
        if found.body == body:
            return "valid", body
        return "changed", body, "deployed from an older declaration; deploy again"
    if taken:
        return (
            "taken",
            body,
            f"{index.name} is there and was not made by a deployment, or was changed since; rename or"
            " drop it",
        )
    if follower and mine and follower.valid and follower.body == body == mine.next_body:
        return "successor", body, "deploy again"
    for one in there:
        if one.body == body and one.valid and one.name not in (index.name, successor(index.name)):
            return "elsewhere", body, f"{one.name} is the same index"
    return "missing", body, "deploy it"
