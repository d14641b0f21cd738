"""A connection of our own in autocommit, what may run alone on it, and locks for which nobody waits long.

CREATE INDEX CONCURRENTLY cannot run in a transaction, so that its time limits belong to the session: the
engine wants a direct connection to PostgreSQL, or a pool in session mode.
"""

import contextlib
import random
import time
from dataclasses import dataclass

import psycopg2
import psycopg2.errors
from odoo.tools import SQL

from .errors import BusyError
from .sql import SCHEMA, relation, run, value

SETTINGS = (
    "SET search_path = public",
    "SET TimeZone = 'UTC'",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET lock_timeout = '10s'",
    # a killed process ends its build within a second, instead of leaving it to nobody
    "SET client_connection_check_interval = '1s'",
)
TRANSIENT = (
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.QueryCanceled,
    psycopg2.errors.DeadlockDetected,
)


@dataclass(frozen=True)
class Patience:
    """How long we wait, and how long we may make others wait.

    :param tries: attempts to build or drop an index concurrently
    :param wait_s: seconds that such an attempt waits for older transactions; nobody queues behind it
    :param quiet_s: seconds to wait, before it begins, for transactions older than ``old_s`` to end
    :param old_s: age in seconds of a transaction that is likely to outlive an attempt
    :param quick_tries: attempts at a lock that writers would feel, none of them waiting
    :param turn_s: seconds to wait for another process of ours
    """

    tries: int = 5
    wait_s: float = 20.0
    quiet_s: float = 20.0
    old_s: float = 5.0
    quick_tries: int = 100
    turn_s: float = 5.0


class Session:
    """Statements and transactions on a connection of our own.

    :param connect: returns a new psycopg2 connection to the database
    """

    def __init__(self, connect):
        self.connection = connect()
        self.connection.autocommit = True
        for setting in SETTINGS:
            self.do(SQL(setting))

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def do(self, sql):
        """One statement, in no transaction of ours; return its rows."""
        with self.connection.cursor() as cursor:
            return run(cursor, sql)

    @contextlib.contextmanager
    def transaction(self, keep=True):
        """A cursor in a READ COMMITTED transaction, committed at the end, or rolled back unless ``keep``."""
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            try:
                yield cursor
            except BaseException:
                if not self.connection.closed:
                    cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT" if keep else "ROLLBACK")

    def wait_for_locks(self, seconds):
        self.do(SQL("SELECT set_config('lock_timeout', %s, false)", f"{max(1, round(seconds * 1000))}ms"))

    @contextlib.contextmanager
    def alone(self, patience):
        """Be the only one that builds, drops or rebuilds indexes in this database.

        :raises BusyError: another process is at it
        """
        key = SQL("hashtext(%s), 0", SCHEMA)
        until = time.monotonic() + patience.turn_s
        while not self.do(SQL("SELECT pg_try_advisory_lock(%s)", key))[0][0]:
            if time.monotonic() > until:
                with self.transaction() as cursor:
                    pid = value(cursor, WORKER)
                raise BusyError(
                    f"process {pid} works on indexes of this database; try again when it has ended"
                )
            time.sleep(0.05)
        try:
            yield
        finally:
            if not self.connection.closed:
                self.do(SQL("SELECT pg_advisory_unlock(%s)", key))


#: process id of the one that builds, drops or rebuilds
WORKER = SQL(
    """
    SELECT pid FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND objid = 0
       AND classid::bigint = (hashtext(%s)::bigint + 4294967296) %% 4294967296
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """,
    SCHEMA,
)
OLD = """
    SELECT pid, EXTRACT(epoch FROM clock_timestamp() - xact_start)::float, application_name
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
       AND clock_timestamp() - xact_start > make_interval(secs => %s)
     ORDER BY 2 DESC
"""


def wait_for_quiet(session, what, patience):
    """Wait until no old transaction is left: a concurrent build would wait for it at its end, in vain.

    :raises BusyError: one lives longer than the patience
    """
    until = time.monotonic() + patience.quiet_s
    while found := session.do(SQL(OLD, patience.old_s)):
        if time.monotonic() > until:
            pid, seconds, application = found[0]
            raise BusyError(
                f"{what}: put off, because the transaction of process {pid} ({application or 'unnamed'}) is "
                f"{seconds:.0f} s old; it is tried again at the next run"
            )
        time.sleep(0.2)


def quickly(session, what, table, mode, statements, patience, only=True):
    """Execute statements in one transaction that holds a lock on a table, without anybody waiting for it.

    :param only: the table alone, else with its partitions
    :raises BusyError: no attempt found the table free
    """
    for _attempt in range(patience.quick_tries):
        try:
            with session.transaction() as cursor:
                run(
                    cursor,
                    SQL(
                        "LOCK TABLE %s %s IN %s MODE NOWAIT",
                        SQL("ONLY") if only else SQL(),
                        relation(table),
                        SQL(mode),
                    ),
                )
                # what else the statements lock hardly ever waits; if it does, only this long
                run(cursor, SQL("SET LOCAL lock_timeout = '20ms'"))
                for statement in statements:
                    run(cursor, statement)
            return
        except TRANSIENT as error:
            reason = str(error).splitlines()[0]
        time.sleep(random.uniform(0.005, 0.05))
    raise BusyError(
        f"{what}: put off, {table} was never free for a moment ({reason}); tried again at the next run"
    )
