"""The receivables dashboard from rollups equals the same question asked of the journal items."""

import random
from datetime import date, timedelta

from freezegun import freeze_time
from odoo.tests import tagged

from ..asking import Asking
from ..guards import compared_period
from .folding import dirty_days, fold_here
from .receivables_common import NOW, TODAY, ReceivablesCase

ROLLUPS = ("receivable_open", "receivable_items", "receivable_matched", "invoiced")


@tagged("post_install", "-at_install")
class TestReceivablesRollup(ReceivablesCase):
    def figures(self, first, last, companies, use_rollup, compare="previous", grain="day"):
        Line = self.env["account.move.line"].with_context(allowed_company_ids=companies.ids)
        with freeze_time(NOW):
            scope = Line._receivables_scope(first, last, None)
            before = compared_period(Line.env, scope["period"], compare)
            asking = Asking(Line.env, *ROLLUPS, use_rollup=use_rollup)
            return *Line._receivables_figures(asking, scope, before, grain), asking.origin

    def assertSame(self, first, last, companies, source="rollup", compare="previous", grain="day"):
        *figures, found = self.figures(first, last, companies, True, compare, grain)
        *expected, base = self.figures(first, last, companies, False, compare, grain)
        self.assertEqual(figures, expected)
        self.assertEqual((found["source"], base["source"]), (source, "base"))
        return figures

    def test_random_ledger(self):
        """Position of today and of past days, before and after folding, payments of the same transaction."""
        rng = random.Random(5)
        self.random_ledger(30, seed=31)
        selections = (self.company, self.other_company, self.both)
        for turn in range(3):
            if turn:
                fold_here(self.env)
                self.assertEqual([dirty_days(self.env, name) for name in ROLLUPS], [0] * 4)
                self.random_ledger(4, seed=40 + turn)
            for companies in selections:
                with self.subTest(turn=turn, companies=companies.mapped("name")):
                    data, previous = self.assertSame(TODAY - timedelta(days=29), TODAY, companies)
                    self.assertTrue(data["summary"]["open"] and previous["trend"][-1]["amount"])
                    year = TODAY - timedelta(days=364), TODAY, companies
                    by_day, _before = self.assertSame(*year, compare="year")
                    ends = {row["date"]: row["amount"] for row in by_day["trend"]}
                    for grain in ("dekad", "month"):
                        data, before = self.assertSame(*year, compare="year", grain=grain)
                        self.assertEqual(
                            [(row["date"], row["amount"]) for row in data["trend"]],
                            [(first, ends[last]) for first, last in data["steps"]],
                        )
                        self.assertEqual(len(before["trend"]), len(before["steps"]))
                    first = TODAY - timedelta(days=rng.randrange(90, 150))
                    self.assertSame(first, first + timedelta(days=20), companies, source="base")

    def test_without_due_day_and_without_customer(self):
        """Payments by hand have no due day: their own day counts; an item need not name a customer."""
        self.invoice(date(2026, 2, 1), date(2026, 2, 10), 100)
        credit = self.pay(date(2026, 2, 20), self.env["account.move.line"], 30)
        self.assertFalse(credit.date_maturity or credit.partner_id)
        for _ in range(2):
            data, _previous = self.assertSame(date(2026, 2, 10), TODAY, self.company)
            self.assertEqual(data["summary"]["open"], 70)
            self.assertEqual([row["id"] for row in data["customers"]], [self.customers[0].id, False])
            self.assertEqual((data["summary"]["customers"], data["summary"]["overdue_customers"]), (1, 1))
            fold_here(self.env)

    def test_entries_of_later_days(self):
        """What is dated or was matched after the day makes the position one of the items."""
        items = self.invoice(date(2026, 2, 1), date(2026, 2, 10), 100)
        self.assertSame(date(2026, 2, 1), date(2026, 2, 28), self.company)
        self.pay(date(2026, 3, 5), items, 40)
        data, _previous = self.assertSame(date(2026, 2, 1), date(2026, 2, 28), self.company, source="base")
        self.assertEqual(data["summary"]["open"], 100)
        data, _previous = self.assertSame(date(2026, 2, 1), TODAY, self.company)
        self.assertEqual(data["summary"]["open"], 60)
        self.invoice(TODAY + timedelta(days=3), TODAY + timedelta(days=33), 7)
        data, _previous = self.assertSame(date(2026, 2, 1), TODAY, self.company, source="base")
        self.assertEqual(data["summary"]["open"], 60)

    def test_reset_to_draft_and_deleted(self):
        self.random_ledger(8, seed=3)
        fold_here(self.env)
        items = self.invoice(date(2026, 3, 1), date(2026, 3, 20), 10)
        fold_here(self.env)
        items.move_id.button_draft()
        self.assertSame(date(2026, 3, 1), TODAY, self.company)
        items.move_id.with_context(force_delete=True).unlink()
        self.assertSame(date(2026, 3, 1), TODAY, self.company)

    def test_a_rule_of_customers(self):
        """The rollups that have no customer cannot apply it: the items answer, and the answer says so."""
        self.random_ledger(8, seed=4)
        fold_here(self.env)
        self.env["ir.rule"].sudo().create(
            {
                "name": "nothing of that customer",
                "model_id": self.env["ir.model"].sudo()._get("account.move.line").id,
                "domain_force": f"[('partner_id', '!=', {self.customers[0].id})]",
            }
        )
        self.assertSame(date(2026, 2, 1), TODAY, self.both, source="base")
        data = self.dashboard(date(2026, 2, 1), TODAY)
        self.assertIn("partner_id", data["source_reason"])
