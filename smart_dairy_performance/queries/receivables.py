"""Statements of the receivables dashboard.

Money is in the company's currency, added as ``numeric``, and leaves SQL unrounded. The position at the end
of a day is rolled back from the present one: an item's residual amount, plus what was matched with it after
that day.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from math import fsum

from odoo.tools import SQL

# name: first and last day past due; due today is not overdue
BUCKETS = {
    "not_due": (None, 0),
    "1_30": (1, 30),
    "31_60": (31, 60),
    "61_90": (61, 90),
    "over_90": (91, None),
}


@dataclass
class Position:
    """What is owed at the end of a day.

    :param buckets: list of (company id, bucket, items, amount)
    :param days: (due day, items, amount) of the headline's companies, from that day on
    :param customers: (partner id or ``None``, items, amount, overdue amount, days past due of the oldest
        overdue item or ``None``) of the headline's companies, the worst first
    :param owing: number of their customers that owe; ``late``: that are overdue
    """

    buckets: list
    days: list
    customers: list
    owing: int
    late: int

    @classmethod
    def of_rows(cls, rows):
        """From the rows that :func:`position` gives."""
        kinds = defaultdict(list)
        for kind, *row in rows:
            kinds[kind].append(row)
        ((_company, _key, owing, _amount, late, _days),) = kinds["owing"]
        return cls(
            buckets=[row[:4] for row in kinds["bucket"]],
            days=sorted((date.fromisoformat(row[1]), row[2], row[3]) for row in kinds["day"]),
            customers=[(int(row[1]) if row[1] else None, *row[2:]) for row in kinds["customer"]],
            owing=owing,
            late=int(late),
        )

    @classmethod
    def of_sums(cls, due, customers, as_of, headline, until):
        """From sums of open items, none of which is dated or was matched after ``as_of``.

        :param due: rows of all companies: due day, company id, items, amount
        :param customers: rows of :func:`customers`
        """
        buckets, days = defaultdict(list), defaultdict(list)
        for day, company, *row in due:
            buckets[company, bucket_of(day, as_of)].append(row)
            if company in headline and as_of <= day <= until:
                days[day].append(row)
        return cls(
            buckets=[(*key, *_added(found)) for key, found in buckets.items()],
            days=[(day, *_added(days[day])) for day in sorted(days)],
            customers=[row[:5] for row in customers],
            owing=customers[0][5] if customers else 0,
            late=customers[0][6] if customers else 0,
        )


def customers(answer, as_of, limit):
    """Statement: the customers with the largest overdue and then open amounts.

    :param answer: SELECT with columns period (0: due before ``as_of``, 1: not), customer, items,
        amount, oldest (due day of the oldest item that is owed)
    :return: SQL giving customer, items, amount, overdue amount, days past due of the oldest overdue item;
        and, of all customers but ``NULL``, how many owe and how many have items due before ``as_of``
    """
    return SQL(
        """
        WITH g AS MATERIALIZED (
            SELECT customer, sum(items::float8)::bigint AS items,
                   COALESCE(sum(amount) FILTER (WHERE period = 0), 0) AS overdue,
                   COALESCE(sum(amount) FILTER (WHERE period = 1), 0) AS due,
                   min(oldest) FILTER (WHERE period = 0) AS oldest, bool_or(period = 0) AS late
              FROM (%s) a
             GROUP BY customer
        )
        SELECT customer, items, overdue + due, overdue, %s - oldest,
               (SELECT count(customer) FROM g), (SELECT count(customer) FROM g WHERE late)
          FROM g
         ORDER BY overdue DESC, overdue + due DESC, customer LIMIT %s
        """,
        answer,
        as_of,
        limit,
    )


def owed_and_overdue(answer, as_of, headline):
    """Statement: what is owed, what of it was due before ``as_of``, and whether anything is in period 1.

    :param answer: SELECT with columns period, company, due, amount; amounts of period 0 count
    :param headline: ids of the companies whose amounts count
    """
    return SQL(
        """
        SELECT COALESCE(sum(amount) FILTER (WHERE period = 0 AND company IN %(headline)s), 0),
               COALESCE(sum(amount)
                        FILTER (WHERE period = 0 AND company IN %(headline)s AND due < %(as_of)s), 0),
               COALESCE(bool_or(period = 1), false)
          FROM (%(answer)s) a
        """,
        as_of=as_of,
        answer=answer,
        headline=tuple(headline),
    )


def _added(rows):
    return sum(items for items, _amount in rows), fsum(amount for _items, amount in rows)


def open_items(items, as_of):
    """SELECT of the items open at the end of ``as_of``: id, company_id, partner_id, due, amount.

    :param items: SELECT with columns id, company_id, partner_id, due, residual (as of now); posted receivable
        items dated ``as_of`` or earlier; all that have a residual or are in :func:`matched_later`
    """
    return SQL(
        """
        SELECT i.id, i.company_id, i.partner_id, i.due, i.residual + COALESCE(u.amount, 0) AS amount
          FROM (%(items)s) i
          LEFT JOIN (SELECT item, sum(amount) AS amount FROM (%(later)s) undone GROUP BY item) u
            ON u.item = i.id
         WHERE i.residual + COALESCE(u.amount, 0) <> 0
        """,
        items=items,
        later=matched_later(as_of),
    )


def matched_later(as_of):
    """SELECT of what was matched after ``as_of``: item, amount (to be taken back from its residual)."""
    return SQL(
        """
        SELECT debit_move_id AS item, amount FROM account_partial_reconcile WHERE max_date > %(as_of)s
        UNION ALL
        SELECT credit_move_id, -amount FROM account_partial_reconcile WHERE max_date > %(as_of)s
        """,
        as_of=as_of,
    )


def bucket_of(due, as_of):
    """Name of the bucket of a due day."""
    late = (as_of - due).days
    return next(name for name, (_first, last) in BUCKETS.items() if last is None or late <= last)


def bucket_case(as_of):
    """SQL for the name of the bucket of ``o.due``."""
    return SQL(
        "CASE %s END",
        SQL(" ").join(
            SQL("WHEN %s - o.due <= %s THEN %s", as_of, last, name)
            if last is not None
            else SQL("ELSE %s", name)
            for name, (_first, last) in BUCKETS.items()
        ),
    )


def position(items, as_of, headline, until=None, customers=0):
    """Statement of what is owed at the end of ``as_of``.

    :param items: SELECT as :func:`open_items` gives it
    :param headline: ids of the companies to which days and customers are limited
    :param until: last day of the expected payments by due day; ``None`` leaves days and customers out
    :param customers: how many customers to give, those with the largest overdue and then open amounts
    :return: SQL giving kind, company_id, key, items, amount, overdue amount, days past due of the oldest
        overdue item: kind 'bucket' for each company and key = bucket; 'owing', one row, with the numbers of
        customers that owe and that are overdue in place of items and overdue amount; 'day' with key = ISO due
        day; 'customer' with key = partner
    """
    parts = [
        SQL(
            "SELECT 'bucket', o.company_id, o.bucket, count(*), sum(o.amount), NULL::numeric, NULL::int"
            " FROM o GROUP BY o.company_id, o.bucket"
        ),
        SQL(
            "SELECT 'owing', NULL, NULL, count(DISTINCT o.partner_id), NULL,"
            " count(DISTINCT o.partner_id) FILTER (WHERE o.due < %s), NULL FROM o WHERE o.headline",
            as_of,
        ),
    ]
    if until:
        parts += [
            SQL(
                "SELECT 'day', NULL, o.due::text, count(*), sum(o.amount), NULL, NULL FROM o"
                " WHERE o.headline AND o.due >= %s AND o.due <= %s GROUP BY o.due",
                as_of,
                until,
            ),
            SQL(
                """
                (SELECT 'customer', NULL, o.partner_id::text, count(*), sum(o.amount),
                        COALESCE(sum(o.amount) FILTER (WHERE o.due < %(as_of)s), 0) AS overdue,
                        %(as_of)s - min(o.due) FILTER (WHERE o.due < %(as_of)s AND o.amount > 0)
                   FROM o WHERE o.headline
                  GROUP BY o.partner_id
                  ORDER BY overdue DESC, sum(o.amount) DESC, o.partner_id LIMIT %(customers)s)
                """,
                as_of=as_of,
                customers=customers,
            ),
        ]
    return SQL(
        "WITH o AS MATERIALIZED (SELECT o.*, %s AS bucket, o.company_id IN %s AS headline FROM (%s) o) %s",
        bucket_case(as_of),
        tuple(headline),
        items,
        SQL(" UNION ALL ").join(parts),
    )


def balance_by_day(items):
    """Statement: day and the change of what is owed on it.

    :param items: SELECT with columns date, balance
    """
    return SQL("SELECT i.date, sum(i.balance) FROM (%s) i GROUP BY i.date", items)


def by_step(changes, steps):
    """Changes by day as those of steps: {first day: amount}."""
    found, days = {}, sorted(changes.items())
    for step in steps:
        amounts = [amount for day, amount in days if step.first <= day <= step.last]
        if amounts:
            found[step.first] = fsum(amounts)
    return found


def shape_balance(changes, days, owed):
    """What is owed at the end of each of ``days`` (in order), unrounded, back from ``owed`` on the last.

    :param days: or the first days of longer steps; ``changes``: {day: change of what is owed}
    """
    result = []
    for day in reversed(days):
        result.append(owed)
        owed -= changes.get(day, 0.0)
    return result[::-1]


def days_sales_outstanding(owed, invoiced, days):
    """DSO = owed at the end ÷ invoiced in the period (both with taxes) x days of the period.

    :return: days, or ``None`` when nothing was invoiced
    """
    return owed / invoiced * days if invoiced > 0 else None
