"""Creating, replacing and dropping one index while people work.

Nothing here takes a lock that a writer would feel: CREATE, DROP and REINDEX CONCURRENTLY hold SHARE UPDATE
EXCLUSIVE on the table, and wait for older transactions without anybody queueing behind them.
"""

import time

from odoo.tools import SQL

from . import catalogue
from .connection import TRANSIENT, WORKER, quickly, wait_for_quiet
from .errors import BusyError, StoppedError
from .sql import own, relation, run


def patiently(session, what, statement, patience, between=None):
    """Execute a concurrent statement, again when it lost patience; return how often it was tried.

    :param between: called before each attempt, to clear away what the last one left
    :raises BusyError: every attempt timed out
    :raises StoppedError: an administrator stopped it
    """
    for attempt in range(1, patience.tries + 1):
        if between:
            between()
        check_stop(session, what)
        wait_for_quiet(session, what, patience)
        session.wait_for_locks(patience.wait_s)
        try:
            session.do(statement)
            return attempt
        except TRANSIENT as error:
            reason = str(error).splitlines()[0]
        check_stop(session, what)
        time.sleep(0.05 * attempt)
    raise BusyError(
        f"{what}: put off after {patience.tries} attempts ({reason}); tried again at the next run"
    )


def check_stop(session, what):
    if session.do(SQL("SELECT stop FROM %s", own("control")))[0][0]:
        raise StoppedError(f"{what}: stopped; deploy again to go on")


def ask_to_stop(session, stop=True):
    """Let whoever builds end: now, and with an invalid index that the next deployment rebuilds."""
    session.do(SQL("UPDATE %s SET stop = %s", own("control"), stop))
    if stop:
        session.do(SQL("SELECT pg_cancel_backend(pid) FROM (%s) w WHERE pid <> pg_backend_pid()", WORKER))


def create(session, index, name, table, unaccented, patience):
    """Build an index on an ordinary table; an invalid leftover of that name is dropped first.

    :return: number of attempts
    """

    def clear():
        with session.transaction() as cursor:
            found = catalogue.find(cursor, name)
        if found and not found.valid:
            drop(session, name, patience)

    return patiently(session, name, index.create(unaccented, name=name, table=table), patience, between=clear)


def drop(session, name, patience):
    """Drop an index, as quietly as its kind allows; harmless when it is not there."""
    with session.transaction() as cursor:
        found = catalogue.find(cursor, name)
    if not found:
        return
    if found.partitioned:
        quickly(
            session, name, found.table, "ACCESS EXCLUSIVE",
            [SQL("DROP INDEX IF EXISTS %s", relation(name))], patience, only=False,
        )  # fmt: skip
        return
    patiently(session, name, SQL("DROP INDEX CONCURRENTLY IF EXISTS %s", relation(name)), patience)


def rename(session, old, new, patience):
    """Give an index the name of another one, which is gone."""
    statement = SQL("ALTER INDEX %s RENAME TO %s", relation(old), SQL.identifier(new))
    patiently(session, new, statement, patience)


def drop_here(cursor, name):
    """Drop an index within the cursor's transaction, which then holds its table: for an uninstallation."""
    run(cursor, SQL("DROP INDEX IF EXISTS %s", relation(name)))
