"""Putting rollups into a database, looking after what is there, and taking it out again.

All objects live in the schema ``database_rollup``; the only things outside are the triggers on the source
tables, and they go with their functions: ``DROP SCHEMA database_rollup CASCADE`` leaves nothing behind.
"""

from odoo.tools import SQL

from . import objects
from .errors import NotDeployedError
from .protocol import RULES
from .sql import SCHEMA, own, run

LOCK_TIMEOUT = "2s"

BASE = (
    SQL("CREATE SCHEMA IF NOT EXISTS %s", SQL.identifier(SCHEMA)),
    SQL(
        """
        CREATE TABLE IF NOT EXISTS %s (
            id serial PRIMARY KEY,
            name text NOT NULL UNIQUE,
            fingerprint text NOT NULL DEFAULT '',
            columns text NOT NULL DEFAULT '',
            prefix text NOT NULL,
            title text NOT NULL DEFAULT '',
            ready boolean NOT NULL DEFAULT false,
            folds bigint NOT NULL DEFAULT 0,
            folded_at timestamptz,
            fold_seconds double precision NOT NULL DEFAULT 0,
            verified_at timestamptz,
            wrong text NOT NULL DEFAULT '',
            wrong_days datemultirange NOT NULL DEFAULT '{}'
        ) WITH (fillfactor = 50)
        """,
        own("state"),
    ),
    # one row a grace period: what its snapshot saw, and which transactions ran then
    SQL(
        """
        CREATE TABLE IF NOT EXISTS %s (
            id bigint NOT NULL,
            database oid NOT NULL,
            snapshot pg_snapshot NOT NULL,
            running text[] NOT NULL,
            PRIMARY KEY (database, id)
        )
        """,
        own("epoch"),
    ),
    SQL("CREATE TABLE IF NOT EXISTS %s (name text PRIMARY KEY)", own("zone")),
    SQL("INSERT INTO %s SELECT name FROM pg_timezone_names ON CONFLICT DO NOTHING", own("zone")),
)


def install(cursor):
    """Create what all rollups share; harmless when it stands."""
    for statement in BASE:
        run(cursor, statement)


def installed(cursor):
    return run(cursor, SQL("SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.state"))[0][0]


def uninstall(cursor):
    """Take everything out, the triggers on source tables included."""
    cursor.execute('DROP SCHEMA IF EXISTS "database_rollup" CASCADE')


def create(cursor, rollup, rules=RULES):
    """Create the rollup's own objects, not yet ready; those of an earlier declaration go.

    The triggers of an earlier declaration go with their functions, which locks the source tables until the
    transaction ends: keep it short.

    :raises NotDeployedError: when a source table or column does not exist
    """
    source_columns(cursor, rollup)
    drop(cursor, rollup.name)
    run(
        cursor,
        SQL(
            "INSERT INTO %s (name, prefix, title) VALUES (%s, %s, %s)",
            own("state"),
            rollup.name,
            rollup.prefix,
            rollup.title or rollup.name,
        ),
    )
    for statement in objects.create_tables(rollup):
        run(cursor, statement)
    for alias in objects.watched(rollup):
        run(cursor, objects.create_note(rollup, alias, rules))


def attach(cursor, rollup, alias):
    """Put the triggers on one source table.

    PostgreSQL waits until all who write to the table have ended: whoever wrote unnoticed is visible then.
    """
    for statement in objects.create_triggers(rollup, alias):
        run(cursor, statement)


def detach(cursor, rollup, alias):
    for letter in objects.TRIGGERS:
        run(
            cursor,
            SQL(
                "DROP TRIGGER IF EXISTS %s ON %s",
                SQL.identifier(f"{objects.note(rollup, alias)}_{letter}"),
                SQL.identifier(objects.watched(rollup)[alias]),
            ),
        )


def make_ready(cursor, rollup):
    """Let readers use it: from here on every day is dirty, and folding builds it."""
    mark_dirty(cursor, rollup)
    run(
        cursor,
        SQL(
            "UPDATE %s SET ready = true, fingerprint = %s, columns = %s WHERE name = %s",
            own("state"),
            rollup.fingerprint,
            source_columns(cursor, rollup),
            rollup.name,
        ),
    )


def deploy(transaction, rollup, rules=RULES):
    """Bring the database to the declaration; return whether anything had to be done.

    :param transaction: called without arguments, a context manager that gives a cursor in a transaction of
        its own and commits it. Each step is one, so that no source table is locked for long; a step that
        waits longer than :data:`LOCK_TIMEOUT` fails with psycopg2's LockNotAvailable, and deploying again
        goes on from there.
    """
    with transaction() as cursor:
        state = inspect(cursor, rollup)
        if state == "ready":
            return False
        if state == "changed":
            _timeout(cursor)
            create(cursor, rollup, rules)
        else:
            distrust(cursor, rollup)
    for alias in objects.watched(rollup):
        with transaction() as cursor:
            if alias in missing_triggers(cursor, rollup):
                _timeout(cursor)
                detach(cursor, rollup, alias)
                attach(cursor, rollup, alias)
    with transaction() as cursor:
        make_ready(cursor, rollup)
    return True


def deploy_here(cursor, rollup, rules=RULES):
    """The same within the cursor's transaction: for tables that nobody else uses yet, and for tests."""
    state = inspect(cursor, rollup)
    if state == "ready":
        return False
    if state == "changed":
        create(cursor, rollup, rules)
    for alias in missing_triggers(cursor, rollup):
        detach(cursor, rollup, alias)
        attach(cursor, rollup, alias)
    make_ready(cursor, rollup)
    return True


def distrust(cursor, rollup):
    """Let readers take every day live until :func:`make_ready`: writes may have passed unnoticed."""
    run(cursor, SQL("UPDATE %s SET ready = false WHERE name = %s", own("state"), rollup.name))


def _timeout(cursor):
    run(cursor, SQL("SELECT set_config('lock_timeout', %s, true)", LOCK_TIMEOUT))


def inspect(cursor, rollup):
    """Return ``'changed'`` (to be created), ``'broken'`` (triggers missing, unfinished) or ``'ready'``."""
    rows = run(
        cursor,
        SQL("SELECT ready, fingerprint, columns, prefix FROM %s WHERE name = %s", own("state"), rollup.name),
    )
    if not rows or rows[0][3] != rollup.prefix:
        return "changed"
    ready, _fingerprint, columns, _prefix = rows[0]
    if ready and columns != source_columns(cursor, rollup):
        return "changed"
    if not ready or missing_triggers(cursor, rollup):
        return "broken"
    return "ready"


def missing_triggers(cursor, rollup):
    """Aliases of source tables on which a trigger is missing or does not always fire."""
    names = {
        f"{objects.note(rollup, alias)}_{letter}": alias
        for alias in objects.watched(rollup)
        for letter in objects.TRIGGERS
    }
    tables = objects.watched(rollup)
    rows = run(
        cursor,
        SQL(
            """
            SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             WHERE t.tgname IN %s AND t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace
            """,
            tuple(names),
        ),
    )
    there = {name for name, relation in rows if tables[names[name]] == relation}
    return [alias for alias in tables if any(a == alias and n not in there for n, a in names.items())]


def source_columns(cursor, rollup):
    """The types of all columns that matter, as text: another type can mean other values.

    :raises NotDeployedError: when a source table or column does not exist
    """
    found = []
    for alias, table in objects.watched(rollup).items():
        names = rollup.columns[alias]
        rows = run(
            cursor,
            SQL(
                """
                SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
                 WHERE attrelid = to_regclass(%s) AND attname IN %s AND NOT attisdropped ORDER BY 1
                """,
                f'"{table}"',
                names,
            ),
        )
        lost = sorted(set(names) - {name for name, _type in rows})
        if lost:
            raise NotDeployedError(
                f"rollup {rollup.name}: table {table} has no column {', '.join(lost)}; "
                "install the addon that makes it, or correct the declaration"
            )
        found += [f"{alias}.{name} {kind}" for name, kind in rows]
    return "; ".join(found)


def mark_dirty(cursor, rollup, low=None, high=None):
    """Note the days ``[low, high)`` (dates; None: without bound) as dirty, in the cursor's transaction."""
    run(cursor, SQL("INSERT INTO %s (days) VALUES (daterange(%s, %s))", objects.log(rollup), low, high))


def drop(cursor, name):
    """Drop the objects of the rollup of that name, of whatever declaration; return whether there were any."""
    rows = run(cursor, SQL("DELETE FROM %s WHERE name = %s RETURNING prefix", own("state"), name))
    for (prefix,) in rows:
        owned = SQL("LIKE %s", prefix.replace("_", r"\_") + r"\_%")
        for (signature,) in run(
            cursor,
            SQL(
                "SELECT oid::regprocedure::text FROM pg_proc"
                " WHERE pronamespace = %s::regnamespace AND proname %s",
                SCHEMA,
                owned,
            ),
        ):
            # quoted by PostgreSQL itself (regprocedure)
            run(cursor, SQL("DROP FUNCTION %s CASCADE", SQL(signature)))
        for (relation,) in run(
            cursor,
            SQL(
                "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
                " AND relname %s",
                SCHEMA,
                owned,
            ),
        ):
            run(cursor, SQL("DROP TABLE %s CASCADE", own(relation)))
    return bool(rows)


def deployed_names(cursor):
    return [name for (name,) in run(cursor, SQL("SELECT name FROM %s ORDER BY name", own("state")))]
