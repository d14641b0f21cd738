"""The partitioned orders as a model: who sees what, what the views and the command line do."""

import json
import subprocess
import sys

import psycopg2
from odoo import Command
from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine.errors import PartitionError
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, get_db_name, new_test_user, tagged
from odoo.tools import SQL, config

from ..partitions import access, keep
from ..partitions.orders import COLUMNS, VIEW
from .common import SalesCase, utc


@tagged("post_install", "-at_install")
class TestModel(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.orders = cls.env["sale.order"].sudo().create(
            [
                {
                    "partner_id": cls.customers[n % 4].id,
                    "company_id": (cls.company, cls.other_company)[n % 3 == 0].id,
                    "user_id": (cls.manager.id, cls.salesman.id, False)[n % 3],
                    "warehouse_id": False,
                    "order_line": [Command.create({"product_id": cls.products[n].id, "product_uom_qty": n})],
                }
                for n in range(9)
            ]
        )  # fmt: skip
        cls.env.flush_all()

    def seen(self, model, user, companies=None):
        records = self.env[model].with_user(user)
        records = records.with_context(allowed_company_ids=(companies or self.company).ids)
        return set(records.search([("id", "in", self.orders.ids)]).ids)

    def assertSame(self, *groups, companies=None, more=()):
        user = new_test_user(
            self.env(su=True), f"reader_{'_'.join(groups) or 'none'}".replace(".", "_"),
            groups=",".join(["base.group_user", *groups]), company_id=self.company.id,
            company_ids=[Command.set((self.company | self.other_company).ids)],
        )  # fmt: skip
        for one in (user, *more):
            expected = self.seen("sale.order", one, companies)
            self.assertEqual(self.seen("sale.order.partitioned", one, companies), expected)
        return expected

    def test_rules_are_those_of_orders(self):
        both = self.company | self.other_company
        for groups in (
            ["sales_team.group_sale_salesman"],
            ["sales_team.group_sale_salesman_all_leads"],
            ["sales_team.group_sale_manager"],
            ["account.group_account_readonly"],
            ["account.group_account_invoice"],
        ):
            with self.subTest(groups):
                some = self.assertSame(*groups, more=(self.salesman,))
                self.assertTrue(some and len(some) < len(self.orders))
        self.assertEqual(self.seen("sale.order.partitioned", self.manager, both), set(self.orders.ids))
        own = self.seen("sale.order.partitioned", self.salesman, both)
        self.assertEqual(own, set(self.orders.filtered(lambda o: o.user_id != self.manager).ids))

    def test_further_rules_hold_too(self):
        """A rule that an administrator adds to orders, about a column that is in the copy, or about none."""
        for domain in (f"[('partner_id', '=', {self.customers[1].id})]",
                       f"[('order_line.product_id', '=', {self.products[4].id})]"):  # fmt: skip
            rule = self.env["ir.rule"].sudo().create(
                {"name": "one only", "model_id": self.env["ir.model"].sudo()._get("sale.order").id,
                 "domain_force": domain}
            )  # fmt: skip
            expected = self.seen("sale.order", self.manager)
            self.assertTrue(expected)
            self.assertEqual(self.seen("sale.order.partitioned", self.manager), expected)
            hidden = self.orders.filtered(lambda o, seen=expected: o.id not in seen)[0]
            with self.assertRaises(AccessError):
                self.env["sale.order.partitioned"].with_user(self.manager).browse(hidden.id).read(["name"])
            rule.unlink()

    def test_read_only_and_not_for_everybody(self):
        model = self.env["sale.order.partitioned"].with_user(self.manager)
        one = model.browse(self.orders[1].id)
        for attempt in (lambda: model.create({"name": "x"}), lambda: one.write({"name": "x"}), one.unlink):
            with self.assertRaises(AccessError):
                attempt()
        for groups in ("base.group_portal", "base.group_user"):
            user = new_test_user(self.env(su=True), f"nobody_{groups[-4:]}", groups=groups)
            with self.assertRaises(AccessError):
                self.env["sale.order.partitioned"].with_user(user).search([])
        with self.assertRaises(AccessError):
            self.env["sale.order.partitioned.check"].with_user(self.manager).create({})

    def test_figures(self):
        """Groups, sums and fields are those of the orders."""
        domain = [("id", "in", self.orders.ids)]
        for groupby in (["date_order:month"], ["partner_id"], ["state", "user_id"]):
            asked = (domain, groupby, ["amount_total:sum", "__count"])
            mine = self.env["sale.order.partitioned"]._read_group(*asked)
            theirs = self.env["sale.order"]._read_group(*asked)
            plain = lambda rows: sorted(str([getattr(c, "id", c) for c in row]) for row in rows)  # noqa: E731
            self.assertEqual(plain(mine), plain(theirs))
        for order in self.orders:
            copy = self.env["sale.order.partitioned"].sudo().browse(order.id)
            for name in COLUMNS:
                self.assertEqual(copy[name], order[name], name)
            self.assertEqual(copy.order_id, order)
            self.assertEqual(copy.company_currency_id, order.company_id.currency_id)
            self.assertAlmostEqual(copy.company_total, order.amount_total / order.currency_rate)
        self.assertEqual(
            self.env["sale.order.partitioned"].browse(self.orders[1].id).action_open_order()["res_id"],
            self.orders[1].id,
        )
        self.orders[1].sudo().date_order = utc("2026-03-10 06:00:00")  # flushed by the search
        found = self.env["sale.order.partitioned"].search(
            [*domain, ("date_order", "=", "2026-03-10 06:00:00")]
        )
        self.assertEqual(found.ids, self.orders[1].ids)

    def test_confirmed(self):
        order = self.orders[1].sudo()
        order.warehouse_id = (
            self.env["stock.warehouse"].sudo().search([("company_id", "=", order.company_id.id)], limit=1)
        )
        order.action_confirm()
        self.env.flush_all()
        copy = self.env["sale.order.partitioned"].sudo().browse(order.id)
        self.assertEqual((copy.state, copy.date_order), ("sale", order.date_order))

    def test_uninstall(self):
        """Nothing of it is left."""
        keep.uninstall(self.env.cr)
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'sale_order_partitioned%%'"
            " AND relname NOT LIKE 'sale_order_partitioned_check%%'"  # an ordinary model's: Odoo drops it
            " UNION ALL SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sale_order_partitioned%%'"
            " UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'sale_order_partitioned%%'"
            " UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE '%%sale_order_partitioned%%'"
            " UNION ALL SELECT name FROM database_partition.set WHERE name LIKE 'sale_order%%'"
        )
        self.assertEqual(self.env.cr.fetchall(), [])
        self.orders[2].sudo().write({"date_order": utc("2026-01-01 00:00:00")})
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestOperators(TransactionCase):
    def command(self, *arguments):
        command = [sys.executable, "-m", "odoo", f"--addons-path={','.join(config['addons_path'])}"]
        command += ["partitioned_orders", *arguments]
        if config["config"]:
            command += ["-c", config["config"]]
        done = subprocess.run([*command, "-d", get_db_name()], capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout, done.stderr.strip().splitlines()

    def test_command(self):
        code, out, err = self.command("fill", "--json")
        self.assertEqual(code, 0, err)
        self.assertEqual(json.loads(out)["left"], 0)
        code, out, _err = self.command("status", "--json")
        self.assertEqual((code, json.loads(out)["filled"], json.loads(out)["noted"]), (0, 1, 0))
        code, out, _err = self.command("mend")
        self.assertEqual(code, 0)
        self.assertIn("differing: 0", out)
        for arguments, words in (
            (("dance",), "invalid choice"),
            (("grant",), "--role"),
        ):
            code, _out, err = self.command(*arguments)
            self.assertEqual(code, 2)
            self.assertTrue(err[-1].startswith("partitioned_orders: "), err)
            self.assertIn(words, err[-1])
        code, _out, err = self.command("grant", "--role", "Robert'); DROP")
        self.assertEqual(code, 1)
        self.assertIn("will not do", err[-1])
        code, out, _err = self.command("grant", "--role", "smart_dairy_test_dry", "--dry-run")
        self.assertEqual(code, 0)
        self.assertIn('CREATE ROLE "smart_dairy_test_dry" NOLOGIN', out)
        self.env.cr.execute("SELECT FROM pg_roles WHERE rolname = 'smart_dairy_test_dry'")
        self.assertFalse(self.env.cr.rowcount)

    def test_role_for_business_intelligence(self):
        cr = self.env.cr
        access.grant(cr, "smart_dairy_test_bi")  # the test's transaction takes it back
        cr.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'smart_dairy_test_bi'")
        self.assertEqual(cr.fetchall(), [(False,)])
        self.env["sale.order.partitioned"].init()  # an update makes the view anew
        cr.execute("SET LOCAL ROLE smart_dairy_test_bi")
        cr.execute(SQL("SELECT count(*), sum(amount_total) FROM %s", SQL.identifier(VIEW)))
        for refused in (
            ("sale_order",),
            ("sale_order_partitioned",),
            ("res_users",),
            ("sale_order_partitioned", "note"),
        ):
            with self.assertRaises(psycopg2.errors.InsufficientPrivilege), cr.savepoint(flush=False):
                cr.execute(SQL("SELECT 1 FROM %s", SQL.identifier(*refused)))
        cr.execute("RESET ROLE")
        access.grant(cr, "smart_dairy_test_bi", revoke=True)
        cr.execute("SET LOCAL ROLE smart_dairy_test_bi")
        with self.assertRaises(psycopg2.errors.InsufficientPrivilege), cr.savepoint(flush=False):
            cr.execute(SQL("SELECT 1 FROM %s", SQL.identifier(VIEW)))
        cr.execute("RESET ROLE")
        with self.assertRaisesRegex(PartitionError, "does not exist"):
            access.grant(cr, "nobody_of_that_name", revoke=True)

    def test_scheduled_action_and_page(self):
        with self.enter_registry_test_mode():
            self.env.ref("smart_dairy_performance.cron_sale_order_partitioned").method_direct_trigger()
        check = self.env["sale.order.partitioned.check"].create({})
        self.assertEqual((check.filled, check.noted, check.differed), (100, 0, 0))
        check.action_fill()
        self.assertIn("0 still being written", check.result)
        check.action_verify()
        self.assertIn("0 differed", check.result)
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            self.assertFalse(keep.missing_triggers(cursor))


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    def test_tour(self):
        partner = self.env["res.partner"].create({"name": "Tour retailer"})
        product = self.env["product.product"].create(
            {"name": "Tour milk", "list_price": 12.5, "taxes_id": False}
        )
        orders = self.env["sale.order"].create(
            [{"partner_id": partner.id, "order_line": [Command.create({"product_id": product.id})]}] * 2
        )
        orders.action_confirm()
        self.start_tour("/odoo/orders-by-month", "sale_order_partitioned", login="admin")
