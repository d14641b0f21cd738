from collections import defaultdict

from odoo import api, models
from odoo.addons.method_cache import cached_method
from odoo.fields import Domain
from odoo.tools import SQL

from ..asking import Asking, FromBase
from ..dependencies import SALES
from ..guards import check_internal, companies_of, compared_period, grain_of, steps_info
from ..names import partner_names, product_names
from ..queries import sales
from ..scope import currency_info, moments, rounder, scope_of, today_of

TOP_LIMIT = 10
COMPARED = ("summary", "daily_stats", "date_from", "date_to")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # ------------------------------------------------------------
    # CALLED BY CLIENTS
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    def get_dashboard_data_optimized(self, date_from, date_to, company_id=None):
        """Return the sales of whole business days, both included.

        Confirmed orders (state ``sale``) that the user may read, counted on the business day of
        ``date_order`` in
        the time zone of the order's company, in the company's currency (the order's own rate), taxes
        included.
        When the selected companies have several currencies, the figures are those of the headline currency
        (the chosen or current company's) and ``by_currency`` holds one summary each: they are never added.

        :param date_from: first day: a date, an ISO string, or a moment (UTC; its business day counts)
        :param date_to: last day, likewise
        :param company_id: one of the selected companies; default all of them
        :return: dict of ``daily_stats`` (days with orders: order_date, order_count, total_revenue,
            avg_order_value, unique_customers), ``top_products`` (at most 10 by revenue: product_id,
            product_name, uom_name, quantity_sold in the product's own unit, revenue), ``summary``
            (total_orders, total_revenue, total_untaxed, avg_order_value, unique_customers; zeros when
            nothing was
            sold), ``currency`` (id, name, symbol, position, decimal_places), ``by_currency``, ``date_from``,
            ``date_to``
        :raises AccessError: portal and public users, users without sales access, foreign companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._dashboard_scope(date_from, date_to, company_id)
        asking = Asking(self.env, "sales", "sales_lines")
        (data,) = self._dashboard_figures(asking, scope, products=TOP_LIMIT)
        return data

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=SALES)
    def get_dashboard_summary(self, date_from, date_to):
        """Return :meth:`get_dashboard_data_optimized` for all selected companies; cached."""
        return self.get_dashboard_data_optimized(date_from, date_to)

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=SALES)
    def get_sales_dashboard(self, date_from, date_to, company_id=None, compare="previous", grain=None):
        """Return what the sales dashboard shows at first: the optimized data, the compared period, and the
        domains of the records behind the figures. No customers are counted here
        (``summary.unique_customers`` is ``None``): :meth:`get_sales_customers` does.

        Parameters and errors as in :meth:`get_dashboard_data_optimized`; cached.

        :param compare: with the 'previous' period of the same length, or with the same dates a 'year' ago
        :param grain: of ``daily_stats``: 'day', 'dekad' (a third of a month) or 'month'; default by the
            length
        :return: its dict with ``grain`` and ``steps`` ([first, last day] of each of ``daily_stats``, which
            are dated by their first day; ``unique_customers`` of days only), ``previous`` (the
            compared period: summary, daily_stats, steps, date_from, date_to), ``domain`` (orders),
            ``line_domain`` (their product lines), ``deliveries`` (delivered, on_time, previous, domain; or
            ``None`` without rights to transfers), ``source`` ('rollup' or 'base') and ``source_reason``
        """
        scope = self._dashboard_scope(date_from, date_to, company_id)
        before = compared_period(self.env, scope["period"], compare)
        scope["grain"] = grain_of(self.env, scope["period"], grain)
        asking = Asking(self.env, "sales", "sales_lines", "deliveries")
        data, previous = self._dashboard_figures(asking, scope, before, TOP_LIMIT, customers=None)
        return {
            **data,
            "grain": scope["grain"],
            "steps": steps_info(scope["period"].steps(scope["grain"])),
            "previous": {
                **{key: previous[key] for key in COMPARED},
                "steps": steps_info(before.steps(scope["grain"])),
            },
            "deliveries": self.env["stock.picking"]._delivery_figures(asking, scope, before),
            **asking.origin,
            "domain": list(self._dashboard_domain(scope, headline=True)),
            "line_domain": list(self._dashboard_line_domain(scope)),
        }

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=SALES)
    def get_sales_customers(self, date_from, date_to, company_id=None, compare="previous"):
        """Return the best customers, and how many different ones ordered; cached.

        They are looked at one by one: the dashboard asks for them after all else is shown. Parameters and
        errors as in :meth:`get_sales_dashboard`.

        :return: dict: ``top_customers`` (partner_id, name, order_count, revenue), ``unique_customers``,
            ``previous`` (unique_customers of the compared period), ``source``, ``source_reason``
        """
        scope = self._dashboard_scope(date_from, date_to, company_id)
        before = compared_period(self.env, scope["period"], compare)
        asking = Asking(self.env, "sales")
        data, previous = self._dashboard_figures(asking, scope, before, customers=TOP_LIMIT, steps=False)
        count = "unique_customers"
        return {
            "top_customers": data["top_customers"],
            count: data["summary"][count],
            "previous": {count: previous["summary"][count]},
            **asking.origin,
        }

    @api.model
    @api.readonly
    def get_dashboard_domain(self, date_from, date_to, company_id=None):
        """Return the domain of the orders that a period's headline figures count (parameters as above)."""
        return list(
            self._dashboard_domain(self._dashboard_scope(date_from, date_to, company_id), headline=True)
        )

    @api.model
    @api.readonly
    def get_dashboard_today(self, company_id=None):
        """Return the present business day (ISO) of the chosen or current company."""
        check_internal(self.env)
        return today_of(self.env, companies_of(self.env, company_id))

    # ------------------------------------------------------------
    # SCOPE
    # ------------------------------------------------------------

    @api.model
    def _dashboard_scope(self, date_from, date_to, company_id):
        return {**scope_of(self.env, date_from, date_to, company_id), "grain": "day"}

    @api.model
    def _dashboard_domain(self, scope, headline=False):
        """Domain of the counted orders; with ``headline`` of companies in the headline currency only."""
        return Domain("state", "=", "sale") & moments(scope, "date_order", headline)

    @api.model
    def _dashboard_line_domain(self, scope):
        """Domain of the product lines of the headline's orders, on ``sale.order.line``."""
        return (
            Domain("display_type", "=", False)
            & Domain("product_id", "!=", False)
            & Domain("order_id", "any", list(self._dashboard_domain(scope, headline=True)))
        )

    # ------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------

    @api.model
    def _dashboard_orders_select(self, scope):
        """SELECT of the counted orders as :func:`..queries.sales.figures` wants them, read access checked."""
        query = self._search(self._dashboard_domain(scope))
        column = {
            name: self._field_to_sql(query.table, name, query)
            for name in (
                "id",
                "company_id",
                "currency_id",
                "currency_rate",
                "date_order",
                "partner_id",
                "amount_total",
                "amount_untaxed",
            )
        }
        ours = sales.company_case(column["company_id"], scope["currencies"], "int")
        money = {
            name: sales.in_company_currency(
                column[name], column["currency_id"], column["currency_rate"], ours
            )
            for name in ("amount_total", "amount_untaxed")
        }
        day = sales.day_index(column["date_order"], column["company_id"], scope["zones"], scope["period"])
        step = sales.step_index(day, scope["period"], scope["grain"])
        return query.select(
            SQL("%s AS id", column["id"]),
            SQL("%s AS currency", ours),
            SQL("%s = %s AS own_currency", column["currency_id"], ours),
            SQL("%s AS rate", column["currency_rate"]),
            SQL("%s AS day", step),
            SQL("%s AS partner_id", column["partner_id"]),
            SQL("%s AS revenue", money["amount_total"]),
            SQL("%s AS untaxed", money["amount_untaxed"]),
        )

    @api.model
    def _dashboard_lines_select(self):
        """SELECT of product lines under the lines' own rules; the orders choose among them by the join."""
        Line = self.env["sale.order.line"]
        query = Line._search([("display_type", "=", False), ("product_id", "!=", False)])
        return query.select(
            *(
                SQL("%s AS %s", Line._field_to_sql(query.table, name, query), SQL.identifier(alias))
                for name, alias in (
                    ("order_id", "order_id"),
                    ("product_id", "product_id"),
                    ("product_uom_id", "uom_id"),
                    ("product_uom_qty", "quantity"),
                    ("price_total", "amount"),
                )
            )
        )

    @api.model
    def _dashboard_figures(self, asking, scope, before=None, products=0, customers=0, steps=True):
        """Figures of the scope's period and, less the best, of the period ``before``.

        :param asking: :class:`~..asking.Asking`; where it cannot answer the orders themselves are read
        :param products: so many best products
        :param customers: so many best customers; ``None``: they need not be counted either
        :param steps: False: nothing but products and customers is wanted
        :return: list of one dict a period
        """
        scopes = [scope, dict(scope, period=before)] if before else [scope]
        try:
            rows = self._dashboard_rollup_rows(asking, scopes, products, customers, steps)
        except FromBase:
            rows = [self._dashboard_base_rows(scope, products, customers)]
            rows += [self._dashboard_base_rows(other) for other in scopes[1:]]
        figures = [self._dashboard_shape(*pair) for pair in zip(scopes, rows, strict=True)]
        if customers is None:
            for one in figures:
                for total in (one["summary"], *one["by_currency"]):
                    total["unique_customers"] = None
        return figures

    @api.model
    def _dashboard_base_rows(self, scope, products=0, customers=0):
        """Run the statement over the orders themselves; return lists of rows of each kind and currency."""
        statement = sales.figures(
            self._dashboard_orders_select(scope),
            scope["currency"].id if len(set(scope["currencies"].values())) > 1 else None,
            self._dashboard_lines_select() if products else None,
            products,
            customers or 0,
        )
        rows = defaultdict(list)
        for kind, key, *values in self.env.execute_query(statement):
            rows[kind, key if kind == "sales" else None].append(values if kind == "sales" else (key, *values))
        if products:
            rows.setdefault(("product", None), [])
        if customers:
            rows.setdefault(("customer", None), [])
        return rows

    @api.model
    def _dashboard_shape(self, scope, rows):
        """What a client gets of the rows of one period."""
        period, currency = scope["period"], scope["currency"]
        others = self.env["res.currency"].browse(dict.fromkeys(scope["currencies"].values()))
        own = rows["sales", currency.id]
        steps = period.steps(scope["grain"])
        data = {
            "daily_stats": sales.shape_steps(own, steps, rounder(currency)),
            "summary": sales.shape_total(own, currency),
            "by_currency": [
                {
                    "currency": currency_info(other),
                    **sales.shape_total(rows["sales", other.id], other),
                }
                for other in (currency | others)
            ],
            "currency": currency_info(currency),
            "date_from": period.first.isoformat(),
            "date_to": period.last.isoformat(),
        }
        if ("product", None) in rows:
            data["top_products"] = self._dashboard_products(rows["product", None], currency)
        if ("customer", None) in rows:
            data["top_customers"] = self._dashboard_customers(rows["customer", None], currency)
        return data

    @api.model
    def _dashboard_products(self, rows, currency):
        names = product_names(self.env, [row[0] for row in rows])
        return [
            {
                "product_id": product_id,
                "product_name": names[product_id][0],
                "uom_name": names[product_id][2],
                "quantity_sold": names[product_id][1].round(quantity),
                "revenue": currency.round(revenue),
            }
            for product_id, _day, _orders, revenue, quantity, *_rest in sorted(
                rows, key=lambda row: (-row[3], row[0])
            )
        ]

    @api.model
    def _dashboard_customers(self, rows, currency):
        names = partner_names(self.env, [row[0] for row in rows])
        return [
            {
                "partner_id": partner_id,
                "name": names[partner_id],
                "order_count": orders,
                "revenue": currency.round(revenue),
            }
            for partner_id, _day, orders, revenue, *_rest in sorted(rows, key=lambda row: (-row[3], row[0]))
        ]
