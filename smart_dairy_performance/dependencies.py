"""What the cached methods are computed from: every model whose rows can change a figure or a word in them.

Access rights, users, groups and companies count without being named, delegation parents likewise.
"""

#: written by raw SQL too (triggers, imports, derived columns): a statement trigger tells the cache
WATCHED = ("sale.order", "sale.order.line", "farm.animal", "farm.milk.record")

#: whose time zone begins a day; in whose currency
_EDGES = ("res.company", "res.currency", "res.partner")

PRODUCT_NAMES = (
    "product.product",
    "product.attribute",
    "product.attribute.value",
    "product.template.attribute.line",
    "product.template.attribute.value",
)
SALES = (
    "sale.order",
    "sale.order.line",
    "stock.picking",
    "stock.picking.type",
    *PRODUCT_NAMES,
    "uom.uom",
    "decimal.precision",
    *_EDGES,
)
HERD = (
    "farm.animal",
    "farm.animal.tag",
    "farm.breed",
    "farm.drug",
    "farm.farm",
    "farm.health.record",
    "farm.lactation",
    "farm.milk.record",
    "farm.pen",
    "farm.pen.stay",
    "farm.reproduction.event",
    "farm.treatment",
    "ir.model.fields.selection",
    *_EDGES,
)
STOCK = (
    "ir.default",  # what a cost or a costing method is where a product or category says none
    "product.category",
    "product.value",
    "stock.location",
    "stock.lot",
    "stock.move",
    "stock.move.line",
    "stock.quant",
    "stock.warehouse",
    *PRODUCT_NAMES,
    "uom.uom",
    "decimal.precision",
    *_EDGES,
)
RECEIVABLES = ("account.account", "account.move", "account.move.line", "account.partial.reconcile", *_EDGES)
CATALOGUE = ("product.template", "product.category", "ir.attachment", *_EDGES)
