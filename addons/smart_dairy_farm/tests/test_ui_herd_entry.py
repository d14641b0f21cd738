from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .ui_common import HerdCase


@tagged("post_install", "-at_install")
class TestHerdEntry(HerdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cows = cls.make_cows(3)
        cls.records = cls.env["farm.milk.record"]

    def get(self, role="worker", session="morning", day=None, **kwargs):
        records = self.records.with_user(self.users[role])
        return records.get_herd_entry(self.farm.id, date=day or str(self.today), session=session, **kwargs)

    def save(self, *lines, role="worker", session="morning", day=None):
        records = self.records.with_user(self.users[role])
        return records.save_herd_entry(self.farm.id, str(day or self.today), session, list(lines))

    def line(self, cow, kg=None, **values):
        return {
            "animal_id": cow.id,
            "kg": kg,
            "fat": None,
            "protein": None,
            "scc": None,
            "seen": "",
            **values,
        }

    def milk(self, cow, session="morning", day=None):
        domain = [
            ("animal_id", "=", cow.id),
            ("record_date", "=", day or self.today),
            ("session", "=", session),
        ]
        return self.records.search(domain)

    # ------------------------------------------------------------ the sheet
    def test_only_cows_in_milk(self):
        dry, future, gone = self.make_cows(3, start=10)
        dry.current_lactation_id.dry_off_date = self.today - timedelta(days=5)
        future.current_lactation_id.calving_date = self.today + timedelta(days=1)
        gone.write({"status": "sold", "exit_date": self.today - timedelta(days=1), "exit_reason": "sold"})
        self.env["farm.animal"].create(
            {"name": "Heifer", "animal_type": "heifer", "farm_id": self.farm.id, "birth_date": "2024-01-01"}
        )
        lines = self.get()["lines"]
        self.assertEqual([line["ear_tag"] for line in lines], ["T001", "T002", "T003"])
        past = self.get(day=str(self.today - timedelta(days=10)))["lines"]
        self.assertIn("T010", [line["ear_tag"] for line in past], "she was milked then")
        self.assertIn("T012", [line["ear_tag"] for line in past], "she was here then")

    def test_a_line(self):
        self.make_milk(self.cows[0], 4, kg=12)
        self.make_milk(self.cows[0], 4, kg=8, session="evening")
        [line, *_rest] = self.get()["lines"]
        self.assertEqual((line["name"], line["pen"], line["dim"]), ("Cow 1", "Milking 1", 100))
        self.assertEqual(line["day_average"], 20)
        self.assertEqual(line["averages"]["kg"], [12, 4])
        self.assertEqual(line["values"], {"kg": False, "fat": False, "protein": False, "scc": False})
        self.assertFalse(line["discarded"])

    def test_no_history_is_no_zero(self):
        [line, *_rest] = self.get()["lines"]
        self.assertIs(line["day_average"], False)
        self.assertEqual(line["averages"], {})

    def test_pen(self):
        self.cows[1].pen_id = self.dry_pen
        self.assertEqual([line["ear_tag"] for line in self.get(pen_id=self.dry_pen.id)["lines"]], ["T002"])
        before = str(self.today - timedelta(days=1))
        self.assertEqual(self.get(pen_id=self.dry_pen.id, day=before)["lines"], [], "she moved today")

    def test_defaults(self):
        data = self.records.with_user(self.users["worker"]).get_herd_entry()
        self.assertEqual((data["farm_id"], data["date"]), (self.farm.id, str(self.today)))
        self.assertIn(data["session"], ("morning", "evening"))
        self.assertEqual(data["limits"]["max_session_kg"], self.farm.milk_session_limit)

    def test_no_farm(self):
        data = self.records.with_user(self.users["other"]).get_herd_entry()
        self.assertEqual((data["farm_id"], data["lines"]), (False, []))

    # ------------------------------------------------------------ saving
    def test_save_and_come_back(self):
        result = self.save(
            self.line(self.cows[0], "12,5", fat="4,1", protein="3.3", scc="187"),
            self.line(self.cows[1], "10"),
        )
        self.assertEqual((result["saved"], result["refused"]), (2, 0))
        record = self.milk(self.cows[0])
        self.assertEqual((record.total_yield, record.fat_percentage), (12.5, 4.1))
        self.assertEqual((record.protein_percentage, record.scc), (3.3, 187))
        self.assertEqual((record.source, record.saleable_yield, record.dim), ("manual", 12.5, 100))
        self.assertIs(self.milk(self.cows[1]).fat_percentage, False, "unknown is not 0")
        [line, *_rest] = self.get()["lines"]
        self.assertEqual(line["values"], {"kg": 12.5, "fat": 4.1, "protein": 3.3, "scc": 187})
        again = self.save(
            self.line(self.cows[0], "12.50", fat="4.1", protein="3.3", scc="187", seen=line["seen"])
        )
        self.assertEqual((again["saved"], again["unchanged"]), (0, 1))

    def test_good_lines_are_kept(self):
        result = self.save(
            self.line(self.cows[0], "12"),
            self.line(self.cows[1], "-3"),
            self.line(self.cows[2], "11", fat="41"),
        )
        self.assertEqual((result["saved"], result["refused"]), (1, 2))
        self.assertEqual([line["status"] for line in result["lines"]], ["saved", "refused", "refused"])
        self.assertIn("negative", result["lines"][1]["reason"])
        self.assertIn("Fat %", result["lines"][2]["reason"])
        self.assertTrue(self.milk(self.cows[0]))
        self.assertFalse(self.milk(self.cows[1]) | self.milk(self.cows[2]))

    def test_refused(self):
        dry = self.make_cows(1, start=20)
        dry.current_lactation_id.dry_off_date = self.today - timedelta(days=5)
        tomorrow = self.today + timedelta(days=1)
        for line, day, words in (
            (self.line(self.cows[0], "51"), None, "more than 50 kg"),
            (self.line(self.cows[0], "abc"), None, "not a number"),
            (self.line(self.cows[0], None, fat="4"), None, "missing"),
            (self.line(dry, "5"), None, "not in milk"),
            (self.line(self.cows[0], "5"), tomorrow, "future"),
            ({"animal_id": 0, "kg": "5"}, None, "not known"),
        ):
            result = self.save(line, day=day)
            self.assertEqual(result["refused"], 1, words)
            self.assertIn(words, result["lines"][0]["reason"])
        self.assertFalse(self.records.search_count([("animal_id", "in", (self.cows + dry).ids)]))

    def test_the_same_cow_twice(self):
        result = self.save(self.line(self.cows[0], "12"), self.line(self.cows[0], "13"))
        self.assertEqual([line["status"] for line in result["lines"]], ["saved", "refused"])

    def test_unusual_is_flagged_and_accepted(self):
        self.make_milk(self.cows[0], 5, kg=12)
        result = self.save(self.line(self.cows[0], "30"))
        self.assertEqual((result["saved"], result["lines"][0]["warnings"]), (1, ["kg"]))

    def test_correction(self):
        self.save(self.line(self.cows[0], "12", fat="4"))
        seen = self.get()["lines"][0]["seen"]
        result = self.save(self.line(self.cows[0], "13", seen=seen))
        self.assertEqual(result["saved"], 1)
        record = self.milk(self.cows[0])
        self.assertEqual(
            (record.total_yield, record.fat_percentage), (13, False), "an emptied field is cleared"
        )

    def test_nobody_overwrites_what_they_have_not_seen(self):
        self.save(self.line(self.cows[0], "12"))
        result = self.save(self.line(self.cows[0], "13", seen=""))
        self.assertEqual(result["refused"], 1)
        self.assertIn("12.0", result["lines"][0]["reason"])
        self.assertEqual(self.milk(self.cows[0]).total_yield, 12)

    def test_a_day_is_not_counted_twice(self):
        self.save(self.line(self.cows[0], "12"))
        result = self.save(self.line(self.cows[0], "20"), session="day")
        self.assertEqual(result["refused"], 1)
        self.save(self.line(self.cows[1], "20"), session="day")
        self.assertEqual(self.save(self.line(self.cows[1], "8"))["refused"], 1)

    def test_withdrawal(self):
        treatment = self.treat(self.cows[0], days=4)
        line = self.get()["lines"][0]
        self.assertTrue(line["discarded"])
        until = treatment.milk_withdrawal_until
        self.assertEqual(until, self.today + timedelta(days=4))
        self.assertIn(str(until.year), line["discard_label"])
        result = self.save(self.line(self.cows[0], "12"), self.line(self.cows[1], "10"))
        self.assertEqual([line["discarded"] for line in result["lines"]], [True, False])
        record = self.milk(self.cows[0])
        self.assertEqual((record.discard_reason, record.saleable_yield), ("withdrawal", 0))

    def test_what_the_database_refuses_costs_one_line(self):
        """A rule that only the record itself knows: the other lines of the same call are stored."""
        cows = self.make_cows(5, start=30)
        original = type(self.records).create

        def refusing(records, vals_list):
            if any(vals["animal_id"] == cows[3].id for vals in vals_list):
                raise UserError("The meter says otherwise.")
            return original(records, vals_list)

        self.patch(type(self.records), "create", refusing)
        result = self.save(*(self.line(cow, "9") for cow in cows))
        self.assertEqual((result["saved"], result["refused"]), (4, 1))
        self.assertEqual(result["lines"][3]["reason"], "The meter says otherwise.")
        self.assertEqual(self.records.search_count([("animal_id", "in", cows.ids)]), 4)

    # ------------------------------------------------------------ rights
    def test_every_role_of_the_farm_enters_milk(self):
        for cow, role in zip(self.cows, ("worker", "veterinarian", "manager"), strict=True):
            self.assertEqual(self.save(self.line(cow, "10"), role=role)["saved"], 1, role)

    def test_portal_gets_nothing(self):
        with self.assertRaises(AccessError):
            self.get(role="portal")
        with self.assertRaises(AccessError):
            self.save(self.line(self.cows[0], "10"), role="portal")

    def test_another_company_gets_nothing(self):
        self.assertFalse(self.get(role="other")["lines"])
        with self.assertRaises(AccessError):
            self.save(self.line(self.cows[0], "10"), role="other")

    def test_an_animal_of_another_company_is_unknown(self):
        farm = (
            self.env["farm.farm"]
            .with_company(self.other_company)
            .create({"name": "Hills", "company_id": self.other_company.id})
        )
        stranger = self.make_cows(1, start=50, farm=farm)
        result = self.save(self.line(stranger, "10"))
        self.assertEqual(result["refused"], 1)
        self.assertIn("not known", result["lines"][0]["reason"])

    def test_bad_call(self):
        for args in ((self.farm.id, False, "morning"), (self.farm.id, str(self.today), "brunch")):
            with self.assertRaises(UserError):
                self.records.with_user(self.users["worker"]).save_herd_entry(*args, [])

    # ------------------------------------------------------------ queries
    def test_queries_do_not_grow_with_the_herd(self):
        self.make_milk(self.cows, 3)
        worker = self.records.with_user(self.users["worker"])
        other_farm = self.env["farm.farm"].create({"name": "Big", "company_id": self.company.id})
        big = self.make_cows(200, start=200, farm=other_farm)
        self.make_milk(big, 3)

        def get(farm):
            return lambda: worker.get_herd_entry(farm.id, False, str(self.today), "morning")

        get(self.farm)(), get(other_farm)()  # warm up
        self.assertLessEqual(self.count_queries(get(other_farm)), self.count_queries(get(self.farm)))

        def save(farm, cows, kg):
            data = worker.get_herd_entry(farm.id, False, str(self.today), "morning")
            seen = {line["animal_id"]: line["seen"] for line in data["lines"]}
            lines = [self.line(cow, kg, seen=seen[cow.id]) for cow in cows]
            return lambda: worker.save_herd_entry(farm.id, str(self.today), "morning", lines)

        few = self.count_queries(save(self.farm, self.cows, "9"))
        many = self.count_queries(save(other_farm, big, "9"))
        self.assertLessEqual(many, few + 4)
        few = self.count_queries(save(self.farm, self.cows, "9.5"))
        many = self.count_queries(save(other_farm, big, "9.5"))
        self.assertLessEqual(many, few + 4)
        self.assertEqual(
            self.records.search_count([("animal_id", "in", big.ids), ("total_yield", "=", 9.5)]), 200
        )


@tagged("post_install", "-at_install")
class TestHerdEntryFarms(HerdCase):
    def test_two_farms_of_a_company(self):
        self.make_cows(1)
        second = self.env["farm.farm"].create({"name": "Zebra", "company_id": self.company.id})
        self.make_cows(2, start=100, farm=second)
        records = self.env["farm.milk.record"].with_user(self.users["worker"])
        data = records.get_herd_entry(second.id, False, str(self.today), "morning")
        self.assertEqual({farm["name"] for farm in data["farms"]}, {"Meadow", "Zebra"})
        self.assertEqual(len(data["lines"]), 2)

    def test_two_companies_selected(self):
        user = self.users["worker"]
        user.write({"company_ids": [Command.link(self.other_company.id)]})
        self.env["farm.farm"].create({"name": "Hills", "company_id": self.other_company.id})
        records = self.env["farm.milk.record"].with_user(user)
        both = [self.company.id, self.other_company.id]
        self.assertEqual(len(records.with_context(allowed_company_ids=both).get_herd_entry()["farms"]), 2)
        one = [self.other_company.id]
        self.assertEqual(len(records.with_context(allowed_company_ids=one).get_herd_entry()["farms"]), 1)
