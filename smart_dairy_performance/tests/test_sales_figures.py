import random
from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import SalesCase, utc


@tagged("post_install", "-at_install")
class TestSalesFigures(SalesCase):
    def test_random_orders_equal_recomputation(self):
        """States, moments around midnight, cents, negative lines, dozens, companies, currencies."""
        rng = random.Random(7)
        usd, eur = self.env.ref("base.USD"), self.env.ref("base.EUR")
        pricelists = {
            currency: self.env["product.pricelist"]
            .sudo()
            .create({"name": currency.name, "currency_id": currency.id, "company_id": False})
            for currency in (usd, eur)
        }
        for _ in range(90):
            company = rng.choice([self.company, self.company, self.other_company])
            moment = utc("2026-03-10 00:00:00") + timedelta(
                minutes=rng.randrange(-3 * 1440, 3 * 1440), seconds=rng.randrange(60)
            )
            lines = []
            for _ in range(rng.randrange(1, 4)):
                uom = (self.dozen,) if rng.random() < 0.2 else ()
                price = round(rng.uniform(0.01, 300), 2) * (-1 if rng.random() < 0.1 else 1)
                lines.append((rng.choice(self.products), rng.randrange(1, 30), price, *uom))
            self.order(
                moment,
                lines,
                state=rng.choice(["sale", "sale", "sale", "draft", "sent", "cancel"]),
                partner=rng.choice(self.customers),
                company=company,
                user=rng.choice([self.manager, self.salesman]),
                pricelist_id=pricelists[rng.choice([usd, eur])].id,
                currency_rate=rng.choice([None, 1.0857, 0.9131, 109.5]),
            )
        first, last = date(2026, 3, 8), date(2026, 3, 11)
        both = self.company | self.other_company
        for user in (self.manager, self.salesman):
            for companies in (self.company, self.other_company, both):
                with self.subTest(user=user.login, companies=companies.mapped("name")):
                    data = self.data(first, last, user=user, companies=companies)
                    self.assertSameFigures(data, self.recomputed(first, last, user=user, companies=companies))
                    for part in data["by_currency"]:
                        currency = self.env["res.currency"].browse(part["currency"]["id"])
                        expected = self.recomputed(
                            first, last, user=user, companies=companies, currency=currency
                        )
                        self.assertEqual({k: part[k] for k in expected["summary"]}, expected["summary"])
        both_data = self.data(first, last, companies=both)
        self.assertEqual([part["currency"]["name"] for part in both_data["by_currency"]], ["EUR", "USD"])
        self.assertTrue(all(part["total_orders"] for part in both_data["by_currency"]))
        self.assertSameFigures(
            self.data(first, last, companies=both, company_id=self.other_company.id),
            self.recomputed(first, last, companies=self.other_company),
        )

    def test_days_of_companies_in_different_time_zones(self):
        """Each order counts on the day of its own company: one moment, two days."""
        third = (
            self.env["res.company"]
            .sudo()
            .create({"name": "Lyon", "currency_id": self.company.currency_id.id})
        )
        third.partner_id.tz = "America/Los_Angeles"
        self.manager.sudo().company_ids |= third
        moment = utc("2026-03-09 20:00:00")  # 10 March 02:00 in Dhaka, 9 March 13:00 in Los Angeles
        for company in (self.company, third):
            self.order(moment, [(self.products[0], 1, 10)], company=company)
        companies = self.company | third
        data = self.data(date(2026, 3, 9), date(2026, 3, 10), companies=companies)
        self.assertEqual(
            [(r["order_date"], r["order_count"]) for r in data["daily_stats"]],
            [("2026-03-09", 1), ("2026-03-10", 1)],
        )
        self.assertSameFigures(
            data, self.recomputed(date(2026, 3, 9), date(2026, 3, 10), companies=companies)
        )
        # the day that only one of them had
        data = self.data(date(2026, 3, 9), date(2026, 3, 9), companies=companies)
        self.assertEqual(data["summary"]["total_orders"], 1)

    def test_edges_of_the_business_day(self):
        """Dhaka is six hours ahead: its 10 March is [9 March 18:00, 10 March 18:00) in UTC."""
        for moment in (
            "2026-03-09 17:59:59",
            "2026-03-09 18:00:00",
            "2026-03-10 17:59:59",
            "2026-03-10 18:00:00",
        ):
            self.order(utc(moment), [(self.products[0], 1, 1)])
        for given in (date(2026, 3, 10), "2026-03-10", utc("2026-03-09 18:00:00"), "2026-03-10 12:00:00"):
            data = self.data(given, given)
            self.assertEqual(data["summary"]["total_orders"], 2, given)
            self.assertEqual([row["order_date"] for row in data["daily_stats"]], ["2026-03-10"])

    def test_money_is_exact(self):
        """0.1 ten thousand times is 1,000: added as numbers of the database, not as floats."""
        lines = [(self.products[0], 1, 0.10)] * 50
        for _ in range(20):
            self.order(utc("2026-03-10 06:00:00"), lines)
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["summary"]["total_revenue"], 100.0)

    def test_currency_of_yen_and_dinar(self):
        """Figures are rounded to the currency's own decimals, three and none alike."""
        for name, expected in (("JPY", 33.0), ("BHD", 33.333)):
            with self.subTest(name):
                currency = (
                    self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
                )
                currency.sudo().active = True
                company = self.env["res.company"].sudo().create({"name": name, "currency_id": currency.id})
                self.manager.sudo().company_ids |= company
                for price in (33, 33, 34 if name == "JPY" else 33.999):
                    self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, price)], company=company)
                data = self.data("2026-03-10", "2026-03-10", companies=company)
                self.assertEqual(data["summary"]["avg_order_value"], expected)
                self.assertEqual(data["currency"]["name"], name)

    def test_nothing_sold(self):
        data = self.data("1990-01-01", "1990-01-31")
        self.assertEqual((data["daily_stats"], data["top_products"]), ([], []))
        self.assertEqual(
            data["summary"],
            {
                "total_orders": 0,
                "total_revenue": 0.0,
                "total_untaxed": 0.0,
                "avg_order_value": 0.0,
                "unique_customers": 0,
            },
        )

    def test_unflushed_changes_count(self):
        order = self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 2, 10)])
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["summary"]["total_revenue"], 20)
        order.order_line.product_uom_qty = 3
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["summary"]["total_revenue"], 30)
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["top_products"][0]["quantity_sold"], 3)
        order.state = "cancel"
        self.assertEqual(self.data("2026-03-10", "2026-03-10")["summary"]["total_orders"], 0)

    def test_dates_wrong_way_round(self):
        with self.assertRaisesRegex(UserError, "2026-03-11.*2026-03-10"):
            self.data("2026-03-11", "2026-03-10")
        for wrong in ("tomorrow", None, 5):
            with self.assertRaises(UserError):
                self.data(wrong, "2026-03-10")

    def test_product_names(self):
        """In the user's language where it is translated, else in the source language; archived ones too."""
        self.env["res.lang"].sudo()._activate_lang("fr_FR")
        milk, ghee = self.products[:2]
        milk.sudo().with_context(lang="fr_FR").name = "Lait"
        ghee.sudo().write({"name": "Ghee", "default_code": "GH", "active": False})
        self.order(utc("2026-03-10 06:00:00"), [(milk, 5, 10), (ghee, 1, 10)])
        for lang, expected in (("fr_FR", ["Lait", "Ghee"]), ("en_US", ["Milk 0", "Ghee"])):
            products = self.data("2026-03-10", "2026-03-10", lang=lang)["top_products"]
            self.assertEqual([product["product_name"] for product in products], expected)

    def test_ten_best_products_in_their_own_unit(self):
        self.order(
            utc("2026-03-10 06:00:00"), [(product, 1, 100 + i) for i, product in enumerate(self.products)]
        )
        self.order(utc("2026-03-10 07:00:00"), [(self.products[3], 2, 600, self.dozen)])
        products = self.data("2026-03-10", "2026-03-10")["top_products"]
        self.assertEqual(len(products), 10)
        self.assertEqual(products[0]["product_id"], self.products[3].id)
        self.assertEqual((products[0]["quantity_sold"], products[0]["revenue"]), (25.0, 1303.0))
        self.assertEqual(
            [p["revenue"] for p in products], sorted((p["revenue"] for p in products), reverse=True)
        )

    def test_number_of_statements_is_constant(self):
        def statements():
            self.env.flush_all()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            self.data("2026-03-01", "2026-03-31")  # fill what Odoo keeps per process
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.data("2026-03-01", "2026-03-31")
            return self.env.cr.sql_log_count - before

        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, 1)])
        few = statements()
        for i in range(25):
            self.order(
                utc("2026-03-10 06:00:00") + timedelta(days=i % 9),
                [(product, 1, 1) for product in self.products],
                partner=self.customers[i % 4],
            )
        self.assertEqual(statements(), few)
        self.assertLessEqual(few, 12)

    def test_records_behind_the_figures(self):
        """The domains that a click opens hold exactly what the figure counted."""
        for day in (9, 10, 10, 11):
            self.order(utc(f"2026-03-{day:02} 17:30:00"), [(self.products[day % 3], 2, 10 + day)])
        self.order(
            utc("2026-03-10 06:00:00"),
            [(self.products[1], 2, 5)],
            user=self.salesman,
            partner=self.customers[2],
        )
        for user in (self.manager, self.salesman):
            Order = self.env["sale.order"].with_user(user)
            data = Order.get_sales_dashboard("2026-03-10", "2026-03-10")
            orders = Order.search(data["domain"])
            self.assertEqual(len(orders), data["summary"]["total_orders"])
            self.assertAlmostEqual(sum(orders.mapped("amount_total")), data["summary"]["total_revenue"])
            buyers = Order.get_sales_customers("2026-03-10", "2026-03-10")
            self.assertEqual(len(orders.partner_id), buyers["unique_customers"])
            self.assertEqual(Order.get_dashboard_domain("2026-03-10", "2026-03-10"), data["domain"])
            for product in data["top_products"]:
                lines = Order.env["sale.order.line"].search(
                    [*data["line_domain"], ("product_id", "=", product["product_id"])]
                )
                self.assertAlmostEqual(sum(lines.mapped("price_total")), product["revenue"])
            self.assertEqual(len(buyers["top_customers"]), len(orders.partner_id))
            for customer in buyers["top_customers"]:
                found = orders.filtered(lambda o, c=customer: o.partner_id.id == c["partner_id"])
                self.assertEqual(len(found), customer["order_count"])
                self.assertAlmostEqual(sum(found.mapped("amount_total")), customer["revenue"])

    def test_previous_period(self):
        self.order(utc("2026-03-04 06:00:00"), [(self.products[0], 1, 40)])
        self.order(utc("2026-03-09 06:00:00"), [(self.products[0], 1, 50)])
        data = self.env["sale.order"].get_sales_dashboard("2026-03-08", "2026-03-12")
        self.assertEqual(data["summary"]["total_revenue"], 50)
        self.assertEqual(data["previous"]["summary"]["total_revenue"], 40)
        buyers = self.env["sale.order"].get_sales_customers("2026-03-08", "2026-03-12")
        self.assertEqual((buyers["unique_customers"], buyers["previous"]["unique_customers"]), (1, 1))
        self.assertIsNone(data["summary"]["unique_customers"], "not on the way to the first paint")
        self.assertEqual(
            (data["previous"]["date_from"], data["previous"]["date_to"]), ("2026-03-03", "2026-03-07")
        )
        whole = self.env["sale.order"].get_dashboard_summary("2026-03-08", "2026-03-12")
        for name in ("daily_stats", "top_products"):
            self.assertEqual(data[name], whole[name])
        self.assertEqual({**data["summary"], "unique_customers": 1}, whole["summary"])
