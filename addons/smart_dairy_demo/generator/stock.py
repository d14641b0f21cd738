"""Deliveries, receipts, production and consumption of goods, and the quants they leave."""

from collections import Counter

from odoo.tools import SQL

from . import columns
from .numbering import Sequence

PRODUCED_AT = 22 * 3600
CONSUMED_AT = 20 * 3600
SAFETY_DAYS = 0.5


class Stock:
    """Writes stock moves, of whole units; valued at standard cost or at the vendor's price."""

    def __init__(self, ctx, loader, template, products):
        self.ctx = ctx
        self.loader = loader
        self.template = template
        self.products = products
        self.on_hand = Counter()
        warehouse = ctx.env["stock.warehouse"].search([("company_id", "=", ctx.env.company.id)], limit=1)
        self.out_names = Sequence(warehouse.out_type_id.sequence_id)
        self.in_names = Sequence(warehouse.in_type_id.sequence_id)
        self.references = loader.rows(
            "stock_reference", template["stock_reference", "reference"], "id", "name", *columns.STAMPS
        )
        self.sale_refs = loader.rows("stock_reference_sale_rel", {}, "sale_id", "reference_id")
        self.purchase_refs = loader.rows("stock_reference_purchase_rel", {}, "purchase_id", "reference_id")
        self.purchase_pickings = loader.rows(
            "purchase_order_stock_picking_rel", {}, "purchase_order_id", "stock_picking_id"
        )
        self.pickings, self.moves, self.move_lines = {}, {}, {}
        for stage in ("cancel", "confirmed", "delivered", "in_confirmed", "in_received"):
            incoming = stage.startswith("in_")
            names = columns.PICKING_IN if incoming else columns.PICKING_OUT
            self.pickings[stage] = loader.rows("stock_picking", template["stock_picking", stage], *names)
        for stage in (*self.pickings, "production", "consumption"):
            incoming = stage.startswith("in_")
            names = columns.MOVE_IN if incoming else columns.MOVE_OUT
            names = columns.MOVE if stage in ("production", "consumption") else names
            self.moves[stage] = loader.rows("stock_move", template["stock_move", stage], *names)
        for stage in self.moves:
            if ("stock_move_line", stage) in template.rows:
                self.move_lines[stage] = loader.rows(
                    "stock_move_line", template["stock_move_line", stage], *columns.MOVE_LINE
                )
        self.move_refs = loader.rows("stock_reference_move_rel", {}, "move_id", "reference_id")

    def deliver(self, stage, order_id, origin, partner_id, lines, day, ordered_at, deadline, delivered_at):
        """The delivery of an order: done, waiting or cancelled. `lines` are (line id, demand line)."""
        stage = "delivered" if stage == "paid" else stage
        done = stage == "delivered"
        at = delivered_at if done else ordered_at
        picking_id, reference_id, name = self._head(
            self.out_names, self.sale_refs, order_id, origin, ordered_at
        )
        weight = 0 if stage == "cancel" else sum(line.product.weight * line.quantity for _id, line in lines)
        self.pickings[stage].add(
            picking_id, name, origin, partner_id, order_id, deadline, deadline,
            delivered_at if done else None, weight / 100, ordered_at, at,
        )  # fmt: skip
        reserved_on = ordered_at[:10]
        for line_id, line in lines:
            product, quantity = line.product, line.quantity
            move_id = self.loader.new_id("stock_move")
            moved = 0 if stage == "cancel" else quantity
            value = product.cost * quantity / 100 if done else None
            self.moves[stage].add(
                move_id, product.id, product.uom_id, product.uom_id, origin, quantity, quantity, moved,
                quantity, delivered_at if done else deadline, value, ordered_at, at, partner_id, picking_id,
                name, reserved_on, deadline, line_id,
            )  # fmt: skip
            self.move_refs.add(move_id, reference_id)
            if stage != "cancel":
                self._line(stage, picking_id, move_id, product, quantity, at, ordered_at)
                self.on_hand[product.code] -= quantity

    def produce(self, day, needed):
        """Fill the cold store in the evening for the next morning's deliveries, plus something for later."""
        at = self.ctx.utc(day, PRODUCED_AT)
        for code in sorted(self.products):
            product = self.products[code]
            # `on_hand` already counts the day's orders as gone
            wanted = round(needed[code] * SAFETY_DAYS)
            batch = 5 if product.price >= 20_000 else 20
            missing = wanted - self.on_hand[code]
            if missing <= 0:
                continue
            quantity = -(-missing // batch) * batch
            self._internal("production", product, quantity, f"Plant {day}", at)
            self.on_hand[code] += quantity

    def consume(self, day, product, quantity):
        """Feed taken from the store to the barns."""
        self._internal("consumption", product, quantity, f"Feeding {day}", self.ctx.utc(day, CONSUMED_AT))

    def receive(self, stage, order_id, origin, partner_id, lines, ordered_at, planned_at, received_at):
        """The receipt of a purchase order. `lines` are (line id, product, quantity, price in paisa)."""
        done = stage == "in_received"
        at = received_at if done else ordered_at
        picking_id, reference_id, name = self._head(
            self.in_names, self.purchase_refs, order_id, origin, ordered_at
        )
        self.pickings[stage].add(
            picking_id, name, origin, partner_id, planned_at, planned_at, received_at if done else None,
            ordered_at, at,
        )  # fmt: skip
        self.purchase_pickings.add(order_id, picking_id)
        for line_id, product, quantity, price in lines:
            move_id = self.loader.new_id("stock_move")
            value = quantity * price / 100 if done else None
            self.moves[stage].add(
                move_id, product.id, product.uom_id, product.uom_id, origin, quantity, quantity, quantity,
                quantity, received_at if done else planned_at, value, ordered_at, at, picking_id, name,
                ordered_at[:10], planned_at, line_id, price / 100,
            )  # fmt: skip
            self.move_refs.add(move_id, reference_id)
            self._line(stage, picking_id, move_id, product, quantity, at, ordered_at)

    def _head(self, names, links, order_id, origin, ordered_at):
        """Number a picking and tie its reference to the order: (picking id, reference id, name)."""
        picking_id, reference_id = self.loader.new_id("stock_picking"), self.loader.new_id("stock_reference")
        self.references.add(reference_id, origin, ordered_at, ordered_at)
        links.add(order_id, reference_id)
        return picking_id, reference_id, names.next()

    def _internal(self, stage, product, quantity, origin, at):
        move_id = self.loader.new_id("stock_move")
        self.moves[stage].add(
            move_id, product.id, product.uom_id, product.uom_id, origin, quantity, quantity, quantity,
            quantity, at, product.cost * quantity / 100, at, at,
        )  # fmt: skip
        self._line(stage, None, move_id, product, quantity, at, at)

    def _line(self, stage, picking_id, move_id, product, quantity, at, created_at):
        self.move_lines[stage].add(
            self.loader.new_id("stock_move_line"), picking_id, move_id, product.id, product.uom_id, quantity,
            quantity, at, created_at, at,
        )  # fmt: skip

    def close(self):
        self.out_names.close()
        self.in_names.close()

    def load_quants(self):
        """Quants are the sum of the done move lines, and reservations that of the waiting ones."""
        cr, template = self.ctx.cr, self.template
        cr.execute(
            SQL(
                """
                WITH flows AS (
                    SELECT product_id, location_dest_id AS location_id, quantity, 0 AS reserved, date
                      FROM stock_move_line WHERE state = 'done'
                     UNION ALL
                    SELECT product_id, location_id, -quantity, 0, date
                      FROM stock_move_line WHERE state = 'done'
                     UNION ALL
                    SELECT product_id, location_id, 0, quantity, NULL
                      FROM stock_move_line WHERE state = 'assigned'
                )
                SELECT f.product_id, f.location_id, l.usage, sum(f.quantity)::float,
                       CASE WHEN l.usage = 'internal' THEN sum(f.reserved)::float ELSE 0.0 END, min(f.date)
                  FROM flows f JOIN stock_location l ON l.id = f.location_id
                 GROUP BY f.product_id, f.location_id, l.usage
                HAVING sum(f.quantity) <> 0
                 ORDER BY f.product_id, f.location_id
                """
            )
        )
        rows = {}
        for product_id, location_id, usage, quantity, reserved, since in cr.fetchall():
            if usage not in rows:
                rows[usage] = self.loader.rows(
                    "stock_quant",
                    template["stock_quant", usage],
                    "id", "product_id", "location_id", "quantity", "reserved_quantity", "in_date",
                    "inventory_date",
                    *columns.STAMPS,
                )  # fmt: skip
            rows[usage].add(
                self.loader.new_id("stock_quant"), product_id, location_id, quantity, reserved, since,
                template["stock_quant", usage]["inventory_date"], since, since,
            )  # fmt: skip
