"""Grace periods: a fold may remove a note only when nobody who ran beside its writer runs any more.

Each begins in a transaction of its own that does nothing else, never inside a business transaction.
"""

import time

import psycopg2.errors
from odoo.tools import SQL

from .sql import own, run

#: a transaction with this application name touches no source table, by its owner's word
IGNORED = "database_rollup ignores this"
#: epochs kept; no rollup has more tables
MOST_EPOCHS = 64
DATABASE = SQL("(SELECT oid FROM pg_database WHERE datname = current_database())")
RUNNING = SQL(
    """
    SELECT l.virtualxid FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid <> pg_backend_pid()
       AND (a.pid IS NULL OR a.datid = %s AND a.usesysid IS NOT NULL AND a.application_name <> %s)
    """,
    DATABASE,
    IGNORED,
)


def advance(cursor):
    """Begin a grace period if everything that ran when the last one began has ended; return whether it did.

    The cursor must be in a transaction of its own that does nothing else: it does not count itself.
    """
    last = run(
        cursor,
        SQL(
            "SELECT id, running FROM %s WHERE database = %s ORDER BY id DESC LIMIT 1", own("epoch"), DATABASE
        ),
    )
    number = 1
    if last:
        number = last[0][0] + 1
        waiting = last[0][1]
        # gone from pg_locks, a transaction has ended or is prepared: look for it there first
        if waiting and run(
            cursor,
            SQL(
                "SELECT 1 FROM pg_locks WHERE locktype = 'virtualxid' AND virtualxid = ANY(%s) LIMIT 1",
                waiting,
            ),
        ):
            return False
        if run(cursor, SQL("SELECT 1 FROM pg_prepared_xacts WHERE database = current_database() LIMIT 1")):
            return False
    begun = run(
        cursor,
        SQL(
            """
            INSERT INTO %(epoch)s (id, database, snapshot, running)
            SELECT %(number)s, %(database)s, pg_current_snapshot(), ARRAY(%(running)s)
            ON CONFLICT DO NOTHING RETURNING id
            """,
            epoch=own("epoch"),
            number=number,
            database=DATABASE,
            running=RUNNING,
        ),
    )
    run(
        cursor,
        SQL(
            "DELETE FROM %s WHERE database = %s AND id < %s OR database <> %s",
            own("epoch"),
            DATABASE,
            number - MOST_EPOCHS,
            DATABASE,
        ),
    )
    return bool(begun)


def wait_graces(transaction, number, seconds=0.0, pause=0.02):
    """Begin up to ``number`` grace periods, waiting at most ``seconds`` in all; return how many began."""
    until = time.monotonic() + seconds
    begun = 0
    while begun < number:
        try:
            with transaction() as cursor:
                moved = advance(cursor)
        except psycopg2.errors.SerializationFailure:  # another process began one
            moved = False
        begun += moved
        if not moved:
            if time.monotonic() >= until:
                break
            time.sleep(pause)
    return begun


def blockers(cursor):
    """Who holds folding back: ``[(pid, seconds its transaction has lasted, application)]``."""
    return run(
        cursor,
        SQL(
            """
            SELECT a.pid, EXTRACT(epoch FROM now() - a.xact_start)::float, a.application_name
              FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE l.locktype = 'virtualxid' AND l.granted AND l.virtualxid = ANY(
                   (SELECT running FROM %s WHERE database = %s ORDER BY id DESC LIMIT 1)::text[])
             ORDER BY 2 DESC NULLS LAST
            """,
            own("epoch"),
            DATABASE,
        ),
    )
