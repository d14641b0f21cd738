"""What the engine remembers, in a schema of its own, and what the database says about an index."""

from dataclasses import dataclass

from odoo.tools import SQL

from .sql import SCHEMA, own, run, value

TABLES = (
    # one row a declaration. ``body`` is what follows the table's name in the index that we made or were about
    # to make, in PostgreSQL's own words; NULL: it is none of ours. ``next_body``: of its successor
    """
    CREATE TABLE IF NOT EXISTS database_index.index (
        id serial PRIMARY KEY, name text NOT NULL UNIQUE, relation text NOT NULL, addon text NOT NULL,
        purpose text NOT NULL, query text NOT NULL, rejected text NOT NULL, statement text NOT NULL,
        state text NOT NULL, message text NOT NULL DEFAULT '', body text, next_body text,
        deployed_at timestamptz, seconds double precision, attempts integer NOT NULL DEFAULT 0
    )""",
    # what administrators declare, beside the addons' code; see stored.py
    """
    CREATE TABLE IF NOT EXISTS database_index.declared (
        name text PRIMARY KEY, facts jsonb NOT NULL, login text NOT NULL,
        declared_at timestamptz NOT NULL DEFAULT now()
    )""",
    # what administrators ask for, done in the background in this order
    """
    CREATE TABLE IF NOT EXISTS database_index.task (
        id serial PRIMARY KEY, operation text NOT NULL, name text, login text NOT NULL,
        asked_at timestamptz NOT NULL DEFAULT now(),
        done_at timestamptz, failed boolean NOT NULL DEFAULT false,
        message text NOT NULL DEFAULT ''
    )""",
    # what administrators dropped, to build it again
    """
    CREATE TABLE IF NOT EXISTS database_index.dropped (
        id serial PRIMARY KEY, name text NOT NULL UNIQUE, relation text NOT NULL, definition text NOT NULL,
        dropped_at timestamptz NOT NULL DEFAULT now()
    )""",
    "CREATE TABLE IF NOT EXISTS database_index.control (stop boolean NOT NULL DEFAULT false)",
    "INSERT INTO database_index.control SELECT WHERE NOT EXISTS (SELECT FROM database_index.control)",
)


def install(cursor):
    """Create the catalogue; harmless when it stands."""
    run(cursor, SQL("CREATE SCHEMA IF NOT EXISTS %s", SQL.identifier(SCHEMA)))
    for statement in TABLES:
        run(cursor, SQL(statement))


def installed(cursor):
    return value(cursor, SQL("SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.control"))


def uninstall(cursor):
    """Take the catalogue out. What was deployed must be gone before: see :func:`.deploy.drop_here`."""
    run(cursor, SQL("DROP SCHEMA IF EXISTS %s CASCADE", SQL.identifier(SCHEMA)))


def note(cursor, index, addon, statement, state, message=""):
    """Write down what is declared, and in which state it was found."""
    facts = {
        "relation": index.table,
        "addon": addon,
        "purpose": index.purpose,
        "query": str(index.query or ""),
        "rejected": index.rejected,
        "statement": statement,
        "state": state,
        "message": message,
    }
    columns = SQL(", ").join(map(SQL.identifier, facts))
    run(
        cursor,
        SQL(
            "INSERT INTO %s (name, %s) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET (%s) = ROW(%s)",
            own("index"),
            columns,
            index.name,
            SQL(", ").join(SQL("%s", one) for one in facts.values()),
            columns,
            SQL(", ").join(SQL("EXCLUDED.%s", SQL.identifier(one)) for one in facts),
        ),
    )


def change(cursor, name, **values):
    run(
        cursor,
        SQL(
            "UPDATE %s SET %s WHERE name = %s",
            own("index"),
            SQL(", ").join(SQL("%s = %s", SQL.identifier(key), found) for key, found in values.items()),
            name,
        ),
    )


def forget(cursor, name):
    run(cursor, SQL("DELETE FROM %s WHERE name = %s", own("index"), name))


@dataclass(frozen=True)
class Deployed:
    """What is or may be ours."""

    name: str
    relation: str
    addon: str
    body: str
    next_body: str | None


def deployed(cursor):
    """``{name: Deployed}`` of what we made, or were about to make."""
    rows = run(
        cursor,
        SQL(
            "SELECT name, relation, addon, body, next_body FROM %s WHERE body IS NOT NULL ORDER BY name",
            own("index"),
        ),
    )
    return {row[0]: Deployed(*row) for row in rows}


@dataclass(frozen=True)
class Found:
    """An index as the database has it; ``partitioned``: on a partitioned table, without pages of its own."""

    name: str
    table: str
    body: str
    valid: bool
    partitioned: bool
    attached: bool


FOUND = """
    SELECT c.relname, t.relname, regexp_replace(pg_get_indexdef(c.oid), '^.*? USING ', 'USING '),
           i.indisvalid AND i.indisready, c.relkind = 'I', c.relispartition
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
     WHERE t.relnamespace = 'public'::regnamespace AND %s
"""


def find(cursor, name):
    """The index of that name, or None."""
    rows = run(cursor, SQL(FOUND, SQL("c.relname = %s", name)))
    return Found(*rows[0]) if rows else None


def on_table(cursor, table):
    """The indexes of a table."""
    return [Found(*row) for row in run(cursor, SQL(FOUND, SQL("t.relname = %s ORDER BY 1", table)))]


def relation_kind(cursor, name):
    """``relkind`` of a relation of ``public``, or None."""
    return value(
        cursor,
        SQL(
            "SELECT relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = %s", name
        ),
    )


def bytes_of(cursor, name):
    """Size of an index, its partitions' included."""
    return value(
        cursor,
        SQL(
            "SELECT COALESCE(sum(pg_relation_size(relid)), 0)::bigint FROM"
            " pg_partition_tree(to_regclass(%s))",
            f"public.{name}",
        ),
    ) or value(cursor, SQL("SELECT COALESCE(pg_relation_size(to_regclass(%s)), 0)", f"public.{name}"))


def has_extension(cursor, name):
    return value(cursor, SQL("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = %s)", name))


def unaccents(cursor):
    """Whether ``unaccent`` is there and immutable: only then does an index with it serve Odoo's ``ilike``."""
    return value(
        cursor,
        SQL(
            """
            SELECT EXISTS (SELECT FROM pg_proc p
             WHERE p.proname = 'unaccent' AND p.pronargs = 1 AND p.provolatile = 'i'
               AND p.pronamespace = current_schema()::regnamespace)
            """
        ),
    )
