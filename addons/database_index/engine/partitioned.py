"""An index of a partitioned table: built concurrently on each partition, then attached.

PostgreSQL has no CREATE INDEX CONCURRENTLY for a parent. So: an index ON ONLY the parent, which is invalid
as long as a partition lacks its own; for each partition a concurrent build, then ATTACH. New partitions get
theirs from PostgreSQL. The two steps that writers could feel take milliseconds, and are only tried where
the lock is free.
"""

import hashlib

from odoo.tools import SQL

from . import build, catalogue
from .connection import quickly
from .errors import BusyError
from .sql import relation, run

#: partitions created while we attach are looked for again, so often
ROUNDS = 20
CHILDREN = """
    SELECT t.relname, t.relkind, (SELECT ic.relname FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
             JOIN pg_inherits a ON a.inhrelid = ic.oid
            WHERE i.indrelid = t.oid AND a.inhparent = to_regclass(%s))
      FROM pg_inherits h JOIN pg_class t ON t.oid = h.inhrelid
     WHERE h.inhparent = to_regclass(%s) AND NOT h.inhdetachpending ORDER BY 1
"""


def child_name(name, partition):
    """Name of an index's part on one partition; at most 63 characters, the same at each run."""
    digest = hashlib.sha256(f"{name}/{partition}".encode()).hexdigest()[:10]
    return f"{partition[:44]}_{digest}_idx"


def create(session, index, unaccented, body, patience, name=None, table=None):
    """Build an index on a partitioned table; what an interrupted run finished stays. Return the attempts."""
    name, table = name or index.name, table or index.table
    attempts = 0
    with session.transaction() as cursor:
        found = catalogue.find(cursor, name)
    if not found:
        statement = index.create(unaccented, name=name, table=table, concurrently=False, only=True)
        quickly(session, name, table, "SHARE", [statement], patience)
    for _round in range(ROUNDS):
        with session.transaction() as cursor:
            lacking = [
                row[:2]
                for row in run(cursor, SQL(CHILDREN, f"public.{name}", f"public.{table}"))
                if row[2] is None
            ]
            if not lacking and catalogue.find(cursor, name).valid:
                return max(attempts, 1)
        for partition, kind in lacking:
            attempts = max(
                attempts, _child(session, index, unaccented, body, patience, name, partition, kind)
            )
    raise BusyError(f"{name}: put off, because partitions of {table} come faster than they are indexed")


def _child(session, index, unaccented, body, patience, name, partition, kind):
    own_name = child_name(name, partition)
    if kind == "p":
        attempts = create(session, index, unaccented, body, patience, own_name, partition)
    else:
        with session.transaction() as cursor:
            found = catalogue.find(cursor, own_name)
        if found and found.valid and found.body == body:
            attempts = 1
        else:
            attempts = build.create(session, index, own_name, partition, unaccented, patience)
    attach = SQL("ALTER INDEX %s ATTACH PARTITION %s", relation(name), relation(own_name))
    # ATTACH locks the part's index so that no query may be planning with it
    quickly(session, name, partition, "SHARE UPDATE EXCLUSIVE", [attach], patience)
    return attempts


def children(cursor, name, table):
    """``(partition, relkind)`` of all partitions, at all levels, that lack their part of an index."""
    found = []
    for partition, kind, attached in run(cursor, SQL(CHILDREN, f"public.{name}", f"public.{table}")):
        if attached is None:
            found.append((partition, kind))
        if kind == "p":
            found += children(cursor, attached or child_name(name, partition), partition)
    return found


def leftovers(cursor, name, table):
    """Parts of an index that were built and not attached yet."""
    found = []
    for partition, kind, _attached in run(cursor, SQL(CHILDREN, f"public.{name}", f"public.{table}")):
        part = child_name(name, partition)
        if catalogue.find(cursor, part):
            found.append(part)
        if kind == "p":
            found += leftovers(cursor, part, partition)
    return found
