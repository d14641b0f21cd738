"""The client's one door: opening by name, saved filters, export, and who is told of changes."""

import io
import itertools
import json
import threading
import time
from datetime import date

import openpyxl
from odoo import Command
from odoo.addons.smart_dairy_farm.announcer import Announcer
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from ..models.dairy_dashboard import MODELS
from ..models.live import KEY
from .common import SalesCase, utc


@tagged("post_install", "-at_install")
class TestDoor(SalesCase):
    @property
    def door(self):
        return self.env["dairy.dashboard"].with_context(allowed_company_ids=self.company.ids)

    def test_opens_what_the_method_gives(self):
        self.order(utc("2026-03-10 06:00:00"), [(self.products[0], 1, 100)])
        chosen = {"preset": "custom", "date_from": "2026-03-10", "date_to": "2026-03-10"}
        answer = self.door.open("sales", chosen)
        Order = self.env["sale.order"].with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(answer["data"], Order.get_sales_dashboard("2026-03-10", "2026-03-10"))
        self.assertEqual(answer["data"]["summary"]["total_revenue"], 100)
        self.assertEqual((answer["filters"]["preset"], answer["filters"]["compare"]), ("custom", "previous"))
        self.assertGreater(answer["timing"]["server_ms"], 0)

    def test_presets_count_back_from_today(self):
        today = date.fromisoformat(self.env["sale.order"].get_dashboard_today())
        for preset, days in (("today", 1), ("week", 7), ("month", 30), ("quarter", 90)):
            filters = self.door.open("sales", {"preset": preset})["filters"]
            self.assertEqual(filters["date_to"], today.isoformat())
            self.assertEqual((today - date.fromisoformat(filters["date_from"])).days + 1, days)

    def test_says_what_is_wrong(self):
        for name, filters, words in (
            ("nothing", {}, "'nothing' is not a dashboard"),
            ("sales", {"preset": "fortnight"}, "'fortnight' is not a period"),
            ("sales", {"company_id": "1"}, "filter company_id"),
            ("sales", {"preset": ["month"]}, "filter preset"),
            ("sales", {"compare": "twice"}, "not a comparison"),
        ):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                self.door.open(name, filters)

    def test_rights_are_those_of_each_dashboard(self):
        clerk = self._user("perf_clerk", None, self.company)
        for name in MODELS:
            with self.subTest(name), self.assertRaises(AccessError):
                self.door.with_user(clerk).open(name, {})

    def test_saved_filters_are_the_users_own(self):
        chosen = {"preset": "week", "compare": "year", "date_from": "2026-01-01"}
        (saved,) = self.door.save_filter("sales", " Weekly ", chosen)
        self.assertEqual((saved["name"], saved["filters"]), ("Weekly", {"preset": "week", "compare": "year"}))
        self.assertEqual(self.door.open("sales", False)["filters"]["preset"], "month", "not the default")
        (saved,) = self.door.save_filter("sales", "Weekly", chosen, True)
        opened = self.door.open("sales", False)
        self.assertEqual((opened["filters"]["preset"], opened["filters"]["compare"]), ("week", "year"))
        self.assertEqual(opened["saved"], [saved])
        # another default takes over; another user and another dashboard see none
        self.assertEqual(
            [one["is_default"] for one in self.door.save_filter("sales", "Yearly", {"preset": "year"}, True)],
            [False, True],
        )
        other = self.door.with_user(self.salesman)
        self.assertEqual(other.open("sales", False)["saved"], [])
        self.assertEqual(other.delete_filter("sales", saved["id"]), [])
        self.assertEqual([one["name"] for one in self.door.delete_filter("sales", saved["id"])], ["Yearly"])
        with self.assertRaisesRegex(UserError, "has no name"):
            self.door.save_filter("sales", "  ", chosen)

    def test_a_filter_does_not_appear_in_odoos_lists(self):
        self.door.save_filter("sales", "Weekly", {"preset": "week"})
        action = self.env.ref("sale.action_orders").id
        self.assertFalse(
            [
                one
                for one in self.env["ir.filters"].get_filters("sale.order", action)
                if one["name"] == "Weekly"
            ]
        )

    def test_changes_are_noted_for_their_company(self):
        data = self.env.cr.postcommit.data
        data.pop(KEY, None)
        order = self.order(
            utc("2026-03-10 06:00:00"), [(self.products[0], 1, 100)], company=self.other_company
        )
        self.assertEqual(data[KEY], {(self.env.cr.dbname, "sales", self.other_company.id)})
        data[KEY].clear()
        order.order_line.price_unit = 3
        self.assertEqual(len(data[KEY]), 1)
        self.env.cr.postcommit.clear()
        self.assertNotIn(KEY, data, "a rollback announces nothing")

    def test_channels_need_the_dashboards_groups(self):
        channel = "smart_dairy_performance.dashboard.sales"
        clerk = self._user("perf_clerk", None, self.company)
        portal = self._user("perf_door_portal", None, self.company)
        portal.group_ids = [Command.set(self.env.ref("base.group_portal").ids)]

        def heard(user):
            return self.env["ir.websocket"].with_user(user)._dairy_channels([channel])

        self.assertEqual(
            heard(self.manager), [(company, channel) for company in self.manager.company_ids], "own companies"
        )
        self.assertEqual(heard(clerk), [])
        self.assertEqual(heard(portal), [])


class TestAnnouncer(TransactionCase):
    """The gathering thread with a real clock; what it sends is written down."""

    def announcer(self, interval=0.4):
        self.sent, self.wake = [], threading.Event()

        def send(topics):
            self.sent.append((time.monotonic(), topics))
            self.wake.set()

        return Announcer(send, "test", interval, gather=0.05)

    def test_many_notes_are_one_message(self):
        announcer = self.announcer()
        for _ in range(1000):
            announcer.note({("db", "sales", 1)})
        self.assertTrue(self.wake.wait(3))
        time.sleep(0.6)
        self.assertEqual([topics for _at, topics in self.sent], [[("db", "sales", 1)]])

    def test_one_message_an_interval_and_none_lost(self):
        announcer = self.announcer()
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            announcer.note({("db", "sales", 1)})
            last = time.monotonic()
            time.sleep(0.01)
        time.sleep(0.6)
        moments = [at for at, _topics in self.sent]
        self.assertTrue(3 <= len(moments) <= 6, moments)
        self.assertTrue(all(b - a >= 0.38 for a, b in itertools.pairwise(moments)), moments)
        self.assertGreaterEqual(moments[-1], last, "the last change is announced too")

    def test_topics_do_not_wait_for_each_other(self):
        announcer = self.announcer(interval=30)
        announcer.note({("db", "sales", 1)})
        self.assertTrue(self.wake.wait(3))
        self.wake.clear()
        announcer.note({("db", "stock", 1)})
        self.assertTrue(self.wake.wait(3))
        self.assertEqual([topics for _at, topics in self.sent], [[("db", "sales", 1)], [("db", "stock", 1)]])

    def test_a_failed_message_is_logged_and_the_next_goes_out(self):
        calls = []

        def send(topics):
            calls.append(topics)
            if len(calls) == 1:
                raise ConnectionError("no database")

        announcer = Announcer(send, "test", 0.1, gather=0.01)
        with self.assertLogs("odoo.addons.smart_dairy_farm.announcer", "WARNING"):
            announcer.note({("db", "sales", 1)})
            time.sleep(0.3)
        announcer.note({("db", "sales", 1)})
        time.sleep(0.3)
        self.assertEqual(len(calls), 2)


@tagged("post_install", "-at_install")
class TestExport(HttpCase):
    URL = "/smart_dairy_performance/export/"

    def setUp(self):
        super().setUp()
        self.admin = self.env.ref("base.user_admin")
        self.admin.group_ids += self.env.ref("stock.group_stock_manager")
        self.admin.group_ids += self.env.ref("account.group_account_manager")
        self.admin.group_ids += self.env.ref("smart_dairy_farm.group_farm_manager")
        self.admin.group_ids += self.env.ref("sales_team.group_sale_manager")

    def get(self, path, **filters):
        return self.url_open(f"{self.URL}{path}", params={"filters": json.dumps(filters)} if filters else {})

    def make_order(self):
        product = self.env["product.product"].create({"name": "=cmd|ghee", "taxes_id": False})
        order = (
            self.env["sale.order"]
            .with_user(self.admin)
            .create(
                {
                    "partner_id": self.admin.partner_id.id,
                    "order_line": [
                        Command.create({"product_id": product.id, "product_uom_qty": 2, "price_unit": 60.25})
                    ],
                }
            )
        )
        order.write({"state": "sale", "date_order": "2026-03-10 06:00:00"})
        self.env.flush_all()

    def test_excel_has_every_table(self):
        self.make_order()
        self.authenticate("admin", "admin")
        for name in MODELS:
            with self.subTest(name):
                answer = self.get(
                    f"{name}.xlsx", preset="custom", date_from="2026-03-10", date_to="2026-03-10"
                )
                self.assertEqual(answer.status_code, 200, answer.text[:500])
                book = openpyxl.load_workbook(io.BytesIO(answer.content))
                env = self.env(user=self.admin)
                tables = env["dairy.dashboard"]._tables(name, {"preset": "month"})
                self.assertEqual(len(book.sheetnames), len(tables))
                for sheet, table in zip(book, tables, strict=True):
                    self.assertEqual(
                        [cell.value for cell in sheet[1]], [label for label, _kind in table.columns]
                    )
        sales = self.get("sales.xlsx", preset="custom", date_from="2026-03-10", date_to="2026-03-10")
        days = openpyxl.load_workbook(io.BytesIO(sales.content)).worksheets[0]
        self.assertEqual([cell.value for cell in days[2]][1:3], [1, 120.5])
        self.assertEqual(days["A2"].value.date(), date(2026, 3, 10))

    def test_csv_is_one_table_without_formulas(self):
        self.make_order()
        self.authenticate("admin", "admin")
        filters = json.dumps({"preset": "custom", "date_from": "2026-03-10", "date_to": "2026-03-10"})
        answer = self.url_open(f"{self.URL}sales.csv", params={"filters": filters, "table": "products"})
        lines = answer.content.decode().splitlines()
        self.assertEqual(lines[1].split(",")[0], '"\'=cmd|ghee"')
        self.assertIn('"120.5"', lines[1])
        self.assertIn("attachment", answer.headers["Content-Disposition"])

    def test_rights_are_checked_again(self):
        logins = {
            "perf_no_sales": "base.group_allow_export",
            "perf_no_export": "sales_team.group_sale_manager",
        }
        for login, group in logins.items():
            new_test_user(self.env, login, groups=f"base.group_user,{group}", password=login)
            self.authenticate(login, login)
            with self.subTest(login):
                for extension in ("csv", "xlsx"):
                    answer = self.get(f"sales.{extension}")
                    self.assertGreaterEqual(answer.status_code, 400)
                    self.assertNotIn("Content-Disposition", answer.headers)

    def test_nonsense_is_refused(self):
        self.authenticate("admin", "admin")
        self.assertEqual(self.get("nothing.csv").status_code, 404)
        self.assertGreaterEqual(
            self.url_open(f"{self.URL}sales.csv", params={"filters": "[1]"}).status_code, 400
        )
        answer = self.url_open(f"{self.URL}sales.csv", params={"table": "secrets"})
        self.assertGreaterEqual(answer.status_code, 400)
