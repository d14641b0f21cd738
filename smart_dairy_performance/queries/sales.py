"""Statements of the sales dashboard.

Money is added as ``numeric`` and leaves SQL unrounded; the adapter rounds to the currency once. An order
counts
in its company's currency: ``amount / currency_rate``, the rate that the order itself carries, as Odoo's sales
analysis does. Amounts of different currencies are never added (docs/decisions/0002).
"""

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


def day_index(column, company, zones, period):
    """SQL for the 0-based day of ``column`` (UTC timestamp) since the period's first day.

    A shift and a cast to date for each run of days between two changes of clocks: exact on days of 23 and 25
    hours, whatever the session's time zone.

    :param zones: ``{time zone: [company ids]}``
    """
    if len(zones) == 1:
        (tz,) = zones
        return _day_of(column, period, tz)
    whens = (
        SQL("WHEN %s IN %s THEN %s", company, tuple(ids), _day_of(column, period, tz))
        for tz, ids in zones.items()
    )
    return SQL("CASE %s END", SQL(" ").join(whens))


def _day_of(column, period, tz):
    *earlier, (_end, shift, _last) = period.segments(tz)
    day = SQL("(%s + %s)::date", column, shift)
    if earlier:
        whens = (
            SQL("WHEN %s < %s THEN LEAST((%s + %s)::date, %s)", column, end, column, run_shift, last)
            for end, run_shift, last in earlier
        )
        day = SQL("CASE %s ELSE %s END", SQL(" ").join(whens), day)
    return SQL("LEAST(%s, %s) - %s", day, period.last, period.first)


def step_index(day, period, grain):
    """SQL for the 0-based step of ``period`` (:meth:`.periods.Period.steps`) that :func:`day_index` is in."""
    if grain == "day":
        return day
    starts = [(step.first - period.first).days for step in period.steps(grain)]
    return SQL("width_bucket(%s, %s::int[]) - 1", day, starts)


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


def figures(orders, currency, lines=None, products=0, customers=0):
    """Statement of all sales figures, reading each order once.

    :param orders: SELECT with columns id, currency (of the company), own_currency (bool), rate, day,
        partner_id, revenue, untaxed (one row an order)
    :param currency: id of the headline currency, to which products and customers are limited; ``None`` when
        the orders have one only (a needless condition makes the planner expect few orders)
    :param lines: SELECT with columns order_id, product_id, uom_id, quantity, amount
    :param products: how many best products to give (needs ``lines``); ``customers``: best customers
    :return: SQL giving rows (kind, key, day, orders, revenue, untaxed, customers, average): kind 'sales' with
        key = currency, day NULL for its total; 'product' with key = product and untaxed = quantity
        in the product's own unit; 'customer' with key = partner
    """
    parts = [
        SQL(
            """
            SELECT 'sales' AS kind, o.currency AS key, CASE WHEN GROUPING(o.day) = 0 THEN o.day END AS day,
                   count(*) AS orders, sum(o.revenue) AS revenue, sum(o.untaxed) AS untaxed,
                   count(DISTINCT o.partner_id) AS customers, avg(o.revenue) AS average
              FROM o
             GROUP BY GROUPING SETS ((o.currency, o.day), (o.currency))
            """
        )
    ]
    if products:
        parts.append(SQL("(%s)", _products(lines, currency, products)))
    if customers:
        parts.append(
            SQL(
                """
                (SELECT 'customer', o.partner_id, NULL, count(*), sum(o.revenue), NULL, NULL, NULL
                   FROM o WHERE %s GROUP BY o.partner_id ORDER BY 5 DESC, 2 LIMIT %s)
                """,
                _in_headline(currency),
                customers,
            )
        )
    return SQL("WITH o AS MATERIALIZED (%s) %s", orders, SQL(" UNION ALL ").join(parts))


def _in_headline(currency):
    return SQL("TRUE") if currency is None else SQL("o.currency = %s", currency)


def _products(lines, currency, limit):
    return SQL(
        """
        SELECT 'product', s.product_id, NULL, NULL::bigint, sum(s.revenue),
               sum(s.quantity * COALESCE(sold_in.factor / own.factor, 1)), NULL::bigint, NULL::numeric
          FROM (SELECT l.product_id, l.uom_id, sum(l.quantity) AS quantity,
                       sum(CASE WHEN o.own_currency THEN l.amount
                                ELSE l.amount / COALESCE(NULLIF(o.rate, 0), 1) END) AS revenue
                  FROM o
                  JOIN (%(lines)s) l ON l.order_id = o.id
                 WHERE %(headline)s
                 GROUP BY l.product_id, l.uom_id) s
          JOIN product_product p ON p.id = s.product_id
          JOIN product_template t ON t.id = p.product_tmpl_id
          LEFT JOIN uom_uom sold_in ON sold_in.id = s.uom_id
          LEFT JOIN uom_uom own ON own.id = t.uom_id
         GROUP BY s.product_id
         ORDER BY 5 DESC, 2
         LIMIT %(limit)s
        """,
        lines=lines,
        headline=_in_headline(currency),
        limit=limit,
    )


def shape_steps(rows, steps, rounded):
    """Turn rows of :func:`figures` into ``daily_stats`` of one currency.

    :param rows: (number of the step, orders, revenue, untaxed, customers, average) of that currency
    :param steps: the period's days, dekads or months; customers are told of days only
    :param rounded: function that rounds to that currency
    """
    days = all(step.days == 1 for step in steps)
    return [
        {
            "order_date": steps[day].first.isoformat(),
            "order_count": orders,
            "total_revenue": rounded(revenue),
            "avg_order_value": rounded(average),
            "unique_customers": customers if days else None,
        }
        for day, orders, revenue, _untaxed, customers, average in sorted(rows, key=lambda row: row[0] or 0)
        if day is not None
    ]


def shape_total(rows, currency):
    """Turn such rows into the summary of their currency; nothing sold gives zeros only."""
    for day, orders, revenue, untaxed, customers, average in rows:
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
