import base64
import io
import json

from odoo.addons.method_cache.testing.trap import trap_cache
from odoo.exceptions import UserError
from odoo.tests import tagged
from PIL import Image

from .common import SalesCase


def picture(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (600, 600), colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue())


@tagged("post_install", "-at_install")
class TestCatalogue(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dairy, cls.cheese = (
            cls.env["product.category"].sudo().create([{"name": "Dairy"}, {"name": "Cheese"}])
        )
        cls.cheese.parent_id = cls.dairy
        Template = cls.env["product.template"].sudo()
        cls.gouda, cls.feta, cls.old, cls.fodder = Template.create(
            [
                {
                    "name": "Gouda",
                    "list_price": 12.5,
                    "categ_id": cls.cheese.id,
                    "image_1920": picture("red"),
                },
                {"name": "Feta", "list_price": 8, "categ_id": cls.dairy.id},
                {"name": "Old", "categ_id": cls.dairy.id, "active": False},
                {"name": "Fodder", "categ_id": cls.dairy.id, "sale_ok": False},
            ]
        )

    def catalogue(self, *args, **context):
        products = self.env["product.template"].with_context(**context)
        return {row["id"]: row for row in products.get_catalog_products(*args)}

    def test_rows(self):
        found = self.catalogue(self.dairy.id)
        self.assertEqual(found.keys(), {self.gouda.id, self.feta.id})
        self.assertEqual(
            found[self.feta.id],
            {
                "id": self.feta.id,
                "name": "Feta",
                "list_price": 8.0,
                "currency_id": self.feta.currency_id.id,
                "categ_id": [self.dairy.id, "Dairy"],
                "image": False,
            },
        )
        self.assertEqual(found[self.gouda.id]["categ_id"], [self.cheese.id, "Dairy / Cheese"])
        self.assertEqual(self.catalogue(self.cheese.id).keys(), {self.gouda.id})
        self.assertEqual(len(self.env["product.template"].get_catalog_products(limit=3)), 3)

    def test_a_picture_is_an_address_that_changes_with_it(self):
        before = self.catalogue(self.dairy.id)[self.gouda.id]["image"]
        self.assertRegex(before, rf"^/web/image/product\.template/{self.gouda.id}/image_512\?unique=\w+$")
        self.assertLess(len(json.dumps(self.catalogue(self.dairy.id))), 1000, "no bytes of it")
        self.gouda.image_1920 = picture("blue")
        self.assertNotEqual(self.catalogue(self.dairy.id)[self.gouda.id]["image"], before)
        self.gouda.image_1920 = False
        self.assertFalse(self.catalogue(self.dairy.id)[self.gouda.id]["image"])

    def test_another_companys_product(self):
        self.feta.company_id = self.other_company
        self.assertEqual(self.catalogue(self.dairy.id).keys(), {self.gouda.id})
        both = (self.company | self.other_company).ids
        self.assertIn(self.feta.id, self.catalogue(self.dairy.id, allowed_company_ids=both))

    def test_refused(self):
        for bad in (0, -1, "many", True, 10_001):
            with self.assertRaisesRegex(UserError, "number of products from 1 to"):
                self.catalogue(None, bad)
        for bad in (10**9, "Dairy", True):
            with self.assertRaisesRegex(UserError, "Category .* does not exist"):
                self.catalogue(bad)

    def test_own_writes_are_computed(self):
        with trap_cache() as trap:
            self.catalogue(self.dairy.id)
            self.feta.list_price = 9
            self.assertEqual(self.catalogue(self.dairy.id)[self.feta.id]["list_price"], 9)
        self.assertEqual(trap.computed("product.template.get_catalog_products"), 2)
