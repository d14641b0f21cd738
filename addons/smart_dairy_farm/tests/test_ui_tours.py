from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .ui_common import HerdMixin


@tagged("post_install", "-at_install")
class TestTours(HerdMixin, HttpCase):
    """The screens in a browser, with what they must have left in the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_herd()
        cls.cows = cls.make_cows(4)
        # On a slow machine making the bundles outlasts the 20 s that the browser's other requests wait
        qweb = cls.env["ir.qweb"]
        for bundle in ("web.assets_web", "web.assets_tests"):
            qweb._get_asset_bundle(bundle, css=False, js=True).js()
        for bundle in ("web.assets_web", "web.assets_web_print"):
            qweb._get_asset_bundle(bundle, css=True, js=False).css()

    def milk(self, cow, **domain):
        return self.env["farm.milk.record"].search(
            [("animal_id", "=", cow.id), *((name, "=", value) for name, value in domain.items())]
        )

    def entry_url(self):
        # whatever the hour, the tours type the morning's milk
        action = self.env.ref("smart_dairy_farm.action_herd_entry")
        action.context = str({"default_session": "morning"})
        return "/odoo/herd-entry"

    def test_herd_entry(self):
        self.make_milk(self.cows, 5, kg=12)
        self.start_tour(self.entry_url(), "smart_dairy_farm_herd_entry", login="herd_worker")
        self.env.invalidate_all()
        today = {cow.name: self.milk(cow, record_date=self.today) for cow in self.cows}
        self.assertEqual(
            {name: record.total_yield for name, record in today.items() if record},
            {"Cow 1": 12.5, "Cow 2": 11, "Cow 3": 30},
        )
        self.assertEqual(today["Cow 3"].fat_percentage, 4.1)
        self.assertIs(today["Cow 1"].fat_percentage, False)
        self.assertEqual(today["Cow 1"].create_uid, self.users["worker"])
        self.assertFalse(today["Cow 4"], "what was thrown away is not saved")

    def test_cow_card(self):
        dam = self.env["farm.animal"].create(
            {"name": "Dam of all", "animal_type": "cow", "farm_id": self.farm.id, "birth_date": "2015-01-01"}
        )
        self.cows[0].dam_id = dam
        self.make_milk(self.cows[0], 40, kg=12)
        self.treat(self.cows[0], days=3)
        self.start_tour(f"/odoo/cow-card/{self.cows[0].id}", "smart_dairy_farm_cow_card", login="herd_worker")

    def test_milk_import(self):
        self.start_tour(
            "/odoo/action-smart_dairy_farm.farm_milk_record_action",
            "smart_dairy_farm_milk_import",
            login="herd_worker",
        )
        self.env.invalidate_all()
        records = self.env["farm.milk.record"].search([("animal_id", "in", self.cows.ids)])
        self.assertEqual(
            {record.animal_id.name: record.total_yield for record in records}, {"Cow 1": 12.5, "Cow 2": 11.25}
        )
        self.assertEqual(set(records.mapped("source")), {"import"})

    def test_withdrawal(self):
        self.env["farm.drug"].create(
            {"name": "Tour penicillin", "milk_withdrawal_days": 4, "meat_withdrawal_days": 10}
        )
        self.start_tour(
            "/odoo/action-smart_dairy_farm.farm_health_record_action/new",
            "smart_dairy_farm_withdrawal_vet",
            login="herd_veterinarian",
        )
        self.env.invalidate_all()
        treatment = self.env["farm.treatment"].search([("animal_id", "=", self.cows[0].id)])
        self.assertEqual(treatment.milk_withdrawal_until, self.today + timedelta(days=4))
        self.assertEqual(treatment.create_uid, self.users["veterinarian"])
        self.start_tour(self.entry_url(), "smart_dairy_farm_withdrawal_worker", login="herd_worker")
        self.env.invalidate_all()
        record = self.milk(self.cows[0])
        self.assertEqual((record.total_yield, record.saleable_yield), (14, 0))
        self.assertEqual((record.discarded, record.discard_reason), (True, "withdrawal"))
        self.assertEqual(self.milk(self.cows[1]).saleable_yield, 10)
        self.start_tour(
            f"/odoo/action-smart_dairy_farm.farm_milk_record_action/{record.id}",
            "smart_dairy_farm_withdrawal_manager",
            login="herd_manager",
        )
        self.env.invalidate_all()
        self.assertEqual((record.discarded, record.saleable_yield), (False, 14))
        self.assertEqual(record.override_user_id, self.users["manager"])
        self.assertIn("Wrong cow was treated", self.cows[0].message_ids.mapped("body")[0])
