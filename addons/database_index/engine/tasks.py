"""What an administrator can ask for, and doing it in the background, one after the other."""

from odoo.tools import SQL

from . import build, catalogue, deploy, drop, partitioned, state, stored
from .connection import Patience
from .errors import BusyError, IndexRefusal, StoppedError
from .reindex import reindex
from .sql import own, relation, run, text

OPERATIONS = ("deploy", "rollback", "reindex", "drop", "restore", "withdraw")
#: these want one index
SINGLE = ("reindex", "drop", "restore", "withdraw")


def check(operation, name=None):
    """:raises IndexRefusal: the operation is unknown, or wants one index"""
    if operation not in OPERATIONS:
        raise IndexRefusal(f"operation {operation!r} is unknown; one of {', '.join(OPERATIONS)}")
    if operation in SINGLE and not name:
        raise IndexRefusal(f"operation {operation} wants one index; choose it")


def preview(session, declarations, operation, name=None):
    """The statements that the operation would send, as texts; none is executed."""
    check(operation, name)
    with session.transaction() as cursor:
        mine = catalogue.deployed(cursor)
        if operation == "drop":
            drop.droppable(cursor, name)
            return [_drop(cursor, name)]
        if operation == "restore":
            return [drop.restoring(drop.lost(cursor, name))]
        if operation == "withdraw":
            one = deploy.withdrawable(cursor, name)
            return [_drop(cursor, owned) for owned in deploy.owned(cursor, one)] if one else []
    if operation == "reindex":
        return [text(SQL("REINDEX INDEX CONCURRENTLY %s", relation(name)))]
    if operation == "rollback":
        wanted = [one for one in mine.values() if name in (None, one.name)]
        with session.transaction() as cursor:
            return [_drop(cursor, owned) for one in wanted for owned in deploy.owned(cursor, one)]
    found = []
    declarations = stored.beside(session, declarations)
    for index, _addon in declarations.values():
        if name not in (None, index.name):
            continue
        seen = state.inspect(session, index, mine.get(index.name))
        if seen.code in state.OPEN:
            with session.transaction() as cursor:
                found += _deploy(cursor, index, seen)
    if name is None:
        with session.transaction() as cursor:
            gone = [one for one in mine.values() if one.name not in declarations]
            found += [_drop(cursor, owned) for one in gone for owned in deploy.owned(cursor, one)]
    return found


def _drop(cursor, name):
    found = catalogue.find(cursor, name)
    how = "" if found and found.partitioned else "CONCURRENTLY "
    return f'DROP INDEX {how}IF EXISTS "public"."{name}"'


def _deploy(cursor, index, seen):
    unaccented = catalogue.unaccents(cursor)
    if catalogue.relation_kind(cursor, index.table) == "p":
        yield _flat(index.create(unaccented, concurrently=False, only=True))
        for table, kind in partitioned.children(cursor, index.name, index.table):
            if kind == "r":
                part = partitioned.child_name(index.name, table)
                yield _flat(index.create(unaccented, name=part, table=table))
                yield f'ALTER INDEX "public"."{index.name}" ATTACH PARTITION "public"."{part}"'
        return
    if seen.code == "changed":
        following = state.successor(index.name)
        yield _flat(index.create(unaccented, name=following))
        yield _drop(cursor, index.name)
        yield f'ALTER INDEX "public"."{following}" RENAME TO "{index.name}"'
        return
    if seen.code == "invalid":
        yield _drop(cursor, index.name)
    yield seen.statement


def _flat(sql):
    return " ".join(text(sql).split())


def ask(cursor, operation, name, login):
    """Queue a task; return its id."""
    check(operation, name)
    statement = "INSERT INTO %s (operation, name, login) VALUES (%s, %s, %s) RETURNING id"
    return run(cursor, SQL(statement, own("task"), operation, name, login))[0][0]


def work(session, declarations, patience=None, tell=None):
    """Do what is queued; return the outcomes of deployments and rollbacks.

    A task that has to be put off waits for the next run; a refused one is done, with its message.
    """
    patience = patience or Patience()
    outcomes = []
    while True:
        with session.transaction() as cursor:
            rows = run(
                cursor,
                SQL(
                    "SELECT id, operation, name FROM %s WHERE done_at IS NULL ORDER BY id LIMIT 1",
                    own("task"),
                ),
            )
        if not rows:
            return outcomes
        number, operation, name = rows[0]
        failed, message = False, ""
        try:
            done, message = perform(session, declarations, operation, name, patience, tell)
            outcomes += done
            failed = any(one.failed for one in done)
        except StoppedError as error:
            failed, message = True, str(error)
        except BusyError as error:
            _finish(session, number, False, str(error), done=False)
            return outcomes
        except IndexRefusal as error:
            failed, message = True, str(error)
        _finish(session, number, failed, message)


def perform(session, declarations, operation, name, patience, tell=None):
    """Do one thing now; return ``(outcomes, message)``."""
    check(operation, name)
    names = None if name is None else {name}
    if operation == "reindex":
        before, after, seconds = reindex(session, name, patience)
        return [], f"{name}: {before} bytes before, {after} after, {seconds:.1f} s"
    if operation in ("drop", "restore"):
        size = getattr(drop, operation)(session, name, patience)
        return [], f"{name}: {size} bytes {'freed' if operation == 'drop' else 'built'}"
    if operation == "withdraw":
        done = deploy.withdraw(session, name, patience, tell)
    elif operation == "deploy":
        done = deploy.deploy(session, declarations, patience, names, tell)
    else:
        done = deploy.rollback(session, patience, names, tell)
    changed = sum(bool(one.did) for one in done)
    failed = "; ".join(f"{one.name}: {one.message}" for one in done if one.failed)
    return done, f"{changed} changed" + (f"; {failed}" if failed else "")


def _finish(session, number, failed, message, done=True):
    session.do(
        SQL(
            "UPDATE %s SET done_at = CASE WHEN %s THEN now() END, failed = %s, message = %s WHERE id = %s",
            own("task"), done, failed, message, number,
        )
    )  # fmt: skip


def stop(session):
    """End what runs now; what was finished stays, and deploying again goes on."""
    build.ask_to_stop(session)
