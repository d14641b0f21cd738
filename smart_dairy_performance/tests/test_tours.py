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
            groups="base.group_user,base.group_allow_export,smart_dairy_farm.group_farm_manager,"
            "sales_team.group_sale_manager,stock.group_stock_manager,account.group_account_manager",
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

    def make_stock(self):
        """35 butter and 20 cheese came in three days ago; 30 butter were sold two days ago."""
        company = self.company
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
        if not warehouse:
            warehouse = self.env["stock.warehouse"].create(
                {"name": "Tour store", "code": "TOUR", "company_id": company.id}
            )
        category = self.env["product.category"].create({"name": "Tour dairy"})
        butter, cheese = (
            self.env["product.product"]
            .with_company(company)
            .create(
                [
                    {"name": name, "is_storable": True, "standard_price": cost, "categ_id": category.id}
                    for name, cost in (("Tour butter", 7), ("Tour cheese", 10))
                ]
            )
        )
        stock = warehouse.lot_stock_id
        vendor = self.env.ref("stock.stock_location_suppliers")
        customer = self.env.ref("stock.stock_location_customers")
        for product, quantity, source, target, back in (
            (butter, 35, vendor, stock, 3),
            (cheese, 20, vendor, stock, 3),
            (butter, 30, stock, customer, 2),
        ):
            move = self.env["stock.move"].create(
                {
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    "product_uom": product.uom_id.id,
                    "location_id": source.id,
                    "location_dest_id": target.id,
                    "company_id": company.id,
                }
            )
            move._action_confirm(merge=False)
            move.quantity = quantity
            move.picked = True
            move._action_done()
            move.date = fields.Datetime.now() - timedelta(days=back)

    def make_invoices(self):
        """250 due in 10 days by one customer, 100 due 5 days ago by another."""
        accounts = self.env["account.account"].create(
            [
                {"name": kind, "code": f"9{i}000", "account_type": kind, "company_ids": [self.company.id]}
                for i, kind in enumerate(("asset_receivable", "income"))
            ]
        )
        journal = self.env["account.journal"].create(
            {
                "name": "Tour sales",
                "code": "TOUR",
                "type": "sale",
                "company_id": self.company.id,
                "default_account_id": accounts[1].id,
            }
        )
        shop, hotel = self.env["res.partner"].create([{"name": "Tour shop"}, {"name": "Tour hotel"}])
        for partner, amount, due in ((shop, 250, 10), (hotel, 100, -5)):
            partner.with_company(self.company).property_account_receivable_id = accounts[0]
            invoice = (
                self.env["account.move"]
                .with_company(self.company)
                .create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": partner.id,
                        "journal_id": journal.id,
                        "invoice_date": self.today - timedelta(days=12),
                        "invoice_date_due": self.today + timedelta(days=due),
                        "invoice_line_ids": [
                            Command.create(
                                {
                                    "name": "Milk",
                                    "price_unit": amount,
                                    "account_id": accounts[1].id,
                                    "tax_ids": [Command.clear()],
                                }
                            )
                        ],
                    }
                )
            )
            invoice.invoice_date_due = self.today + timedelta(days=due)
            invoice.action_post()

    def test_stock_dashboard(self):
        self.make_stock()
        self.start_tour(
            "/odoo/stock-dashboard", "smart_dairy_performance.stock_dashboard", login="tour_owner"
        )

    def test_receivables_dashboard(self):
        self.make_invoices()
        self.start_tour(
            "/odoo/receivables-dashboard", "smart_dairy_performance.receivables_dashboard", login="tour_owner"
        )

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
        self.start_tour("/odoo/sales-dashboard", "smart_dairy_performance.saved_filter", login="tour_owner")
        self.assertFalse(self.env["dairy.dashboard"].with_user(self.user).open("sales", False)["saved"])

    def test_empty_dashboard(self):
        self.start_tour(
            "/odoo/sales-dashboard", "smart_dairy_performance.empty_dashboards", login="tour_owner"
        )
        for name in ("stock", "receivables"):
            self.start_tour(
                f"/odoo/{name}-dashboard", f"smart_dairy_performance.empty_{name}", login="tour_owner"
            )

    def test_worker_sees_no_sales_menu(self):
        worker = new_test_user(
            self.env, "tour_worker", groups="base.group_user,smart_dairy_farm.group_farm_worker"
        )
        menus = self.env["ir.ui.menu"].with_user(worker)._visible_menu_ids()
        self.assertIn(self.env.ref("smart_dairy_performance.menu_herd_dashboard").id, menus)
        self.assertNotIn(self.env.ref("smart_dairy_performance.menu_sales_dashboard").id, menus)
