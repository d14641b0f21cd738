import json

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import SalesCase, utc

METHODS = [
    ("sale.order", "get_dashboard_data_optimized", ["2026-03-01", "2026-03-31"]),
    ("sale.order", "get_dashboard_summary", ["2026-03-01", "2026-03-31"]),
    ("sale.order", "get_sales_dashboard", ["2026-03-01", "2026-03-31"]),
    ("sale.order", "get_dashboard_domain", ["2026-03-01", "2026-03-31"]),
    ("sale.order", "get_dashboard_today", []),
    ("product.template", "get_catalog_products", []),
    ("product.product", "search_with_stock_optimized", [[]]),
    ("farm.animal", "get_herd_summary_optimized", []),
    ("farm.animal", "get_herd_dashboard", ["2026-03-01", "2026-03-31"]),
    ("farm.animal", "get_herd_dashboard_filters", []),
    ("product.product", "get_stock_dashboard", ["2026-03-01", "2026-03-31"]),
    ("product.product", "get_stock_dashboard_filters", []),
    ("product.product", "get_stock_moves_domain", ["2026-03-01", "2026-03-31"]),
    ("account.move.line", "get_receivables_dashboard", ["2026-03-01", "2026-03-31"]),
    ("account.move.line", "get_receivables_today", []),
    ("account.move.line", "get_receivables_domain", ["2026-03-31"]),
    ("dairy.dashboard", "open", ["sales", {}]),
]


@tagged("post_install", "-at_install")
class TestSalesAccess(SalesCase):
    def test_salesman_sees_own_documents_only(self):
        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, 100)])
        self.order(utc("2026-03-10 06:00:00"), [(self.products[1], 1, 7)], user=self.salesman)
        data = self.data("2026-03-10", "2026-03-10", user=self.salesman)
        self.assertEqual((data["summary"]["total_orders"], data["summary"]["total_revenue"]), (1, 7))
        self.assertEqual([p["product_id"] for p in data["top_products"]], self.products[1].ids)
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["summary"]["total_revenue"], 107)

    def test_a_rule_on_lines_applies_to_products(self):
        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, 100), (self.products[1], 1, 7)])
        self.env["ir.rule"].sudo().create(
            {
                "name": "not that product",
                "model_id": self.env["ir.model"].sudo()._get("sale.order.line").id,
                "domain_force": f"[('product_id', '!=', {self.products[0].id})]",
            }
        )
        self.assertEqual(
            [p["product_id"] for p in self.data("2026-03-10", "2026-03-10")["top_products"]],
            self.products[1].ids,
        )

    def test_companies(self):
        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, 100)])
        self.order(utc("2026-03-10 16:00:00"), [(self.products[1], 1, 7)], company=self.other_company)
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["summary"]["total_revenue"], 100)
        with self.assertRaises(AccessError):  # allowed, but not selected
            self.data("2026-03-10", "2026-03-10", company_id=self.other_company.id)
        stranger = self.env["res.company"].sudo().create({"name": "Another's"})
        for company_id in (stranger.id, 10**9):
            with self.assertRaises(AccessError):
                self.data("2026-03-10", "2026-03-10", company_id=company_id)
        self.assertEqual(
            self.data(
                "2026-03-10",
                "2026-03-10",
                companies=self.company | self.other_company,
                company_id=self.company.id,
            )["summary"]["total_revenue"],
            100,
        )

    def test_without_sales_rights(self):
        clerk = self._user("perf_clerk", None, self.company)
        with self.assertRaises(AccessError):
            self.data("2026-03-10", "2026-03-10", user=clerk)

    def test_methods_are_readonly(self):
        for model, method, _args in METHODS:
            self.assertTrue(getattr(getattr(type(self.env[model]), method), "_readonly", False), method)


@tagged("post_install", "-at_install")
class TestPortal(HttpCase):
    """Through the door that a portal user has: JSON-RPC over HTTP."""

    def call(self, model, method, args):
        return self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {"jsonrpc": "2.0", "params": {"model": model, "method": method, "args": args, "kwargs": {}}}
            ),
            headers={"Content-Type": "application/json"},
        ).json()

    def test_portal_user_gets_no_figure(self):
        portal = new_test_user(self.env, "perf_portal", groups="base.group_portal", password="perf_portal")
        order = self.env["sale.order"].create(
            {
                "partner_id": portal.partner_id.id,
                "date_order": "2026-03-10 06:00:00",
                "order_line": [
                    Command.create({"product_id": self.env["product.product"].create({"name": "Milk"}).id})
                ],
            }
        )
        order.write({"state": "sale", "date_order": "2026-03-10 06:00:00"})
        self.authenticate("perf_portal", "perf_portal")
        for model, method, args in METHODS:
            with self.subTest(method):
                answer = self.call(model, method, args)
                self.assertNotIn("result", answer)
                self.assertEqual(answer["error"]["data"]["name"], "odoo.exceptions.AccessError")

    def test_private_helpers_are_not_reachable(self):
        self.authenticate("admin", "admin")
        answer = self.call("sale.order", "_dashboard_orders", [{}])
        self.assertNotIn("result", answer)
