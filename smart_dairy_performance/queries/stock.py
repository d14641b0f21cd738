"""Statements of the stock dashboard and of the product search, and what is added up from a rollup's rows.

Quantities stay in each product's own unit and are never added across units. Money is added as ``numeric`` and
leaves SQL unrounded.
"""

from collections import defaultdict
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


class OnHand(NamedTuple):
    """What lies at a location of one product: quantities in its unit; ``own`` counts in the company's value.

    :param price: standard price in the company's currency, ``None`` where the value is not quantity times it
    """

    company: int
    product: int
    location: int
    quantity: float
    reserved: float
    own: float
    category: int | None
    category_name: str | None
    price: float | None


def on_hand(quants, price):
    """Statement: the columns of :class:`OnHand`.

    :param quants: SELECT with columns company_id, product_id, location_id, quantity, reserved_quantity,
        own (bool: belongs to the company and counts in its value)
    :param price: SQL of the price, of the aliases q (quants), p (product), t (template), g (category)
    """
    return SQL(
        """
        SELECT q.*, t.categ_id, g.complete_name, %s
          FROM (SELECT company_id, product_id, location_id, sum(quantity), sum(reserved_quantity),
                       COALESCE(sum(quantity) FILTER (WHERE own), 0)
                  FROM (%s) o
                 GROUP BY company_id, product_id, location_id) q
          JOIN product_product p ON p.id = q.product_id
          JOIN product_template t ON t.id = p.product_tmpl_id
          LEFT JOIN product_category g ON g.id = t.categ_id
        """,
        price,
        quants,
    )


def places(roots):
    """Statement: id and warehouse of the locations under ``roots`` (ids), archived ones included."""
    return SQL(
        """
        SELECT l.id, l.warehouse_id FROM stock_location l
          JOIN stock_location r ON l.parent_path LIKE r.parent_path || '%%'
         WHERE r.id IN %s
        """,
        tuple(roots),
    )


class Product(NamedTuple):
    """A product on hand or used: quantities in its unit, value in the headline currency, cover in days."""

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


def flows(moved, periods, chosen, currency_companies, rounded):
    """Add up what came in and went out of warehouses.

    :param moved: rows (number of the period, first day of a day, dekad or month, company id, unit id,
        source, destination (warehouses),
        moves, quantity, value)
    :param periods: the periods; what begins before one is dated by its first day
    :param chosen: ids of the warehouses; what goes to one of them came in
    :param currency_companies: ids of the companies whose values may be added
    :param rounded: function for quantities
    :return: for each period ``{'received' or 'sent': {moves, value (unrounded)}}`` and
        ``{unit id: [{date, in, out}]}`` with dates in order, the unit with most moves first
    """
    # of each period: moves and values sent and received; {unit: moves}; {unit: {day: [sent, received]}}
    found = [([0, 0], ([], []), defaultdict(int), defaultdict(dict)) for _ in periods]
    for number, day, company, unit, _source, destination, moves, quantity, value in moved:
        numbers, values, counts, units = found[number]
        incoming = destination in chosen
        numbers[incoming] += moves
        counts[unit] += moves
        if value and company in currency_companies:
            values[incoming].append(value)
        days = units[unit]
        ways = days.get(day)
        if ways is None:
            ways = days[day] = [0.0, 0.0]
        ways[incoming] += quantity or 0.0
    return [
        (
            {
                way: {"moves": numbers[place], "value": fsum(values[place])}
                for way, place in (("received", 1), ("sent", 0))
            },
            {
                unit: _days(units[unit], period.first, rounded)
                for unit in sorted(units, key=lambda unit: (-counts[unit], unit))
            },
        )
        for period, (numbers, values, counts, units) in zip(periods, found, strict=True)
    ]


def _days(days, first, rounded):
    return [
        {"date": max(day, first).isoformat(), "in": rounded(received), "out": rounded(sent)}
        for day, (sent, received) in sorted(days.items())
    ]


def days_of_cover(quantity, used_quantity):
    """Days that ``quantity`` lasts at the mean use of :data:`USAGE_DAYS` days; ``None`` without use."""
    return max(0.0, quantity) * USAGE_DAYS / used_quantity if used_quantity > 0 else None
