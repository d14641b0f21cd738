"""What an administrator can ask for, by name; the page and the command line both come here."""

from dataclasses import dataclass

from . import archive, create, drain, index, maintain, retention
from .connection import Patience
from .errors import PartitionError
from .sql import show
from .words import _lt


@dataclass(frozen=True)
class Operation:
    """``partition``: needs a partition's name; ``drops``: takes rows out of the table, and wants
    confirmation."""

    partition: bool = False
    drops: bool = False


OPERATIONS = {
    "maintain": Operation(),
    "create": Operation(),
    "drain": Operation(),
    "drain_all": Operation(),
    "detach": Operation(partition=True, drops=True),
    "archive": Operation(partition=True),
    "drop": Operation(partition=True, drops=True),
    "restore": Operation(partition=True),
    "release": Operation(partition=True),
    "verify": Operation(),
    "index": Operation(),
    "confirm_drop": Operation(drops=True),
    "revoke_drop": Operation(),
}


def check(declared, operation, relation=None):
    """:raises PartitionError: the operation is unknown, or lacks its partition"""
    if operation not in OPERATIONS:
        raise PartitionError(
            _lt(
                "operation %(operation)r is unknown; one of %(known)s",
                operation=operation,
                known=", ".join(OPERATIONS),
            )
        )
    if OPERATIONS[operation].partition and not relation:
        raise PartitionError(
            _lt(
                "%(set)s: %(operation)s needs the name of a partition", set=declared.name, operation=operation
            )
        )


def preview(cursor, declared, operation, now, relation=None):
    """The statements that :func:`perform` would send now, exactly; none is executed.

    Where a restore loads rows from a file, or a run does several things, the statements of each part.
    """
    check(declared, operation, relation)
    if operation == "maintain":
        found = [
            one for step in ("create", "drain") for one in _statements(cursor, declared, step, now, relation)
        ]
        found += _leaving(cursor, declared, now)
        found += index.statements(cursor, declared)
    else:
        found = list(_statements(cursor, declared, operation, now, relation))
    return [show(cursor, one) for one in found]


def _statements(cursor, declared, operation, now, relation):
    if operation == "create":
        for wanted in create.missing(cursor, declared, now):
            yield from create.attach_empty_statements(declared, wanted)
    elif operation in ("drain", "drain_all"):
        yield from drain.statements(cursor, declared, now, operation == "drain_all")
    elif operation == "detach":
        partition = retention.leaving(cursor, declared, relation)
        yield from retention.preview_detach(cursor, declared, partition, now)
    elif operation == "archive":
        yield archive.copy_out(cursor, declared, relation)
    elif operation == "drop":
        yield from retention.preview_drop(cursor, declared, relation, now)
    elif operation == "index":
        yield from index.statements(cursor, declared)
    elif operation == "restore":
        yield from archive.preview_restore(cursor, declared, relation, now)
    elif operation == "release":
        yield archive.release_statement(declared, relation)
    elif operation in ("confirm_drop", "revoke_drop"):
        yield retention.confirm_statement(declared, now, operation == "confirm_drop")


def _leaving(cursor, declared, now):
    """What a maintenance run sends to detach, archive and drop."""
    gone = [relation for relation, _range in retention.detached(cursor, declared)]
    if retention.may_go(cursor, declared):
        for partition in retention.expired(cursor, declared, now):
            yield from retention.preview_detach(cursor, declared, partition, now)
            gone.append(partition.relation)
    for relation in gone:
        if declared.archive and not archive.last(cursor, declared, relation):
            yield archive.copy_out(cursor, declared, relation)
        if retention.may_go(cursor, declared):
            yield from retention.preview_drop(cursor, declared, relation, now)


def perform(session, declared, operation, now, folder, relation=None, confirmed=False, patience=None):
    """Do it; return lines that say what was done.

    :param confirmed: an administrator's word, for what takes rows away
    :raises PartitionError: it cannot be done, or wants confirmation
    """
    check(declared, operation, relation)
    patience = patience or Patience()
    if OPERATIONS[operation].drops and not confirmed:
        raise PartitionError(
            _lt(
                "%(set)s: %(operation)s takes rows out of the table; confirm it",
                set=declared.name,
                operation=operation,
            )
        )
    if operation == "maintain":
        report = maintain.maintain(session, declared, now, folder, patience)
        if report.failed:
            raise PartitionError(*report.failed, *report.done)
        return report.done
    if operation == "create":
        report = maintain.maintain(session, declared, now, folder, patience, steps=("premake", "drain"))
        if report.failed:
            raise PartitionError(*report.failed, *report.done)
        return report.done
    if operation in ("drain", "drain_all"):
        everything = operation == "drain_all"
        return [
            _lt("moved rows into %(name)s", name=name)
            for name in drain.drain(session, declared, now, patience, everything)
        ]
    if operation == "detach":
        retention.detach(session, declared, relation, now, patience)
        return [_lt("detached %(relation)s; the next run archives and drops it", relation=relation)]
    if operation == "archive":
        with session.transaction() as cursor:
            wanted = dict(retention.detached(cursor, declared)).get(relation)
            wanted = wanted or retention.attached(cursor, declared, relation).range
        facts = archive.write(session, declared, relation, wanted, now, folder)
        return [
            _lt(
                "archived %(rows)s rows of %(relation)s in %(file)s",
                rows=facts["rows"],
                relation=relation,
                file=facts["file"],
            )
        ]
    if operation == "drop":
        with session.transaction() as cursor:
            unarchived = retention.may_go(cursor, declared) and not declared.archive
        retention.drop(session, declared, relation, now, folder, unarchived)
        return [_lt("dropped %(relation)s", relation=relation)]
    if operation == "restore":
        rows = archive.restore(session, declared, relation, now, folder, patience)
        return [
            _lt(
                "restored %(rows)s rows of %(relation)s; retention leaves it alone until it is released",
                rows=rows,
                relation=relation,
            )
        ]
    if operation == "release":
        archive.release(session, declared, relation)
        return [_lt("retention may take %(relation)s again", relation=relation)]
    if operation == "index":
        return [_lt("built index %(name)s", name=name) for name in index.build(session, declared, patience)]
    if operation == "verify":
        wrong = archive.verify(session, declared, folder, now)
        if wrong:
            raise PartitionError(*(text for _file, text in wrong))
        return [_lt("every archive reads back as it was written")]
    retention.confirm_drop(session, declared, now, operation == "confirm_drop")
    if operation == "confirm_drop":
        return [_lt("%(set)s: old partitions may be dropped without an archive", set=declared.name)]
    return [_lt("%(set)s: old partitions may not be dropped without an archive", set=declared.name)]
