"""Confirmed orders, their lines, and what was delivered.

Money is in the company's currency at the order's own rate (docs/decisions/0002), just as
:mod:`..queries.sales` has it. Cuts with salesperson and team answer those who see their own documents only.
"""

from odoo.addons.database_rollup.engine.declaration import (
    Count,
    CountDistinct,
    Cut,
    Dimension,
    Join,
    Rollup,
    Secured,
    Sum,
)

LEVELS = ("day", "dekad", "month", "quarter", "year")
_COMPANY = (
    Join("co", "res_company", "co.id = o.company_id"),
    Join("cp", "res_partner", "cp.id = co.partner_id"),
)
_OWN = ("company", "currency", "salesperson", "team")


def _money(amount):
    return (
        f"CASE WHEN o.currency_id = co.currency_id THEN {amount}"
        f" ELSE {amount} / COALESCE(NULLIF(o.currency_rate, 0), 1) END"
    )


ORDERS = Rollup(
    name="sales",
    title="Confirmed orders",
    model="sale.order",
    table="sale_order",
    alias="o",
    joins=_COMPANY,
    time="o.date_order",
    zone="cp.tz",
    where=("o.state = 'sale'",),
    levels=LEVELS,
    dimensions=(
        Dimension("company", "o.company_id", ("company_id",)),
        Dimension("currency", "co.currency_id", ("company_id.currency_id",)),
        Dimension("salesperson", "o.user_id", ("user_id",)),
        Dimension("team", "o.team_id", ("team_id",)),
        Dimension("customer", "o.partner_id", ("partner_id",)),
    ),
    measures=(
        Count("orders"),
        Sum("revenue", _money("o.amount_total")),
        Sum("untaxed", _money("o.amount_untaxed")),
        CountDistinct("customers", "o.partner_id"),
    ),
    cuts=(
        Cut(("company", "currency")),
        Cut(_OWN),
        Cut(("company", "currency", "customer"), ("orders", "revenue")),
        Cut((*_OWN, "customer"), ("orders", "revenue")),
    ),
)

LINES = Rollup(
    name="sales_lines",
    title="Products sold",
    model="sale.order.line",
    table="sale_order_line",
    alias="l",
    joins=(
        Join("o", "sale_order", "o.id = l.order_id"),
        Join("p", "product_product", "p.id = l.product_id"),
        Join("t", "product_template", "t.id = p.product_tmpl_id"),
        Join("su", "uom_uom", "su.id = l.product_uom_id", left=True),
        Join("ou", "uom_uom", "ou.id = t.uom_id", left=True),
        *_COMPANY,
    ),
    time="o.date_order",
    zone="cp.tz",
    where=("o.state = 'sale'", "l.display_type IS NULL"),
    levels=LEVELS,
    dimensions=(
        Dimension("company", "o.company_id", ("company_id", "order_id.company_id")),
        Dimension("currency", "co.currency_id", ("order_id.company_id.currency_id",)),
        Dimension("salesperson", "o.user_id", ("salesman_id", "order_id.user_id")),
        Dimension("team", "o.team_id", ("order_id.team_id",)),
        Dimension("product", "l.product_id", ("product_id",)),
        Dimension("category", "t.categ_id", ("product_id.categ_id",)),
    ),
    measures=(
        Count("lines"),
        # in the product's own unit
        Sum("quantity", "l.product_uom_qty * COALESCE(su.factor / ou.factor, 1)"),
        Sum("revenue", _money("l.price_total")),
    ),
    secured=(Secured("sale.order", "order_id", "o"),),
    cuts=(
        Cut(("company", "currency", "product"), ("quantity", "revenue")),
        # quantities of different units are not added
        Cut(("company", "currency", "category"), ("lines", "revenue")),
        Cut((*_OWN, "product"), ("quantity", "revenue")),
    ),
)

DELIVERIES = Rollup(
    name="deliveries",
    title="Deliveries",
    model="stock.picking",
    table="stock_picking",
    alias="d",
    joins=(
        Join("dt", "stock_picking_type", "dt.id = d.picking_type_id"),
        Join("co", "res_company", "co.id = d.company_id"),
        Join("cp", "res_partner", "cp.id = co.partner_id"),
    ),
    time="d.date_done",
    zone="cp.tz",
    where=("d.state = 'done'", "dt.code = 'outgoing'"),
    levels=LEVELS,
    dimensions=(
        Dimension("company", "d.company_id", ("company_id",)),
        Dimension("warehouse", "dt.warehouse_id", ("picking_type_id.warehouse_id",)),
    ),
    measures=(
        Count("delivered"),
        Count("on_time", "CASE WHEN d.date_done <= COALESCE(d.date_deadline, d.scheduled_date) THEN 1 END"),
    ),
)

ROLLUPS = (ORDERS, LINES, DELIVERIES)
