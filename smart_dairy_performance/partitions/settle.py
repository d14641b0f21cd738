"""Filling the copy, and making good what writers noted: in small transactions, one process at a time.

An order is read only while nobody else is at it: its row is locked FOR SHARE without waiting, so that every
writer of it has ended and no other begins. Who is at an order now is not waited for; the order is noted, and
comes next time.
"""

import time
from dataclasses import dataclass

from odoo.addons.database_partition.engine import bounds, catalogue, create
from odoo.addons.database_partition.engine.connection import Patience
from odoo.addons.database_partition.engine.errors import BusyError, PartitionError
from odoo.addons.database_partition.engine.sql import run, value
from odoo.tools import SQL

from .orders import COPY, ORDERS, SOURCE, _lt, columns, kept, own

#: orders that one transaction takes at first, at least and at most; their writers may wait for its end
FIRST, LEAST, MOST = 200, 20, 2000
#: seconds that a transaction should take
TIME = 0.03


@dataclass
class Status:
    """:param filled: share of the orders that are in the copy, 0 to 1
    :param noted: orders that wait to be made good
    :param reason: the newest thing that went wrong inside a writer's transaction, or None
    :param kept_from: first moment that the copy holds, naive UTC
    """

    filled: float
    noted: int
    reason: str | None
    kept_from: object
    verified_at: object
    compared: int | None
    differed: int | None


def installed(cursor):
    """Whether the copy and its triggers are in this database."""
    return value(cursor, SQL("SELECT to_regclass('sale_order_partitioned.state') IS NOT NULL"))


def status(cursor):
    """A :class:`Status`."""
    row = run(
        cursor,
        SQL(
            """
            SELECT COALESCE((SELECT u.after::float / GREATEST((SELECT max(id) FROM %(source)s), u.after, 1)
                               FROM %(unfilled)s u), 1),
                   (SELECT count(DISTINCT id) FROM %(note)s),
                   (SELECT max(reason) FROM %(note)s),
                   (SELECT lower FROM %(kept)s WHERE upper IS NULL),
                   verified_at, compared, differed
              FROM %(state)s
            """,
            source=SOURCE,
            unfilled=own("unfilled"),
            note=own("note"),
            kept=own("kept"),
            state=own("state"),
        ),
    )[0]
    return Status(*row)


def alone(cursor):
    """Be the only one that settles until the transaction ends.

    :raises BusyError: another process is at it
    """
    if not value(cursor, SQL("SELECT pg_try_advisory_xact_lock(hashtext('sale_order_partitioned'), 0)")):
        raise BusyError(
            _lt("%(set)s: another process fills it; try again when it has ended", set=ORDERS.name)
        )


class _Pace:
    """How many orders a transaction takes, so that it takes about :data:`TIME`."""

    def __init__(self, most):
        self.size, self.most, self.began = min(FIRST, most), most, None

    def __enter__(self):
        self.began = time.monotonic()
        return self

    def __exit__(self, *_error):
        share = TIME / max(time.monotonic() - self.began, 0.001)
        self.size = round(min(max(self.size * min(max(share, 0.5), 2), LEAST), MOST, self.most))


def fill(session, stop=None, most=MOST):
    """Go on copying orders by id, wherever the last run ended; return how many were looked at.

    :param stop: called between transactions; true ends the run early
    """
    looked, pace = 0, _Pace(most)
    while not (stop and stop()):
        with pace, session.transaction() as cursor:
            alone(cursor)
            there = run(cursor, SQL("SELECT after, fresh FROM %s", own("unfilled")))
            if not there:
                return looked
            after, fresh = there[0]
            ids = _ids(
                cursor,
                SQL("SELECT id FROM %s WHERE id > %s ORDER BY id LIMIT %s", SOURCE, after, pace.size),
            )
            last = len(ids) < pace.size
            among = SQL("c.id > %s", after)
            if fresh:
                among = None
            elif not last:
                among = SQL("%s AND c.id <= %s", among, ids[-1])
            looked += len(ids)
            busy = _write(cursor, ids, among)
            _note(cursor, busy)
            if last:
                run(cursor, SQL("DELETE FROM %s", own("unfilled")))
                run(cursor, SQL("UPDATE %s SET filled_at = now()", own("state")))
            else:
                run(cursor, SQL("UPDATE %s SET after = %s", own("unfilled"), ids[-1]))
    return looked


def settle(session, stop=None, most=MOST):
    """Make good what writers noted; return how many orders are settled, and how many left: being written."""
    done, last, pace = 0, 0, _Pace(most)
    while not (stop and stop()):
        with pace, session.transaction() as cursor:
            alone(cursor)
            ids = _ids(
                cursor,
                SQL(
                    "SELECT DISTINCT id FROM %s WHERE id > %s ORDER BY id LIMIT %s",
                    own("note"),
                    last,
                    pace.size,
                ),
            )
            if not ids:
                break
            last = ids[-1]
            busy = _write(cursor, ids, SQL("c.id = ANY (%s)", ids))
            mine = [one for one in ids if one not in busy]
            run(cursor, SQL("DELETE FROM %s WHERE id = ANY (%s)", own("note"), mine))
            done += len(mine)
    with session.transaction() as cursor:
        return done, value(cursor, SQL("SELECT count(DISTINCT id) FROM %s", own("note")))


def _ids(cursor, sql):
    return [row[0] for row in run(cursor, sql)]


def _write(cursor, ids, among):
    """Make the copies of these orders what the orders are; return ids of those that somebody is at.

    :param among: condition on the copy ``c``: the rows that may have to go; None if there are none
    """
    locked = _ids(
        cursor, SQL("SELECT id FROM %s WHERE id = ANY (%s) ORDER BY id FOR SHARE SKIP LOCKED", SOURCE, ids)
    )
    rest = list(set(ids) - set(locked))
    # neither locked nor there: deleted, and that is committed
    busy = _ids(cursor, SQL("SELECT id FROM %s WHERE id = ANY (%s)", SOURCE, rest)) if rest else []
    if among:
        run(
            cursor,
            SQL(
                """
                DELETE FROM %(copy)s c WHERE %(among)s AND NOT c.id = ANY (%(busy)s) AND NOT EXISTS (
                    SELECT FROM %(source)s s
                     WHERE s.id = c.id AND %(kept)s AND (%(of_source)s) IS NOT DISTINCT FROM (%(of_copy)s))
                """,
                copy=COPY,
                among=among,
                busy=SQL("%s::integer[]", busy),
                source=SOURCE,
                kept=kept("s"),
                of_source=columns("s"),
                of_copy=columns("c"),
            ),
        )
    run(
        cursor,
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM %s s WHERE id = ANY (%s) AND %s ON CONFLICT DO NOTHING",
            COPY,
            columns(),
            columns(),
            SOURCE,
            locked,
            kept("s"),
        ),
    )
    return set(busy)


def _note(cursor, ids, reason=None):
    if ids:
        run(
            cursor,
            SQL("INSERT INTO %s SELECT unnest(%s::integer[]), %s", own("note"), sorted(ids), reason),
        )


def prepare(session, patience=None):
    """Give the months that orders are in partitions of their own before they are filled; return their names.

    What cannot be had now is left to the partition maintenance: the rows go to the default partition.
    """
    with session.transaction() as cursor:
        low = value(cursor, SQL("SELECT lower FROM %s WHERE upper IS NULL", own("kept")))
        there = catalogue.attached(cursor, ORDERS)
        first = value(cursor, SQL("SELECT min(date_order) FROM %s WHERE date_order >= %s", SOURCE, low))
    done = []
    if first is None or not there or first.year >= bounds.END.year:
        return done
    wanted = bounds.range_of(ORDERS, first.replace(tzinfo=bounds.UTC))
    while wanted.lower < min(there).lower:
        try:
            done.append(create.attach_empty(session, ORDERS, wanted, patience or Patience()))
        except PartitionError:
            return done
        wanted = bounds.range_of(ORDERS, wanted.upper)
    return done


def refresh(session, now):
    """Let the copy hold the months that it should at ``now``: what retention says, and what was restored.

    Months that come into it are compared with the orders, and what differs is noted, at once; rows of other
    months leave the default partition.

    :return: the ranges that the copy holds, naive UTC
    """
    floor = bounds.floor(ORDERS, now).replace(tzinfo=None)
    with session.transaction(repeatable=True) as cursor:
        alone(cursor)
        held = run(
            cursor,
            SQL(
                """
                SELECT lower AT TIME ZONE 'UTC', LEAST(upper AT TIME ZONE 'UTC', %s)
                  FROM database_partition.archive
                 WHERE name = %s AND held AND restored_at IS NOT NULL AND lower AT TIME ZONE 'UTC' < %s
                """,
                floor,
                ORDERS.name,
                floor,
            ),
        )
        wanted = sorted({(floor, None), *held}, key=lambda one: one[0])
        known = {tuple(row) for row in run(cursor, SQL("SELECT lower, upper FROM %s", own("kept")))}
        if known != set(wanted):
            run(cursor, SQL("DELETE FROM %s", own("kept")))
            for lower, upper in wanted:
                run(cursor, SQL("INSERT INTO %s VALUES (%s, %s)", own("kept"), lower, upper))
            for lower, upper in _added(known, wanted):
                _note(cursor, differing(cursor, COPY, lower, upper), "month restored")
    with session.transaction() as cursor:
        alone(cursor)
        run(
            cursor,
            SQL("DELETE FROM ONLY %s c WHERE NOT %s", SQL.identifier("public", ORDERS.default), kept("c")),
        )
    return wanted


def _added(known, wanted):
    """Ranges to compare, because they, or a part of them, were not held before."""
    before = next((lower for lower, upper in known if upper is None), None)
    for lower, upper in wanted:
        if (lower, upper) in known:
            continue
        if upper is None:
            if before is not None and lower < before:
                yield lower, before
        elif (
            before is None
            or upper > before
            or not any(a <= lower and upper <= (b or upper) for a, b in known)
        ):
            yield lower, upper


def differing(cursor, relation, lower, upper):
    """Ids of orders of that time that are in one and not, or otherwise, in the other.

    :param relation: the copy, or the view
    """
    within = SQL("date_order >= %s", lower)
    if upper:
        within = SQL("%s AND date_order < %s", within, upper)
    one, other = (SQL("SELECT %s FROM %s WHERE %s", columns(), what, within) for what in (relation, SOURCE))
    return set(
        _ids(
            cursor,
            SQL("SELECT id FROM ((%s EXCEPT ALL %s) UNION ALL (%s EXCEPT ALL %s)) q", one, other, other, one),
        )
    )
