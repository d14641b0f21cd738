"""Indexes that are declared for a table that stands: built on each partition while people write, then
attached.

PostgreSQL refuses CREATE INDEX CONCURRENTLY on a partitioned table, and a plain one would lock writers out of
every partition. What an interrupted build leaves is invalid, and is built again by the next run.
"""

import hashlib
import re

from odoo.tools import SQL

from . import catalogue
from .connection import briefly, wait_for_snapshots
from .sql import run, table, trusted


def name_of(declared, definition, relation=None):
    """The index's name on the parent, or on one partition: at most 63 characters."""
    return f"{relation or declared.table}_{hashlib.sha1(definition.encode()).hexdigest()[:7]}"


def _plain(definition):
    """An index's definition from its method on, as far as text can be compared."""
    text = re.sub(r"[\s\"]+", "", definition.lower())
    return text.removeprefix("using") if text.startswith("using") else f"btree{text}"


def standing(cursor, relation):
    """Indexes of a relation: ``{name: (valid, definition as of _plain, oid)}``."""
    rows = run(
        cursor,
        SQL(
            """
            SELECT c.relname, i.indisvalid, pg_get_indexdef(i.indexrelid), i.indexrelid
              FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = to_regclass(%s) AND i.indislive
            """,
            f"public.{relation}",
        ),
    )
    return {
        name: (valid, _plain("USING" + text.split(" USING ", 1)[1]), oid) for name, valid, text, oid in rows
    }


def missing(cursor, declared):
    """Declared indexes that the parent does not have, or not on every partition."""
    there = standing(cursor, declared.table)
    valid = {name for name, (good, _text, _oid) in there.items() if good}
    texts = {text for good, text, _oid in there.values() if good}
    return [
        one for one in declared.indexes if name_of(declared, one) not in valid and _plain(one) not in texts
    ]


def build(session, declared, patience):
    """Build what is missing; return the names of the indexes that are whole now.

    :raises BusyError: somebody's transaction is in the way; what was built stays
    """
    done = []
    with session.transaction() as cursor:
        wanted = missing(cursor, declared)
    for definition in wanted:
        name = name_of(declared, definition)
        with session.transaction() as cursor:
            there = name in standing(cursor, declared.table)
        if not there:
            briefly(
                session,
                declared,
                patience,
                [(declared.table, "SHARE")],
                lambda cursor, what=definition: run(cursor, on_parent(declared, what)),
            )
        while todo := _unattached(session, declared, name):
            for relation in todo:
                _build_one(session, declared, definition, relation, patience)
        done.append(name)
    return done


def _unattached(session, declared, name):
    """Partitions without an index that belongs to the parent's."""
    with session.transaction() as cursor:
        rows = run(
            cursor,
            SQL(
                """
                SELECT c.relname FROM pg_inherits h JOIN pg_index i ON i.indexrelid = h.inhrelid
                  JOIN pg_class c ON c.oid = i.indrelid WHERE h.inhparent = to_regclass(%s)
                """,
                f"public.{name}",
            ),
        )
        attached = {row[0] for row in rows}
        return [
            p.relation
            for p in catalogue.partitions(cursor, declared)
            if not p.pending and p.relation not in attached
        ]


def _build_one(session, declared, definition, relation, patience):
    name = name_of(declared, definition, relation)
    with session.transaction() as cursor:
        there = standing(cursor, relation)
    if name in there and not there[name][0]:
        _outside(session, SQL("DROP INDEX CONCURRENTLY %s", table(name)))
        there.pop(name)
    if name not in there:
        # building waits for older transactions in any case: give up, rather than hold up the maintenance
        wait_for_snapshots(session, declared, patience)
        _outside(session, concurrently(declared, definition, relation))
    briefly(
        session,
        declared,
        patience,
        [(declared.table, "SHARE UPDATE EXCLUSIVE")],
        lambda cursor: run(cursor, attach(declared, definition, relation)),
    )


def _outside(session, statement):
    """Execute what PostgreSQL refuses inside a transaction."""
    with session.connection.cursor() as cursor:
        run(cursor, statement)


def on_parent(declared, definition, only=True):
    return SQL(
        "CREATE INDEX %s ON %s %s %s",
        SQL.identifier(name_of(declared, definition)),
        SQL("ONLY") if only else SQL(),
        table(declared.table),
        trusted(definition),
    )


def concurrently(declared, definition, relation):
    return SQL(
        "CREATE INDEX CONCURRENTLY %s ON %s %s",
        SQL.identifier(name_of(declared, definition, relation)),
        table(relation),
        trusted(definition),
    )


def attach(declared, definition, relation):
    return SQL(
        "ALTER INDEX %s ATTACH PARTITION %s",
        table(name_of(declared, definition)),
        table(name_of(declared, definition, relation)),
    )


def statements(cursor, declared):
    """What :func:`build` would send, for a dry run."""
    for definition in missing(cursor, declared):
        if name_of(declared, definition) not in standing(cursor, declared.table):
            yield on_parent(declared, definition)
        for partition in catalogue.partitions(cursor, declared):
            yield concurrently(declared, definition, partition.relation)
            yield attach(declared, definition, partition.relation)
