"""The dashboards through the cache, in real transactions: fresh after any commit, and nobody else's."""

import uuid
from datetime import timedelta

from freezegun import freeze_time
from odoo import Command
from odoo.addons.method_cache.testing.case import CacheCase
from odoo.addons.method_cache.testing.trap import trap_cache
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import utc

DAY = "2026-03-10"
MARCH = ("2026-03-01", "2026-03-31")


@tagged("post_install", "-at_install")
class TestCachedDashboards(CacheCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        mark = uuid.uuid4().hex[
            :8
        ]  # what is committed stays: companies and treated animals cannot be deleted
        with cls.transaction() as env:
            env["res.lang"]._activate_lang("fr_FR")
            usd = env.ref("base.USD").id
            companies = env["res.company"].create(
                [{"name": f"Cached {mark} {i}", "currency_id": usd} for i in (1, 2, 3)]
            )
            companies.partner_id.tz = "Asia/Dhaka"
            cls.one, cls.two, cls.barn = companies.ids
            cls.companies = [cls.one, cls.two]
            groups = {
                "manager": ("sales_team.group_sale_manager", "smart_dairy_farm.group_farm_manager"),
                "salesman": ("sales_team.group_sale_salesman", "smart_dairy_farm.group_farm_worker"),
            }
            cls.users = {}
            for name, more in groups.items():
                cls.users[name] = (
                    env["res.users"]
                    .with_context(no_reset_password=True)
                    .create(
                        {
                            "name": name,
                            "login": f"cached_{name}_{mark}",
                            "company_id": cls.one,
                            "company_ids": [Command.set(companies.ids)],
                            "group_ids": [Command.set([env.ref(g).id for g in ("base.group_user", *more)])],
                        }
                    )
                    .id
                )
            cls.partner = env["res.partner"].create({"name": f"Cached retailer {mark}"}).id
            template = env["product.template"].create({"name": f"Milk {mark}", "list_price": 10})
            template.with_context(lang="fr_FR").name = f"Lait {mark}"
            label = env["ir.model.fields.selection"].search(
                [
                    ("field_id", "=", env.ref("smart_dairy_farm.field_farm_animal__animal_type").id),
                    ("value", "=", "cow"),
                ]
            )
            label.with_context(lang="fr_FR").name = "Vache"
            cls.product = template.product_variant_id.id
            cls.milk_name = {"en_US": f"Milk {mark}", "fr_FR": f"Lait {mark}"}
            for company, user, price in ((0, "manager", 100), (0, "salesman", 7), (1, "manager", 50)):
                cls.order(env, companies[company], cls.users[user], price)
            cls.today = companies[0]._business_today()
            cls.cows = [cls.cow(env, company, f"{mark}{company.id}") for company in companies]
        cls.addClassCleanup(cls.clean)

    @classmethod
    def clean(cls):
        with cls.transaction() as env:
            orders = env["sale.order"].search([("company_id", "in", cls.companies)])
            orders._action_cancel()
            orders.unlink()
            env["res.users"].browse(cls.users.values()).active = False

    @classmethod
    def order(cls, env, company, user, price):
        order = (
            env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": cls.partner,
                    "company_id": company.id,
                    "user_id": user,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": cls.product,
                                "price_unit": price,
                                "product_uom_qty": 1,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
        )
        order.write({"state": "sale", "date_order": utc(f"{DAY} 06:00:00")})
        return order

    @classmethod
    def cow(cls, env, company, tag):
        farm = env["farm.farm"].create({"name": f"Cached farm {tag}", "company_id": company.id})
        pen = env["farm.pen"].create({"name": "Milking", "farm_id": farm.id, "pen_type": "milking"})
        cow = env["farm.animal"].create(
            {
                "name": "Bella",
                "ear_tag": f"C{tag}",
                "animal_type": "cow",
                "birth_date": cls.today - timedelta(days=1500),
                "farm_id": farm.id,
                "pen_id": pen.id,
            }
        )
        env["farm.lactation"].create(
            {"animal_id": cow.id, "parity": 1, "calving_date": cls.today - timedelta(days=60)}
        )
        env["farm.milk.record"].create(
            {"animal_id": cow.id, "record_date": cls.today, "session": "day", "total_yield": 20.0}
        )
        return cow.id

    def sales(self, user="manager", companies=None, method="get_dashboard_summary", **context):
        context["allowed_company_ids"] = companies or [self.one]
        with self.transaction(user=self.users[user], **context) as env:
            return getattr(env["sale.order"], method)(*MARCH)

    def revenue(self, *args, **kwargs):
        return self.sales(*args, **kwargs)["summary"]["total_revenue"]

    def herd(self, user="manager", companies=None, **context):
        context["allowed_company_ids"] = companies or [self.one]
        with self.transaction(user=self.users[user], **context) as env:
            return env["farm.animal"].get_herd_dashboard(self.today, self.today)

    def summary(self, companies=None, **context):
        context["allowed_company_ids"] = companies or [self.one]
        with self.transaction(user=self.users["manager"], **context) as env:
            return env["farm.animal"].get_herd_summary_optimized()

    def assertServed(self, ask):
        """The second of two answers comes from the cache; return it."""
        ask()
        with trap_cache() as trap:
            answer = ask()
        self.assertEqual([computed for _method, computed in trap.calls], [False])
        return answer

    def test_how_long(self):
        with self.transaction() as env:
            kept = {
                name: getattr(env[model], name)._cached_method.ttl
                for model, name in (
                    ("sale.order", "get_dashboard_summary"),
                    ("sale.order", "get_sales_dashboard"),
                    ("product.template", "get_catalog_products"),
                    ("farm.animal", "get_herd_summary_optimized"),
                    ("farm.animal", "get_herd_dashboard"),
                    ("product.product", "get_stock_dashboard"),
                    ("account.move.line", "get_receivables_dashboard"),
                )
            }
        self.assertEqual(kept.pop("get_catalog_products"), 300)
        self.assertEqual(set(kept.values()), {60})

    def test_two_users(self):
        for _ in range(2):
            self.assertEqual(self.assertServed(lambda: self.revenue("manager")), 107)
            self.assertEqual(self.assertServed(lambda: self.revenue("salesman")), 7)
            dashboard = self.assertServed(lambda: self.sales("salesman", method="get_sales_dashboard"))
            self.assertEqual(dashboard["summary"]["total_orders"], 1)

    def test_rights_taken_away(self):
        self.assertEqual(self.revenue("salesman"), 7)
        with self.transaction() as env:
            group = env.ref("sales_team.group_sale_salesman")
            env["res.users"].browse(self.users["salesman"]).group_ids = [Command.unlink(group.id)]
        with self.assertRaises(AccessError):
            self.revenue("salesman")
        with self.transaction() as env:
            env["res.users"].browse(self.users["salesman"]).group_ids = [Command.link(group.id)]
        self.assertEqual(self.revenue("salesman"), 7)

    def test_two_companies(self):
        for _ in range(2):
            self.assertEqual(self.assertServed(self.revenue), 107)
            self.assertEqual(self.assertServed(lambda: self.revenue(companies=[self.two])), 50)
            self.assertEqual(self.assertServed(lambda: self.revenue(companies=self.companies)), 157)
            both = self.assertServed(lambda: self.herd(companies=self.companies))
            self.assertEqual(both["milk"]["total"], 40)
            self.assertEqual(self.assertServed(self.herd)["milk"]["total"], 20)

    def test_two_languages(self):
        for _ in range(2):
            for lang, name in self.milk_name.items():
                found = self.assertServed(lambda lang=lang: self.sales(lang=lang))
                self.assertEqual(found["top_products"][0]["product_name"], name)
            labels = {lang: self.summary(lang=lang)["by_type"][0]["name"] for lang in self.milk_name}
            self.assertEqual(labels, {"en_US": "Cow", "fr_FR": "Vache"})

    def test_fresh_after_a_sale_elsewhere(self):
        self.assertServed(self.revenue)
        with self.transaction() as env:
            order = self.order(env, env["res.company"].browse(self.one), self.users["manager"], 5)
            self.assertEqual(self.revenue(), 107, "not committed yet")
        self.assertEqual(self.revenue(), 112)
        with self.transaction() as env:
            order.with_env(env).order_line.price_unit = 6  # the order's amount is a stored computed field
        self.assertEqual(self.sales(method="get_sales_dashboard")["summary"]["total_revenue"], 113)
        with self.transaction() as env:
            order.with_env(env)._action_cancel()
            env.flush_all()
            env.cr.rollback()
        self.assertEqual(self.revenue(), 113)
        with self.transaction() as env:
            env.cr.execute("UPDATE sale_order SET amount_total = 8 WHERE id = %s", order.ids)
        self.assertEqual(self.revenue(), 115, "raw SQL")
        with self.transaction() as env:
            order.with_env(env)._action_cancel()
            order.with_env(env).unlink()
        self.assertEqual(self.revenue(), 107)

    def admin(self):
        """What the administrator of the main company, who has a warehouse and a ledger, works in."""
        with self.transaction() as env:
            user, company = env.ref("base.user_admin"), env.ref("base.main_company")
            return {"user": user.id, "allowed_company_ids": company.ids}

    def test_fresh_after_goods_came_in(self):
        admin = self.admin()

        def products():
            with self.transaction(**admin) as env:
                return env["product.product"].get_stock_dashboard(*MARCH)["now"]["products"]

        before = self.assertServed(products)
        with self.transaction(**admin) as env:
            product = env["product.product"].create({"name": "Cached feed", "is_storable": True})
            place = env["stock.warehouse"].search([], limit=1).lot_stock_id
            env["stock.quant"]._update_available_quantity(product, place, 5)
        self.assertEqual(self.assertServed(products), before + 1)
        with self.transaction(**admin) as env:
            env["stock.quant"].sudo().search([("product_id", "=", product.id)]).unlink()
            product.with_env(env).unlink()
        self.assertEqual(self.assertServed(products), before)

    def test_fresh_after_an_invoice(self):
        admin = self.admin()

        def owed():
            with self.transaction(**admin) as env:
                today = env.company._business_today()
                return env["account.move.line"].get_receivables_dashboard(today, today)["summary"]["open"]

        before = self.assertServed(owed)
        with self.transaction(**admin) as env:
            invoice = env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner,
                    "invoice_date": env.company._business_today(),
                    "invoice_line_ids": [
                        Command.create({"name": "Milk", "price_unit": 40, "tax_ids": [Command.clear()]})
                    ],
                }
            )
            invoice.action_post()
        self.assertAlmostEqual(self.assertServed(owed), before + 40)
        with self.transaction(**admin) as env:
            invoice.with_env(env).button_draft()
            invoice.with_env(env).with_context(force_delete=True).unlink()
        self.assertAlmostEqual(self.assertServed(owed), before)

    def test_fresh_after_work_in_the_barn(self):
        cow = self.cows[2]

        def ask():
            return self.herd(companies=[self.barn])

        def kg():
            return [self.assertServed(ask)["milk"][name] for name in ("total", "saleable", "discarded")]

        self.assertEqual(kg(), [20, 20, 0])
        with self.transaction() as env:
            case = env["farm.health.record"].create(
                {"animal_id": cow, "record_type": "mastitis", "health_status": "in_treatment"}
            )
        self.assertEqual(self.assertServed(ask)["herd"]["sick"], 1)
        with self.transaction() as env:  # its triggers change milk records and the animal
            drug = env["farm.drug"].create({"name": f"Cached drug {cow}", "milk_withdrawal_days": 4})
            env["farm.treatment"].create(
                {
                    "health_record_id": case.id,
                    "animal_id": cow,
                    "drug_id": drug.id,
                    "dose": 1,
                    "start_date": self.today,
                    "last_dose_date": self.today,
                }
            )
        self.assertEqual(kg(), [20, 0, 20])
        self.assertEqual(ask()["herd"]["withheld"], 1)
        with self.transaction() as env:
            env.cr.execute("UPDATE farm_milk_record SET total_yield = 21 WHERE animal_id = %s", [cow])
        self.assertEqual(kg(), [21, 0, 21])
        with self.transaction() as env:
            env["farm.animal"].browse(cow).pen_id.name = "Hospital"
        self.assertEqual(ask()["watch"][0]["pen"], "Hospital")

    def test_midnight(self):
        """The business day of Dhaka begins at 18:00 UTC."""
        with freeze_time("2026-03-31 17:59:58"):
            self.assertEqual(self.herd()["today"], "2026-03-31")
            self.assertEqual(self.assertServed(self.herd)["today"], "2026-03-31")
        with freeze_time("2026-03-31 18:00:00"):
            self.assertEqual(self.herd()["today"], "2026-04-01")
            self.assertEqual(self.summary()["total_yield_today"], 0)
