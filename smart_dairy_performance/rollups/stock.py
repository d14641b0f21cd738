"""Done stock moves that cross a warehouse's border, by day.

Quantities are in the product's own unit; values are Odoo's own (``stock.move.value``), in the company's currency.
"""

from odoo.addons.database_rollup.engine.declaration import Count, Cut, Dimension, Join, Rollup, Sum

FLOWS = Rollup(
    name="stock_flows",
    title="Stock in and out",
    model="stock.move",
    table="stock_move",
    alias="m",
    joins=(
        Join("s", "stock_location", "s.id = m.location_id"),
        Join("d", "stock_location", "d.id = m.location_dest_id"),
        Join("p", "product_product", "p.id = m.product_id", left=True),
        Join("t", "product_template", "t.id = p.product_tmpl_id", left=True),
        Join("co", "res_company", "co.id = m.company_id"),
        Join("cp", "res_partner", "cp.id = co.partner_id"),
    ),
    time="m.date",
    zone="cp.tz",
    where=("m.state = 'done'", "s.warehouse_id IS DISTINCT FROM d.warehouse_id"),
    levels=("day", "dekad", "month", "year"),
    dimensions=(
        Dimension("company", "m.company_id", ("company_id",)),
        Dimension("product", "m.product_id", ("product_id",)),
        Dimension("unit", "t.uom_id"),
        Dimension("source", "s.warehouse_id", ("location_id.warehouse_id",)),
        Dimension("destination", "d.warehouse_id", ("location_dest_id.warehouse_id",)),
        Dimension("usage", "d.usage", ("location_dest_id.usage",)),
    ),
    measures=(
        Count("moves"),
        Sum("quantity", "m.product_qty"),
        Sum("amount", "m.value"),
    ),
    cuts=(
        Cut(("company", "unit", "source", "destination")),
        Cut(("company", "product", "source", "destination", "usage"), ("moves", "quantity")),
    ),
)

ROLLUPS = (FLOWS,)
