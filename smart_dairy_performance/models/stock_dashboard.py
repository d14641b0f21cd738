from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..dependencies import STOCK
from ..guards import check_group, companies_of, compared_period
from ..queries import stock
from ..queries.periods import Period, today
from ..queries.sales import day_index
from ..scope import currency_info, head_of, headline_companies, moments, scope_of

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
    def get_stock_dashboard(self, date_from, date_to, warehouse_id=None, company_id=None, compare="previous"):
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
        :return: dict: ``now`` (products, runs_out, expiring (counts), value or ``None``), ``by_product``,
            ``by_category``, ``by_warehouse``, ``flows`` (received, sent: moves, value), ``units`` (id, name,
            days: date, in, out), ``previous`` (flows, units, date_from, date_to), ``runs_out``, ``expiring``,
            ``by_currency`` (value of each), ``currency``, ``domains`` (of the records behind), ``date_from``,
            ``date_to``, ``today``
        :raises AccessError: users without stock access, foreign warehouses and companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._stock_scope(date_from, date_to, warehouse_id, company_id)
        before = compared_period(self.env, scope["period"], compare)
        rows = self._stock_on_hand(scope)
        values = self._stock_values(scope, rows) if scope["values"] else {}
        usage = self._stock_usage(scope)
        products = self._stock_by_product(scope, rows, values, usage)
        runs_out = sorted(
            (row for row in products if row["cover"] is not None and row["cover"] < stock.RUNS_OUT_DAYS),
            key=lambda row: (row["cover"], row["name"], row["id"]),
        )
        in_stock = [row for row in products if row["quantity"] or row["reserved"]]
        expiring = self._stock_expiring(scope)
        return {
            "now": {
                "products": len(in_stock),
                "runs_out": len(runs_out),
                "expiring": len(expiring),
                "value": self._stock_money(scope, self._stock_headline(scope, values).values()),
            },
            "by_product": sorted(
                in_stock, key=lambda row: (-(row["value"] or 0), -row["quantity"], row["name"], row["id"])
            )[:LISTED],
            "by_category": self._stock_groups(scope, rows, values, "category"),
            "by_warehouse": self._stock_groups(scope, rows, values, "warehouse"),
            **self._stock_flows(scope, scope["period"]),
            "previous": self._stock_flows(scope, before),
            "runs_out": runs_out[:LISTED],
            "expiring": expiring[:LISTED],
            "by_currency": self._stock_by_currency(scope, values),
            "currency": currency_info(scope["currency"]),
            "domains": {
                "quants": list(scope["quants"]),
                "moves": list(self._stock_moves_domain(scope, scope["period"])),
                "received": list(self._stock_moves_domain(scope, scope["period"], incoming=True)),
                "sent": list(self._stock_moves_domain(scope, scope["period"], incoming=False)),
                "runs_out": [("id", "in", [row["id"] for row in runs_out])],
                "expiring": [("id", "in", [row["id"] for row in expiring])],
            },
            "today": scope["today"].isoformat(),
        }

    @api.model
    @api.readonly
    def get_stock_dashboard_filters(self, company_id=None):
        """Return ``today`` (ISO) and ``warehouses`` ([{id, name}]) that the user can choose from."""
        check_group(self.env, "stock.group_stock_user")
        companies = companies_of(self.env, company_id)
        tz = head_of(self.env, companies).sudo()._business_tz()
        warehouses = self.env["stock.warehouse"].search([("company_id", "in", companies.ids)])
        return {
            "today": today(tz, fields.Datetime.now()).isoformat(),
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
        warehouses = self.env["stock.warehouse"].search([("company_id", "in", scope["companies"].ids)])
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
            quants=Domain("location_id", "child_of", roots) if roots else Domain.FALSE,
            today=today(scope["head"]._business_tz(), fields.Datetime.now()),
            values=self.env.su or self.env.user.has_group("stock.group_stock_manager"),
        )
        return scope

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
        query = Quant._search(scope["quants"])
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
        return self.env.execute_query(stock.on_hand(query.select(*columns, SQL("%s AS own", own))))

    @api.model
    def _stock_values(self, scope, rows):
        """Return ``{(company, product, location): value}``, unrounded, in each company's currency.

        Goods at standard price are quantity times price (Odoo's field rounds each quant, and the product's
        total before it is shared out); others ask Odoo, which adds up their moves.
        """
        values, ask = {}, defaultdict(set)
        for company in scope["companies"]:
            own = [row for row in rows if row[0] == company.id]
            # sudo: the names of costs are the company's, whoever counts; only managers come here
            products = self.sudo().with_company(company).browse({row[1] for row in own})
            price = {
                product.id: product.standard_price
                for product in products
                if product.cost_method == "standard" and not product.lot_valuated
            }
            for _company, product_id, location_id, _quantity, _reserved, valued in own:
                if product_id in price:
                    values[company.id, product_id, location_id] = price[product_id] * valued
                elif valued:
                    ask[company].add(product_id)
        for company, product_ids in ask.items():
            # with the other companies selected as well Odoo would mix their quantities into the average
            Quant = self.env["stock.quant"].with_context(allowed_company_ids=company.ids)
            quants = Quant.search(
                scope["quants"]
                & Domain("company_id", "=", company.id)
                & Domain("product_id", "in", product_ids)
            )
            for quant in quants:
                key = company.id, quant.product_id.id, quant.location_id.id
                values[key] = values.get(key, 0.0) + quant.sudo().value
        return values

    @api.model
    def _stock_money(self, scope, amounts):
        """Sum of ``amounts`` in the headline currency, rounded once; ``None`` for who may not see values."""
        return scope["currency"].round(sum(amounts)) if scope["values"] else None

    @api.model
    def _stock_headline(self, scope, values):
        companies = headline_companies(scope)
        return {key: value for key, value in values.items() if key[0] in companies}

    @api.model
    def _stock_by_product(self, scope, rows, values, usage):
        """One dict for each product on hand or used: quantities, value, days of cover."""
        value = defaultdict(float)
        for (_company, product_id, _location), amount in self._stock_headline(scope, values).items():
            value[product_id] += amount
        quantity, reserved = defaultdict(float), defaultdict(float)
        for _company, product_id, _location, on_hand, kept, _own in rows:
            quantity[product_id] += on_hand
            reserved[product_id] += kept
        # sudo: whoever may see the stock may see its product's name, also when that is archived by now
        products = self.sudo().with_context(display_default_code=False).browse({*quantity, *usage})
        result = []
        for product in products:
            uom, used = product.uom_id, usage.get(product.id, 0.0)
            cover = stock.days_of_cover(quantity[product.id], used)
            result.append(
                {
                    "id": product.id,
                    "name": product.display_name,
                    "uom": uom.name,
                    "quantity": uom.round(quantity[product.id]),
                    "reserved": uom.round(reserved[product.id]),
                    "free": uom.round(quantity[product.id] - reserved[product.id]),
                    "value": self._stock_money(scope, [value[product.id]]),
                    "per_day": round(used / stock.USAGE_DAYS, 3),
                    "cover": None if cover is None else round(cover, 1),
                }
            )
        return result

    @api.model
    def _stock_groups(self, scope, rows, values, by):
        """Products and value of each category, or of each warehouse; the most valuable first."""
        if by == "category":
            products = self.sudo().browse({row[1] for row in rows})
            group = {product.id: product.categ_id for product in products}
            position = 1
        else:
            # sudo: the quants were chosen by the user's rules; their place's warehouse is only a name here
            locations = self.env["stock.location"].sudo().browse({row[2] for row in rows})
            group = {location.id: location.warehouse_id for location in locations}
            position = 2
        members, amounts = defaultdict(set), defaultdict(float)
        for row in rows:
            if row[3] or row[4]:
                members[group[row[position]]].add(row[1])
        for key, amount in self._stock_headline(scope, values).items():
            amounts[group[key[position]]] += amount
        return sorted(
            (
                {
                    "id": record.id,
                    "name": record.display_name or self.env._("Not set"),
                    "products": len(product_ids),
                    "value": self._stock_money(scope, [amounts[record]]),
                }
                for record, product_ids in members.items()
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
        """Lots on hand that expire within :data:`EXPIRY_DAYS` days or have expired, the earliest first."""
        limit = scope["today"] + timedelta(days=EXPIRY_DAYS)
        end = Period(limit, limit).utc_range(scope["head"]._business_tz())[1]
        quants = self.env["stock.quant"]._read_group(
            scope["quants"]
            & Domain("quantity", ">", 0)
            & Domain("lot_id.expiration_date", "<", fields.Datetime.to_string(end)),
            ["lot_id"],
            ["quantity:sum"],
        )
        result = []
        for lot, quantity in quants:
            product = lot.product_id.sudo().with_context(display_default_code=False)
            expires = fields.Datetime.context_timestamp(
                lot.with_context(tz=scope["head"]._business_tz()), lot.expiration_date
            ).date()
            result.append(
                {
                    "id": lot.id,
                    "name": lot.name,
                    "product": product.display_name,
                    "quantity": product.uom_id.round(quantity),
                    "uom": product.uom_id.name,
                    "expires": expires.isoformat(),
                    "days_left": (expires - scope["today"]).days,
                }
            )
        return sorted(result, key=lambda row: (row["expires"], row["product"], row["id"]))

    # ------------------------------------------------------------
    # IN AND OUT
    # ------------------------------------------------------------

    @api.model
    def _stock_moves_select(self, scope, period):
        """SELECT of the moves of ``period`` as :func:`..queries.stock.flows` wants them."""
        selects = []
        for incoming in (True, False):
            Move = self.env["stock.move"]
            query = Move._search(self._stock_moves_domain(scope, period, incoming))
            column = {
                name: Move._field_to_sql(query.table, name, query)
                for name in ("company_id", "product_id", "product_qty", "value", "date")
            }
            selects.append(
                query.select(
                    SQL("%s AS company_id", column["company_id"]),
                    SQL("%s AS product_id", column["product_id"]),
                    SQL("%s AS day", day_index(column["date"], column["company_id"], scope["zones"], period)),
                    SQL("%s AS incoming", incoming),
                    SQL("%s AS quantity", column["product_qty"]),
                    SQL("%s AS value", column["value"]),
                )
            )
        return SQL("%s UNION ALL %s", *selects)

    @api.model
    def _stock_flows(self, scope, period):
        rows = self.env.execute_query(
            stock.flows(self._stock_moves_select(scope, period), headline_companies(scope))
        )
        totals = stock.shape_totals(rows)
        for total in totals.values():
            total["value"] = self._stock_money(scope, [total["value"]])
        units = stock.shape_units(rows, period.first)
        moves = defaultdict(int)
        for kind, uom_id, *_rest, count, _quantity, _value in rows:
            if kind == "day":
                moves[uom_id] += count
        return {
            "flows": totals,
            "units": [
                {
                    "id": uom.id,
                    "name": uom.name,
                    "days": [
                        {"date": day["date"], "in": uom.round(day["in"]), "out": uom.round(day["out"])}
                        for day in units[uom.id]
                    ],
                }
                for uom in self.env["uom.uom"].browse(sorted(units, key=lambda id_: (-moves[id_], id_)))
            ],
            "date_from": period.first.isoformat(),
            "date_to": period.last.isoformat(),
        }

    @api.model
    def _stock_usage(self, scope):
        """Return ``{product id: quantity}`` delivered or consumed in the whole days before today."""
        last = scope["today"] - timedelta(days=1)
        period = Period(last - timedelta(days=stock.USAGE_DAYS - 1), last)
        domain = self._stock_moves_domain(scope, period, incoming=False)
        Move = self.env["stock.move"]
        query = Move._search(domain & Domain("location_dest_id.usage", "in", USED_IN))
        moves = query.select(
            SQL("%s AS product_id", Move._field_to_sql(query.table, "product_id", query)),
            SQL("%s AS quantity", Move._field_to_sql(query.table, "product_qty", query)),
        )
        return dict(self.env.execute_query(stock.used(moves)))
