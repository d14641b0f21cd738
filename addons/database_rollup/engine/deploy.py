"""Putting rollups into a database, looking after what is there, and taking it out again.

All objects live in the schema ``database_rollup``; the only things outside are the triggers on the source
tables, and they go with their functions: ``DROP SCHEMA database_rollup CASCADE`` leaves nothing behind.
"""

from odoo.tools import SQL

from . import objects
from .errors import NotDeployedError
from .levels import create_pieces
from .protocol import RULES
from .sql import SCHEMA, own, run

#: shorter than PostgreSQL's deadlock_timeout (1 s): it is we who give up, before a writer could be chosen
LOCK_TIMEOUT = "500ms"

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
            relation oid NOT NULL DEFAULT 0,
            title text NOT NULL DEFAULT '',
            ready boolean NOT NULL DEFAULT false,
            folds bigint NOT NULL DEFAULT 0,
            folded_at timestamptz,
            fold_seconds double precision NOT NULL DEFAULT 0,
            verified_at timestamptz,
            wrong text NOT NULL DEFAULT ''
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
    create_pieces(),
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
    """Create the rollup's own objects, not yet ready.

    :raises NotDeployedError: when a source table or column does not exist
    """
    source_columns(cursor, rollup)
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
            "UPDATE %s SET ready = true, fingerprint = %s, columns = %s, relation = to_regclass(%s)"
            " WHERE name = %s",
            own("state"),
            rollup.fingerprint,
            source_columns(cursor, rollup),
            objects.table(rollup.kept[0]).code,
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
        if state == "broken":
            distrust(cursor, rollup)
    if state == "changed":
        drop_online(transaction, rollup.name)
        with transaction() as cursor:
            create(cursor, rollup, rules)
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
        drop(cursor, rollup.name)
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
        SQL(
            "SELECT ready, columns, prefix, relation = to_regclass(%s) FROM %s WHERE name = %s",
            objects.table(rollup.kept[0]).code,
            own("state"),
            rollup.name,
        ),
    )
    if not rows or rows[0][2] != rollup.prefix:
        return "changed"
    ready, columns, _prefix, same_tables = rows[0]
    if ready and columns != source_columns(cursor, rollup):
        return "changed"
    # other tables of the same name: the database was restored from a dump
    if not ready or not same_tables or missing_triggers(cursor, rollup):
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


def _ways_out(cursor, name):
    """Statements that take out the rollup of that name, of whatever declaration; one list a locked table."""
    rows = run(cursor, SQL("SELECT prefix FROM %s WHERE name = %s", own("state"), name))
    if not rows:
        return []
    owned = rows[0][0].replace("_", r"\_") + r"\_%"
    triggers = {}
    for relation, trigger in run(
        cursor,
        SQL(
            """
            SELECT t.tgrelid::regclass::text, quote_ident(t.tgname)
              FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
             WHERE p.pronamespace = %s::regnamespace AND p.proname LIKE %s
            """,
            SCHEMA,
            owned,
        ),
    ):
        # names that PostgreSQL itself has quoted
        triggers.setdefault(relation, []).append(SQL("DROP TRIGGER %s ON %s", SQL(trigger), SQL(relation)))
    functions = run(
        cursor,
        SQL(
            "SELECT oid::regprocedure::text FROM pg_proc"
            " WHERE pronamespace = %s::regnamespace AND proname LIKE %s",
            SCHEMA,
            owned,
        ),
    )
    tables = run(
        cursor,
        SQL(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND relname LIKE %s",
            SCHEMA,
            owned,
        ),
    )
    return [
        *triggers.values(),
        [SQL("DROP FUNCTION %s", SQL(signature)) for (signature,) in functions],
        *([SQL("DROP TABLE %s", SQL(relation))] for (relation,) in tables),
    ]


def drop(cursor, name):
    """Drop the rollup of that name in the cursor's transaction, which then holds locks on many tables."""
    for statements in _ways_out(cursor, name):
        for statement in statements:
            run(cursor, statement)
    run(cursor, SQL("DELETE FROM %s WHERE name = %s", own("state"), name))


def drop_online(transaction, name):
    """The same in one transaction a table: whoever holds one lock only takes part in no deadlock.

    Can be repeated after any step: readers take all live from the first one on.
    """
    with transaction() as cursor:
        run(cursor, SQL("UPDATE %s SET ready = false WHERE name = %s", own("state"), name))
        ways = _ways_out(cursor, name)
    for statements in ways:
        with transaction() as cursor:
            _timeout(cursor)
            for statement in statements:
                run(cursor, statement)
    with transaction() as cursor:
        run(cursor, SQL("DELETE FROM %s WHERE name = %s", own("state"), name))


def deployed_names(cursor):
    return [name for (name,) in run(cursor, SQL("SELECT name FROM %s ORDER BY name", own("state")))]
