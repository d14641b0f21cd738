"""Emptying the default partition: its rows get partitions of their own, and nobody waits, misses or
doubles one.

The README has the protocol and why it is right. In short: copies of the rows are made beside the table and
committed; when every snapshot that does not see them has ended, and no change was noted since, one short
transaction exchanges the default partition for the copies.
"""

from datetime import datetime

from odoo.tools import SQL

from . import bounds, catalogue, create
from .connection import alone, briefly, wait_for_snapshots, wait_for_standbys
from .errors import BusyError, PartitionError
from .protocol import RULES
from .sql import commas, own, run, table, value
from .words import _lt

#: partitions attached in one exchange; each adds a few milliseconds to it
MOST = 8
ROUNDS = 12
CHECK = "database_partition_range"


class Changed(PartitionError):
    """Rows changed after they were copied."""


def pending(cursor, declared, now, everything=False, most=5000):
    """Ranges with rows in the default partition that should have partitions, oldest first.

    Between the retention's end and the last premade interval; with ``everything``, wherever rows are.
    Keys before 1900 or after 2199 never get one, nor do ranges that an attached partition overlaps in part.
    """
    there = catalogue.attached(cursor, declared)
    low, high = bounds.FIRST, bounds.END
    if not everything:
        low = bounds.floor(declared, now) or low
        high = bounds.around(declared, bounds.today(declared, now), 0, declared.premake)[-1].upper
    found = []
    key = SQL.identifier(declared.key)
    while len(found) < most and low < high:
        first = value(
            cursor,
            SQL(
                "SELECT min(%s) FROM ONLY %s WHERE %s >= %s AND %s < %s",
                key,
                table(declared.default),
                key,
                bounds.literal(declared, low),
                key,
                bounds.literal(declared, high),
            ),
        )
        if first is None:
            break
        wanted = bounds.range_of(declared, _instant(first))
        if not any(wanted.overlaps(other) for other in there):
            found.append(wanted)
        low = wanted.upper
    return found


def _instant(key):
    """A key as psycopg2 gives it, as an instant on the set's axis."""
    if not isinstance(key, datetime):
        return datetime(key.year, key.month, key.day, tzinfo=bounds.UTC)
    return key.astimezone(bounds.UTC) if key.tzinfo else key.replace(tzinfo=bounds.UTC)


def plan(cursor, declared, now, everything=False):
    """Ranges of the next exchange: those with rows, newest first, then those to premake."""
    if not value(cursor, SQL("SELECT pg_relation_size(%s)", f"public.{declared.default}")):
        return []
    wanted = pending(cursor, declared, now, everything)[::-1]
    wanted += [one for one in create.missing(cursor, declared, now) if one not in wanted]
    good = []
    for one in wanted:
        name = bounds.partition_name(declared, one)
        try:
            create.refuse_stray(cursor, declared, name)
        except create.DefaultNotEmpty:
            good.append(one)  # a copy stands already
        except PartitionError:
            continue  # the findings tell
        else:
            good.append(one)
    return sorted(good[:MOST])


def drain(session, declared, now, patience, everything=False, rules=RULES):
    """Give partitions to the default partition's rows, and to ranges due that it stands in the way of.

    :return: names of the partitions attached
    :raises BusyError: the rest is left to the next run; what was copied is kept
    """
    done = []
    while True:
        with session.transaction() as cursor:
            ranges = plan(cursor, declared, now, everything)
        if not ranges:
            forget_copies(session, declared)
            return done
        done += exchange(session, declared, ranges, patience, rules)


def exchange(session, declared, ranges, patience, rules=RULES):
    """Exchange the default partition for partitions of ``ranges`` and a default partition of the rest."""
    names = {bounds.partition_name(declared, one): one for one in ranges}
    names[rest(declared)] = None
    for _round in range(ROUNDS):
        _forget_dirty(session, declared, names)
        for name, wanted in names.items():
            copy(session, declared, name, wanted, ranges, rules)
        if "clean" in rules:
            try:
                _compare(session, declared, names)
            except Changed:
                continue
        with session.transaction() as cursor:
            copies = dict(
                run(
                    cursor,
                    SQL("SELECT relation, xid::text FROM %s WHERE name = %s", own("copy"), declared.name),
                )
            )
        if "grace" in rules:
            wait_for_snapshots(session, declared, patience)
            wait_for_standbys(session, declared, patience, max(copies.values(), key=int))
        try:
            _switch(session, declared, names, copies, patience, rules)
        except Changed:
            continue
        for name in names.keys() - {rest(declared)}:
            with session.transaction() as cursor:
                run(cursor, SQL("ANALYZE %s", table(name)))
        return [name for name, wanted in names.items() if wanted]
    raise BusyError(
        _lt(
            "%(set)s: rows of the default partition keep changing; it is tried again at the next run",
            set=declared.name,
        )
    )


def rest(declared):
    """Name of the next default partition while it is filled."""
    return f"{declared.default}_next"


def _copied(cursor, declared, name):
    return value(
        cursor,
        SQL("SELECT xid::text FROM %s WHERE name = %s AND relation = %s", own("copy"), declared.name, name),
    )


def _in(key, declared, one):
    return SQL(
        "(%s >= %s AND %s < %s)",
        key,
        bounds.literal(declared, one.lower),
        key,
        bounds.literal(declared, one.upper),
    )


def _noted(one):
    """Condition on notes: of rows in a range. They are in UTC without saying so."""
    return SQL("(at >= %s::timestamp AND at < %s::timestamp)", bounds.bare(one.lower), bounds.bare(one.upper))


def _forget_dirty(session, declared, names):
    """Drop copies that are not of this exchange, or of whose rows a change was noted."""
    ranges = [one for one in names.values() if one]
    with session.transaction() as cursor:
        alone(cursor, declared)
        everything = run(
            cursor,
            SQL("DELETE FROM %s WHERE name = %s AND at IS NULL RETURNING 1", own("change"), declared.name),
        )
        rows = run(
            cursor,
            SQL("SELECT relation, lower, upper, ranges FROM %s WHERE name = %s", own("copy"), declared.name),
        )
        for relation, lower, upper, without in rows:
            useless = everything or relation not in names
            if lower is None:
                condition = _rest_noted(ranges)
                useless = useless or without != _signature(ranges)
            else:
                condition = _noted(bounds.Range(lower, upper))
            noted = SQL(
                "SELECT 1 FROM %s WHERE name = %s AND %s LIMIT 1", own("change"), declared.name, condition
            )
            if useless or value(cursor, noted):
                _drop_copy(cursor, declared, relation)


def _signature(ranges):
    return " ".join(sorted(f"{one.lower.isoformat()}/{one.upper.isoformat()}" for one in ranges))


def _rest_noted(ranges):
    return SQL("NOT (%s)", SQL(" OR ").join([*(_noted(one) for one in ranges), SQL("FALSE")]))


def _drop_copy(cursor, declared, relation):
    run(cursor, SQL("DROP TABLE IF EXISTS %s", table(relation)))
    run(cursor, SQL("DELETE FROM %s WHERE name = %s AND relation = %s", own("copy"), declared.name, relation))


def forget_copies(session, declared):
    """Drop what an interrupted drain left, and notes without use; the rows are in the default partition."""
    with session.transaction() as cursor:
        alone(cursor, declared)
        for (relation,) in run(
            cursor, SQL("SELECT relation FROM %s WHERE name = %s", own("copy"), declared.name)
        ):
            _drop_copy(cursor, declared, relation)
        run(cursor, SQL("DELETE FROM %s WHERE name = %s", own("change"), declared.name))


def copy(session, declared, name, wanted, ranges, rules=RULES):
    """Copy the default partition's rows of one range (or all others) in one snapshot; kept if it stands."""
    with session.transaction(repeatable=True) as cursor:
        alone(cursor, declared)
        if _copied(cursor, declared, name):
            return
        noted = _noted(wanted) if wanted else _rest_noted(ranges)
        if "seen" in rules:
            run(
                cursor,
                SQL("DELETE FROM %s WHERE name = %s AND %s", own("change"), declared.name, noted),
            )
        for statement in copy_statements(cursor, declared, name, wanted, ranges):
            run(cursor, statement)
        run(
            cursor,
            SQL(
                """
                INSERT INTO %s (name, relation, lower, upper, ranges, xid)
                VALUES (%s, %s, %s, %s, %s, pg_current_xact_id())
                """,
                own("copy"),
                declared.name,
                name,
                wanted and wanted.lower,
                wanted and wanted.upper,
                _signature([wanted] if wanted else ranges),
            ),
        )
    if "seen" not in rules:
        with session.transaction() as cursor:
            run(cursor, SQL("DELETE FROM %s WHERE name = %s", own("change"), declared.name))


def copy_statements(cursor, declared, name, wanted, ranges):
    """Statements that make one copy, with the CHECK that spares the exchange from reading it."""
    key = SQL.identifier(declared.key)
    names = commas(SQL.identifier(column) for column in catalogue.columns(cursor, declared.table))
    if wanted:
        condition = _in(key, declared, wanted)
        checks = [condition]
    else:
        condition = SQL("NOT (%s)", SQL(" OR ").join(_in(key, declared, one) for one in ranges))
        checks = [
            SQL("(%s < %s OR %s >= %s)", key, bounds.literal(declared, one.lower), key,
                bounds.literal(declared, one.upper))
            for one in merged([*ranges, *catalogue.attached(cursor, declared)])
        ]  # fmt: skip
    yield create.like(declared, name)
    yield SQL(
        "INSERT INTO %s (%s) SELECT %s FROM ONLY %s WHERE %s",
        table(name),
        names,
        names,
        table(declared.default),
        condition,
    )
    for number, check in enumerate(checks):
        yield SQL(
            "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s)",
            table(name),
            SQL.identifier(f"{CHECK}_{number}"),
            check,
        )


def merged(ranges):
    """Maximal runs of adjoining ranges."""
    found = []
    for one in sorted(one for one in ranges if one.lower and one.upper):
        if found and one.lower <= found[-1].upper:
            found[-1] = bounds.Range(found[-1].lower, max(found[-1].upper, one.upper))
        else:
            found.append(one)
    return found


def _compare(session, declared, names):
    """Doubt ourselves: as long as no change is noted, the copies hold as many rows as the default partition.

    :raises PartitionError: somebody writes without being noted
    """
    with session.transaction(repeatable=True) as cursor:
        _clean(cursor, declared)
        copied = SQL(" + ").join(SQL("(SELECT count(*) FROM %s)", table(name)) for name in names)
        there, copies = run(
            cursor, SQL("SELECT (SELECT count(*) FROM ONLY %s), %s", table(declared.default), copied)
        )[0]
    if there != copies:
        forget_copies(session, declared)
        raise PartitionError(
            _lt(
                "%(set)s: %(there)s rows in the default partition and %(copies)s copies; is its "
                "trigger database_partition_note switched off? Nothing was changed",
                set=declared.name,
                there=there,
                copies=copies,
            )
        )


def _clean(cursor, declared):
    if value(cursor, SQL("SELECT 1 FROM %s WHERE name = %s LIMIT 1", own("change"), declared.name)):
        raise Changed(f"{declared.name}: rows changed after they were copied")


def _switch(session, declared, names, copies, patience, rules):
    """The exchange itself, with the parent locked for some milliseconds.

    :raises Changed:
    """

    def work(cursor):
        if "clean" in rules:
            _clean(cursor, declared)
        found = dict(
            run(cursor, SQL("SELECT relation, xid::text FROM %s WHERE name = %s", own("copy"), declared.name))
        )
        if found != copies or found.keys() != names.keys():
            raise Changed(f"{declared.name}: another process drained meanwhile")
        for statement in switch_statements(cursor, declared, names):
            run(cursor, statement)

    locks = [(declared.table, "ACCESS EXCLUSIVE"), (declared.default, "ACCESS EXCLUSIVE")]
    briefly(session, declared, patience, locks, work, rules=rules)


def switch_statements(cursor, declared, names):
    """Statements of the exchange: no row is read, only the catalog changes."""
    yield SQL("ALTER TABLE %s DETACH PARTITION %s", table(declared.table), table(declared.default))
    yield SQL("DROP TABLE %s", table(declared.default))
    for name, wanted in names.items():
        if wanted:
            yield create.attach(declared, name, wanted)
    yield SQL("ALTER TABLE %s RENAME TO %s", table(rest(declared)), SQL.identifier(declared.default))
    yield create.attach_default(declared)
    # a partition's bounds say it already; and the default one must take whatever has no partition any more
    for name, wanted in names.items():
        relation = name if wanted else declared.default
        constraints = run(
            cursor,
            SQL(
                "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname LIKE %s "
                "ORDER BY 1",
                f"public.{relation}",
                f"{CHECK}%",
            ),
        )
        if constraints:
            yield SQL(
                "ALTER TABLE %s %s",
                table(relation),
                commas(SQL("DROP CONSTRAINT %s", SQL.identifier(row[0])) for row in constraints),
            )
    yield from create.note_triggers(declared, declared.default)
    yield SQL("DELETE FROM %s WHERE name = %s", own("copy"), declared.name)


def statements(cursor, declared, now, everything=False):
    """What the next exchange would send, for a dry run."""
    ranges = plan(cursor, declared, now, everything)
    if not ranges:
        return
    names = {bounds.partition_name(declared, one): one for one in ranges}
    names[rest(declared)] = None
    for name, wanted in names.items():
        yield from copy_statements(cursor, declared, name, wanted, ranges)
    for name in (declared.table, declared.default):
        yield SQL("LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT", table(name))
    yield from switch_statements(cursor, declared, names)
