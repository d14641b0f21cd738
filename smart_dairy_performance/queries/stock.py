"""Statements of the stock dashboard and of the product search.

Quantities stay in each product's own unit and are never added across units. Money is added as ``numeric`` and
leaves SQL unrounded.
"""

from datetime import timedelta

from odoo.tools import SQL

# Days of cover look back this far, and warn below that many days.
USAGE_DAYS = 30
RUNS_OUT_DAYS = 7


def stock_by_product(quants):
    """Statement: product_id, quantity and reserved quantity on hand.

    :param quants: SELECT with columns product_id, quantity, reserved_quantity (one row a quant)
    """
    return SQL(
        "SELECT q.product_id, sum(q.quantity), sum(q.reserved_quantity) FROM (%s) q GROUP BY q.product_id",
        quants,
    )


def on_hand(quants):
    """Statement: company_id, product_id, location_id, quantity, reserved and own quantity on hand.

    :param quants: SELECT with columns company_id, product_id, location_id, quantity, reserved_quantity,
        own (bool: belongs to the company and counts in its value)
    """
    return SQL(
        """
        SELECT q.company_id, q.product_id, q.location_id, sum(q.quantity), sum(q.reserved_quantity),
               COALESCE(sum(q.quantity) FILTER (WHERE q.own), 0)
          FROM (%s) q
         GROUP BY q.company_id, q.product_id, q.location_id
        """,
        quants,
    )


def flows(moves, currency_companies):
    """Statement of what came in and went out, each move once.

    :param moves: SELECT with columns company_id, product_id, day, incoming (bool), quantity, value
    :param currency_companies: ids of the companies whose values may be added
    :return: SQL giving kind ('day' by unit and day, 'product', 'total'), uom_id, product_id, day, incoming,
        moves, quantity (of a 'total' meaningless: units differ), value
    """
    return SQL(
        """
        SELECT CASE GROUPING(t.uom_id, m.day, m.product_id)
                    WHEN 1 THEN 'day' WHEN 6 THEN 'product' ELSE 'total' END,
               t.uom_id, m.product_id, m.day, m.incoming, count(*), sum(m.quantity),
               COALESCE(sum(m.value) FILTER (WHERE m.company_id IN %(companies)s), 0)
          FROM (%(moves)s) m
          JOIN product_product p ON p.id = m.product_id
          JOIN product_template t ON t.id = p.product_tmpl_id
         GROUP BY GROUPING SETS ((t.uom_id, m.day, m.incoming), (m.product_id, m.incoming), (m.incoming))
        """,
        moves=moves,
        companies=tuple(currency_companies),
    )


def used(moves):
    """Statement: product_id and the quantity that left for customers or production.

    :param moves: SELECT with columns product_id, quantity
    """
    return SQL("SELECT m.product_id, sum(m.quantity) FROM (%s) m GROUP BY m.product_id", moves)


def shape_units(rows, first):
    """Turn the 'day' rows of :func:`flows` into ``{uom id: [{date, in, out}]}``, days in order."""
    days = {}
    for kind, uom, _product, day, incoming, _moves, quantity, _value in rows:
        if kind == "day":
            figures = days.setdefault(uom, {}).setdefault(day, {"in": 0.0, "out": 0.0})
            figures["in" if incoming else "out"] = quantity
    return {
        uom: [
            {"date": (first + timedelta(days=day)).isoformat(), **figures}
            for day, figures in sorted(by_day.items())
        ]
        for uom, by_day in days.items()
    }


def shape_totals(rows):
    """Turn the 'total' rows of :func:`flows` into moves and unrounded value, received and sent."""
    totals = {"received": {"moves": 0, "value": 0.0}, "sent": {"moves": 0, "value": 0.0}}
    for kind, _uom, _product, _day, incoming, moves, _quantity, value in rows:
        if kind == "total":
            totals["received" if incoming else "sent"] = {"moves": moves, "value": value}
    return totals


def days_of_cover(quantity, used_quantity):
    """Days that ``quantity`` lasts at the mean use of :data:`USAGE_DAYS` days; ``None`` without use."""
    return max(0.0, quantity) * USAGE_DAYS / used_quantity if used_quantity > 0 else None
