from datetime import timedelta

from odoo.exceptions import AccessError, MissingError
from odoo.tests import tagged

from ..figures.lactation import tim
from .ui_common import HerdCase


@tagged("post_install", "-at_install")
class TestCowCard(HerdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cows(1)

    def card(self, animal=None, role="worker"):
        return self.env["farm.animal"].with_user(self.users[role]).get_cow_card((animal or self.cow).id)

    def codes(self, card):
        return [action["code"] for action in card["actions"]]

    def test_identity(self):
        dam = self.make_cows(1, start=90, birth_date="2015-01-01")
        self.cow.dam_id = dam
        who = self.card()["identity"]
        self.assertEqual((who["ear_tag"], who["breed"], who["pen"]), ("T001", "Test Friesian", "Milking 1"))
        self.assertEqual(who["dam"]["id"], dam.id)
        self.assertEqual(who["age"], "4 y 1 m")
        self.assertTrue(who["present"])

    def test_headline_figures(self):
        self.make_milk(self.cow, 10, kg=12, fat_percentage=4, protein_percentage=3.2, scc=100)
        self.make_milk(self.cow, 10, kg=8, session="evening", fat_percentage=5)
        milk = self.card()["milk"]
        self.assertEqual((milk["parity"], milk["dim"], milk["week_average"]), (1, 100, 20))
        self.assertEqual(milk["last"], {"date": str(self.today - timedelta(days=1)), "kg": 20})
        self.assertEqual((milk["scc"]["scc"], milk["scc"]["scs"]), (100, 3))
        self.assertEqual(milk["test"]["fat"], 4.4, "weighted by milk: (12·4 + 8·5) ÷ 20")
        self.assertEqual(milk["test"]["protein"], 3.2, "an untested milking weighs nothing")
        self.assertEqual(
            milk["yield_so_far"], round(tim([(dim, 20) for dim in range(90, 100)], 99, to_end=False))
        )
        self.assertGreater(milk["yield_projected"], milk["yield_so_far"])
        self.assertIsNone(milk["no_data_since"])

    def test_half_a_day_is_no_day(self):
        self.make_milk(self.cow, 5, kg=12)
        self.make_milk(self.cow, 5, kg=8, session="evening")
        self.make_milk(self.cow, 1, kg=11, before=self.today + timedelta(days=1))
        milk = self.card()["milk"]
        self.assertEqual((milk["last"]["kg"], milk["week_average"]), (20, 20))

    def test_no_data_is_not_zero(self):
        card = self.card()
        milk = card["milk"]
        for name in ("last", "week_average", "scc", "test", "yield_so_far", "yield_projected", "yield_final"):
            self.assertIsNone(milk[name], name)
        self.assertEqual(milk["no_data_since"], str(self.cow.current_lactation_id.calving_date))
        self.assertEqual(card["curve"]["points"], [])
        self.assertIn("no_milk_record_yet", self.codes(card))

    def test_data_that_stopped(self):
        self.make_milk(self.cow, 5, before=self.today - timedelta(days=9))
        milk = self.card()["milk"]
        self.assertIsNone(milk["week_average"])
        self.assertEqual(milk["no_data_since"], str(self.today - timedelta(days=10)))
        self.assertIn("no_milk_record", self.codes(self.card()))

    def test_curve_against_expectation(self):
        self.make_milk(self.cow, 3, kg=15)
        curve = self.card()["curve"]
        self.assertEqual(
            [(point["dim"], point["kg"]) for point in curve["points"]], [(97, 15), (98, 15), (99, 15)]
        )
        expected = {point["dim"]: point["kg"] for point in curve["expected"]}
        self.assertAlmostEqual(expected[69], 21.23, delta=0.01)
        self.breed.curve_ids.unlink()
        self.assertEqual(self.card()["curve"]["expected"], [])

    def test_withdrawal_countdown(self):
        self.treat(self.cow, days=3)
        card = self.card()
        until = self.today + timedelta(days=3)
        self.assertEqual((card["milk"]["withdrawal_until"], card["milk"]["withdrawal_days"]), (str(until), 4))
        self.assertEqual((card["actions"][0]["code"], card["actions"][0]["tone"]), ("milk_withdrawal", "bad"))
        self.assertEqual(card["health"]["treatments"][0]["active"], True)
        titles = [event["title"] for event in card["timeline"]]
        self.assertIn("Treated", titles)
        self.assertIn("Mastitis", titles)

    def test_dry_cow(self):
        day = self.today - timedelta(days=8)
        self.make_milk(self.cow, 50, before=day + timedelta(days=1))
        self.cow.current_lactation_id.dry_off_date = day
        milk = self.card()["milk"]
        self.assertEqual((milk["in_milk"], milk["dim"], milk["dry_since"]), (False, None, str(day)))
        self.assertIsNone(milk["no_data_since"], "nobody milks a dry cow")
        self.assertEqual(milk["yield_final"], 92 * 12, "92 days at 12 kg")

    def test_reproduction(self):
        events = self.env["farm.reproduction.event"]
        served = self.today - timedelta(days=40)
        events.create(
            {
                "animal_id": self.cow.id,
                "event_date": served,
                "event_type": "insemination",
                "sire_code": "AI 7",
            }
        )
        card = self.card()
        self.assertEqual(card["reproduction"]["inseminations"], 1)
        self.assertEqual(card["reproduction"]["last_sire"], "AI 7")
        self.assertIn("pregnancy_check_due", self.codes(card))
        events.create(
            {
                "animal_id": self.cow.id,
                "event_date": self.today,
                "event_type": "pregnancy_check",
                "result": "pregnant",
            }
        )
        card = self.card()
        due = served + timedelta(days=self.breed.gestation_days)
        self.assertEqual(card["reproduction"]["due_date"], str(due))
        self.assertIsNone(card["reproduction"]["days_open"])
        self.assertIn("calving", self.codes(card))
        self.assertTrue(all(action["text"] and "%(" not in action["text"] for action in card["actions"]))

    def test_every_next_action_has_its_words(self):
        from ..figures.next_action import NextAction

        source = self.env["farm.animal"]
        params = {"days": 3, "count": 2, "months": 15}
        codes = [
            "colostrum",
            "milk_withdrawal",
            "milk_withdrawal_today",
            "meat_withdrawal",
            "to_be_culled",
            "examine",
            "open_cases",
            "no_milk_record",
            "no_milk_record_yet",
            "pregnancy_check_due",
            "pregnancy_check_soon",
            "due_date_unknown",
            "calving_overdue",
            "calving_due",
            "calving_soon",
            "calving",
            "dry_off_due",
            "dry_off",
            "waiting_period",
            "inseminate",
            "inseminate_heifer",
            "heifer_ready_soon",
        ]
        for code in codes:
            self.assertTrue(source._next_action_text(NextAction(code, 1, self.today, params)), code)

    def test_bull_heifer_and_departed(self):
        bull, heifer = self.env["farm.animal"].create(
            [
                {"name": "Bull", "animal_type": "bull", "farm_id": self.farm.id, "birth_date": "2020-01-01"},
                {
                    "name": "Heifer",
                    "animal_type": "heifer",
                    "farm_id": self.farm.id,
                    "birth_date": "2023-01-01",
                },
            ]
        )
        self.assertIsNone(self.card(bull)["reproduction"])
        self.assertIsNone(self.card(heifer)["curve"])
        self.assertEqual(self.codes(self.card(heifer)), ["inseminate_heifer"])
        self.cow.write({"status": "sold", "exit_date": self.today, "exit_reason": "sold"})
        card = self.card()
        self.assertEqual((card["identity"]["present"], card["actions"]), (False, []))

    def test_rights(self):
        for role in ("worker", "veterinarian", "manager"):
            self.assertEqual(self.card(role=role)["id"], self.cow.id)
        for role in ("portal", "other"):
            with self.assertRaises(AccessError):
                self.card(role=role)
        with self.assertRaises(MissingError):
            self.env["farm.animal"].with_user(self.users["worker"]).get_cow_card(2**31 - 1)

    def test_button(self):
        action = self.cow.action_open_cow_card()
        self.assertEqual(
            (action["tag"], action["context"]["active_id"]), ("smart_dairy_farm.cow_card", self.cow.id)
        )

    def test_queries_do_not_grow_with_history(self):
        worker = self.env["farm.animal"].with_user(self.users["worker"])
        self.treat(self.cow)
        self.make_milk(self.cow, 3)
        worker.get_cow_card(self.cow.id)
        few = self.count_queries(lambda: worker.get_cow_card(self.cow.id))
        self.make_milk(self.cow, 90, before=self.today - timedelta(days=3))
        for days in range(10, 60, 10):
            self.treat(self.cow, start=self.today - timedelta(days=days))
        many = self.count_queries(lambda: worker.get_cow_card(self.cow.id))
        self.assertLessEqual(many, few + 1)
