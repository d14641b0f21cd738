"""Statements of the stock dashboard and of the product search, and what is added up from a rollup's rows.

Quantities stay in each product's own unit and are never added across units. Money is added as ``numeric`` and
leaves SQL unrounded.
"""

from math import fsum
from typing import NamedTuple

from odoo.tools import SQL, float_round

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
    """Statement: company_id, product_id, location_id, quantity, reserved and own quantity on hand, categ_id.

    :param quants: SELECT with columns company_id, product_id, location_id, quantity, reserved_quantity,
        own (bool: belongs to the company and counts in its value)
    """
    return SQL(
        """
        SELECT q.company_id, q.product_id, q.location_id, sum(q.quantity), sum(q.reserved_quantity),
               COALESCE(sum(q.quantity) FILTER (WHERE q.own), 0), t.categ_id
          FROM (%s) q
          JOIN product_product p ON p.id = q.product_id
          JOIN product_template t ON t.id = p.product_tmpl_id
         GROUP BY q.company_id, q.product_id, q.location_id, t.categ_id
        """,
        quants,
    )


class Product(NamedTuple):
    """A product on hand or used: quantities in its own unit, value in the headline currency, cover in days."""

    id: int
    quantity: float
    reserved: float
    free: float
    value: float
    used: float
    cover: float | None


def tidy(digits):
    """A function that rounds a float half up to ``digits``, as ``uom.uom.round``; most are round already."""

    def round_up(value):
        return value if round(value, digits) == value else float_round(value, precision_digits=digits)

    return round_up


def flows(moved, period, currency_companies, rounded):
    """Add up what came in and went out on the days of ``period``.

    :param moved: {incoming: [(day, company id, unit id, moves, quantity, value)]}
    :param currency_companies: ids of the companies whose values may be added
    :param rounded: function for quantities
    :return: ``{'received' or 'sent': {moves, value (unrounded)}}``, ``{unit id: [{date, in, out}]}`` with days in
        order, the unit with most moves first
    """
    totals, days, counts = {}, {}, {}
    for incoming, way in ((True, "received"), (False, "sent")):
        number, values, place = 0, [], 0 if incoming else 1
        for day, company, unit, moves, quantity, value in moved[incoming]:
            if not period.first <= day <= period.last:
                continue
            number += moves
            if value and company in currency_companies:
                values.append(value)
            counts[unit] = counts.get(unit, 0) + moves
            days.setdefault(unit, {}).setdefault(day, ([], []))[place].append(quantity)
        totals[way] = {"moves": number, "value": fsum(values)}
    units = {
        unit: [
            {"date": day.isoformat(), "in": rounded(fsum(ways[0])), "out": rounded(fsum(ways[1]))}
            for day, ways in sorted(days[unit].items())
        ]
        for unit in sorted(days, key=lambda unit: (-counts[unit], unit))
    }
    return totals, units


def days_of_cover(quantity, used_quantity):
    """Days that ``quantity`` lasts at the mean use of :data:`USAGE_DAYS` days; ``None`` without use."""
    return max(0.0, quantity) * USAGE_DAYS / used_quantity if used_quantity > 0 else None
