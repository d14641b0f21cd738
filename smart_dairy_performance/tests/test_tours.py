from datetime import timedelta

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestDashboardTours(HttpCase):
    """What the browser shows equals what the tests put into the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create(
            {"name": "Tour Dairy", "currency_id": cls.env.ref("base.USD").id}
        )
        cls.company.partner_id.tz = "Asia/Dhaka"
        cls.user = new_test_user(
            cls.env,
            "tour_owner",
            groups="base.group_user,smart_dairy_farm.group_farm_manager,sales_team.group_sale_manager",
            password="tour_owner",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids, tracking_disable=True)
        )
        cls.today = cls.company._business_today()

    def make_herd(self):
        farm = self.env["farm.farm"].create({"name": "Tour farm", "company_id": self.company.id})
        pen = self.env["farm.pen"].create({"name": "Tour milking", "farm_id": farm.id, "pen_type": "milking"})
        cows = self.env["farm.animal"].create(
            [
                {
                    "name": f"Tour cow {i}",
                    "ear_tag": f"TOUR{i}",
                    "animal_type": "cow" if i < 4 else "heifer",
                    "birth_date": self.today - timedelta(days=1500),
                    "farm_id": farm.id,
                    "pen_id": pen.id,
                }
                for i in (1, 2, 3, 4)
            ]
        )
        self.env["farm.lactation"].create(
            [
                {"animal_id": cow.id, "parity": 1, "calving_date": self.today - timedelta(days=60)}
                for cow in cows[:3]
            ]
        )
        milk = [
            (cows[0], 0, 30.0, 4.0, False),
            (cows[1], 2, 20.0, 5.0, False),
            (cows[0], 3, 30.0, False, True),
            (cows[2], 4, 16.0, False, False),
        ]
        self.env["farm.milk.record"].create(
            [
                {
                    "animal_id": cow.id,
                    "record_date": self.today - timedelta(days=back),
                    "session": "day",
                    "total_yield": kg,
                    "fat_percentage": fat,
                    **({"discarded": True, "discard_reason": "abnormal"} if discarded else {}),
                }
                for cow, back, kg, fat, discarded in milk
            ]
        )
        case = self.env["farm.health.record"].create(
            {"animal_id": cows[2].id, "record_type": "mastitis", "health_status": "in_treatment"}
        )
        drug = self.env["farm.drug"].create({"name": "Tour drug", "milk_withdrawal_days": 4})
        self.env["farm.treatment"].create(
            {
                "health_record_id": case.id,
                "animal_id": cows[2].id,
                "drug_id": drug.id,
                "dose": 1,
                "start_date": self.today,
                "last_dose_date": self.today,
            }
        )

    def make_orders(self):
        ghee, milk = self.env["product.product"].create([{"name": "Tour ghee"}, {"name": "Tour milk"}])
        shop, hotel = self.env["res.partner"].create([{"name": "Tour shop"}, {"name": "Tour hotel"}])
        for partner, product, amount, back in (
            (shop, ghee, 1000, 0),
            (shop, milk, 200.5, 3),
            (hotel, milk, 50, 5),
            (hotel, milk, 500.2, 35),
        ):
            order = self.env["sale.order"].create(
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "user_id": self.user.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": 1,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
            order.write({"state": "sale", "date_order": fields.Datetime.now() - timedelta(days=back)})

    def test_herd_dashboard(self):
        self.make_herd()
        root = self.env.ref("smart_dairy_farm.menu_root").id
        first = self.env["ir.ui.menu"].with_user(self.user).load_menus(False)[root]["children"][0]
        self.assertEqual(
            first, self.env.ref("smart_dairy_performance.menu_dashboards").id, "a newcomer sees it first"
        )
        self.start_tour("/odoo/herd-dashboard", "smart_dairy_performance.herd_dashboard", login="tour_owner")

    def test_sales_dashboard(self):
        self.make_orders()
        self.start_tour(
            "/odoo/sales-dashboard", "smart_dairy_performance.sales_dashboard", login="tour_owner"
        )

    def test_empty_dashboard(self):
        self.start_tour(
            "/odoo/sales-dashboard", "smart_dairy_performance.empty_dashboards", login="tour_owner"
        )

    def test_worker_sees_no_sales_menu(self):
        worker = new_test_user(
            self.env, "tour_worker", groups="base.group_user,smart_dairy_farm.group_farm_worker"
        )
        menus = self.env["ir.ui.menu"].with_user(worker)._visible_menu_ids()
        self.assertIn(self.env.ref("smart_dairy_performance.menu_herd_dashboard").id, menus)
        self.assertNotIn(self.env.ref("smart_dairy_performance.menu_sales_dashboard").id, menus)
