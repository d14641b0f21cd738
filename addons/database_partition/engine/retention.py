"""Taking old partitions away: detach, archive, drop, each on its own, and never rows that are nowhere
else."""

from odoo.tools import SQL

from . import archive, bounds, catalogue
from .connection import alone, briefly
from .errors import DamagedError, PartitionError
from .protocol import RULES
from .sql import own, run, table, trusted, value
from .words import _lt


def expired(cursor, declared, now):
    """Attached partitions that end at or before the retention's floor, oldest first.

    Neither those that are held, nor those that may not leave yet.
    """
    floor = bounds.floor(declared, now)
    if floor is None:
        return []
    free = _free_until(cursor, declared)
    floor = min(floor, free) if free else floor
    held = {
        tuple(row)
        for row in run(
            cursor, SQL("SELECT lower, upper FROM %s WHERE name = %s AND held", own("archive"), declared.name)
        )
    }
    return [
        p
        for p in catalogue.partitions(cursor, declared)
        if p.range
        and not p.pending
        and p.range.upper
        and p.range.lower
        and p.range.upper <= floor
        and (p.range.lower, p.range.upper) not in held
    ]


def _free_until(cursor, declared):
    """The aware moment before which rows may leave, or None: any may."""
    if not declared.free_until:
        return None
    moment = value(cursor, trusted(declared.free_until))
    return moment.replace(tzinfo=bounds.UTC) if moment else bounds.FIRST


def may_go(cursor, declared):
    """Whether retention may take partitions away: archiving, or confirmed by an administrator."""
    return declared.archive or bool(
        value(
            cursor,
            SQL("SELECT drop_confirmed_at IS NOT NULL FROM %s WHERE name = %s", own("set"), declared.name),
        )
    )


def confirm_drop(session, declared, now, confirmed=True):
    """An administrator's standing word that this set's old partitions may go without an archive."""
    with session.transaction() as cursor:
        run(cursor, confirm_statement(declared, now, confirmed))


def confirm_statement(declared, now, confirmed):
    return SQL(
        "UPDATE %s SET drop_confirmed_at = %s WHERE name = %s",
        own("set"),
        now if confirmed else None,
        declared.name,
    )


def detach(session, declared, relation, now, patience, rules=RULES):
    """Take a partition out of its table; its rows stay in a table of their own, on the list of detached ones.

    PostgreSQL refuses DETACH CONCURRENTLY beside a default partition, so this locks the table, for
    milliseconds.
    """
    with session.transaction() as cursor:
        found = leaving(cursor, declared, relation)

    def work(cursor):
        for statement in detach_statements(declared, found, now):
            run(cursor, statement)

    with session.transaction() as cursor:
        locks = [(name, "ACCESS EXCLUSIVE") for name in detach_locks(cursor, declared, relation)]
    briefly(session, declared, patience, locks, work, rules=rules)


def detach_locks(cursor, declared, relation):
    """The tables that detaching locks, in the order in which everybody takes them."""
    return [name for name in (declared.table, catalogue.default_of(cursor, declared), relation) if name]


def preview_detach(cursor, declared, partition, now):
    """What :func:`detach` sends, for a dry run."""
    for name in detach_locks(cursor, declared, partition.relation):
        yield SQL("LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT", table(name))
    yield from detach_statements(declared, partition, now)


def detach_statements(declared, partition, now):
    yield SQL("ALTER TABLE %s DETACH PARTITION %s", table(declared.table), table(partition.relation))
    yield SQL(
        "INSERT INTO %s (name, relation, lower, upper, detached_at) VALUES (%s, %s, %s, %s, %s)",
        own("detached"),
        declared.name,
        partition.relation,
        partition.range.lower,
        partition.range.upper,
        now,
    )


def leaving(cursor, declared, relation):
    """The attached partition of that name, if it may leave the table.

    :raises PartitionError:
    """
    found = attached(cursor, declared, relation)
    free = _free_until(cursor, declared)
    if free and found.range.upper > free:
        raise PartitionError(
            _lt(
                "%(set)s: %(relation)s may not leave the table yet: what is kept of its rows is complete "
                "only before %(moment)s UTC; retention takes it when it is",
                set=declared.name,
                relation=relation,
                moment=f"{free:%Y-%m-%d %H:%M}",
            )
        )
    return found


def attached(cursor, declared, relation):
    """The attached partition of that name.

    :raises PartitionError:
    """
    for partition in catalogue.partitions(cursor, declared):
        if (
            partition.relation == relation
            and partition.range
            and partition.range.lower
            and partition.range.upper
        ):
            return partition
    raise PartitionError(
        _lt(
            "%(set)s: %(relation)r is no attached partition with two bounds; see the list",
            set=declared.name,
            relation=relation,
        )
    )


def detached(cursor, declared):
    """``[(relation, Range)]`` of tables that were taken out and still stand, oldest first."""
    return [
        (row[0], bounds.Range(row[1], row[2]))
        for row in run(
            cursor,
            SQL(
                "SELECT relation, lower, upper FROM %s WHERE name = %s ORDER BY lower",
                own("detached"),
                declared.name,
            ),
        )
    ]


def finalize(session, declared):
    """End what an interrupted DETACH CONCURRENTLY left half done; return the names."""
    with session.transaction() as cursor:
        names = [p.relation for p in catalogue.partitions(cursor, declared) if p.pending]
    for name in names:
        with session.transaction() as cursor:
            alone(cursor, declared)
            cursor.execute("SET LOCAL lock_timeout = '40ms'")
            run(cursor, finalize_statement(declared, name))
    return names


def finalize_statement(declared, name):
    return SQL("ALTER TABLE %s DETACH PARTITION %s FINALIZE", table(declared.table), table(name))


def drop(session, declared, relation, now, folder, confirmed=False, rules=RULES):
    """Drop a detached table whose rows are exactly those of an archive that reads back, or on confirmation.

    :param confirmed: an administrator's word that the rows may go without an archive
    :raises DamagedError: table and archive differ, or the archive is damaged
    :raises PartitionError: not detached, or not archived
    """
    with session.transaction() as cursor:
        alone(cursor, declared)
        if relation not in dict(detached(cursor, declared)):
            raise PartitionError(
                _lt(
                    "%(set)s: %(relation)r is not a detached table of this set; detach it first",
                    set=declared.name,
                    relation=relation,
                )
            )
        if not catalogue.stands(cursor, relation):
            run(cursor, SQL("DELETE FROM %s WHERE relation = %s", own("detached"), relation))
            return
        run(cursor, lock_statement(relation))
        kept = archive.last(cursor, declared, relation)
        if not confirmed and not kept:
            raise PartitionError(
                _lt(
                    "%(set)s: %(relation)s is not archived; archive it before it is dropped",
                    set=declared.name,
                    relation=relation,
                )
            )
        if not confirmed and "checked" in rules:
            archive.read_back(folder, kept)
            rows, content = archive.digest(cursor, declared, relation)
            if (rows, content) != (kept["rows"], kept["content_sha256"]):
                raise DamagedError(
                    _lt(
                        "%(set)s: %(relation)s holds %(rows)s rows that are not the %(kept)s of its "
                        "archive %(file)s; archive it again",
                        set=declared.name,
                        relation=relation,
                        rows=rows,
                        kept=kept["rows"],
                        file=kept["file"],
                    )
                )
        for statement in drop_statements(relation, kept, now):
            run(cursor, statement)


def lock_statement(relation):
    return SQL("LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE", table(relation))


def drop_statements(relation, kept, now):
    """:param kept: facts of its archive, or None"""
    yield SQL("DROP TABLE %s", table(relation))
    yield SQL("DELETE FROM %s WHERE relation = %s", own("detached"), relation)
    if kept:
        gone = SQL("dropped_at = %s, restored_at = NULL, held = false", now)
        yield SQL("UPDATE %s SET %s WHERE id = %s", own("archive"), gone, kept["id"])


def preview_drop(cursor, declared, relation, now):
    """What :func:`drop` sends, for a dry run: under the lock it reads the table once more."""
    kept = archive.last(cursor, declared, relation)
    yield lock_statement(relation)
    if kept:
        yield archive.copy_out(cursor, declared, relation)
    yield from drop_statements(relation, kept, now)
