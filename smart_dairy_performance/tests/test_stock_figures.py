"""The stock dashboard against a recomputation, record by record, through the ORM."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytz
from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SalesCase, exact, utc

NOW = "2026-03-12 05:00:00"
TODAY = date(2026, 3, 12)


class StockCase(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = cls.company | cls.other_company
        env = cls.env(su=True)
        cls.warehouses = {
            company: env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
            or env["stock.warehouse"].create(
                {"name": company.name, "code": company.name[:3], "company_id": company.id}
            )
            for company in cls.both
        }
        cls.second = env["stock.warehouse"].create(
            {"name": "Chilling centre", "code": "CHILL", "company_id": cls.company.id}
        )
        cls.manager.group_ids += env.ref("stock.group_stock_manager")
        cls.keeper = cls._user("perf_keeper", "stock.group_stock_user", cls.both)
        categories = env["product.category"].create([{"name": "Fresh"}, {"name": "Long life"}])
        categories[1].with_company(cls.company).property_cost_method = "average"
        cls.goods = env["product.product"].create(
            [
                {
                    "name": f"Good {i}",
                    "is_storable": True,
                    "categ_id": categories[i % 2].id,
                    "uom_id": env.ref("uom.product_uom_kgm" if i % 3 else "uom.product_uom_litre").id,
                    "standard_price": 0,
                }
                for i in range(6)
            ]
        )
        for company in cls.both:
            for i, product in enumerate(cls.goods):
                product.with_company(company).standard_price = 1.37 * (i + 1) + company.id % 7

    def move(self, product, quantity, moment, source, target, company=None, lot=None):
        """Make a done move at ``moment`` (UTC)."""
        company = company or self.company
        with freeze_time(moment):
            move = (
                self.env["stock.move"]
                .sudo()
                .with_company(company)
                .create(
                    {
                        "product_id": product.id,
                        "product_uom_qty": quantity,
                        "product_uom": product.uom_id.id,
                        "location_id": source.id,
                        "location_dest_id": target.id,
                        "company_id": company.id,
                    }
                )
            )
            move._action_confirm(merge=False)
            move.move_line_ids.unlink()
            move.move_line_ids = [
                Command.create(
                    {
                        "product_id": product.id,
                        "quantity": quantity,
                        "location_id": source.id,
                        "location_dest_id": target.id,
                        "lot_id": lot.id if lot else False,
                        "company_id": company.id,
                    }
                )
            ]
            move.picked = True
            move._action_done()
        move.date = moment
        return move

    @property
    def places(self):
        env = self.env(su=True)
        return {
            "vendor": env.ref("stock.stock_location_suppliers"),
            "customer": env.ref("stock.stock_location_customers"),
        }

    def dashboard(self, first, last, *, user=None, companies=None, **kwargs):
        Product = self.env["product.product"].with_user(user or self.manager)
        Product = Product.with_context(allowed_company_ids=(companies or self.company).ids)
        with freeze_time(NOW):
            return Product.get_stock_dashboard(first, last, **kwargs)

    def random_moves(self, count, seed):
        rng = random.Random(seed)
        for _ in range(count):
            company = rng.choice([self.company, self.company, self.other_company])
            stock = self.warehouses[company].lot_stock_id
            chill = self.second.lot_stock_id if company == self.company else stock
            vendor, customer = self.places["vendor"], self.places["customer"]
            source, target = rng.choice(
                [(vendor, stock), (vendor, chill), (stock, customer), (stock, chill), (chill, customer)]
            )
            moment = utc(NOW) - timedelta(minutes=rng.randrange(1, 60 * 1440))
            self.move(
                rng.choice(self.goods), rng.randrange(1, 4000) / 100, moment, source, target, company=company
            )


@tagged("post_install", "-at_install")
class TestStockFigures(StockCase):
    def local_day(self, record):
        tz = pytz.timezone(record.company_id.sudo().partner_id.tz)
        return pytz.utc.localize(record.date).astimezone(tz).date()

    def value_of(self, quant):
        """Odoo's own value of a quant as its company sees it; at standard price without its roundings."""
        quant = quant.with_context(allowed_company_ids=quant.company_id.ids)
        product = quant.product_id.with_company(quant.company_id)
        if product.cost_method == "standard":
            return float(exact(quant.quantity) * exact(product.standard_price))
        return quant.value

    def recomputed(self, first, last, companies, warehouses, user):
        """What the dashboard must say, from quants and moves read one by one."""
        env = self.env(user=user, context={"allowed_company_ids": companies.ids, "lang": "en_US"})
        env.invalidate_all()
        places = env["stock.location"].search([("id", "child_of", warehouses.view_location_id.ids)])
        on_hand = defaultdict(lambda: [Decimal(0), Decimal(0)])
        values = {
            "product": defaultdict(float),
            "category": defaultdict(float),
            "warehouse": defaultdict(float),
        }
        for quant in env["stock.quant"].search([("location_id", "in", places.ids)]):
            product = quant.product_id
            on_hand[product][0] += exact(quant.quantity)
            on_hand[product][1] += exact(quant.reserved_quantity)
            if user == self.manager and quant.company_id.currency_id == companies[0].currency_id:
                value = self.value_of(quant)
                values["product"][product.id] += value
                values["category"][product.categ_id.id] += value
                values["warehouse"][quant.location_id.warehouse_id.id] += value
        days, totals, used = (
            defaultdict(lambda: [Decimal(0), Decimal(0)]),
            defaultdict(int),
            defaultdict(Decimal),
        )
        for move in env["stock.move"].search([("state", "=", "done"), ("company_id", "in", companies.ids)]):
            goes_in, goes_out = move.location_dest_id in places, move.location_id in places
            day = self.local_day(move)
            if goes_in == goes_out:
                continue
            quantity = exact(move.product_qty)
            if first <= day <= last:
                days[move.product_id.uom_id.id, day.isoformat()][goes_out] += quantity
                totals["sent" if goes_out else "received"] += 1
            if goes_out and TODAY - timedelta(days=30) <= day < TODAY:
                used[move.product_id] += quantity
        return on_hand, values, days, totals, used

    def test_random_moves_equal_recomputation(self):
        self.random_moves(90, seed=4)
        first, last = date(2026, 2, 20), date(2026, 3, 11)
        cases = [
            (self.manager, self.company, None),
            (self.manager, self.both, None),
            (self.keeper, self.both, None),
            (self.manager, self.company, self.second),
        ]
        for user, companies, warehouse in cases:
            with self.subTest(user=user.login, companies=companies.mapped("name"), warehouse=warehouse):
                data = self.dashboard(
                    first, last, user=user, companies=companies, warehouse_id=warehouse and warehouse.id
                )
                all_warehouses = self.second.search([("company_id", "in", companies.ids)])
                on_hand, values, days, totals, used = self.recomputed(
                    first, last, companies, warehouse or all_warehouses, user
                )
                self.assertSameStock(data, on_hand, values, used, user == self.manager)
                found = {
                    (unit["id"], day["date"]): (day["in"], day["out"])
                    for unit in data["units"]
                    for day in unit["days"]
                }
                self.assertEqual(found, {key: tuple(map(float, pair)) for key, pair in days.items()})
                for grain in ("dekad", "month"):
                    one = self.dashboard(
                        first, last, user=user, companies=companies, warehouse_id=warehouse and warehouse.id,
                        grain=grain,
                    )  # fmt: skip
                    self.assertSteps(one, days)
                    self.assertEqual((one["flows"], one["now"]), (data["flows"], data["now"]))
                self.assertEqual({kind: data["flows"][kind]["moves"] for kind in totals}, totals)
                self.assertTrue(days and used and on_hand, "the comparison must not be empty")
                # the records behind are those that were counted
                for kind in ("received", "sent"):
                    Move = self.env["stock.move"].with_user(user)
                    Move = Move.with_context(allowed_company_ids=companies.ids)
                    self.assertEqual(Move.search_count(data["domains"][kind]), totals[kind])

    def assertSteps(self, data, days):
        """What went in and out in each step is that of its days."""
        expected = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for (unit, day), pair in days.items():
            start = next(first for first, last in data["steps"] if first <= day <= last)
            for place in (0, 1):
                expected[unit, start][place] += pair[place]
        found = {
            (unit["id"], step["date"]): (step["in"], step["out"])
            for unit in data["units"]
            for step in unit["days"]
        }
        self.assertEqual(found, {key: tuple(map(float, pair)) for key, pair in expected.items()})

    def assertSameStock(self, data, on_hand, values, used, with_values):
        by_id = {row["id"]: row for row in data["by_product"]}
        self.assertEqual(
            {id_: (row["quantity"], row["reserved"]) for id_, row in by_id.items()},
            {p.id: tuple(map(float, pair)) for p, pair in on_hand.items() if any(pair)},
        )
        covers = {
            product.id: round(float(max(on_hand[product][0], Decimal(0)) * 30 / quantity), 1)
            for product, quantity in used.items()
        }
        self.assertEqual(
            {id_: by_id[id_]["cover"] for id_ in covers if id_ in by_id},
            {id_: cover for id_, cover in covers.items() if id_ in by_id},
        )
        self.assertEqual({row["id"] for row in data["runs_out"]}, {i for i, c in covers.items() if c < 7})
        for name, expected in values.items():
            for row in data[f"by_{name}"]:
                if with_values:
                    self.assertAlmostEqual(row["value"], expected[row["id"]], places=2, msg=name)
                else:
                    self.assertIsNone(row["value"])
        if with_values:
            self.assertAlmostEqual(data["now"]["value"], sum(values["product"].values()), places=2)
        else:
            self.assertIsNone(data["now"]["value"])

    def test_value_is_odoos_total(self):
        self.random_moves(40, seed=9)
        data = self.dashboard(TODAY, TODAY)
        goods = self.goods.with_user(self.manager).with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(set(goods.mapped("cost_method")), {"standard", "average"})
        total = {product.id: product.total_value for product in goods}
        self.assertAlmostEqual(data["now"]["value"], sum(total.values()), delta=0.05)
        for row in data["by_product"]:
            self.assertAlmostEqual(row["value"], total[row["id"]], delta=0.02)

    def test_values_of_moves_are_odoos(self):
        stock = self.warehouses[self.company].lot_stock_id
        moves = self.move(self.goods[0], 10, utc("2026-03-10 06:00:00"), self.places["vendor"], stock)
        moves |= self.move(self.goods[2], 4, utc("2026-03-11 06:00:00"), self.places["vendor"], stock)
        data = self.dashboard(date(2026, 3, 10), date(2026, 3, 11))
        self.assertTrue(sum(moves.mapped("value")))
        self.assertAlmostEqual(data["flows"]["received"]["value"], sum(moves.mapped("value")), places=2)

    def test_compare(self):
        stock = self.warehouses[self.company].lot_stock_id
        for moment in ("2026-03-10 06:00:00", "2026-03-08 06:00:00", "2025-03-10 06:00:00"):
            self.move(self.goods[0], 5, utc(moment), self.places["vendor"], stock)
        first, last = date(2026, 3, 9), date(2026, 3, 10)
        before = self.dashboard(first, last)["previous"]
        self.assertEqual((before["date_from"], before["flows"]["received"]["moves"]), ("2026-03-07", 1))
        self.assertEqual(before["units"][0]["days"], [{"date": "2026-03-08", "in": 5.0, "out": 0.0}])
        year = self.dashboard(first, last, compare="year")["previous"]
        self.assertEqual((year["date_from"], year["flows"]["received"]["moves"]), ("2025-03-09", 1))
        with self.assertRaisesRegex(UserError, "'never' is not a comparison"):
            self.dashboard(first, last, compare="never")

    def test_currencies_are_not_added(self):
        for company in self.both:
            self.move(
                self.goods[0], 10, utc("2026-03-10 06:00:00"), self.places["vendor"],
                self.warehouses[company].lot_stock_id, company=company,
            )  # fmt: skip
        data = self.dashboard(date(2026, 3, 10), date(2026, 3, 10), companies=self.both)
        one = self.dashboard(date(2026, 3, 10), date(2026, 3, 10))
        self.assertEqual(data["now"]["value"], one["now"]["value"])
        self.assertEqual(
            {part["currency"]["name"] for part in data["by_currency"] if part["value"]}, {"EUR", "USD"}
        )
        self.assertEqual(data["by_product"][0]["quantity"], 20)

    def test_expiring_lots(self):
        self.goods[0].tracking = "lot"
        lots = (
            self.env["stock.lot"]
            .sudo()
            .create(
                [
                    {"name": name, "product_id": self.goods[0].id, "company_id": self.company.id}
                    for name in ("past", "soon", "late")
                ]
            )
        )
        for lot, days in zip(lots, (-2, 30, 31), strict=True):
            lot.expiration_date = utc(NOW) + timedelta(days=days)
            self.move(
                self.goods[0], 3, utc("2026-03-01 06:00:00"), self.places["vendor"],
                self.warehouses[self.company].lot_stock_id, lot=lot,
            )  # fmt: skip
        data = self.dashboard(TODAY, TODAY)
        self.assertEqual(
            [(row["name"], row["days_left"]) for row in data["expiring"]], [("past", -2), ("soon", 30)]
        )
        self.assertEqual(data["now"]["expiring"], 2)

    def test_moves_of_a_unit_and_day(self):
        stock = self.warehouses[self.company].lot_stock_id
        litre = self.move(self.goods[0], 1, utc("2026-03-10 18:30:00"), self.places["vendor"], stock)
        kilo = self.move(self.goods[1], 1, utc("2026-03-10 18:30:00"), self.places["vendor"], stock)
        Product = self.env["product.product"].with_context(allowed_company_ids=self.company.ids)
        domain = Product.get_stock_moves_domain("2026-03-11", "2026-03-11", uom_id=self.goods[0].uom_id.id)
        self.assertEqual(self.env["stock.move"].search(domain), litre, "half past midnight in Dhaka")
        self.assertEqual(
            self.env["stock.move"].search(Product.get_stock_moves_domain("2026-03-11", "2026-03-11")),
            litre | kilo,
        )

    def test_access(self):
        with self.assertRaisesRegex(AccessError, "These figures are for"):
            self.dashboard(TODAY, TODAY, user=self.salesman)
        foreign = self.warehouses[self.other_company]
        with self.assertRaisesRegex(AccessError, "is not one you may see"):
            self.dashboard(TODAY, TODAY, warehouse_id=foreign.id)
        with self.assertRaises(AccessError):
            self.dashboard(TODAY, TODAY, company_id=self.other_company.id)
        self.move(self.goods[0], 5, utc("2026-03-10 06:00:00"), self.places["vendor"], foreign.lot_stock_id,
                  company=self.other_company)  # fmt: skip
        self.assertFalse(self.dashboard(TODAY, TODAY)["by_product"], "another company's stock")

    def test_a_rule_on_quants_applies(self):
        stock = self.warehouses[self.company].lot_stock_id
        for product in self.goods[:2]:
            self.move(product, 5, utc("2026-03-10 06:00:00"), self.places["vendor"], stock)
        self.env["ir.rule"].sudo().create(
            {
                "name": "not that product",
                "model_id": self.env["ir.model"].sudo()._get("stock.quant").id,
                "domain_force": f"[('product_id', '!=', {self.goods[0].id})]",
            }
        )
        data = self.dashboard(TODAY, TODAY)
        self.assertEqual([row["id"] for row in data["by_product"]], self.goods[1].ids)
