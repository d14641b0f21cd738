"""The sales dashboard from rollups equals the same question asked of the orders, whoever asks."""

import random
from datetime import date, timedelta

from odoo import Command
from odoo.tests import tagged

from ..asking import Asking
from ..guards import compared_period
from ..queries.periods import Period
from .common import SalesCase, utc
from .folding import dirty_days, fold_here

FIRST, LAST = date(2026, 2, 27), date(2026, 3, 31)
BEST = 10


@tagged("post_install", "-at_install")
class TestSalesRollup(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.third = (
            cls.env["res.company"]
            .sudo()
            .create({"name": "Lyon Dairy", "currency_id": cls.company.currency_id.id})
        )
        cls.third.partner_id.tz = "America/Los_Angeles"
        cls.all = cls.company | cls.other_company | cls.third
        (cls.manager | cls.salesman).sudo().company_ids = [Command.set(cls.all.ids)]
        cls.ruled = cls._user("perf_ruled", "sales_team.group_sale_salesman_all_leads", cls.all)
        cls.teams = cls.env["crm.team"].sudo().create([{"name": f"Team {i}"} for i in range(2)])
        usd, eur = cls.env.ref("base.USD"), cls.env.ref("base.EUR")
        cls.pricelists = (
            cls.env["product.pricelist"]
            .sudo()
            .create([{"name": c.name, "currency_id": c.id, "company_id": False} for c in (usd, eur)])
        )

    def random_order(self, rng):
        moment = utc("2026-02-25 00:00:00") + timedelta(minutes=rng.randrange(38 * 1440))
        lines = []
        for _ in range(rng.randrange(1, 4)):
            uom = (self.dozen,) if rng.random() < 0.2 else ()
            price = round(rng.uniform(0.01, 300), 2) * (-1 if rng.random() < 0.1 else 1)
            lines.append((rng.choice(self.products), rng.randrange(1, 30), price, *uom))
        return self.order(
            moment,
            lines,
            state=rng.choice(["sale", "sale", "sale", "draft", "cancel"]),
            partner=rng.choice(self.customers),
            company=rng.choice(self.all),
            user=rng.choice([self.manager, self.salesman, self.ruled]),
            pricelist_id=rng.choice(self.pricelists).id,
            currency_rate=rng.choice([None, 1.0857, 0.9131, 109.5]),
            team_id=rng.choice(self.teams).id,
        )

    def random_change(self, rng, orders):
        order = rng.choice(orders)
        kind = rng.randrange(8)
        if kind == 0:
            order.state = rng.choice(["sale", "cancel", "draft"])
        elif kind == 1:
            order.date_order += timedelta(hours=rng.randrange(-900, 900))
        elif kind == 2:
            order.partner_id = rng.choice(self.customers)
        elif kind == 3:
            order.user_id = rng.choice([self.manager, self.salesman])
        elif kind == 4 and order.order_line:
            rng.choice(order.order_line).product_uom_qty += rng.randrange(1, 5)
        elif kind == 5:
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE sale_order SET amount_total = amount_total + 1 WHERE id = %s", order.ids
            )
            self.env.invalidate_all()
        elif kind == 6:
            self.random_order(rng)
        elif order.state != "sale":
            order.state = "cancel"
            order.unlink()
            return orders - order
        return orders

    def both(self, user, companies, first=FIRST, last=LAST, compare="previous", company_id=None, grain="day"):
        """Figures and source, from the rollup where it can answer, and from the orders."""
        Order = self.env["sale.order"].with_user(user)
        Order = Order.with_context(allowed_company_ids=companies.ids, lang="en_US")
        scope = {**Order._dashboard_scope(first, last, company_id), "grain": grain}
        before = compared_period(Order.env, scope["period"], compare)
        result = []
        for use_rollup in (True, False):
            asking = Asking(Order.env, "sales", "sales_lines", use_rollup=use_rollup)
            figures = Order._dashboard_figures(asking, scope, before, BEST, BEST)
            result.append((figures, asking.origin))
        return result

    def assertSame(self, source="rollup", **question):
        (figures, found), (expected, base) = self.both(**question)
        self.assertEqual(figures, expected)
        self.assertEqual((found["source"], base["source"]), (source, "base"))
        return figures[0]

    def test_random_orders(self):
        """Changes of all kinds, none committed, before and after folding, for who sees all and own orders."""
        rng = random.Random(20)
        orders = self.env["sale.order"].sudo()
        for _ in range(60):
            orders |= self.random_order(rng)
        selections = (self.company, self.other_company, self.company | self.third, self.all)
        for turn in range(4):
            if turn:
                fold_here(self.env)
                self.assertEqual((dirty_days(self.env, "sales"), dirty_days(self.env, "sales_lines")), (0, 0))
            for _ in range(6 * turn):
                orders = self.random_change(rng, orders)
            for user in (self.manager, self.salesman):
                for companies in selections:
                    compare = rng.choice(["previous", "year"])
                    first = FIRST + timedelta(days=rng.randrange(20))
                    last = first + timedelta(days=rng.randrange(45))
                    with self.subTest(turn=turn, user=user.login, companies=companies.mapped("name")):
                        daily = self.assertSame(user=user, companies=companies, compare=compare)
                        for grain in ("dekad", "month"):
                            question = {"user": user, "companies": companies, "compare": compare}
                            self.assertSteps(self.assertSame(**question, grain=grain), daily, grain)
                        self.assertSame(user=user, companies=companies, first=first, last=last)
        figures = self.assertSame(user=self.salesman, companies=self.all, company_id=self.third.id)
        self.assertTrue(figures["summary"]["total_orders"])

    def assertSteps(self, figures, daily, grain):
        """The steps add up to the days, and whatever is no step is the same."""
        for key in set(daily) - {"daily_stats"}:
            self.assertEqual(figures[key], daily[key], key)
        days = {row["order_date"]: row for row in daily["daily_stats"]}
        found = {row["order_date"]: row for row in figures["daily_stats"]}
        for step in Period(
            date.fromisoformat(daily["date_from"]), date.fromisoformat(daily["date_to"])
        ).steps(grain):
            first, last = step.first.isoformat(), step.last.isoformat()
            own = [row for day, row in days.items() if first <= day <= last]
            row = found.pop(first, None)
            self.assertEqual(bool(own), bool(row))
            if own:
                self.assertEqual(row["order_count"], sum(one["order_count"] for one in own))
                revenue = sum(one["total_revenue"] for one in own)
                self.assertAlmostEqual(row["total_revenue"], revenue, delta=0.006 * len(own))
        self.assertFalse(found)

    def test_zones_and_currencies_change(self):
        rng = random.Random(21)
        for _ in range(25):
            self.random_order(rng)
        self.order(utc("2026-03-10 17:00:00"), [(self.products[0], 1, 1)])  # 11 March in Auckland
        fold_here(self.env)
        before = self.assertSame(user=self.manager, companies=self.all)
        self.company.sudo().partner_id.tz = "Pacific/Auckland"
        after = self.assertSame(user=self.manager, companies=self.all)
        self.assertNotEqual(before["daily_stats"], after["daily_stats"])
        fold_here(self.env)
        self.third.sudo().currency_id = self.other_company.currency_id
        self.assertSame(user=self.manager, companies=self.all)

    def test_a_rule_that_dimensions_hold(self):
        """'Not that salesperson's' is said in the rollup's dimensions."""
        rng = random.Random(22)
        for _ in range(25):
            self.random_order(rng)
        fold_here(self.env)
        self.rule("sale.order", f"[('user_id', '!=', {self.salesman.id})]")
        self.rule("sale.order.line", f"[('salesman_id', '!=', {self.salesman.id})]")
        self.assertSame(user=self.ruled, companies=self.all)

    def test_a_rule_that_needs_the_orders(self):
        """What no dimension says is read from the orders, and the answer says so."""
        rng = random.Random(23)
        for _ in range(25):
            self.random_order(rng)
        fold_here(self.env)
        self.rule("sale.order", "[('amount_total', '<', 500)]")
        self.assertSame(source="base", user=self.ruled, companies=self.all)
        Order = self.env["sale.order"].with_user(self.ruled).with_context(allowed_company_ids=self.all.ids)
        data = Order.get_sales_dashboard(FIRST, LAST)
        self.assertEqual(data["source"], "base")
        self.assertIn("amount_total", data["source_reason"])

    def rule(self, model, domain):
        self.env["ir.rule"].sudo().create(
            {
                "name": "test",
                "model_id": self.env["ir.model"].sudo()._get(model).id,
                "domain_force": domain,
            }
        )

    def test_the_dashboard_says_where_from(self):
        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, 100)])
        data = self.env["sale.order"].get_sales_dashboard("2026-03-10", "2026-03-10")
        self.assertEqual((data["source"], data["source_reason"]), ("rollup", ""))

    def test_by_category(self):
        """What the lines' rollup holds besides what the dashboard shows."""
        categories = self.env["product.category"].sudo().create([{"name": f"Category {i}"} for i in range(2)])
        self.products[0].sudo().categ_id, self.products[1].sudo().categ_id = categories
        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 2, 10), (self.products[1], 1, 7)])
        ask = self.env["database.rollup"]._ask
        question = {"by": ("category",), "measures": ("revenue", "lines")}
        for _ in range(2):
            answer = ask("sales_lines", FIRST, LAST, [("company_id", "=", self.company.id)], **question)
            self.assertEqual(answer.source, "rollup")
            self.assertEqual(set(answer.rows), {(categories[0].id, 20, 1), (categories[1].id, 7, 1)})
            fold_here(self.env)

    def test_deliveries(self):
        """Done transfers to customers, on the company's business day, on time by deadline or schedule."""
        warehouse = self.env["stock.warehouse"].sudo().search([("company_id", "=", self.company.id)], limit=1)
        if not warehouse:
            warehouse = (
                self.env["stock.warehouse"]
                .sudo()
                .create({"name": "Dhaka", "code": "DHK", "company_id": self.company.id})
            )
        for done, due in (
            ("2026-03-10 17:59:00", "2026-03-10 17:59:00"),
            ("2026-03-10 12:00:00", "2026-03-10 11:59:59"),
            ("2026-03-10 18:00:00", "2026-03-11 00:00:00"),  # the next day in Dhaka
        ):
            picking = (
                self.env["stock.picking"]
                .sudo()
                .create(
                    {
                        "picking_type_id": warehouse.out_type_id.id,
                        "location_id": warehouse.lot_stock_id.id,
                        "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                    }
                )
            )
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE stock_picking SET state = 'done', date_done = %s, date_deadline = %s WHERE id = %s",
                (done, due, picking.id),
            )
        self.env.invalidate_all()
        for _ in range(2):
            data = self.env["sale.order"].get_sales_dashboard("2026-03-10", "2026-03-10")["deliveries"]
            self.assertEqual((data["delivered"], data["on_time"]), (2, 1))
            self.assertEqual(self.env["stock.picking"].search_count(data["domain"]), 2)
            fold_here(self.env)
        data = self.env["sale.order"].get_sales_dashboard("2026-03-11", "2026-03-11")["deliveries"]
        self.assertEqual((data["delivered"], data["on_time"], data["previous"]["delivered"]), (1, 1, 2))
