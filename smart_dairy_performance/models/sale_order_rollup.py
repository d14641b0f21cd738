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
    def _dashboard_rollup_rows(self, asking, scopes, products, customers, wants_steps):
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
        if wants_steps:
            self._dashboard_steps(question, scopes, result)
        if customers is None:
            self._dashboard_totals(result, {})
            return result
        known = len({number for number, _currency in buyers})  # the first ones
        if periods[known:]:
            found = question("sales", periods[known:], by=("currency",), measures=("customers",)).rows
            buyers |= {(known + number, currency): customers for number, currency, customers in found}
        self._dashboard_totals(result, buyers)
        return result

    @api.model
    def _dashboard_steps(self, question, scopes, result):
        """Add the days, dekads or months of each period to ``result``."""
        grain, periods = scopes[0]["grain"], [one["period"] for one in scopes]
        # of whole months they would have to be counted anew, for a figure that no chart shows
        measures = (*AMOUNTS, "customers") if grain == "day" else AMOUNTS
        steps = question("sales", periods, by=("currency",), grain=grain, measures=measures)
        numbers = [{step.first: i for i, step in enumerate(one.steps(grain))} for one in periods]
        for period, first, currency, orders, revenue, untaxed, *customers in steps.rows:
            index = numbers[period][max(first, periods[period].first)]
            result[period]["sales", currency].append(
                (index, orders, revenue, untaxed, customers[0] if customers else None, revenue / orders)
            )

    @api.model
    def _dashboard_totals(self, result, buyers):
        """Add the total of each currency to the steps of each period: their sum, but for the customers.

        :param buyers: {(number of the period, currency): different customers}
        """
        for number, rows in enumerate(result):
            for _number, currency in buyers:
                if _number == number:
                    rows.setdefault(("sales", currency), [])  # without steps there is nothing yet
            for (kind, currency), steps in list(rows.items()):
                if kind == "sales":
                    orders, revenue, untaxed = (
                        add(row[place] for row in steps) for place, add in ((1, sum), (2, fsum), (3, fsum))
                    )
                    customers = buyers.get((number, currency))
                    steps.append((None, orders, revenue, untaxed, customers, orders and revenue / orders))

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
