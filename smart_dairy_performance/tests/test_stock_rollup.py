"""The stock dashboard from rollups equals the same questions asked of the moves, whoever asks."""

import random
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from freezegun import freeze_time
from odoo.tests import tagged

from ..asking import Asking
from .common import utc
from .folding import dirty_days, fold_here
from .test_stock_figures import NOW, TODAY, StockCase

STOCK = "odoo.addons.smart_dairy_performance.models.stock_dashboard"


@tagged("post_install", "-at_install")
class TestStockRollup(StockCase):
    def ask(self, first, last, use_rollup=True, user=None, companies=None, **kwargs):
        Product = self.env["product.product"].with_user(user or self.manager)
        Product = Product.with_context(allowed_company_ids=(companies or self.both).ids, lang="en_US")
        asking = partial(Asking, use_rollup=use_rollup)
        with freeze_time(NOW), patch(f"{STOCK}.Asking", asking):
            return type(Product).get_stock_dashboard.__wrapped__(Product, first, last, **kwargs)

    def assertSame(self, first=TODAY - timedelta(days=20), last=TODAY, source="rollup", **question):
        found = self.ask(first, last, **question)
        expected = self.ask(first, last, use_rollup=False, **question)
        self.assertEqual((found.pop("source"), expected.pop("source")), (source, "base"))
        self.assertEqual(bool(found.pop("source_reason")), source == "base")
        self.assertEqual(expected.pop("source_reason"), "asked for")
        self.assertEqual(found, expected)
        return found

    def random_change(self, rng):
        """A write past the ORM, or a new move, of those that change what came in and went out."""
        self.env.flush_all()
        move = rng.choice(self.env["stock.move"].sudo().search([("product_id", "in", self.goods.ids)]))
        kind = rng.randrange(6)
        if kind == 0:
            self.random_moves(1, rng.randrange(1000))
        elif kind == 1:
            move.date += timedelta(hours=rng.randrange(-800, 200))
        elif kind == 2:
            self.env.cr.execute("UPDATE stock_move SET product_qty = product_qty + 1.5 WHERE id = %s", [move.id])
        elif kind == 3:
            state = rng.choice(["cancel", "done", "assigned"])
            self.env.cr.execute("UPDATE stock_move SET state = %s WHERE id = %s", [state, move.id])
        elif kind == 4:
            self.env.cr.execute("UPDATE stock_move SET value = 12.34 WHERE id = %s", [move.id])
        else:  # a place goes to another warehouse
            chosen = rng.choice([self.second, self.warehouses[self.company]])
            shelf = self.env["stock.location"].sudo().create(
                {"name": "Shelf", "location_id": chosen.lot_stock_id.id, "usage": "internal"}
            )
            self.env.flush_all()
            self.env.cr.execute("UPDATE stock_move SET location_id = %s WHERE id = %s", [shelf.id, move.id])
        self.env.invalidate_all()

    def test_random_moves(self):
        """Before folding, after it, and with changes of all kinds since, none of them committed."""
        rng = random.Random(8)
        self.random_moves(60, seed=12)
        for turn in range(3):
            if turn:
                fold_here(self.env)
                self.assertEqual(dirty_days(self.env, "stock_flows"), 0)
                for _ in range(8 * (turn - 1)):
                    self.random_change(rng)
            for question in (
                {},
                {"user": self.keeper},
                {"companies": self.company},
                {"companies": self.company, "warehouse_id": self.second.id},
                {"company_id": self.other_company.id, "compare": "year"},
                {"first": TODAY - timedelta(days=rng.randrange(50))},
                {"first": TODAY - timedelta(days=400), "compare": "year"},
            ):
                with self.subTest(turn=turn, **question):
                    data = self.assertSame(**question)
        self.assertTrue(data["units"] and data["flows"]["sent"]["moves"] and data["flows"]["received"]["moves"])

    def test_rules(self):
        """A rule on the company is answered from the rollup, one on the product as well, others by the moves."""
        stock = self.warehouses[self.company].lot_stock_id
        for product in self.goods[:2]:
            self.move(product, 5, utc("2026-03-10 06:00:00"), self.places["vendor"], stock)
        fold_here(self.env)
        self.assertEqual(self.assertSame()["flows"]["received"]["moves"], 2)
        self.env["ir.rule"].sudo().create(
            {
                "name": "moves of that product",
                "model_id": self.env["ir.model"].sudo()._get("stock.move").id,
                "domain_force": f"[('product_id', '=', {self.goods[0].id})]",
            }
        )
        # by unit and by product at once: no cut has both
        self.assertEqual(self.assertSame(source="base")["flows"]["received"]["moves"], 1)

    def test_a_warehouse_inside_another(self):
        """What lies in it lies in the outer one, too: a move between them neither comes in nor goes out."""
        outer = self.warehouses[self.company]
        self.second.view_location_id.sudo().location_id = outer.view_location_id
        self.assertEqual(self.second.lot_stock_id.warehouse_id, self.second)
        vendor, moment = self.places["vendor"], utc("2026-03-10 06:00:00")
        self.move(self.goods[0], 5, moment, vendor, outer.lot_stock_id)
        self.move(self.goods[0], 2, moment, outer.lot_stock_id, self.second.lot_stock_id)
        fold_here(self.env)
        for warehouse, received, sent in ((outer, 1, 0), (self.second, 1, 0)):
            flows = self.assertSame(companies=self.company, warehouse_id=warehouse.id)["flows"]
            self.assertEqual((flows["received"]["moves"], flows["sent"]["moves"]), (received, sent))
            data = self.ask(TODAY - timedelta(days=20), TODAY, companies=self.company, warehouse_id=warehouse.id)
            Move = self.env["stock.move"].with_context(allowed_company_ids=self.company.ids)
            self.assertEqual(Move.search_count(data["domains"]["received"]), received)
