"""Invoices, credit notes and payments for the tests of receivables."""

import random
from datetime import date, timedelta

from freezegun import freeze_time
from odoo import Command

from .common import SalesCase

TODAY = date(2026, 3, 12)
NOW = "2026-03-12 05:00:00"


class ReceivablesCase(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = cls.company | cls.other_company
        cls.manager.group_ids += cls.env.ref("account.group_account_manager")
        cls.journals = {}
        for company in cls.both:
            env = cls.env(su=True, context={"allowed_company_ids": company.ids})
            accounts = env["account.account"].create(
                [
                    {"name": kind, "code": f"9{i}000", "account_type": kind, "company_ids": [company.id]}
                    for i, kind in enumerate(("asset_receivable", "income", "asset_cash"))
                ]
            )
            accounts[0].reconcile = True
            journal = env["account.journal"].create(
                {"name": "Test", "code": "TST", "type": "sale", "company_id": company.id,
                 "default_account_id": accounts[1].id}
            )  # fmt: skip
            misc = env["account.journal"].create(
                {"name": "Test misc", "code": "TSM", "type": "general", "company_id": company.id}
            )
            cls.journals[company] = (*accounts, journal, misc)

    def invoice(self, day, due, amount, *, partner=None, company=None, kind="out_invoice"):
        company = company or self.company
        receivable, income, _cash, journal, _misc = self.journals[company]
        partner = (partner or self.customers[0]).sudo().with_company(company)
        partner.property_account_receivable_id = receivable
        move = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "move_type": kind,
                    "partner_id": partner.id,
                    "journal_id": journal.id,
                    "invoice_date": day,
                    "invoice_date_due": due,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Milk",
                                "price_unit": amount,
                                "account_id": income.id,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )
        move.invoice_date_due = due
        move.action_post()
        return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def pay(self, day, items, amount):
        """Post a payment on ``day`` and match it with ``items`` (of one customer), if there are any."""
        company = items.company_id or self.company
        receivable, _income, cash, _journal, misc = self.journals[company]
        move = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "journal_id": misc.id,
                    "date": day,
                    "line_ids": [
                        Command.create({"account_id": cash.id, "debit": amount}),
                        Command.create(
                            {
                                "account_id": receivable.id,
                                "credit": amount,
                                "partner_id": items.partner_id[:1].id,
                            }
                        ),
                    ],
                }
            )
        )
        move.action_post()
        credit = move.line_ids.filtered("credit")
        if items:
            (items | credit).reconcile()
        return credit

    def dashboard(self, first, last, *, user=None, companies=None, **kwargs):
        Line = self.env["account.move.line"].with_user(user or self.manager)
        Line = Line.with_context(allowed_company_ids=(companies or self.company).ids)
        with freeze_time(NOW):
            return Line.get_receivables_dashboard(first, last, **kwargs)

    def random_ledger(self, count, seed):
        rng = random.Random(seed)
        for _ in range(count):
            company = rng.choice([self.company, self.company, self.other_company])
            day = TODAY - timedelta(days=rng.randrange(0, 200))
            due = day + timedelta(days=rng.choice([0, 7, 30, 60]))
            amount = rng.randrange(1, 300_000) / 100
            items = self.invoice(
                day, due, amount, partner=rng.choice(self.customers), company=company,
                kind=rng.choice(["out_invoice"] * 5 + ["out_refund"]),
            )  # fmt: skip
            if rng.random() < 0.6 and items.balance > 0:
                share = rng.choice([1, 1, 0.5, 1.5])
                paid = day + timedelta(days=rng.randrange(0, 120))
                self.pay(min(paid, TODAY), items, round(amount * share, 2) or 0.01)
