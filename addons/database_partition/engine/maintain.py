"""One maintenance run: each step for itself, so that one that fails holds up no other."""

from dataclasses import dataclass, field

import psycopg2
from odoo.tools import SQL

from . import archive, catalogue, create, drain, index, retention
from .connection import Patience
from .errors import BusyError, PartitionError, reason
from .protocol import RULES
from .sql import own, run
from .words import _lt

STEPS = ("finalize", "premake", "drain", "detach", "archive", "index")
#: partitions that one run takes away; the next goes on
MOST = 400


@dataclass
class Report:
    """What a run did (lines of text) and what it could not do."""

    set: str
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def good(self):
        return not self.failed


def maintain(session, declared, now, folder, patience=None, steps=STEPS, rules=RULES, stop=None):
    """Do what is due, each step in transactions of its own, and remember how it went.

    :param now: aware datetime
    :param stop: called between steps; true ends the run early
    :return: :class:`Report`; failures are in it, and raised only where the database is out of reach
    """
    patience = patience or Patience()
    report = Report(declared.name)
    _remember(session, declared, now, None)
    work = {
        "finalize": lambda: _finalize(session, declared, report),
        "premake": lambda: _premake(session, declared, now, patience, report, rules),
        "drain": lambda: _drain(session, declared, now, patience, report, rules),
        "detach": lambda: _detach(session, declared, now, patience, report, rules),
        "archive": lambda: _archive(session, declared, now, folder, report, rules),
        "index": lambda: _index(session, declared, patience, report),
    }
    for step in steps:
        if stop and stop():
            report.failed.append(_lt("stopped early"))
            break
        try:
            work[step]()
        except (PartitionError, psycopg2.Error, OSError) as error:
            if session.connection.closed:
                raise
            report.failed.append(_lt("%(step)s: %(reason)s", step=step, reason=reason(error)))
    _remember(session, declared, now, report)
    return report


def _remember(session, declared, now, report):
    with session.transaction() as cursor:
        if report is None:
            changes = SQL("run_at = %s", now)
        elif report.good:
            changes = SQL("success_at = %s, message = NULL", now)
        else:
            changes = SQL("message = %s", "; ".join(report.failed))
        run(cursor, SQL("UPDATE %s SET %s WHERE name = %s", own("set"), changes, declared.name))


def _finalize(session, declared, report):
    report.done += [
        _lt("finished detaching %(name)s", name=name) for name in retention.finalize(session, declared)
    ]


def _premake(session, declared, now, patience, report, rules):
    with session.transaction() as cursor:
        wanted = create.missing(cursor, declared, now)
    failed = None
    for one in wanted:
        try:
            report.done.append(
                _lt("created %(name)s", name=create.attach_empty(session, declared, one, patience, rules))
            )
        except create.DefaultNotEmpty:
            continue  # the drain, next, creates it
        except BusyError:
            raise
        except PartitionError as error:  # a stray table holds up its own range only
            failed = error
    if failed:
        raise failed


def _drain(session, declared, now, patience, report, rules):
    report.done += [
        _lt("moved rows into %(name)s", name=name)
        for name in drain.drain(session, declared, now, patience, rules=rules)
    ]
    with session.transaction() as cursor:
        left = bool(create.missing(cursor, declared, now))
    if left:
        _premake(session, declared, now, patience, report, rules)


def _detach(session, declared, now, patience, report, rules):
    with session.transaction() as cursor:
        old = retention.expired(cursor, declared, now) if retention.may_go(cursor, declared) else []
    for partition in old[:MOST]:
        retention.detach(session, declared, partition.relation, now, patience, rules)
        report.done.append(_lt("detached %(relation)s", relation=partition.relation))


def _archive(session, declared, now, folder, report, rules):
    with session.transaction() as cursor:
        waiting = retention.detached(cursor, declared)
        confirmed = retention.may_go(cursor, declared) and not declared.archive
    for relation, wanted in waiting[:MOST]:
        try:
            if not confirmed and _archive_due(session, declared, relation):
                archive.write(session, declared, relation, wanted, now, folder)
                report.done.append(_lt("archived %(relation)s", relation=relation))
            retention.drop(session, declared, relation, now, folder, confirmed, rules)
            report.done.append(_lt("dropped %(relation)s", relation=relation))
        except (PartitionError, OSError) as error:  # the others go on
            report.failed.append(_lt("%(step)s: %(reason)s", step="archive", reason=reason(error)))


def _index(session, declared, patience, report):
    report.done += [
        _lt("built index %(name)s", name=name) for name in index.build(session, declared, patience)
    ]


def _archive_due(session, declared, relation):
    """Whether the newest archive is missing or not of these rows (a restored table may have changed
    since)."""
    with session.transaction() as cursor:
        if not catalogue.stands(cursor, relation):
            return False
        kept = archive.last(cursor, declared, relation)
        return not kept or archive.digest(cursor, declared, relation) != (
            kept["rows"],
            kept["content_sha256"],
        )
