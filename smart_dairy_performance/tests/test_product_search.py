import random

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import SalesCase


@tagged("post_install", "-at_install")
class TestProductSearch(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(3)
        cls.goods = (
            cls.env["product.product"]
            .sudo()
            .create([{"name": f"Cheese {i:02}", "is_storable": True, "list_price": i} for i in range(8)])
        )
        warehouses = cls.env["stock.warehouse"].sudo().search([("company_id", "=", cls.company.id)], limit=1)
        warehouses |= warehouses.sudo().create(
            {"name": "Second", "code": "SEC", "company_id": cls.company.id}
        )
        cls.warehouses = warehouses
        other = cls.env["stock.warehouse"].sudo().search([("company_id", "=", cls.other_company.id)], limit=1)
        Quant = cls.env["stock.quant"].sudo()
        for product in cls.goods[:6]:
            for warehouse in warehouses | other:
                Quant._update_available_quantity(
                    product, warehouse.lot_stock_id, round(rng.uniform(1, 90), 2)
                )
        for product in cls.goods[:3]:
            Quant._update_reserved_quantity(product, warehouses[0].lot_stock_id, 0.5)
        # outside the warehouse: stock at a supplier counts for nobody
        Quant._update_available_quantity(cls.goods[0], cls.env.ref("stock.stock_location_suppliers"), 1000)

    def search(self, domain, **kwargs):
        return self.env["product.product"].search_with_stock_optimized(domain, **kwargs)

    def assertSameStock(self, model, rows):
        for row in rows:
            product = model.browse(row["id"])
            self.assertEqual(row["qty_available"], product.qty_available)
            self.assertEqual(row["qty_free"], product.free_qty)
            self.assertAlmostEqual(row["qty_reserved"], product.qty_available - product.free_qty, 6)
            self.assertEqual(row["list_price"], product.list_price)
            self.assertEqual(row["lst_price"], product.lst_price)
            self.assertEqual(row["name"], product.with_context(display_default_code=False).display_name)

    def test_stock_equals_the_orm(self):
        Product = self.env["product.product"]
        rows = self.search([("name", "like", "Cheese")])
        self.assertEqual([row["id"] for row in rows], Product.search([("name", "like", "Cheese")]).ids)
        self.assertSameStock(Product, rows)
        self.assertTrue(any(row["qty_reserved"] for row in rows))
        self.assertEqual(rows[7]["qty_available"], 0)

    def test_companies_and_warehouses(self):
        both = (self.company | self.other_company).ids
        for context in ({"allowed_company_ids": both}, {"warehouse_id": self.warehouses[1].id}):
            Product = self.env["product.product"].with_context(**context)
            self.assertSameStock(Product, Product.search_with_stock_optimized([("name", "like", "Cheese")]))
        own = self.search([("id", "=", self.goods[0].id)])[0]["qty_available"]
        all_ = self.env["product.product"].with_context(allowed_company_ids=both)
        self.assertGreater(
            all_.search_with_stock_optimized([("id", "=", self.goods[0].id)])[0]["qty_available"], own
        )

    def test_salable_and_active_only(self):
        self.goods[0].active = False
        self.goods[1].sale_ok = False
        found = [
            row["id"] for row in self.search([("id", "in", self.goods.ids), ("active", "in", (True, False))])
        ]
        self.assertEqual(found, self.goods[2:].ids)

    def test_services_have_no_stock(self):
        service = self.env["product.product"].sudo().create({"name": "Delivery", "type": "service"})
        row = self.search([("id", "=", service.id)])[0]
        self.assertEqual((row["qty_available"], row["qty_reserved"], row["qty_free"]), (0, 0, 0))

    def test_variants_have_their_own_price(self):
        attribute = self.env["product.attribute"].sudo().create({"name": "Size"})
        small, large = (
            self.env["product.attribute.value"]
            .sudo()
            .create([{"name": name, "attribute_id": attribute.id} for name in ("1 L", "5 L")])
        )
        template = (
            self.env["product.template"]
            .sudo()
            .create(
                {
                    "name": "Churned butter",
                    "list_price": 10,
                    "attribute_line_ids": [
                        Command.create(
                            {"attribute_id": attribute.id, "value_ids": [Command.set((small | large).ids)]}
                        )
                    ],
                }
            )
        )
        template.attribute_line_ids.product_template_value_ids[1].price_extra = 2.5
        rows = self.search([("product_tmpl_id", "=", template.id)])
        self.assertEqual(sorted(row["lst_price"] for row in rows), [10, 12.5])
        self.assertEqual({row["list_price"] for row in rows}, {10})
        self.assertEqual({row["name"] for row in rows}, {"Churned butter (1 L)", "Churned butter (5 L)"})

    def test_paging(self):
        domain = [("name", "like", "Cheese")]
        pages = [
            row["id"] for offset in range(0, 9, 3) for row in self.search(domain, limit=3, offset=offset)
        ]
        self.assertEqual(pages, [row["id"] for row in self.search(domain)])
        self.assertEqual(self.search(domain, offset=100), [])
        for wrong in (
            {"limit": 0},
            {"limit": -1},
            {"limit": "5; DROP"},
            {"offset": -1},
            {"limit": None},
            {"limit": 10**6},
        ):
            with self.assertRaises(UserError):
                self.search(domain, **wrong)

    def test_number_of_statements_is_constant(self):
        def statements(limit):
            self.env.flush_all()
            self.search([("name", "like", "Cheese")], limit=limit)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(self.search([("name", "like", "Cheese")], limit=limit)), limit)
            return self.env.cr.sql_log_count - before

        few = statements(2)
        self.assertEqual(statements(8), few)
        self.assertLessEqual(few, 10)
