from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..asking import Asking
from ..dependencies import STOCK
from ..guards import check_group, companies_of, compared_period, grain_of, steps_info
from ..names import product_names
from ..queries import stock
from ..queries.periods import Period, business_day, today
from ..scope import currency_info, headline_companies, moments, scope_of, today_of

LISTED = 15
EXPIRY_DAYS = 30
USED_IN = ("customer", "production")


class ProductProduct(models.Model):
    """All that the stock dashboard shows, in a constant number of statements."""

    _inherit = "product.product"

    # ------------------------------------------------------------
    # CALLED BY CLIENTS
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=STOCK, today=True)
    def get_stock_dashboard(
        self, date_from, date_to, warehouse_id=None, company_id=None, compare="previous", grain=None
    ):
        """Return the stock as it is now, and what came in and went out on the days of a period; cached.

        Stock is what lies in the warehouses of the selected companies, in each product's own unit; quantities
        of different units are never added. Received and sent are done moves into and out of those warehouses,
        counted on the company's business day; moves between them are neither.
        Values are Odoo's own (``stock.quant.value``, ``stock.move.value``), shown to stock managers only, and
        of companies in the headline currency.

        :param date_from: first business day (date, ISO string or UTC moment); ``date_to``: last, included
        :param warehouse_id: one warehouse; default all of the selected companies
        :param company_id: one of the selected companies; default all
        :param compare: with the 'previous' period of the same length, or with the same dates a 'year' ago
        :param grain: of what came in and went out: 'day', 'dekad' (a third of a month) or 'month'; default by
            the length of the period
        :return: dict: ``now`` (products, runs_out, expiring (counts), value or ``None``), ``by_product``,
            ``by_category``, ``by_warehouse``, ``flows`` (received, sent: moves, value), ``units`` (id, name,
            days: date, in, out; of steps with moves, by their first day), ``grain``, ``steps`` ([first, last
            day] of each), ``previous`` (flows, units, steps, date_from, date_to), ``runs_out``, ``expiring``,
            ``by_currency`` (value of each), ``currency``, ``domains`` (of the records behind), ``source``
            ('rollup', or 'base' when moves had to be read one by one), ``source_reason``, ``date_from``,
            ``date_to``, ``today``
        :raises AccessError: users without stock access, foreign warehouses and companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._stock_scope(date_from, date_to, warehouse_id, company_id)
        period, before = scope["period"], compared_period(self.env, scope["period"], compare)
        asking = Asking(self.env, "stock_flows")
        rows = self._stock_on_hand(scope)
        values = self._stock_values(scope, rows) if scope["values"] else {}
        headline = self._stock_headline(scope, values)
        products = self._stock_products(rows, headline, self._stock_usage(asking, scope))
        runs_out = sorted(
            (row for row in products if row.cover is not None and row.cover < stock.RUNS_OUT_DAYS),
            key=lambda row: (row.cover, row.id),
        )
        in_stock = [row for row in products if row.quantity or row.reserved]
        in_stock.sort(key=lambda row: (-self._stock_money(scope, [row.value], 0), -row.quantity, row.id))
        expiring = self._stock_expiring(scope)
        grain = grain_of(self.env, period, grain)
        flows, flows_before = self._stock_moved(asking, scope, [period, before], grain)
        listed = {row.id for row in (*in_stock[:LISTED], *runs_out[:LISTED])}
        names = product_names(self.env, listed | {lot.product_id.id for lot, *_rest in expiring[:LISTED]})
        return {
            "now": {
                "products": len(in_stock),
                "runs_out": len(runs_out),
                "expiring": len(expiring),
                "value": self._stock_money(scope, headline.values()),
            },
            "by_product": [self._stock_named(scope, row, names) for row in in_stock[:LISTED]],
            "by_category": self._stock_groups(scope, rows, headline, "category"),
            "by_warehouse": self._stock_groups(scope, rows, headline, "warehouse"),
            **self._stock_flows(scope, flows, period, grain),
            "grain": grain,
            "previous": self._stock_flows(scope, flows_before, before, grain),
            "runs_out": [self._stock_named(scope, row, names) for row in runs_out[:LISTED]],
            "expiring": [self._stock_lot(scope, row, names) for row in expiring[:LISTED]],
            "by_currency": self._stock_by_currency(scope, values),
            "currency": currency_info(scope["currency"]),
            "domains": {
                "quants": list(scope["quants"]),
                "moves": list(self._stock_moves_domain(scope, period)),
                "received": list(self._stock_moves_domain(scope, period, incoming=True)),
                "sent": list(self._stock_moves_domain(scope, period, incoming=False)),
                "runs_out": [("id", "in", [row.id for row in runs_out])],
                "expiring": [("id", "in", [lot.id for lot, _expires, _quantity in expiring])],
            },
            **asking.origin,
            "today": scope["today"].isoformat(),
        }

    @api.model
    @api.readonly
    def get_stock_dashboard_filters(self, company_id=None):
        """Return ``today`` (ISO) and ``warehouses`` ([{id, name}]) that the user can choose from."""
        check_group(self.env, "stock.group_stock_user")
        companies = companies_of(self.env, company_id)
        warehouses = self.env["stock.warehouse"].search_fetch([("company_id", "in", companies.ids)], ["name"])
        return {
            "today": today_of(self.env, companies),
            "warehouses": [{"id": warehouse.id, "name": warehouse.name} for warehouse in warehouses],
        }

    @api.model
    @api.readonly
    def get_stock_moves_domain(self, date_from, date_to, warehouse_id=None, company_id=None, uom_id=None):
        """Return the domain of the moves in and out on business days, of products in unit ``uom_id``.

        Parameters and errors as in :meth:`get_stock_dashboard`.
        """
        scope = self._stock_scope(date_from, date_to, warehouse_id, company_id)
        domain = self._stock_moves_domain(scope, scope["period"])
        if uom_id:
            domain &= Domain("product_id.uom_id", "=", uom_id)
        return list(domain)

    # ------------------------------------------------------------
    # SCOPE AND DOMAINS
    # ------------------------------------------------------------

    @api.model
    def _stock_scope(self, date_from, date_to, warehouse_id, company_id):
        check_group(self.env, "stock.group_stock_user")
        scope = scope_of(self.env, date_from, date_to, company_id)
        warehouses = self.env["stock.warehouse"].search_fetch(
            [("company_id", "in", scope["companies"].ids)], ["name", "view_location_id"]
        )
        if warehouse_id:
            warehouses = warehouses.filtered(lambda warehouse: warehouse.id == warehouse_id)
            if not warehouses:
                raise AccessError(
                    self.env._(
                        "Warehouse %(warehouse)s is not one you may see: "
                        "choose one of your selected companies.",
                        warehouse=warehouse_id,
                    )
                )
        roots = warehouses.view_location_id.ids
        scope.update(
            locations=roots,
            places=self._stock_places(roots),
            quants=Domain("location_id", "child_of", roots) if roots else Domain.FALSE,
            today=today(scope["head"]._business_tz(), fields.Datetime.now()),
            values=self.env.su or self.env.user.has_group("stock.group_stock_manager"),
        )
        return scope

    @api.model
    def _stock_places(self, roots):
        """``{location id: warehouse id}`` of the locations under ``roots``, archived ones included."""
        if not roots:
            return {}
        # no rules: where the chosen warehouses' borders run does not depend on who looks
        self.env["stock.location"].flush_model(["parent_path", "warehouse_id", "location_id"])
        return dict(self.env.execute_query(stock.places(roots)))

    @api.model
    def _stock_moves_domain(self, scope, period, incoming=None):
        """Domain of the done moves in (``incoming``), out (``False``), or both, on the days of ``period``."""
        if not scope["locations"]:
            return Domain.FALSE
        here = Domain("location_id", "child_of", scope["locations"])
        there = Domain("location_dest_id", "child_of", scope["locations"])
        directions = {True: there & ~here, False: here & ~there}
        direction = directions.get(incoming) or Domain.OR(directions.values())
        return Domain("state", "=", "done") & moments(dict(scope, period=period), "date") & direction

    # ------------------------------------------------------------
    # ON HAND
    # ------------------------------------------------------------

    @api.model
    def _stock_on_hand(self, scope):
        """Return the rows of :func:`..queries.stock.on_hand`, archived products and empty places included."""
        Quant = self.env["stock.quant"].with_context(active_test=False)
        query = Quant._search(Domain("location_id", "in", list(scope["places"])))
        column = {
            name: Quant._field_to_sql(query.table, name, query)
            for name in (
                "company_id",
                "product_id",
                "location_id",
                "quantity",
                "reserved_quantity",
                "owner_id",
            )
        }
        partners = {company.id: company.partner_id.id for company in scope["companies"].sudo()}
        ours = SQL(" OR ").join(
            SQL("(%s = %s AND %s = %s)", column["company_id"], company, column["owner_id"], partner)
            for company, partner in partners.items()
        )
        own = SQL("(%s IS NULL OR %s)", column.pop("owner_id"), ours)
        columns = (SQL("%s AS %s", sql, SQL.identifier(name)) for name, sql in column.items())
        quants = query.select(*columns, SQL("%s AS own", own))
        price = self._stock_price(scope["companies"]) if scope["values"] else SQL("NULL::float8")
        return [stock.OnHand(*row) for row in self.env.execute_query(stock.on_hand(quants, price))]

    @api.model
    def _stock_price(self, companies):
        """SQL of a product's standard price in the company ``q.company_id``; NULL where goods have no price
        of their own: at average cost, first in first out, or valued lot by lot."""
        cases = []
        # sudo: the names of costs are the company's, whoever counts; only managers come here
        for company in companies.sudo():
            product, category = self.sudo().with_company(company), self.env["product.category"].sudo()
            cases.append(
                SQL(
                    "WHEN q.company_id = %(company)s AND COALESCE(t.company_id, %(company)s) = %(company)s"
                    " AND COALESCE(NULLIF(%(method)s, ''), (%(default)s)) = 'standard'"
                    " AND t.lot_valuated IS NOT TRUE THEN %(price)s",
                    company=company.id,
                    method=category.with_company(company)._field_to_sql("g", "property_cost_method"),
                    default=SQL("SELECT cost_method FROM res_company WHERE id = %s", company.id),
                    price=product._field_to_sql("p", "standard_price"),
                )
            )
        return SQL("CASE %s END", SQL(" ").join(cases))

    @api.model
    def _stock_values(self, scope, rows):
        """Return ``{(company, product, location): value}``, unrounded, in each company's currency.

        Goods at standard price are quantity times price (Odoo's field rounds each quant, and the product's
        total before it is shared out); others ask Odoo, which adds up their moves.
        """
        values, ask = {}, defaultdict(set)
        for row in rows:
            if row.price is not None:
                values[row.company, row.product, row.location] = row.price * row.own
            elif row.own:
                ask[row.company].add(row.product)
        for company, product_ids in ask.items():
            # with the other companies selected as well Odoo would mix their quantities into the average
            Quant = self.env["stock.quant"].with_context(allowed_company_ids=[company])
            quants = Quant.search(
                scope["quants"] & Domain("company_id", "=", company) & Domain("product_id", "in", product_ids)
            )
            for quant in quants:
                key = company, quant.product_id.id, quant.location_id.id
                values[key] = values.get(key, 0.0) + quant.sudo().value
        return values

    @api.model
    def _stock_money(self, scope, amounts, hidden=None):
        """Sum of ``amounts`` in the headline currency, rounded once; ``hidden`` without rights to values."""
        return scope["currency"].round(sum(amounts)) if scope["values"] else hidden

    @api.model
    def _stock_headline(self, scope, values):
        companies = headline_companies(scope)
        return {key: value for key, value in values.items() if key[0] in companies}

    @api.model
    def _stock_products(self, rows, values, usage):
        """The :class:`~..queries.stock.Product` list of what is on hand or was used.

        :param values: of :meth:`_stock_values`, in the headline currency; ``usage``: {product id: quantity}
        """
        value = defaultdict(float)
        for (_company, product_id, _location), amount in values.items():
            value[product_id] += amount
        quantity, reserved = defaultdict(float), defaultdict(float)
        for row in rows:
            quantity[row.product] += row.quantity
            reserved[row.product] += row.reserved
        tidy = self._stock_tidy()
        return [
            stock.Product(
                id_,
                tidy(quantity[id_]),
                tidy(reserved[id_]),
                tidy(quantity[id_] - reserved[id_]),
                value[id_],
                usage.get(id_, 0.0),
                stock.days_of_cover(quantity[id_], usage.get(id_, 0.0)),
            )
            for id_ in {**quantity, **usage}
        ]

    @api.model
    def _stock_tidy(self):
        """A function that rounds quantities as units of measure do."""
        return stock.tidy(self.env["decimal.precision"].precision_get("Product Unit"))

    @api.model
    def _stock_named(self, scope, row, names):
        """What a client shows of a :class:`~..queries.stock.Product`."""
        name, _unit, uom = names[row.id]
        return {
            "id": row.id,
            "name": name,
            "uom": uom,
            "quantity": row.quantity,
            "reserved": row.reserved,
            "free": row.free,
            "value": self._stock_money(scope, [row.value]),
            "per_day": round(row.used / stock.USAGE_DAYS, 3),
            "cover": None if row.cover is None else round(row.cover, 1),
        }

    @api.model
    def _stock_groups(self, scope, rows, values, by):
        """Products and value of each category, or of each warehouse; the most valuable first.

        :param values: of :meth:`_stock_values`, in the headline currency
        """
        members, amounts = defaultdict(set), defaultdict(float)
        category = {row.product: row.category for row in rows}

        def group(product_id, location_id):
            return category[product_id] if by == "category" else scope["places"][location_id]

        for row in rows:
            if row.quantity or row.reserved:
                members[group(row.product, row.location)].add(row.product)
        for (_company, product_id, location_id), amount in values.items():
            amounts[group(product_id, location_id)] += amount
        if by == "category":
            names = {row.category: row.category_name for row in rows}
        else:
            # sudo: the quants were chosen by the user's rules; a warehouse is only a name here
            warehouses = self.env["stock.warehouse"].sudo().browse(filter(None, members))
            warehouses.fetch(["name"])
            names = {warehouse.id: warehouse.name for warehouse in warehouses}
        return sorted(
            (
                {
                    "id": id_ or False,
                    "name": names.get(id_) or self.env._("Not set"),
                    "products": len(product_ids),
                    "value": self._stock_money(scope, [amounts[id_]]),
                }
                for id_, product_ids in members.items()
            ),
            key=lambda row: (-(row["value"] or 0), -row["products"], row["name"]),
        )

    @api.model
    def _stock_by_currency(self, scope, values):
        if not scope["values"]:
            return []
        amounts = defaultdict(float)
        for (company, _product, _location), amount in values.items():
            amounts[scope["currencies"][company]] += amount
        currencies = self.env["res.currency"].browse({*amounts, scope["currency"].id})
        return [
            {"currency": currency_info(currency), "value": currency.round(amounts[currency.id])}
            for currency in currencies
        ]

    @api.model
    def _stock_expiring(self, scope):
        """(lot, expiration day, quantity) of lots on hand that expire within :data:`EXPIRY_DAYS` days or have
        expired, the earliest first."""
        limit = scope["today"] + timedelta(days=EXPIRY_DAYS)
        tz = scope["head"]._business_tz()
        quants = self.env["stock.quant"]._read_group(
            Domain("location_id", "in", list(scope["places"]))
            & Domain("quantity", ">", 0)
            & Domain("lot_id.expiration_date", "<", Period(limit, limit).utc_range(tz)[1]),
            ["lot_id"],
            ["quantity:sum"],
        )
        lots = self.env["stock.lot"].browse(lot.id for lot, _quantity in quants)
        lots.fetch(["name", "product_id", "expiration_date"])
        return sorted(
            ((lot, business_day(lot.expiration_date, tz), quantity) for lot, quantity in quants),
            key=lambda row: (row[1], row[0].id),
        )

    @api.model
    def _stock_lot(self, scope, row, names):
        """What a client shows of a lot of :meth:`_stock_expiring`."""
        lot, expires, quantity = row
        name, _unit, uom = names[lot.product_id.id]
        return {
            "id": lot.id,
            "name": lot.name,
            "product": name,
            "quantity": self._stock_tidy()(quantity),
            "uom": uom,
            "expires": expires.isoformat(),
            "days_left": (expires - scope["today"]).days,
        }

    # ------------------------------------------------------------
    # IN AND OUT
    # ------------------------------------------------------------

    @api.model
    def _stock_crossing(self, scope, incoming=None):
        """Domain of the moves into the chosen warehouses (``incoming``), out of them (``False``), or both.

        For the rollup: a location's warehouse is the nearest above it, and under the chosen ones lie whole
        warehouses only.
        """
        chosen = Domain("warehouse_id", "in", self._stock_warehouses(scope))
        # any!: as in a domain on the location itself, its own rules do not matter
        here, there = Domain("location_id", "any!", chosen), Domain("location_dest_id", "any!", chosen)
        ways = {True: there & ~here, False: here & ~there}
        crossing = Domain.OR(ways.values()) if incoming is None else ways[incoming]
        return Domain("company_id", "in", scope["companies"]._ids) & crossing

    @api.model
    def _stock_warehouses(self, scope):
        """Ids of the chosen warehouses and of those that lie under them."""
        return tuple(sorted({id_ for id_ in scope["places"].values() if id_}))

    @api.model
    def _stock_moved(self, asking, scope, periods, grain):
        """The :func:`..queries.stock.flows` of each of ``periods``."""
        answer = asking.ask(
            "stock_flows",
            periods,
            domain=self._stock_crossing(scope),
            by=("company", "unit", "source", "destination"),
            grain=grain,
            measures=("moves", "quantity", "amount"),
        )
        return stock.flows(
            answer.rows,
            periods,
            set(self._stock_warehouses(scope)),
            set(headline_companies(scope)),
            self._stock_tidy(),
        )

    @api.model
    def _stock_flows(self, scope, flows, period, grain):
        """What a client shows of the ``flows`` of ``period``."""
        totals, units = flows
        for total in totals.values():
            total["value"] = self._stock_money(scope, [total["value"]])
        return {
            "flows": totals,
            "units": [
                {"id": uom.id, "name": uom.name, "days": units[uom.id]}
                for uom in self.env["uom.uom"].browse(units)
            ],
            "steps": steps_info(period.steps(grain)),
            "date_from": period.first.isoformat(),
            "date_to": period.last.isoformat(),
        }

    @api.model
    def _stock_usage(self, asking, scope):
        """Return ``{product id: quantity}`` delivered or consumed in the whole days before today."""
        last = scope["today"] - timedelta(days=1)
        answer = asking.ask(
            "stock_flows",
            Period(last - timedelta(days=stock.USAGE_DAYS - 1), last),
            domain=self._stock_crossing(scope, incoming=False)
            & Domain("location_dest_id", "any!", Domain("usage", "in", USED_IN)),
            by=("product",),
            measures=("quantity",),
        )
        return dict(answer.rows)
