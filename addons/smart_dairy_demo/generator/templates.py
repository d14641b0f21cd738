"""One real document of each kind, made by the ORM, read from its tables and rolled back.

The mass rows copy them (see `bulk.py`), so every stored column holds what the ORM writes in that state,
also the
columns of modules this generator has never heard of.
"""

from odoo.fields import Command
from odoo.tools import SQL


class UndoError(Exception):
    """Rolls the savepoint back once the rows are read."""


class Template:
    """Rows of the model documents: `self["sale_order", "delivered"]` is a dict of column to value."""

    def __init__(self):
        self.rows = {}
        self.tags = {}
        self.formats = {}

    def __getitem__(self, key):
        return self.rows[key]

    def read(self, key, record):
        """Keep the stored row of a record under (its table, key)."""
        record.ensure_one()
        record.env.flush_all()
        cr = record.env.cr
        cr.execute(SQL("SELECT * FROM %s WHERE id = %s", SQL.identifier(record._table), record.id))
        self.rows[record._table, key] = dict(
            zip([column.name for column in cr.description], cr.fetchone(), strict=True)
        )

    def read_entry(self, key, move):
        """Keep a journal entry, its number format and its lines, named by role (and tax percent)."""
        self.read(key, move)
        self.formats[key] = move._get_sequence_format_param(move.name)
        for line in move.line_ids:
            if line.payment_id:
                role = "counterpart" if line.account_id.account_type.endswith("able") else "liquidity"
            elif line.display_type == "product":
                role = f"product{line.tax_ids.amount:g}" if line.tax_ids else "product0"
            elif line.display_type == "tax":
                role = f"tax{line.tax_line_id.amount:g}"
            else:
                role = line.display_type
            name = f"{key}/{role}"
            self.read(name, line)
            self.tags[name] = line.tax_tag_ids.ids


def make_templates(ctx, products, feeds, customer_id, vendor_id):
    """Make every document once, read it, and undo it all."""
    template = Template()
    try:
        with ctx.env.cr.savepoint():
            _stock(ctx, template, products, feeds)
            _sales(ctx, template, products, customer_id)
            _purchases(ctx, template, feeds, vendor_id)
            _quants(ctx, template)
            raise UndoError
    except UndoError:
        ctx.env.invalidate_all()
        ctx.env.transaction.clear()
    return template


def samples(products):
    """One product for each rate of tax."""
    chosen = {}
    for product in products.values():
        chosen.setdefault(product.tax, product)
    return chosen


def production_location(env):
    return env["stock.location"].search(
        [("usage", "=", "production"), ("company_id", "in", (False, env.company.id))], limit=1
    )


def stock_location(env):
    return env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id


def _move(env, product, quantity, source, destination):
    move = env["stock.move"].create(
        {
            "product_id": product.id,
            "product_uom_qty": quantity,
            "location_id": source.id,
            "location_dest_id": destination.id,
            "origin": "template",
        }
    )
    move._action_confirm()
    move.quantity = quantity
    move.picked = True
    move._action_done()
    return move


def _stock(ctx, template, products, feeds):
    env = ctx.env
    plant, stock = production_location(env), stock_location(env)
    for product in samples(products).values():
        move = _move(env, product, 1000, plant, stock)
    template.read("production", move)
    template.read("production", move.move_line_ids)
    feed = next(iter(feeds.values()))
    _move(env, feed, 1000, plant, stock)
    move = _move(env, feed, 10, stock, plant)
    template.read("consumption", move)
    template.read("consumption", move.move_line_ids)


def _sales(ctx, template, products, customer_id):
    env = ctx.env
    lines = [
        Command.create({"product_id": product.id, "product_uom_qty": 20})
        for product in samples(products).values()
    ]
    names = ["draft", "sent", "cancel", "confirmed", "delivered", "unpaid", "partial", "paid"]
    orders = env["sale.order"].create([{"partner_id": customer_id, "order_line": lines} for _name in names])
    order = dict(zip(names, orders, strict=True))
    order["sent"].action_quotation_sent()
    (orders - order["draft"] - order["sent"]).action_confirm()
    order["cancel"]._action_cancel()
    invoiced = order["unpaid"] | order["partial"] | order["paid"]
    (order["delivered"] | invoiced).picking_ids.button_validate()
    for record in invoiced:
        record._create_invoices()
    invoiced.invoice_ids.action_post()
    _pay(order["paid"].invoice_ids)
    _pay(order["partial"].invoice_ids, 100.0)
    for name in ("unpaid", "partial", "paid"):
        template.read_entry(f"invoice_{name}", order[name].invoice_ids)
    for name in ("partial", "paid"):
        payment = order[name].invoice_ids.matched_payment_ids
        _read_payment(template, f"payment_{name}", payment, order[name].invoice_ids)
    template.read("reference", order["paid"].stock_reference_ids)
    for name, record in order.items():
        template.read(name, record)
        template.read(name, record.order_line[0])
        if record.picking_ids:
            _read_picking(template, name, record.picking_ids)


def _purchases(ctx, template, feeds, vendor_id):
    env = ctx.env
    names = ["confirmed", "received", "unpaid", "paid"]
    feed = next(iter(feeds.values()))
    lines = [Command.create({"product_id": feed.id, "product_qty": 50, "price_unit": feed.cost / 100 + 1})]
    orders = env["purchase.order"].create([{"partner_id": vendor_id, "order_line": lines} for _name in names])
    order = dict(zip(names, orders, strict=True))
    orders.button_confirm()
    (orders - order["confirmed"]).picking_ids.button_validate()
    billed = order["unpaid"] | order["paid"]
    for record in billed:
        record.action_create_invoice()
    billed.invoice_ids.invoice_date = ctx.until
    for bill in billed.invoice_ids:
        bill.action_post()
    _pay(order["paid"].invoice_ids)
    for name in ("unpaid", "paid"):
        template.read_entry(f"bill_{name}", order[name].invoice_ids)
    bill = order["paid"].invoice_ids
    _read_payment(template, "payment_bill", bill.matched_payment_ids, bill)
    for name, record in order.items():
        template.read(name, record)
        template.read(name, record.order_line)
        _read_picking(template, f"in_{name}", record.picking_ids)


def _pay(invoice, amount=None):
    wizard = (
        invoice.env["account.payment.register"]
        .with_context(active_model="account.move", active_ids=invoice.ids)
        .create({"amount": amount} if amount else {})
    )
    wizard.action_create_payments()


def _read_payment(template, key, payment, invoice):
    template.read(key, payment)
    if payment.move_id:
        template.read_entry(key, payment.move_id)
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        template.read(key, line.matched_credit_ids or line.matched_debit_ids)
        if line.full_reconcile_id:
            template.read("full", line.full_reconcile_id)


def _read_picking(template, key, picking):
    template.read(key, picking)
    template.read(key, picking.move_ids[0])
    if picking.move_line_ids:
        template.read(key, picking.move_line_ids[0])


def _quants(ctx, template):
    """One quant by usage of its location."""
    ctx.env.flush_all()
    for usage in ("internal", "customer", "supplier", "production"):
        quant = ctx.env["stock.quant"].search([("location_id.usage", "=", usage)], limit=1, order="id desc")
        template.read(usage, quant)
