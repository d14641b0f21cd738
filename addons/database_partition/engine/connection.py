"""A connection of our own, and locks for which nobody has to wait long.

Nothing relies on the state of a session, so that a pool in transaction mode may stand in between.
"""

import contextlib
import random
import time
from dataclasses import dataclass

import psycopg2
import psycopg2.errors
import psycopg2.extensions
from odoo.tools import SQL

from .errors import BusyError
from .protocol import RULES
from .sql import commas, run, table
from .words import _lt

#: whatever the role or the database says, text means the same in every session
SETTINGS = (
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL lock_timeout = '2s'",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL search_path = pg_catalog, public",
)
TRANSIENT = (
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.QueryCanceled,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.SerializationFailure,
)


@dataclass(frozen=True)
class Patience:
    """How long we may make others wait, and how long we try.

    :param tries: attempts without waiting for a lock at all
    :param waits: further attempts that wait ``lock_ms`` milliseconds for a lock; others then queue behind us
    :param work_ms: milliseconds that one statement under a lock may take
    :param grace_s: seconds to wait for older snapshots to end, before what remains is left to the next run
    """

    tries: int = 40
    waits: int = 3
    lock_ms: int = 40
    work_ms: int = 60
    grace_s: float = 5.0


class Session:
    """Transactions on a connection of our own.

    :param connect: returns a new psycopg2 connection to the database
    """

    def __init__(self, connect):
        self.connection = connect()
        self.connection.autocommit = True

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    @contextlib.contextmanager
    def transaction(self, repeatable=False):
        """A cursor in a transaction (READ COMMITTED, or REPEATABLE READ), committed at the end."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"BEGIN ISOLATION LEVEL {'REPEATABLE READ' if repeatable else 'READ COMMITTED'}")
            try:
                for setting in SETTINGS:
                    cursor.execute(setting)
                yield cursor
            except BaseException:
                if not self.connection.closed:
                    cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")


def alone(cursor, declared):
    """Be the only one that works on this set until the transaction ends.

    :raises BusyError: another process is at it
    """
    key = SQL("hashtext('database_partition'), hashtext(%s)", declared.name)
    if not run(cursor, SQL("SELECT pg_try_advisory_xact_lock(%s)", key))[0][0]:
        raise BusyError(
            _lt("%(set)s: another process works on it; try again when it has ended", set=declared.name)
        )


def briefly(session, declared, patience, locks, work, prepare=None, rules=RULES):
    """Run ``work(cursor)`` in one transaction that holds ``locks``; return what it returns.

    Nobody queues behind an attempt without waiting; a waiting attempt is made only while no holder of a lock
    is older than a second, for then waiting would be in vain.

    :param locks: pairs of table name and lock mode, in the order in which everybody takes them
    :param prepare: called with the cursor before the locks are taken
    :raises BusyError: the locks could not be had, or the work took longer than others may be made to wait
    """
    reason = ""
    for attempt in range(patience.tries + patience.waits):
        waiting = attempt >= patience.tries or "nowait" not in rules
        lock_ms = patience.lock_ms if "nowait" in rules else 5000
        try:
            with session.transaction() as cursor:
                alone(cursor, declared)
                if prepare:
                    prepare(cursor)
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{lock_ms}ms"])
                for name, mode in locks:
                    nowait = SQL() if waiting else SQL("NOWAIT")
                    run(cursor, SQL("LOCK TABLE ONLY %s IN %s MODE %s", table(name), SQL(mode), nowait))
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{patience.work_ms}ms"])
                return work(cursor)
        except TRANSIENT as error:
            reason = str(error).splitlines()[0]
        with session.transaction() as cursor:
            old = holders(cursor, [name for name, _mode in locks])
        if old:
            pid, seconds, application = old[0]
            raise BusyError(
                _lt(
                    "%(set)s: postponed, because process %(pid)s (%(application)s) has held a table of "
                    "the set for %(seconds).0f s; it is tried again at the next run",
                    set=declared.name,
                    pid=pid,
                    application=application or "unnamed",
                    seconds=seconds,
                )
            )
        time.sleep(random.uniform(0.5, 1.5) * min(0.004 * 2**attempt, 0.02))
    raise BusyError(
        _lt(
            "%(set)s: postponed, no quiet moment was found (%(reason)s); tried again at the next run",
            set=declared.name,
            reason=reason,
        )
    )


def holders(cursor, names, seconds=1.0):
    """Who has used one of these tables in a transaction older than ``seconds``: ``[(pid, age,
    application)]``."""
    return run(
        cursor,
        SQL(
            """
            SELECT a.pid, max(EXTRACT(epoch FROM clock_timestamp() - a.xact_start))::float AS age,
                   a.application_name
              FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE l.relation IN (SELECT to_regclass(n) FROM unnest(ARRAY[%s]) n)
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND l.granted AND a.pid <> pg_backend_pid()
               AND clock_timestamp() - a.xact_start > make_interval(secs => %s)
             GROUP BY a.pid, a.application_name ORDER BY 2 DESC
            """,
            commas(SQL("%s", f"public.{name}") for name in names),
            seconds,
        ),
    )


#: a transaction whose application name ends so reads no table of a set, by its owner's word
IGNORED = "database_partition ignores this"
SNAPSHOTS = SQL(
    """
    SELECT l.virtualxid, a.pid, EXTRACT(epoch FROM clock_timestamp() - a.xact_start)::float,
    a.application_name
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'virtualxid' AND l.granted AND a.pid <> pg_backend_pid()
       AND a.backend_xmin IS NOT NULL
       AND a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND a.backend_type = 'client backend' AND a.application_name NOT LIKE '%% ignores this'
    """
)


#: standbys that tell what their snapshots still need (hot_standby_feedback): to the walsender, or to its slot
STANDBYS = """
    SELECT r.pid, COALESCE(NULLIF(r.application_name, ''), r.client_addr::text, 'unnamed')
      FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid
     WHERE age(COALESCE(r.backend_xmin, s.xmin)) > age((%s::xid8)::xid)
"""


def wait_for_standbys(session, declared, patience, last):
    """Wait until no standby that tells of its snapshots has one to which transaction ``last`` is not over.

    A standby without ``hot_standby_feedback`` tells nothing, and is not waited for.

    :param last: text of an xid8
    :raises BusyError: one does longer than the patience; standbys tell every ten seconds
    """
    until = time.monotonic() + patience.grace_s
    following = SQL(STANDBYS, str(int(last) + 1))
    while True:
        with session.transaction() as cursor:
            behind = run(cursor, following)
        if not behind:
            return
        if time.monotonic() > until:
            raise BusyError(
                _lt(
                    "%(set)s: postponed, because standby %(standby)s has older snapshots; it is tried "
                    "again at the next run",
                    set=declared.name,
                    standby=behind[0][1],
                )
            )
        time.sleep(0.05)


def wait_for_snapshots(session, declared, patience):
    """Wait until every snapshot that lives now has ended. Nobody waits for us meanwhile.

    :raises BusyError: one lives longer than the patience
    """
    until = time.monotonic() + patience.grace_s
    with session.transaction() as cursor:
        waiting = {row[0] for row in run(cursor, SNAPSHOTS)}
    while waiting:
        with session.transaction() as cursor:
            living = {row[0]: row[1:] for row in run(cursor, SNAPSHOTS)}
        waiting &= living.keys()
        if waiting and time.monotonic() > until:
            pid, seconds, application = max((living[one] for one in waiting), key=lambda row: row[1] or 0)
            raise BusyError(
                _lt(
                    "%(set)s: postponed, because the transaction of process %(pid)s (%(application)s) "
                    "is %(seconds).0f s old; it is tried again at the next run",
                    set=declared.name,
                    pid=pid,
                    application=application or "unnamed",
                    seconds=seconds or 0,
                )
            )
        if waiting:
            time.sleep(0.01)
