"""Posted invoices and bills, their payments and reconciliations."""

from datetime import timedelta

from odoo.tools import SQL

from . import columns
from .numbering import EntryNumbers

PAID_AT = 17 * 3600
"""Local time of day at which entries are made, seconds after midnight."""


class Accounting:
    """Writes journal entries. Balances are integers in paisa; debit positive."""

    def __init__(self, ctx, loader, template, tax_ids):
        self.ctx = ctx
        self.loader = loader
        self.template = template
        self.tax_ids = tax_ids
        self.numbers = {
            "invoice": EntryNumbers(template.formats["invoice_paid"]),
            "bill": EntryNumbers(template.formats["bill_paid"]),
            "payment": EntryNumbers(template.formats["payment_paid"]),
        }
        self.posted = {}
        self._announce()

    def _announce(self):
        loader, template = self.loader, self.template
        self.payments, self.entries, self.partials, self.lines = {}, {}, {}, {}
        for key in ("payment_paid", "payment_partial", "payment_bill"):
            self.payments[key] = loader.rows(
                "account_payment", template["account_payment", key], *columns.PAYMENT
            )
        for table, key in [name for name in template.rows if name[0] == "account_move"]:
            names = columns.PAYMENT_ENTRY if key.startswith("payment") else columns.INVOICE
            self.entries[key] = loader.rows(table, template[table, key], *names)
        self.full = loader.rows(
            "account_full_reconcile", template["account_full_reconcile", "full"], "id", *columns.STAMPS
        )
        for table, key in [name for name in template.rows if name[0] == "account_move_line"]:
            entry, role = key.split("/")
            if entry.startswith("payment"):
                names = columns.PAYMENT_LINE
            elif role.startswith("product"):
                names = columns.PRODUCT_LINE
            else:
                names = columns.TAX_LINE if role.startswith("tax") else columns.TERM_LINE
            self.lines[key] = loader.rows(table, template[table, key], *names)
        rel = loader.rows
        self.line_taxes = rel(
            "account_move_line_account_tax_rel", {}, "account_move_line_id", "account_tax_id"
        )
        self.line_tags = rel(
            "account_account_tag_account_move_line_rel", {}, "account_move_line_id", "account_account_tag_id"
        )
        self.sale_links = rel("sale_order_line_invoice_rel", {}, "order_line_id", "invoice_line_id")
        self.purchase_links = rel(
            "account_move_purchase_order_rel", {}, "purchase_order_id", "account_move_id"
        )
        self.invoice_payments = rel("account_move__account_payment", {}, "invoice_id", "payment_id")
        for key in ("payment_paid", "payment_partial", "payment_bill"):
            self.partials[key] = loader.rows(
                "account_partial_reconcile", template["account_partial_reconcile", key], *columns.PARTIAL
            )
        self._first_unlinked = None
        loader.after_flush.append(self._link_payments)

    def invoice(self, doc, day):
        """Write the posted invoice or bill `doc` (a `Document`) on `day`."""
        loader, ctx = self.loader, self.ctx
        sign = 1 if doc.kind == "invoice" else -1
        doc.move_id = loader.new_id("account_move")
        doc.name, prefix, number = self.numbers[doc.kind].next(day)
        stamp = ctx.utc(day, PAID_AT)
        due = day + timedelta(days=doc.term_days)
        untaxed, tax = doc.untaxed, doc.tax
        total = untaxed + tax
        paid = doc.paid_amount
        residual = total - paid
        key = f"{doc.kind}_{doc.outcome}"
        ref = doc.origin if doc.kind == "invoice" else None
        reference = doc.name if doc.kind == "invoice" else None
        self.entries[key].add(
            doc.move_id, doc.name, prefix, number, doc.partner_id, doc.partner_id, doc.partner_id,
            doc.partner_name, doc.user_id, doc.team_id, doc.term_id, ref, doc.origin, reference, day, day,
            due,
            doc.delivered if doc.kind == "invoice" else None,
            untaxed / 100, tax / 100, total / 100, residual / 100, sign * untaxed / 100, sign * untaxed / 100,
            sign * tax / 100, sign * total / 100, sign * total / 100, sign * residual / 100, stamp, stamp,
        )  # fmt: skip
        if doc.outcome == "paid":
            doc.full_id = loader.new_id("account_full_reconcile")
            self.full.add(doc.full_id, stamp, stamp)
        if paid:
            doc.partial_id = loader.new_id("account_partial_reconcile")

        def common(name, sequence, balance, residual=0, maturity=None):
            line_id = loader.new_id("account_move_line")
            amount = balance / 100
            return (
                line_id, doc.move_id, doc.partner_id, doc.name, ref, name, sequence, day, maturity, day,
                amount if amount > 0 else 0.0, -amount if amount < 0 else 0.0, amount, amount, residual / 100,
                residual / 100, stamp, stamp,
            )  # fmt: skip

        bases = {}
        for position, line in enumerate(doc.lines):
            product = line.product
            bases[product.tax] = bases.get(product.tax, 0) + line.subtotal
            role = f"{key}/product{product.tax}"
            # as the ORM numbers them: invoices of orders count up, bills keep the order's sequence
            sequence = position if doc.kind == "invoice" else doc.sequence_start + position
            values = common(line.label, sequence, -sign * line.subtotal)
            self.lines[role].add(
                *values, product.id, product.uom_id, line.quantity, line.price / 100, line.subtotal / 100,
                line.total / 100, line.discount, line.purchase_line_id,
            )  # fmt: skip
            for tax_id in self.tax_ids[doc.kind][product.tax]:
                self.line_taxes.add(values[0], tax_id)
            for tag_id in self.template.tags[role]:
                self.line_tags.add(values[0], tag_id)
            if line.sale_line_id:
                self.sale_links.add(line.sale_line_id, values[0])
        for percent, base in bases.items():
            role = f"{key}/tax{percent}"
            if role in self.lines:
                tax_name = self.template["account_move_line", role]["name"]
                values = common(tax_name, 10000, -sign * (base * percent // 100))
                self.lines[role].add(*values, -sign * base / 100)
                for tag_id in self.template.tags[role]:
                    self.line_tags.add(values[0], tag_id)
        matching = None
        if doc.outcome == "paid":
            matching = str(doc.full_id)
        elif paid:
            matching = f"P{doc.partial_id}"
        name = f"{doc.origin} - {doc.name}" if doc.kind == "invoice" else None
        values = common(name, 12000, sign * total, sign * residual, due)
        doc.term_line_id = values[0]
        self.lines[f"{key}/payment_term"].add(*values, doc.full_id, matching)
        if doc.purchase_id:
            self.purchase_links.add(doc.purchase_id, doc.move_id)
        self.posted[doc.partner_id] = self.posted.get(doc.partner_id, 0) + 1

    def pay(self, doc, day):
        """Write the payment of `doc.paid_amount` on `day`, reconciled with the invoice or bill."""
        loader = self.loader
        bill = doc.kind == "bill"
        key = "payment_bill" if bill else f"payment_{doc.outcome}"
        sign = -1 if bill else 1
        amount = doc.paid_amount / 100
        stamp = self.ctx.utc(day, PAID_AT)
        payment_id, move_id = loader.new_id("account_payment"), loader.new_id("account_move")
        name, prefix, number = self.numbers["payment"].next(day)
        if self._first_unlinked is None:
            self._first_unlinked = payment_id
        self.payments[key].add(
            payment_id, name, doc.partner_id, doc.name, day, amount, sign * amount, None, stamp, stamp
        )
        self.entries[key].add(
            move_id, name, prefix, number, payment_id, doc.partner_id, doc.partner_id, doc.partner_name,
            doc.name, day, day, amount, amount, amount, stamp, stamp,
        )  # fmt: skip
        self.invoice_payments.add(doc.move_id, payment_id)
        label = self.template["account_move_line", f"{key}/liquidity"]["name"].split(":")[0] + f": {doc.name}"

        def line(role, balance, residual, full_id, matching):
            line_id = loader.new_id("account_move_line")
            self.lines[f"{key}/{role}"].add(
                line_id, move_id, doc.partner_id, name, doc.name, label, 100, day, day, None,
                max(balance, 0.0), max(-balance, 0.0), balance, balance, residual, residual, stamp, stamp,
                payment_id, balance, balance, full_id, matching,
            )  # fmt: skip
            return line_id

        line("liquidity", sign * amount, sign * amount, None, None)
        matching = str(doc.full_id) if doc.full_id else f"P{doc.partial_id}"
        counterpart = line("counterpart", -sign * amount, 0.0, doc.full_id, matching)
        debit, credit = (counterpart, doc.term_line_id) if bill else (doc.term_line_id, counterpart)
        self.partials[key].add(
            doc.partial_id, debit, credit, doc.full_id, day, amount, amount, amount, stamp, stamp
        )

    def _link_payments(self):
        """A payment and its entry point at each other; the payment's side is written last."""
        first, self._first_unlinked = self._first_unlinked, None
        return first and SQL(
            "UPDATE account_payment p SET move_id = m.id FROM account_move m"
            " WHERE m.origin_payment_id = p.id AND p.id >= %s",
            first,
        )
