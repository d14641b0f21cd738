"""Bringing a database to its declarations, and back. Interrupted anywhere and run again, it converges."""

import time
from dataclasses import asdict, dataclass

import psycopg2
from odoo.tools import SQL

from . import build, catalogue, partitioned, state, stored
from .connection import Patience
from .errors import IndexRefusal, StoppedError
from .sql import run, text


@dataclass(frozen=True)
class Outcome:
    """What became of one index: ``state`` as in :mod:`.state`; ``did`` what was done; ``failed`` or not."""

    name: str
    table: str
    state: str
    did: str = ""
    seconds: float = 0.0
    bytes: int = 0
    message: str = ""
    failed: bool = False

    def to_dict(self):
        return asdict(self)


def verify(session, declarations):
    """Compare declarations, in code and stored, with the database; an :class:`Outcome` each, and one for what
    is no longer declared."""
    declarations = stored.beside(session, declarations)
    with session.transaction() as cursor:
        mine = catalogue.deployed(cursor) if catalogue.installed(cursor) else {}
    found = []
    for name, (index, _addon) in declarations.items():
        seen = state.inspect(session, index, mine.get(name))
        with session.transaction() as cursor:
            size = catalogue.bytes_of(cursor, name) if seen.code == "valid" else 0
        wrong = seen.code in state.OPEN | state.WRONG
        found.append(Outcome(name, index.table, seen.code, "", 0, size, seen.message, wrong))
    for name, one in mine.items():
        if name not in declarations:
            told = f"addon {one.addon} no longer declares it; deploy or roll back"
            found.append(Outcome(name, one.relation, "undeclared", message=told, failed=True))
    return found


def deploy(session, declarations, patience=None, names=None, tell=None):
    """Build what is missing, rebuild what is invalid or changed, drop what is no longer declared.

    A failure of one index does not keep the others from being deployed.

    :param declarations: ``{name: (Index, addon)}`` of those in code; what administrators declared joins them
    :param names: only these, and then nothing is dropped that is no longer declared
    :param tell: called with each :class:`Outcome` as soon as it is known
    :raises BusyError: another process works on indexes of this database
    """
    patience = patience or Patience()
    outcomes = []
    with session.alone(patience):
        build.ask_to_stop(session, False)
        with session.transaction() as cursor:
            mine = catalogue.deployed(cursor)
        declarations = stored.beside(session, declarations)
        steps = [(name, index, addon) for name, (index, addon) in declarations.items()]
        for name, index, addon in steps:
            if names is None or name in names:
                outcomes.append(_attempt(_deploy, session, index, addon, mine.get(name), patience))
                _record(session, outcomes[-1], tell)
                if outcomes[-1].state == "stopped":
                    return outcomes
        if names is None:
            for name, one in mine.items():
                if name not in declarations:
                    outcomes.append(_attempt(_drop, session, one, one.addon, one, patience))
                    _record(session, outcomes[-1], tell)
            with session.transaction() as cursor:
                gone = SQL(
                    "DELETE FROM database_index.index WHERE body IS NULL AND NOT name = ANY(%s)",
                    [*declarations],
                )
                run(cursor, gone)
    return outcomes


def rollback(session, patience=None, names=None, tell=None):
    """Drop exactly what deployments made, all of it or these names; an :class:`Outcome` each."""
    patience = patience or Patience()
    outcomes = []
    with session.alone(patience):
        build.ask_to_stop(session, False)
        with session.transaction() as cursor:
            mine = catalogue.deployed(cursor)
        for name, one in mine.items():
            if names is None or name in names:
                outcomes.append(_attempt(_drop, session, one, one.addon, one, patience))
                _record(session, outcomes[-1], tell)
    return outcomes


def withdraw(session, name, patience=None, tell=None):
    """Take an administrator's declaration back with what was deployed for it; the :class:`Outcome` s.

    The declaration goes first: interrupted, what is left is what nobody declares, which a deployment drops.

    :raises IndexRefusal: no administrator declared it
    """
    with session.transaction() as cursor:
        mine = withdrawable(cursor, name)
        stored.forget(cursor, name)
    outcomes = rollback(session, patience, {name}, tell) if mine else []
    if not any(one.failed for one in outcomes):
        with session.transaction() as cursor:
            catalogue.forget(cursor, name)
    return outcomes


def withdrawable(cursor, name):
    """The :class:`.catalogue.Deployed` of an administrator's declaration, None where nothing was deployed.

    :raises IndexRefusal: no administrator declared it
    """
    mine = catalogue.deployed(cursor).get(name)
    if name not in stored.kept(cursor) and not (mine and mine.addon == stored.OWNER):
        raise IndexRefusal(f"index {name!r} was not declared by an administrator; see: odoo index list")
    return mine


def drop_here(cursor, addons=None):
    """Drop what was deployed (for these addons) in the cursor's transaction: for an uninstallation."""
    if not catalogue.installed(cursor):
        return
    for name, one in catalogue.deployed(cursor).items():
        if addons is None or one.addon in addons:
            for part in owned(cursor, one):
                build.drop_here(cursor, part)
            catalogue.forget(cursor, name)


def _attempt(work, session, index, addon, mine, patience):
    began = time.monotonic()
    table = getattr(index, "table", None) or mine.relation
    try:
        return work(session, index, addon, mine, patience)
    except StoppedError as error:
        return Outcome(index.name, table, "stopped", message=str(error), failed=True)
    except (IndexRefusal, psycopg2.Error) as error:
        if session.connection.closed:
            raise
        told = str(error).strip().splitlines()[0]
        return Outcome(
            index.name, table, "put off", seconds=time.monotonic() - began, message=told, failed=True
        )


def _record(session, outcome, tell):
    if outcome.failed:
        with session.transaction() as cursor:
            catalogue.change(cursor, outcome.name, state=outcome.state, message=outcome.message)
    if tell:
        tell(outcome)


def _deploy(session, index, addon, mine, patience):
    began = time.monotonic()
    seen = state.inspect(session, index, mine)
    with session.transaction() as cursor:
        catalogue.note(cursor, index, addon, seen.statement, seen.code, seen.message)
        unaccented = catalogue.unaccents(cursor)
        kind = catalogue.relation_kind(cursor, index.table)
    if seen.code == "rejected" and mine:
        return _drop(session, mine, addon, mine, patience)
    if mine:
        _clear(session, mine, seen, patience)
    if seen.code not in state.OPEN:
        with session.transaction() as cursor:
            if seen.code == "valid":
                catalogue.change(cursor, index.name, body=seen.body, next_body=None, message="")
            elif mine and seen.code in ("absent", "elsewhere"):
                catalogue.change(cursor, index.name, body=None, next_body=None)
            size = catalogue.bytes_of(cursor, index.name) if seen.code == "valid" else 0
        failed = seen.code in state.WRONG
        return Outcome(index.name, index.table, seen.code, "", 0, size, seen.message, failed)
    work = _replace if seen.code in ("changed", "successor") and kind == "r" else _build
    attempts = work(session, index, seen, unaccented, kind, patience)
    seconds = time.monotonic() - began
    with session.transaction() as cursor:
        size = catalogue.bytes_of(cursor, index.name)
        run(
            cursor,
            SQL(
                "UPDATE database_index.index SET state = 'valid', message = '', body = %s, next_body = NULL,"
                " deployed_at = now(), seconds = %s, attempts = %s WHERE name = %s",
                seen.body, seconds, attempts, index.name,
            ),
        )  # fmt: skip
    did = {"missing": "built", "invalid": "rebuilt"}.get(seen.code, "replaced")
    return Outcome(index.name, index.table, "valid", did, seconds, size)


def _clear(session, mine, seen, patience):
    """Drop what an interrupted deployment of another declaration left, while the catalogue still says that it
    is ours."""
    with session.transaction() as cursor:
        names = owned(cursor, mine) if seen.code == "elsewhere" else []
        follower = catalogue.find(cursor, state.successor(mine.name))
    if follower and follower.body == mine.next_body and follower.name not in names:
        wanted = seen.code in ("changed", "successor") and follower.body == seen.body and follower.valid
        if seen.code not in state.WRONG and not wanted:
            names.append(follower.name)
    for name in names:
        build.drop(session, name, patience)


def _build(session, index, seen, unaccented, kind, patience):
    """Build it under its own name, after noting that we are about to."""
    with session.transaction() as cursor:
        found = catalogue.find(cursor, index.name)
    # of a partitioned table's index the finished parts are kept
    if found and (kind == "r" or found.body != seen.body):
        build.drop(session, index.name, patience)
    with session.transaction() as cursor:
        catalogue.change(cursor, index.name, body=seen.body, next_body=None)
    if kind == "p":
        return partitioned.create(session, index, unaccented, seen.body, patience)
    return build.create(session, index, index.name, index.table, unaccented, patience)


def _replace(session, index, seen, unaccented, _kind, patience):
    """Build the new one beside the old one, then let it take its place: queries always have one of both."""
    following = state.successor(index.name)
    attempts = 1
    if seen.code == "changed":
        with session.transaction() as cursor:
            catalogue.change(cursor, index.name, next_body=seen.body)
            found = catalogue.find(cursor, following)
        if not found:
            attempts = build.create(session, index, following, index.table, unaccented, patience)
        build.drop(session, index.name, patience)
    build.rename(session, following, index.name, patience)
    return attempts


def owned(cursor, mine):
    """Names of the indexes that stand for a deployed one: itself, a successor, parts not attached yet."""
    found = catalogue.find(cursor, mine.name)
    names = [mine.name] if found and found.body in (mine.body, mine.next_body) else []
    follower = catalogue.find(cursor, state.successor(mine.name))
    if follower and follower.body == mine.next_body:
        names.append(follower.name)
    if catalogue.relation_kind(cursor, mine.relation) == "p":
        return names + [
            part
            for part in partitioned.leftovers(cursor, mine.name, mine.relation)
            if not catalogue.find(cursor, part).attached
        ]
    return names


def _drop(session, _index, _addon, mine, patience):
    began = time.monotonic()
    with session.transaction() as cursor:
        found = catalogue.find(cursor, mine.name)
        names = owned(cursor, mine)
    for name in names:
        build.drop(session, name, patience)
    with session.transaction() as cursor:
        catalogue.change(cursor, mine.name, body=None, next_body=None, deployed_at=None, state="missing")
    if found and mine.name not in names:
        told = f"{mine.name} was changed since it was deployed; it is no longer ours, and stays"
        return Outcome(mine.name, mine.relation, "taken", "", message=told)
    return Outcome(mine.name, mine.relation, "missing", "dropped", time.monotonic() - began)


def remember(session, declarations, outcomes):
    """Note what :func:`verify` found, for the page."""
    declarations = stored.beside(session, declarations)
    with session.transaction() as cursor:
        unaccented = catalogue.unaccents(cursor)
        for one in outcomes:
            index, addon = declarations.get(one.name, (None, None))
            if index:
                statement = " ".join(text(index.create(unaccented)).split())
                catalogue.note(cursor, index, addon, statement, one.state, one.message)
            else:
                catalogue.change(cursor, one.name, state=one.state, message=one.message)
