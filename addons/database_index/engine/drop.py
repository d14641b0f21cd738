"""Dropping an index that no deployment made, and building it again as it was: the way back is kept."""

from odoo.tools import SQL

from . import build, catalogue
from .connection import Patience
from .errors import IndexRefusal
from .sql import own, run, value

FACTS = """
    SELECT pg_get_indexdef(c.oid), t.relname, i.indisunique, i.indisreplident,
           c.relkind = 'I' OR c.relispartition,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
     WHERE t.relnamespace = 'public'::regnamespace AND c.relname = %s
"""


def droppable(cursor, name):
    """``(definition, table)`` of an index that may be dropped.

    :raises IndexRefusal: it is not there, is ours, part of a partitioned one, or guards what rows may hold
    """
    rows = run(cursor, SQL(FACTS, name))
    if not rows:
        raise IndexRefusal(f"index {name!r} is not in the schema public; take a name that the list shows")
    definition, table, unique, identity, part, constraint = rows[0]
    if name in catalogue.deployed(cursor):
        raise IndexRefusal(f"index {name} was deployed from a declaration; roll it back instead")
    if constraint or unique or identity:
        raise IndexRefusal(
            f"index {name} guards what rows {table} may hold; it stays, however often it is read"
        )
    if part:
        raise IndexRefusal(
            f"index {name} belongs to a partitioned table's; PostgreSQL drops both only together"
        )
    return definition, table


def lost(cursor, name):
    """The definition of an index that :func:`drop` dropped.

    :raises IndexRefusal: none was, or its name is taken again
    """
    definition = value(cursor, SQL("SELECT definition FROM %s WHERE name = %s", own("dropped"), name))
    if definition is None:
        raise IndexRefusal(f"index {name!r} was not dropped from here; there is nothing to restore")
    found = catalogue.find(cursor, name)
    if found and found.valid:
        raise IndexRefusal(f"index {name} is there; nothing is to be restored")
    return definition


def drop(session, name, patience=None):
    """Drop an index concurrently, after its definition was noted; return its size in bytes.

    :raises IndexRefusal: see :func:`droppable`
    :raises BusyError: it could not be done now
    """
    patience = patience or Patience()
    with session.alone(patience):
        build.ask_to_stop(session, False)
        with session.transaction() as cursor:
            definition, table = droppable(cursor, name)
            size = catalogue.bytes_of(cursor, name)
            run(
                cursor,
                SQL(
                    "INSERT INTO %s (name, relation, definition) VALUES (%s, %s, %s) ON CONFLICT (name)"
                    " DO UPDATE SET (relation, definition, dropped_at) = (EXCLUDED.relation,"
                    " EXCLUDED.definition, now())",
                    own("dropped"), name, table, definition,
                ),
            )  # fmt: skip
        build.drop(session, name, patience)
    return size


def restore(session, name, patience=None):
    """Build a dropped index again, as it was; return its size in bytes.

    :raises IndexRefusal: see :func:`lost`
    :raises BusyError: it could not be done now
    """
    patience = patience or Patience()
    with session.alone(patience):
        build.ask_to_stop(session, False)
        with session.transaction() as cursor:
            statement = SQL(restoring(lost(cursor, name)).replace("%", "%%"))

        def clear():
            with session.transaction() as cursor:
                found = catalogue.find(cursor, name)
            if found and not found.valid:
                build.drop(session, name, patience)

        build.patiently(session, name, statement, patience, between=clear)
        with session.transaction() as cursor:
            run(cursor, SQL("DELETE FROM %s WHERE name = %s", own("dropped"), name))
            return catalogue.bytes_of(cursor, name)


def restoring(definition):
    """The statement that builds what ``pg_get_indexdef`` described, while people work."""
    return definition.replace("CREATE INDEX ", "CREATE INDEX CONCURRENTLY ", 1)
