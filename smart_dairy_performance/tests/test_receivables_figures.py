"""The receivables dashboard against a recomputation, item by item, through the ORM."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import exact, rounded
from .receivables_common import TODAY, ReceivablesCase

BUCKETS = {
    "not_due": (-9999, 0),
    "1_30": (1, 30),
    "31_60": (31, 60),
    "61_90": (61, 90),
    "over_90": (91, 9999),
}


@tagged("post_install", "-at_install")
class TestReceivablesFigures(ReceivablesCase):
    def recomputed(self, first, last, companies):
        """Buckets, customers, due days and trend, from each item and each of its matchings."""
        env = self.env(user=self.manager, context={"allowed_company_ids": companies.ids})
        env.invalidate_all()
        currency = companies[0].currency_id
        buckets, customers = defaultdict(Decimal), defaultdict(lambda: [0, Decimal(0), Decimal(0)])
        due_days, trend, ids = defaultdict(Decimal), defaultdict(Decimal), defaultdict(set)
        for line in env["account.move.line"].search([("account_id.account_type", "=", "asset_receivable")]):
            if line.move_id.state != "posted" or line.date > last or line.company_id.currency_id != currency:
                continue
            for back in range((last - max(first, line.date)).days + 1):
                trend[last - timedelta(days=back)] += exact(line.balance)
            amount = exact(line.balance)
            for partial in line.matched_credit_ids | line.matched_debit_ids:
                if max(partial.debit_move_id.date, partial.credit_move_id.date) <= last:
                    amount += exact(partial.amount) * (1 if partial.credit_move_id == line else -1)
            if not amount:
                continue
            due = line.date_maturity or line.date
            late = (last - due).days
            (bucket,) = [name for name, (low, high) in BUCKETS.items() if low <= late <= high]
            buckets[bucket] += amount
            ids[bucket].add(line.id)
            customer = customers[line.partner_id.id]
            customer[0] += 1
            customer[1] += amount
            if late > 0:
                customer[2] += amount
            elif late >= -30:
                due_days[due.isoformat()] += amount
        return buckets, customers, due_days, trend, ids

    def assertSamePosition(self, data, first, last, companies):
        buckets, customers, due_days, trend, ids = self.recomputed(first, last, companies)
        self.assertEqual(
            {row["name"]: row["amount"] for row in data["buckets"]},
            {name: rounded(buckets[name]) for name in BUCKETS},
        )
        self.assertEqual(data["summary"]["open"], rounded(sum(buckets.values())))
        self.assertEqual(data["summary"]["overdue"], rounded(sum(buckets.values()) - buckets["not_due"]))
        self.assertEqual(data["summary"]["customers"], len([key for key in customers if key]))
        self.assertEqual(
            {row["id"]: (row["items"], row["open"], row["overdue"]) for row in data["customers"]},
            {key: (n, rounded(owed), rounded(late)) for key, (n, owed, late) in customers.items()},
        )
        self.assertEqual(
            {row["date"]: row["amount"] for row in data["expected"]},
            {day: rounded(amount) for day, amount in due_days.items()},
        )
        self.assertEqual(
            {row["date"]: row["amount"] for row in data["trend"]},
            {
                (first + timedelta(days=i)).isoformat(): rounded(trend[first + timedelta(days=i)])
                for i in range((last - first).days + 1)
            },
        )
        # opening and matching add up both ways
        self.assertEqual(data["trend"][-1]["amount"], data["summary"]["open"])
        Line = self.env["account.move.line"].with_context(allowed_company_ids=companies.ids)
        for name in BUCKETS:
            domain = Line.get_receivables_domain(last, buckets=[name])
            self.assertEqual(set(Line.search(domain).ids), ids[name], name)

    def test_random_ledger_equals_recomputation(self):
        self.random_ledger(45, seed=11)
        for first, last in ((TODAY - timedelta(days=29), TODAY), (date(2025, 12, 1), date(2026, 1, 15))):
            for companies in (self.company, self.other_company, self.both):
                with self.subTest(last=last, companies=companies.mapped("name")):
                    data = self.dashboard(first, last, companies=companies)
                    self.assertTrue(data["summary"]["open"], "the comparison must not be empty")
                    self.assertSamePosition(data, first, last, companies)

    def test_today_is_odoos_residual(self):
        self.random_ledger(25, seed=3)
        lines = self.env["account.move.line"].with_context(allowed_company_ids=self.company.ids).search(
            [("account_id.account_type", "=", "asset_receivable"), ("parent_state", "=", "posted"),
             ("company_id", "=", self.company.id)]
        )  # fmt: skip
        data = self.dashboard(TODAY, TODAY)
        self.assertEqual(data["summary"]["open"], rounded(sum(map(exact, lines.mapped("amount_residual")))))

    def test_sales_outstanding(self):
        self.invoice(date(2026, 3, 3), date(2026, 4, 2), 300)
        items = self.invoice(date(2026, 3, 4), date(2026, 4, 3), 150)
        self.invoice(date(2026, 3, 5), date(2026, 3, 5), 50, kind="out_refund")
        self.pay(date(2026, 3, 10), items, 100)
        summary = self.dashboard(date(2026, 3, 3), TODAY)["summary"]
        self.assertEqual((summary["invoiced"], summary["open"]), (400, 300))
        self.assertEqual(summary["dso"], 7.5, "300 / 400 x 10 days")
        self.assertIsNone(self.dashboard(date(2026, 1, 1), date(2026, 1, 2))["summary"]["dso"])

    def test_compare(self):
        self.invoice(date(2026, 3, 3), date(2026, 4, 2), 300)
        self.invoice(date(2025, 3, 3), date(2025, 4, 2), 70)
        first, last = date(2026, 3, 1), date(2026, 3, 10)
        self.assertEqual(self.dashboard(first, last)["previous"]["summary"]["open"], 70)
        year = self.dashboard(first, last, compare="year")["previous"]
        self.assertEqual((year["summary"]["open"], year["date_from"]), (70, "2025-03-01"))
        self.assertEqual([row["amount"] for row in year["trend"]], [0, 0] + [70] * 8)

    def test_a_payment_after_the_day_is_taken_back(self):
        items = self.invoice(date(2026, 1, 1), date(2026, 1, 10), 200)
        self.pay(date(2026, 3, 1), items, 200)
        self.assertEqual(self.dashboard(TODAY, TODAY)["summary"]["open"], 0)
        past = self.dashboard(date(2026, 2, 1), date(2026, 2, 28))
        self.assertEqual((past["summary"]["open"], past["summary"]["overdue"]), (200, 200))
        self.assertEqual(past["customers"][0]["days_late"], 49)

    def test_drill_down(self):
        one = self.invoice(date(2026, 3, 1), date(2026, 3, 20), 10)
        two = self.invoice(date(2026, 3, 1), date(2026, 3, 21), 20, partner=self.customers[1])
        Line = self.env["account.move.line"].with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(Line.search(Line.get_receivables_domain(TODAY, due_date="2026-03-21")), two)
        self.assertEqual(
            Line.search(Line.get_receivables_domain(TODAY, partner_id=self.customers[0].id)), one
        )
        with self.assertRaisesRegex(UserError, "'x' is not a due date"):
            Line.get_receivables_domain(TODAY, due_date="x")
        with self.assertRaisesRegex(UserError, "someday is not a due bucket"):
            Line.get_receivables_domain(TODAY, buckets=["someday"])

    def test_access(self):
        self.invoice(date(2026, 3, 1), date(2026, 3, 20), 10)
        with self.assertRaisesRegex(AccessError, "These figures are for"):
            self.dashboard(TODAY, TODAY, user=self.salesman)
        with self.assertRaises(AccessError):
            self.dashboard(TODAY, TODAY, company_id=self.other_company.id)
        self.env["ir.rule"].sudo().create(
            {
                "name": "nothing of that customer",
                "model_id": self.env["ir.model"].sudo()._get("account.move.line").id,
                "domain_force": f"[('partner_id', '!=', {self.customers[0].id})]",
            }
        )
        self.assertEqual(self.dashboard(TODAY, TODAY)["summary"]["open"], 0)
