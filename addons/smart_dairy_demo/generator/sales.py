"""Sales orders with their deliveries, and what they need: production, invoices and payments, day by day."""

from collections import defaultdict
from datetime import timedelta

from . import columns
from .documents import Document, DocumentLine
from .numbering import sequence_by_code

VALIDITY_DAYS = 30
TERM_DAYS = {
    "account.account_payment_term_immediate": 0,
    "account.account_payment_term_15days": 15,
    "account.account_payment_term_30days": 30,
}


class Sales:
    """Writes the orders of each day; invoices and payments follow on theirs."""

    def __init__(self, ctx, loader, template, demand, accounting, stock, tax_ids):
        self.ctx = ctx
        self.loader = loader
        self.demand = demand
        self.accounting = accounting
        self.stock = stock
        self.tax_ids = tax_ids
        self.params = ctx.scenario["sales"]
        self.terms = {
            kind: (ctx.env.ref(params["term"]).id, TERM_DAYS[params["term"]], params["delay"])
            for kind, params in self.params["customers"].items()
        }
        self.order_names = sequence_by_code(ctx.env, "sale.order")
        self.invoices = defaultdict(list)
        self.payments = defaultdict(list)
        stages = ("draft", "sent", "cancel", "confirmed", "delivered", "paid")
        self.orders = {
            s: loader.rows("sale_order", template["sale_order", s], *columns.SALE_ORDER) for s in stages
        }
        self.lines = {
            s: loader.rows("sale_order_line", template["sale_order_line", s], *columns.SALE_LINE)
            for s in stages
        }
        self.line_taxes = loader.rows(
            "account_tax_sale_order_line_rel", {}, "sale_order_line_id", "account_tax_id"
        )

    def day(self, day):
        """Everything that happens on one day: bills first, then payments, then the day's orders."""
        for doc in self.invoices.pop(day, ()):
            self.accounting.invoice(doc, day)
        for doc in self.payments.pop(day, ()):
            self.accounting.pay(doc, day)
        needed = defaultdict(int)
        for order in self.demand.orders(day):
            self._order(day, order, needed)
        self.stock.produce(day, needed)

    def close(self):
        self.order_names.close()

    def _order(self, day, order, needed):
        customer = order.customer
        term_id, term_days, delay = self.terms[customer.kind]
        delivered = day + timedelta(days=1)
        invoiced = delivered + timedelta(
            days=self.params["late_invoice_days"] if customer.kind == "hotel" else 0
        )
        stage = order.fate
        if stage == "sale":
            stage = "paid" if invoiced <= self.ctx.until else "delivered"
            if delivered > self.ctx.until:
                stage = "confirmed"
        rng = self.ctx.random("order", day, order.seconds, customer.id)
        # the drive starts at five; the order of the drive is the order of the orders
        arrival = 5 * 3600 + (order.seconds - 7 * 3600) // 4
        ordered_at = self.ctx.utc(day, order.seconds)
        delivered_at = self.ctx.utc(delivered, arrival)
        changed_at = delivered_at if stage in ("delivered", "paid") else ordered_at
        order_id, name = self.loader.new_id("sale_order"), self.order_names.next()
        self.orders[stage].add(
            order_id, name, customer.id, customer.id, customer.id, customer.user_id, customer.team_id,
            term_id,
            ordered_at, day + timedelta(days=VALIDITY_DAYS), delivered_at if stage in ("delivered",
            "paid") else None,
            order.untaxed / 100, order.tax / 100, (order.untaxed + order.tax) / 100, ordered_at, changed_at,
        )  # fmt: skip
        lines = [
            (self._line(stage, order_id, customer, line, ordered_at, changed_at), line)
            for line in order.lines
        ]
        if stage in ("draft", "sent"):
            return
        deadline = self.ctx.utc(delivered, order.seconds)
        self.stock.deliver(stage, order_id, name, customer.id, lines, day, ordered_at, deadline, delivered_at)
        if stage != "cancel":
            for line in order.lines:
                needed[line.product.code] += line.quantity
        if stage == "paid":
            self._plan_invoice(
                rng, order, lines, name, delivered_at[:10], invoiced, term_id, term_days, delay
            )

    def _line(self, stage, order_id, customer, line, ordered_at, changed_at):
        line_id = self.loader.new_id("sale_order_line")
        product, quantity = line.product, line.quantity
        delivered = quantity if stage in ("delivered", "paid") else 0
        invoiced = quantity if stage == "paid" else 0
        open_quantity = delivered - invoiced
        price, subtotal = product.price / 100, line.subtotal / 100
        self.lines[stage].add(
            line_id, order_id, customer.id, customer.user_id, product.id, product.uom_id, product.label,
            quantity,
            price, price, line.discount, subtotal, line.total / 100 - subtotal, line.total / 100,
            (2 * line.subtotal + quantity) // (2 * quantity) / 100,
            (2 * line.total + quantity) // (2 * quantity) / 100,
            delivered, invoiced, open_quantity, subtotal if invoiced else 0.0,
            subtotal if open_quantity else 0.0,
            ordered_at, changed_at,
        )  # fmt: skip
        for tax_id in self.tax_ids["invoice"][product.tax]:
            self.line_taxes.add(line_id, tax_id)
        return line_id

    def _plan_invoice(self, rng, order, lines, name, delivered, invoiced, term_id, term_days, delay):
        customer, total = order.customer, order.untaxed + order.tax
        pay_day = max(invoiced, invoiced + timedelta(days=term_days + rng.randint(*delay)))
        dice = rng.random()
        outcome, amount = "paid", total
        if pay_day > self.ctx.until or dice < self.params["unpaid_share"]:
            outcome, amount = "unpaid", 0
        elif dice < self.params["unpaid_share"] + self.params["partial_share"]:
            # half now, in whole taka
            outcome, amount = "partial", total // 200 * 100
        doc = Document(
            "invoice", name, customer.id, customer.name, term_id, term_days, outcome,
            user_id=customer.user_id, team_id=customer.team_id, delivered=delivered, paid_amount=amount,
            lines=[
                DocumentLine(
                    line.product, line.product.label, line.quantity, line.product.price, line.discount,
                    line.subtotal, line.tax, sale_line_id=line_id,
                )
                for line_id, line in lines
            ],
        )  # fmt: skip
        self.invoices[invoiced].append(doc)
        if amount:
            self.payments[pay_day].append(doc)
