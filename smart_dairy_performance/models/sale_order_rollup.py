from collections import defaultdict
from functools import partial

from odoo import api, models

from ..asking import spans
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
        question = partial(asking.demand, domain=[("company_id", "in", scope["companies"].ids)])
        best = partial(asking.demand, domain=[("company_id", "in", headline_companies(scope))])
        result = [defaultdict(list) for _scope in scopes]
        buyers = None
        if products:
            result[0]["product", None] = self._dashboard_best_products(best, periods[0], products)
        if customers:
            result[0]["customer", None], number = self._dashboard_best_customers(best, periods[0], customers)
            if len(set(scope["currencies"].values())) == 1:
                buyers = number
        for rows, period in zip(result, periods, strict=True):
            self._dashboard_totals(question, period, rows, buyers)
            buyers = None
        for span in spans(*periods):
            days = question("sales", span, by=("currency",), grain="day", measures=(*AMOUNTS, "customers"))
            for day, currency, orders, revenue, untaxed, number in days.rows:
                for rows, period in zip(result, periods, strict=True):
                    if period.first <= day <= period.last:
                        index = (day - period.first).days
                        rows["sales", currency].append(
                            (index, orders, revenue, untaxed, number, revenue / orders)
                        )
        return result

    @api.model
    def _dashboard_totals(self, question, period, rows, buyers):
        """Add the total of each currency to ``rows``; ``buyers``: the number of customers if known."""
        known = buyers is not None
        measures = AMOUNTS if known else (*AMOUNTS, "customers")
        totals = question("sales", period, by=("currency",), measures=measures)
        for currency, orders, revenue, untaxed, *number in totals.rows:
            number = buyers if known else number[0]
            rows["sales", currency].append((None, orders, revenue, untaxed, number, revenue / orders))

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
