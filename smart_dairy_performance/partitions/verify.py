"""Comparing what readers of the copy see with the orders themselves, month by month, each in one snapshot."""

from dataclasses import dataclass, field

from odoo.addons.database_partition.engine import bounds
from odoo.addons.database_partition.engine.sql import run, value
from odoo.tools import SQL

from . import settle
from .orders import ORDERS, SOURCE, VIEW, own


@dataclass
class Result:
    """:param compared: orders that were compared
    :param differing: ids of the orders that readers saw otherwise than they are
    """

    compared: int = 0
    differing: set = field(default_factory=set)


def verify(session, mend=False, stop=None):
    """Compare every month; return a :class:`Result`.

    :param mend: note what differs, so that readers see it right at once, and make it good
    """
    result = Result()
    with session.transaction() as cursor:
        ranges = months(cursor)
    for lower, upper in ranges:
        if stop and stop():
            return result
        with session.transaction(repeatable=True) as cursor:
            within = SQL("date_order >= %s", lower)
            if upper:
                within = SQL("%s AND date_order < %s", within, upper)
            result.compared += value(cursor, SQL("SELECT count(*) FROM %s WHERE %s", SOURCE, within))
            found = settle.differing(cursor, SQL.identifier("public", VIEW), lower, upper)
            result.differing |= found
            if mend:
                settle._note(cursor, found, "verification")
    with session.transaction() as cursor:
        run(
            cursor,
            SQL(
                "UPDATE %s SET verified_at = now(), compared = %s, differed = %s",
                own("state"),
                result.compared,
                len(result.differing),
            ),
        )
    if mend and result.differing:
        settle.settle(session, stop)
    return result


def months(cursor):
    """The ranges that the copy holds, by month; naive UTC, the last without an end."""
    last = value(cursor, SQL("SELECT max(date_order) FROM %s WHERE date_order < '2200-01-01'", SOURCE))
    found = []
    for lower, upper in run(cursor, SQL("SELECT lower, upper FROM %s ORDER BY lower", own("kept"))):
        while last and lower <= last and (upper is None or lower < upper):
            end = bounds.range_of(ORDERS, lower.replace(tzinfo=bounds.UTC)).upper.replace(tzinfo=None)
            found.append((lower, min(end, upper) if upper else end))
            lower = found[-1][1]
        if upper is None:
            found.append((lower, None))
    return found
