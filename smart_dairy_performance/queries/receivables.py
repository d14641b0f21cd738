"""Statements of the receivables dashboard.

Money is in the company's currency, added as ``numeric``, and leaves SQL unrounded. The position at the end
of a day is rolled back from the present one: an item's residual amount, plus what was matched with it after
that day.
"""

from odoo.tools import SQL

# name: first and last day past due; due today is not overdue
BUCKETS = {
    "not_due": (None, 0),
    "1_30": (1, 30),
    "31_60": (31, 60),
    "61_90": (61, 90),
    "over_90": (91, None),
}


def open_items(items, as_of):
    """SELECT of the items open at the end of ``as_of``: id, company_id, partner_id, due, amount.

    :param items: SELECT with columns id, company_id, partner_id, due, residual (as of now); posted receivable
        items dated ``as_of`` or earlier
    """
    return SQL(
        """
        SELECT i.id, i.company_id, i.partner_id, i.due, i.residual + COALESCE(u.amount, 0) AS amount
          FROM (%(items)s) i
          LEFT JOIN (
               SELECT item, sum(amount) AS amount
                 FROM (SELECT debit_move_id AS item, amount FROM account_partial_reconcile
                        WHERE max_date > %(as_of)s
                        UNION ALL
                       SELECT credit_move_id, -amount FROM account_partial_reconcile
                        WHERE max_date > %(as_of)s) undone
                GROUP BY item) u ON u.item = i.id
         WHERE i.residual + COALESCE(u.amount, 0) <> 0
        """,
        items=items,
        as_of=as_of,
    )


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


def shape_balance(rows, days, owed):
    """What is owed at the end of each of ``days`` (in order), unrounded, back from ``owed`` on the last."""
    changes, result = dict(rows), []
    for day in reversed(days):
        result.append(owed)
        owed -= changes.get(day, 0.0)
    return result[::-1]


def days_sales_outstanding(owed, invoiced, days):
    """DSO = owed at the end ÷ invoiced in the period (both with taxes) x days of the period.

    :return: days, or ``None`` when nothing was invoiced
    """
    return owed / invoiced * days if invoiced > 0 else None
