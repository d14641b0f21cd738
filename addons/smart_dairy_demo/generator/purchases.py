"""Feed: a weekly order to each vendor, its receipt, bill and payment, and what the herd eats."""

from collections import defaultdict
from datetime import timedelta

from . import columns
from .documents import Document, DocumentLine
from .numbering import sequence_by_code

ORDERED_AT = 9 * 3600
RECEIVED_AT = 11 * 3600
TERM_DAYS = 30


class Purchases:
    """Writes a purchase order a week and vendor. Feeds bear no tax in Bangladesh."""

    def __init__(self, ctx, loader, template, accounting, stock, vendors):
        self.ctx = ctx
        self.loader = loader
        self.accounting = accounting
        self.stock = stock
        self.vendors = vendors
        self.daily = {row[0]: row[5] for row in ctx.scenario["feeds"]}
        self.term_id = ctx.env.ref("account.account_payment_term_30days").id
        self.names = sequence_by_code(ctx.env, "purchase.order")
        self.bills, self.payments = defaultdict(list), defaultdict(list)
        self.store = defaultdict(int)
        stages = ("confirmed", "received", "unpaid")
        self.orders = {
            s: loader.rows("purchase_order", template["purchase_order", s], *columns.PURCHASE) for s in stages
        }
        self.lines = {
            s: loader.rows("purchase_order_line", template["purchase_order_line", s], *columns.PURCHASE_LINE)
            for s in stages
        }

    def day(self, day):
        for doc in self.bills.pop(day, ()):
            self.accounting.invoice(doc, day)
        for doc in self.payments.pop(day, ()):
            self.accounting.pay(doc, day)
        since = (day - self.ctx.first).days
        if since % 7 == 0:
            for vendor in self.vendors:
                self._order(day, *vendor, first=since == 0)
        if since % 7 == 6:
            for _partner_id, _name, feeds in self.vendors:
                for feed in feeds:
                    quantity = min(self.store[feed.code], self._weekly(feed))
                    if quantity:
                        self.stock.consume(day, feed, quantity)
                        self.store[feed.code] -= quantity

    def close(self):
        self.names.close()

    def _weekly(self, feed):
        """kg that the herd eats in a week."""
        return max(1, round(7 * self.daily[feed.code] * 800 * self.ctx.scale))

    def _order(self, day, partner_id, partner_name, feeds, first):
        ctx, new_id = self.ctx, self.loader.new_id
        rng = ctx.random("purchase", day, partner_name)
        received, billed = day + timedelta(days=2), day + timedelta(days=3)
        pay_day = billed + timedelta(days=TERM_DAYS + rng.randint(-4, 4))
        stage = "unpaid" if billed <= ctx.until else "received"
        if received > ctx.until:
            stage = "confirmed"
        ordered_at, planned_at = ctx.utc(day, ORDERED_AT), ctx.utc(received, ORDERED_AT)
        received_at = ctx.utc(received, RECEIVED_AT)
        done = stage != "confirmed"
        order_id, name = new_id("purchase_order"), self.names.next()
        lines, doc_lines = [], []
        growth = 1 + 0.06 * (day - ctx.first).days / 365
        for feed in feeds:
            # prices follow the market in steps of half a taka; whole sacks of 50 kg
            price = round(feed.cost * growth * rng.uniform(0.97, 1.03) / 50) * 50
            quantity = (
                -(-round(self._weekly(feed) * rng.uniform(0.97, 1.05) * (1.6 if first else 1)) // 50) * 50
            )
            line_id = new_id("purchase_order_line")
            lines.append((line_id, feed, quantity, price))
            doc_lines.append(
                DocumentLine(
                    feed, feed.label, quantity, price, 0, quantity * price, 0, purchase_line_id=line_id
                )
            )
            if done:
                self.store[feed.code] += quantity
        total = sum(line.subtotal for line in doc_lines) / 100
        at = received_at if done else ordered_at
        self.orders[stage].add(
            order_id, name, partner_id, ordered_at, ordered_at, planned_at, ordered_at,
            received_at if done else None, total, total, total, ordered_at, at,
        )  # fmt: skip
        for line_id, feed, quantity, price in lines:
            invoiced = quantity if stage == "unpaid" else 0
            self.lines[stage].add(
                line_id, order_id, partner_id, feed.id, feed.uom_id, feed.label, quantity, quantity,
                price / 100,
                price / 100, quantity * price / 100, quantity * price / 100, quantity if done else 0,
                invoiced,
                quantity - invoiced if done else 0, planned_at, ordered_at, at,
            )  # fmt: skip
        incoming = "in_received" if done else "in_confirmed"
        self.stock.receive(incoming, order_id, name, partner_id, lines, ordered_at, planned_at, received_at)
        if stage == "unpaid":
            paid = pay_day <= ctx.until
            doc = Document(
                "bill", name, partner_id, partner_name, self.term_id, TERM_DAYS, "paid" if paid else "unpaid",
                lines=doc_lines, purchase_id=order_id,
            )  # fmt: skip
            doc.paid_amount = doc.untaxed if paid else 0
            self.bills[billed].append(doc)
            if paid:
                self.payments[pay_day].append(doc)
