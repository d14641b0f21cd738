import datetime
import random

from odoo.tests import BaseCase

from ..generator.context import load_scenario
from ..generator.demand import Demand, Line
from ..generator.masters import Customer, Product


class FakeContext:
    """What `Demand` needs, without a database."""

    def __init__(self, scale=1.0):
        self.scale = scale
        self.first = datetime.date(2025, 1, 1)
        self.days = 730
        self.scenario = load_scenario()
        self.random = lambda *scope: random.Random(f"1/{scope}")


class TestDemand(BaseCase):
    def setUp(self):
        super().setUp()
        self.ctx = FakeContext()
        self.products = {
            row[0]: Product(number, row[0], row[1], 1, row[4] * 100, row[5] * 100, row[6])
            for number, row in enumerate(self.ctx.scenario["products"])
        }
        kinds = ("retail", "hotel", "household")
        customers = [Customer(number, str(number), kinds[number % 3], 1.0, 1, 1) for number in range(60)]
        self.demand = Demand(self.ctx, customers, self.products)

    def test_same_day_same_orders(self):
        day = datetime.date(2025, 5, 5)
        first, again = self.demand.orders(day), self.demand.orders(day)
        self.assertEqual([order.untaxed for order in first], [order.untaxed for order in again])
        self.assertTrue(first)

    def test_it_grows_and_rests_on_saturday(self):
        early, late = datetime.date(2025, 1, 8), datetime.date(2026, 12, 9)
        self.assertGreater(
            self.demand.expected(late) / self.params("month_factor", 11),
            self.demand.expected(early) / self.params("month_factor", 0) * 1.4,
        )
        saturday = datetime.date(2025, 1, 11)
        self.assertLess(self.demand.expected(saturday), self.demand.expected(early) * 0.7)

    def params(self, name, index):
        return self.ctx.scenario["sales"][name][index]

    def test_about_thirty_orders_a_day(self):
        days = [self.ctx.first + datetime.timedelta(days=number) for number in range(0, 730, 10)]
        mean = sum(len(self.demand.orders(day)) for day in days) / len(days)
        self.assertTrue(25 < mean < 36, mean)

    def test_taxes_are_whole_paisa_however_they_are_rounded(self):
        for product in self.products.values():
            for quantity in (1, 3, 7, 11):
                for discount in (0, 5, 10):
                    line = Line(product, quantity, discount)
                    self.assertEqual(line.quantity * product.price * (100 - discount) % 100, 0)
                    self.assertEqual(line.subtotal * product.tax % 100, 0)
                    self.assertGreaterEqual(line.quantity, quantity)
