from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestWordSearch(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": "Sundarban Sweets Pabna", "ref": "SW-77"},
                {"name": "Pabna Sundarban Traders", "vat": "BD7788"},
                {"name": "করিম ডেইরি স্টোর", "email": "karim@zq.example"},
                {"name": "SW-77 Bakery"},
            ]
        )
        cls.products = cls.env["product.product"].create(
            [
                {"name": "Buffalo Yoghurt Qzx", "default_code": "QZX-400", "barcode": "9900112233"},
                {"name": "Yoghurt, Qzx sweet", "default_code": "QZX-4001"},
            ]
        )
        farm = cls.env["farm.farm"].create({"name": "Search farm"})
        cls.animals = cls.env["farm.animal"].create(
            [
                {"name": "Qalomati", "ear_tag": "ZQ-1", "rfid_tag": "050000987654321", "farm_id": farm.id},
                {"name": "লক্ষ্মী কাজল", "ear_tag": "ZQ-12", "farm_id": farm.id},
                {"name": "ZQ-1 heifer", "ear_tag": "ZQ-123", "farm_id": farm.id},
            ]
        )

    def found(self, model, name, **options):
        return [pair[0] for pair in self.env[model].name_search(name, **options)]

    def test_any_word_in_any_order(self):
        both = set(self.partners[:2].ids)
        self.assertEqual(set(self.found("res.partner", "pabna sundarban")), both)
        self.assertEqual(set(self.found("res.partner", "sunda pab")), both)
        self.assertEqual(self.found("res.partner", "traders sundarban"), self.partners[1].ids)
        self.assertEqual(set(self.found("product.product", "qzx yoghurt")), set(self.products.ids))
        self.assertEqual(self.found("product.product", "yoghurt QZX-4001"), self.products[1].ids)
        templates = self.products.product_tmpl_id
        self.assertEqual(set(self.found("product.template", "qzx yoghurt")), set(templates.ids))

    def test_the_best_comes_first(self):
        self.assertEqual(self.found("res.partner", "sw-77"), [self.partners[0].id, self.partners[3].id])
        self.assertEqual(self.found("res.partner", "pabna sundarban")[0], self.partners[1].id)
        self.assertEqual(self.found("product.product", "qzx-400"), self.products.ids)
        self.assertEqual(
            self.found("farm.animal", "ZQ-1"), [self.animals[0].id, self.animals[2].id, self.animals[1].id]
        )

    def test_codes_and_numbers(self):
        self.assertEqual(self.found("farm.animal", "987654"), self.animals[0].ids)
        self.assertEqual(self.found("farm.animal", "050000987654321"), self.animals[0].ids)
        self.assertEqual(self.found("product.product", "9900112233"), self.products[0].ids)
        self.assertEqual(self.found("res.partner", "BD7788"), self.partners[1].ids)

    def test_bangla(self):
        self.assertEqual(self.found("farm.animal", "কাজল"), self.animals[1].ids)
        self.assertEqual(self.found("farm.animal", "কাজল লক্ষ্মী"), self.animals[1].ids)
        self.assertEqual(self.found("res.partner", "ডেইরি করিম"), self.partners[2].ids)

    def test_slips_of_the_pen(self):
        self.assertEqual(self.found("farm.animal", "Qalomatti"), self.animals[0].ids)
        self.assertIn(self.products[0].id, self.found("product.product", "Bufalo"))
        self.assertIn(self.partners[0].id, self.found("res.partner", "Sunderban"))

    def test_filters_and_rights_hold(self):
        self.assertEqual(
            self.found("res.partner", "pabna sundarban", domain=[("vat", "=", "BD7788")]),
            self.partners[1].ids,
        )
        portal = new_test_user(self.env, "word_search_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.env["farm.animal"].with_user(portal).name_search("Qalomatti")
        self.animals[0].active = False
        self.assertEqual(self.found("farm.animal", "Qalomati"), [])

    def test_the_list_finds_the_same(self):
        self.assertEqual(
            self.env["res.partner"].search([("display_name", "ilike", "pabna sundarban")]),
            self.partners[:2].sorted(),
        )
