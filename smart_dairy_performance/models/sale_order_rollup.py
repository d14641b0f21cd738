from collections import defaultdict
from functools import partial
from math import fsum

from odoo import api, models

from ..scope import headline_companies

AMOUNTS = ("orders", "revenue", "untaxed")


class SaleOrder(models.Model):
    """The sales dashboard from rollups (docs/decisions/0011)."""

    _inherit = "sale.order"

    @api.model
    def _dashboard_rollup_rows(self, asking, scopes, products, customers):
        """The rows of ``_dashboard_base_rows`` for each of ``scopes``; the best of the first.

        :raises FromBase: the rollups cannot answer this user
        """
        scope, periods = scopes[0], [one["period"] for one in scopes]
        question = partial(asking.demand, domain=[("company_id", "in", scope["companies"]._ids)])
        best = partial(asking.demand, domain=[("company_id", "in", tuple(headline_companies(scope)))])
        result = [defaultdict(list) for _scope in scopes]
        buyers = {}
        if products:
            result[0]["product", None] = self._dashboard_best_products(best, periods[0], products)
        if customers:
            result[0]["customer", None], number = self._dashboard_best_customers(best, periods[0], customers)
            if len(set(scope["currencies"].values())) == 1:
                buyers[0, scope["currency"].id] = number
        grain = scope["grain"]
        # of whole months they would have to be counted anew, for a figure that no chart shows
        measures = (*AMOUNTS, "customers") if grain == "day" else AMOUNTS
        steps = question("sales", periods, by=("currency",), grain=grain, measures=measures)
        numbers = [{step.first: i for i, step in enumerate(one.steps(grain))} for one in periods]
        for period, first, currency, orders, revenue, untaxed, *customers in steps.rows:
            index = numbers[period][max(first, periods[period].first)]
            result[period]["sales", currency].append(
                (index, orders, revenue, untaxed, customers[0] if customers else None, revenue / orders)
            )
        self._dashboard_totals(question, periods, result, buyers)
        return result

    @api.model
    def _dashboard_totals(self, question, periods, result, buyers):
        """Add the total of each currency to the days of each period: their sum, but for the customers.

        :param buyers: {(number of the period, currency): customers}, as far as they are known
        """
        known = len({number for number, _currency in buyers})  # the first ones
        if periods[known:]:
            found = question("sales", periods[known:], by=("currency",), measures=("customers",)).rows
            buyers |= {(known + number, currency): customers for number, currency, customers in found}
        for number, rows in enumerate(result):
            for (kind, currency), days in rows.items():
                if kind == "sales":
                    _days, orders, revenue, untaxed, *_rest = zip(*days, strict=True)
                    orders, revenue = sum(orders), fsum(revenue)
                    customers = buyers[number, currency]
                    days.append((None, orders, revenue, fsum(untaxed), customers, revenue / orders))

    @api.model
    def _dashboard_best_products(self, question, period, limit):
        found = question(
            "sales_lines",
            period,
            by=("product",),
            measures=("quantity", "revenue"),
            order=(("revenue", "desc"),),
            limit=limit,
        )
        return [(product, None, None, revenue, quantity) for product, quantity, revenue in found.rows]

    @api.model
    def _dashboard_best_customers(self, question, period, limit):
        """The rows, and the number of all customers."""
        found = question(
            "sales",
            period,
            by=("customer",),
            measures=("orders", "revenue"),
            order=(("revenue", "desc"),),
            limit=limit,
        )
        return [(customer, None, orders, revenue) for customer, orders, revenue in found.rows], found.groups
