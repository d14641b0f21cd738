from odoo.exceptions import AccessError, UserError, ValidationError

from .common import FarmCase


class TestExit(FarmCase):
    def test_exit_closes_what_runs_and_keeps_history(self):
        cow = self.make_cow(ear_tag="E1")
        record = self.milk(cow, 0)
        wizard = self.env["farm.exit"].create(
            {
                "animal_ids": cow.ids,
                "exit_date": self.today,
                "status": "sold",
                "reason": "Sold to a neighbour",
            }
        )
        wizard.action_apply()
        self.assertEqual(
            (cow.status, cow.exit_date, cow.exit_reason), ("sold", self.today, "Sold to a neighbour")
        )
        self.assertEqual(cow.pen_stay_ids.date_to, self.today)
        self.assertEqual(cow.lactation_ids.end_date, self.today)
        self.assertEqual(cow.tag_ids.date_to, self.today)
        self.assertEqual((cow.ear_tag, cow.lactation_status), ("E1", "none"))
        self.assertFalse(cow.pen_id)
        self.assertFalse(cow.current_lactation_id)
        self.assertEqual(cow.parity, 1)
        self.assertTrue(record.exists())

    def test_writing_the_status_is_an_exit(self):
        cow = self.make_cow()
        cow.status = "dead"
        self.assertEqual(cow.exit_date, self.today)
        self.assertTrue(cow.lactation_ids.end_date)

    def test_the_morning_milk_of_the_exit_day_counts(self):
        cow = self.make_cow()
        cow._record_exit(self.today, "sold", "x")
        record = self.milk(cow, 0)
        self.assertEqual((record.lactation_id, record.pen_id), (cow.lactation_ids, self.pen))

    def test_impossible_days(self):
        cow = self.make_cow(entry_date=self.day(-200))
        self.milk(cow, -1)
        for day in (self.day(1), self.day(-201), self.day(-2)):
            with self.assertRaises(ValidationError):
                cow._record_exit(day, "sold", "x")
        cow._record_exit(self.today, "sold", "x")
        with self.assertRaises(UserError):
            cow._record_exit(self.today, "sold", "x")

    def test_a_mistaken_exit_is_taken_back(self):
        cow = self.make_cow(ear_tag="E1")
        cow._record_exit(self.today, "culled", "x")
        cow.action_undo_exit()
        self.assertEqual((cow.status, cow.exit_date, cow.pen_id), ("active", False, self.pen))
        self.assertEqual(cow.current_lactation_id, cow.lactation_ids)
        self.assertEqual(cow.lactation_status, "early")
        self.assertEqual(cow.ear_tag, "E1")
        self.assertFalse(cow.tag_ids.date_to)

    def test_meat_withdrawal_stops_slaughter_and_sale(self):
        cow = self.make_cow()
        self.treat(cow, -2)
        self.assertEqual(cow.meat_withdrawal_until, self.day(8))
        for status in ("sold", "culled"):
            with self.assertRaisesRegex(UserError, "meat withdrawal"):
                cow._record_exit(self.today, status, "x")
        with self.assertRaisesRegex(UserError, "meat withdrawal"):
            cow.status = "sold"
        veterinarian = self.make_user("veterinarian")
        with self.assertRaises(AccessError):
            cow.with_user(veterinarian)._record_exit(self.today, "culled", "x", "I say so")
        manager = self.make_user("manager")
        cow.with_user(manager)._record_exit(
            self.today, "culled", "x", "Emergency slaughter, carcass to be tested"
        )
        self.assertEqual(cow.status, "culled")
        self.assertIn("carcass to be tested", "".join(cow.message_ids.mapped("body")))

    def test_death_under_meat_withdrawal_is_possible(self):
        cow = self.make_cow()
        self.treat(cow, -2)
        cow._record_exit(self.today, "dead", "bloat")
        self.assertEqual(cow.status, "dead")
