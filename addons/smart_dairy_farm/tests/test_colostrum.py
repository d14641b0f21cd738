from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .common import FarmCase


class TestColostrum(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow(calved=-20)

    def state(self, record):
        record.invalidate_recordset()
        return record.discard_reason, record.saleable_yield

    def insert(self, *days):
        """By raw SQL, as a milk meter does."""
        self.env.flush_all()
        self.cr.execute(
            """
            INSERT INTO farm_milk_record (animal_id, farm_id, company_id, record_date, session, total_yield,
                   morning_yield, evening_yield, saleable_yield, discarded, source)
            SELECT a.id, a.farm_id, a.company_id, d, 'morning', 8, 8, 0, 8, false, 'meter'
              FROM farm_animal a, unnest(%s::date[]) AS d WHERE a.id = %s RETURNING id
            """,
            [[self.day(day) for day in days], self.cow.id],
        )
        return self.env["farm.milk.record"].browse(row[0] for row in self.cr.fetchall())

    def test_first_days_after_calving(self):
        for days, expected in ((-20, ("colostrum", 0)), (-16, ("colostrum", 0)), (-15, (False, 8))):
            with self.subTest(days=days):
                self.assertEqual(self.state(self.milk(self.cow, days)), expected)

    def test_by_sql(self):
        records = self.insert(-20, -16, -15)
        expected = [("colostrum", 0), ("colostrum", 0), (False, 8)]
        self.assertEqual([self.state(record) for record in records], expected)
        self.cr.execute(
            "UPDATE farm_milk_record SET discarded = false, discard_reason = NULL,"
            " saleable_yield = total_yield WHERE animal_id = %s",
            [self.cow.id],
        )
        self.assertEqual([self.state(record) for record in records], expected)

    def test_days_are_a_setting_of_the_farm(self):
        self.farm.colostrum_days = 2
        self.assertEqual(self.state(self.milk(self.cow, -19)), ("colostrum", 0))
        self.assertEqual(self.state(self.milk(self.cow, -18)), (False, 8))
        self.assertEqual(self.state(self.insert(-17)), (False, 8))
        self.farm.colostrum_days = 0
        self.assertEqual(self.state(self.insert(-20)), (False, 8))
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation), self.cr.savepoint():
            self.farm.colostrum_days = 31
            self.env.flush_all()

    def test_cannot_be_made_saleable_but_released_by_a_manager(self):
        record = self.milk(self.cow, -18)
        with self.assertRaisesRegex(ValidationError, "colostrum"):
            record.discarded = False
        manager = self.make_user("manager")
        record.with_user(manager)._override_withdrawal("sold as colostrum")
        self.assertEqual(self.state(record), (False, 8))
        self.assertIn("sold as colostrum", self.cow.message_ids[0].body)
        record.with_user(manager).action_revoke_release()
        self.assertEqual(self.state(record), ("colostrum", 0))

    def test_a_release_taken_back_after_its_cause_has_gone(self):
        treatment = self.treat(self.cow, -2)
        record = self.milk(self.cow, -1)
        record._override_withdrawal("negative")
        treatment._cancel("wrong cow")
        record._revoke_override()
        self.assertEqual(self.state(record), (False, 8))
        with self.assertRaises(UserError):
            record._override_withdrawal("nothing to release")

    def test_milk_follows_the_calving(self):
        early, late, chosen = self.milk(self.cow, -16), self.milk(self.cow, -12), self.milk(self.cow, -10)
        chosen.discard_reason = "colostrum"  # by hand, past the days
        calving = self.cow.reproduction_event_ids
        calving.event_date = self.day(-25)
        self.assertEqual([self.state(r)[0] for r in (early, late, chosen)], [False, False, "colostrum"])
        calving.event_date = self.day(-16)
        self.assertEqual([self.state(r)[0] for r in (early, late, chosen)], ["colostrum"] * 3)
        calving.event_date = self.day(-25)
        self.assertEqual([self.state(r)[0] for r in (early, late, chosen)], [False, False, "colostrum"])

    def test_calving_moved_by_sql(self):
        record = self.milk(self.cow, -16)
        self.treat(self.cow, -17)
        self.assertEqual(self.state(record)[0], "colostrum", "the first reason stays")
        self.env.flush_all()
        self.cr.execute(
            "UPDATE farm_lactation SET calving_date = %s WHERE animal_id = %s", [self.day(-40), self.cow.id]
        )
        self.assertEqual(self.state(record)[0], "withdrawal", "still under withdrawal")

    def test_a_cancelled_treatment_leaves_colostrum(self):
        treatment = self.treat(self.cow, -18)
        record = self.milk(self.cow, -18)
        self.assertEqual(self.state(record)[0], "withdrawal")
        treatment._cancel("wrong cow")
        self.assertEqual(self.state(record), ("colostrum", 0))

    def test_another_day(self):
        record = self.milk(self.cow, -18)
        record.record_date = self.day(-10)
        self.assertEqual(self.state(record), (False, 8))
        record.discard_reason = "colostrum"
        record.record_date = self.day(-9)
        self.assertEqual(self.state(record)[0], "colostrum", "somebody said so, the day did not")
        record.record_date = self.day(-17)
        self.assertEqual(self.state(record)[0], "colostrum")

    def test_whole_herd_entry_says_so(self):
        fresh = self.make_cow("Fresh", calved=-1)
        lines = self.env["farm.milk.record"].get_herd_entry(self.farm.id, date=str(self.today))["lines"]
        line = next(line for line in lines if line["animal_id"] == fresh.id)
        self.assertTrue(line["discarded"])
        self.assertIn("colostrum until", line["discard_label"])
        result = self.env["farm.milk.record"].save_herd_entry(
            self.farm.id, str(self.today), "morning", [{"animal_id": fresh.id, "kg": "9"}]
        )
        self.assertIn("colostrum until", result["lines"][0]["discard_label"])
        actions = self.env["farm.animal"].get_cow_card(fresh.id)["actions"]
        self.assertEqual((actions[0]["code"], actions[0]["tone"]), ("colostrum", "bad"))
