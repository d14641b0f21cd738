"""Statements of the sales dashboard.

Money is added as ``numeric`` and leaves SQL unrounded; the adapter rounds to the currency once. An order
counts
in its company's currency: ``amount / currency_rate``, the rate that the order itself carries, as Odoo's sales
analysis does. Amounts of different currencies are never added (docs/decisions/0002).
"""

from datetime import timedelta

from odoo.tools import SQL


def company_case(column, values, cast):
    """SQL that maps the company in ``column`` to ``values[company]`` (a dict), a constant when all agree."""
    distinct = set(values.values())
    if len(distinct) == 1:
        return SQL("%s::%s", distinct.pop(), SQL(cast))
    return SQL(
        "(CASE %s %s END)::%s",
        column,
        SQL(" ").join(SQL("WHEN %s THEN %s", key, value) for key, value in values.items()),
        SQL(cast),
    )


def day_index(column, company, day_starts):
    """SQL for the 0-based day of ``column`` (UTC timestamp) since the period's first day.

    Binary search among the days' starts costs less per row than two time zone conversions, and it knows
    days of 23 and 25 hours.

    :param day_starts: ``{time zone: ([company ids], [naive UTC starts])}``
    """
    if len(day_starts) == 1:
        ((_ids, starts),) = day_starts.values()
        return SQL("width_bucket(%s, %s::timestamp[]) - 1", column, starts)
    return SQL(
        "CASE %s END",
        SQL(" ").join(
            SQL(
                "WHEN %s IN %s THEN width_bucket(%s, %s::timestamp[]) - 1",
                company,
                tuple(ids),
                column,
                starts,
            )
            for ids, starts in day_starts.values()
        ),
    )


def in_company_currency(amount, order_currency, rate, company_currency):
    """SQL for ``amount`` of an order in its company's currency; an order without a rate counts as it is."""
    return SQL(
        "CASE WHEN %(theirs)s = %(ours)s THEN %(amount)s"
        " ELSE %(amount)s / COALESCE(NULLIF(%(rate)s, 0), 1) END",
        theirs=order_currency,
        ours=company_currency,
        amount=amount,
        rate=rate,
    )


def daily_and_total(orders):
    """Statement: one row per currency and day, and one per currency with ``day`` NULL.

    :param orders: SELECT with columns currency, day, partner_id, revenue, untaxed (one row an order)
    :return: SQL giving currency, day, orders, revenue, untaxed, customers, average
    """
    # Grouping by customer first makes distinct customers a count of groups: no sort of all orders.
    return SQL(
        """
        WITH customer_day AS MATERIALIZED (
            SELECT o.currency, o.day, o.partner_id, count(*) AS orders,
                   sum(o.revenue) AS revenue, sum(o.untaxed) AS untaxed
              FROM (%s) o
             GROUP BY o.currency, o.day, o.partner_id
        )
        SELECT currency, day, sum(orders)::bigint, sum(revenue), sum(untaxed), count(*),
               sum(revenue) / sum(orders)
          FROM customer_day
         GROUP BY currency, day
         UNION ALL
        SELECT currency, NULL, sum(orders)::bigint, sum(revenue), sum(untaxed), count(DISTINCT partner_id),
               sum(revenue) / sum(orders)
          FROM customer_day
         GROUP BY currency
         ORDER BY 1, 2
        """,
        orders,
    )


def top_products(orders, lines, limit):
    """Statement: the products that brought in most, best first.

    :param orders: SELECT with columns id, own_currency (bool), rate
    :param lines: SELECT with columns order_id, product_id, uom_id, quantity, amount
    :return: SQL giving product_id, quantity (in the product's own unit), revenue
    """
    return SQL(
        """
        WITH sold AS MATERIALIZED (
            SELECT l.product_id, l.uom_id, sum(l.quantity) AS quantity,
                   sum(CASE WHEN o.own_currency THEN l.amount
                            ELSE l.amount / COALESCE(NULLIF(o.rate, 0), 1) END) AS revenue
              FROM (%(orders)s) o
              JOIN (%(lines)s) l ON l.order_id = o.id
             GROUP BY l.product_id, l.uom_id
        )
        SELECT s.product_id, sum(s.quantity * COALESCE(sold_in.factor / own.factor, 1)), sum(s.revenue)
          FROM sold s
          JOIN product_product p ON p.id = s.product_id
          JOIN product_template t ON t.id = p.product_tmpl_id
          LEFT JOIN uom_uom sold_in ON sold_in.id = s.uom_id
          LEFT JOIN uom_uom own ON own.id = t.uom_id
         GROUP BY s.product_id
         ORDER BY 3 DESC, 1
         LIMIT %(limit)s
        """,
        orders=orders,
        lines=lines,
        limit=limit,
    )


def top_customers(orders, limit):
    """Statement: partner_id, orders, revenue of the customers that bought most, best first.

    :param orders: SELECT with columns partner_id, revenue
    """
    return SQL(
        """
        SELECT o.partner_id, count(*), sum(o.revenue)
          FROM (%s) o
         GROUP BY o.partner_id
         ORDER BY 3 DESC, 1
         LIMIT %s
        """,
        orders,
        limit,
    )


def shape_days(rows, first, currency):
    """Turn the rows of :func:`daily_and_total` into ``daily_stats`` of one currency.

    :param rows: the statement's rows of that currency
    :param first: the period's first day
    :param currency: has ``round(float)``
    """
    return [
        {
            "order_date": (first + timedelta(days=day)).isoformat(),
            "order_count": orders,
            "total_revenue": currency.round(revenue),
            "avg_order_value": currency.round(average),
            "unique_customers": customers,
        }
        for _currency, day, orders, revenue, _untaxed, customers, average in rows
        if day is not None
    ]


def shape_total(rows, currency):
    """Turn the rows of :func:`daily_and_total` into a summary; nothing sold gives zeros only."""
    for _currency, day, orders, revenue, untaxed, customers, average in rows:
        if day is None:
            return {
                "total_orders": orders,
                "total_revenue": currency.round(revenue),
                "total_untaxed": currency.round(untaxed),
                "avg_order_value": currency.round(average),
                "unique_customers": customers,
            }
    return {
        "total_orders": 0,
        "total_revenue": 0.0,
        "total_untaxed": 0.0,
        "avg_order_value": 0.0,
        "unique_customers": 0,
    }
