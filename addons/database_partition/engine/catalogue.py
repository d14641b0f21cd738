"""What the engine remembers, in a schema of its own, and what the database says about partitions."""

import re
from dataclasses import dataclass

from odoo.tools import SQL

from . import bounds
from .declaration import PartitionSet
from .errors import PartitionError
from .sql import SCHEMA, own, run, value
from .words import _lt

TABLES = (
    """
    CREATE TABLE IF NOT EXISTS database_partition.set (
        id serial PRIMARY KEY, name text NOT NULL UNIQUE, declaration jsonb NOT NULL,
        deployed_at timestamptz NOT NULL, run_at timestamptz, success_at timestamptz, message text,
        drop_confirmed_at timestamptz
    )""",
    # keys of rows that changed in a default partition; NULL: all of them
    "CREATE TABLE IF NOT EXISTS database_partition.change (name text NOT NULL, at timestamp)",
    # copies of a default partition's rows; without bounds: of all but ``ranges``
    """
    CREATE TABLE IF NOT EXISTS database_partition.copy (
        name text NOT NULL, relation text NOT NULL, lower timestamptz, upper timestamptz, xid xid8 NOT NULL,
        ranges text NOT NULL, PRIMARY KEY (name, relation)
    )""",
    """
    CREATE TABLE IF NOT EXISTS database_partition.detached (
        id serial PRIMARY KEY, name text NOT NULL, relation text NOT NULL UNIQUE,
        lower timestamptz NOT NULL, upper timestamptz NOT NULL, detached_at timestamptz NOT NULL
    )""",
    """
    CREATE TABLE IF NOT EXISTS database_partition.archive (
        id serial PRIMARY KEY, name text NOT NULL, relation text NOT NULL,
        lower timestamptz NOT NULL, upper timestamptz NOT NULL,
        file text NOT NULL UNIQUE, rows bigint NOT NULL, bytes bigint NOT NULL,
        content_sha256 text NOT NULL, file_sha256 text NOT NULL,
        archived_at timestamptz NOT NULL, verified_at timestamptz, failed text,
        dropped_at timestamptz, restored_at timestamptz, held boolean NOT NULL DEFAULT false
    )""",
)


def install(cursor):
    """Create what all sets share; harmless when it stands."""
    run(cursor, SQL("CREATE SCHEMA IF NOT EXISTS %s", SQL.identifier(SCHEMA)))
    for statement in TABLES:
        run(cursor, SQL(statement))


def installed(cursor):
    return value(cursor, SQL("SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.archive"))


def uninstall(cursor):
    """Take the catalogue out, with the triggers on default partitions. Tables and archives stay."""
    for (relation,) in run(
        cursor,
        SQL("SELECT relation FROM %s", own("copy")) if installed(cursor) else SQL("SELECT '' WHERE false"),
    ):
        run(cursor, SQL("DROP TABLE IF EXISTS %s", SQL.identifier("public", relation)))  # copies only
    run(cursor, SQL("DROP SCHEMA IF EXISTS %s CASCADE", SQL.identifier(SCHEMA)))


def sets(cursor):
    """Deployed sets, as declared when they were."""
    return [
        PartitionSet.from_json(row[0])
        for row in run(cursor, SQL("SELECT declaration::text FROM %s ORDER BY name", own("set")))
    ]


@dataclass(frozen=True)
class Partition:
    """An attached partition; ``rows`` is PostgreSQL's estimate (-1: unknown), ``bytes`` with its indexes."""

    relation: str
    range: bounds.Range | None
    pending: bool
    rows: int
    bytes: int

    @property
    def default(self):
        return self.range is None


BOUND = re.compile(r"FOR VALUES FROM \((.*)\) TO \((.*)\)")


PARTITIONS = """
    SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), i.inhdetachpending, c.reltuples::bigint, %s
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass(%s)
"""


def partitions(cursor, declared, sizes=False):
    """The attached partitions, the default one last; from ``pg_inherits``, whatever names say."""
    size = SQL("pg_total_relation_size(c.oid)") if sizes else SQL("0")
    for _attempt in range(5):
        rows = run(cursor, SQL(PARTITIONS, size, f"public.{declared.table}"))
        # PostgreSQL tells no bounds of a partition that went while it looked: look again
        if all(row[1] or row[2] for row in rows):
            break
    found = []
    for relation, expression, pending, count, bytes_ in rows:
        match = BOUND.fullmatch(expression or "")
        if expression and not match and expression != "DEFAULT":
            raise PartitionError(
                _lt(
                    "%(set)s: partition %(relation)s has bounds %(expression)s, not of a range",
                    set=declared.name,
                    relation=relation,
                    expression=expression,
                )
            )
        if expression or pending:
            wanted = bounds.Range(*(bounds.parse(text) for text in match.groups())) if match else None
            found.append(Partition(relation, wanted, pending, count, bytes_))
    return sorted(found, key=lambda p: (p.range is None, (p.range and p.range.lower) or bounds.FIRST))


def attached(cursor, declared):
    """Ranges of the attached partitions."""
    return [p.range for p in partitions(cursor, declared) if p.range and not p.pending]


def default_of(cursor, declared):
    """Name of the attached default partition, or None."""
    return next((p.relation for p in partitions(cursor, declared) if p.default and not p.pending), None)


def stands(cursor, name):
    """Whether a relation of that name is in ``public``."""
    return value(cursor, SQL("SELECT to_regclass(%s) IS NOT NULL", f"public.{name}"))


def columns(cursor, name):
    """Columns of a table that can be written to."""
    return [
        row[0]
        for row in run(
            cursor,
            SQL(
                """
                SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s)
                   AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
                """,
                f"public.{name}",
            ),
        )
    ]
