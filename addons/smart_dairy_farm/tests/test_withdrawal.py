from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .common import FarmCase


class TestWithdrawal(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow()

    def states(self, records):
        return [
            (record.discarded, record.discard_reason, record.saleable_yield)
            for record in records.sorted("record_date")
        ]

    WITHHELD = (True, "withdrawal", 0)
    SALEABLE = (False, False, 8)

    def test_until_the_last_dose_plus_days(self):
        treatment = self.treat(self.cow, -10, last=-8)
        self.assertEqual(treatment.milk_withdrawal_until, self.day(-4))
        self.assertEqual(treatment.meat_withdrawal_until, self.day(2))
        self.assertEqual(self.cow.milk_withdrawal_until, self.day(-4))
        self.assertEqual(self.cow.meat_withdrawal_until, self.day(2))
        later = self.treat(self.cow, -7)
        self.assertEqual(self.cow.milk_withdrawal_until, self.day(-3))
        later._cancel("wrong cow")
        self.assertEqual(self.cow.milk_withdrawal_until, self.day(-4))

    def test_no_withdrawal_days_no_date(self):
        drug = self.env["farm.drug"].create({"name": "Calcium"})
        treatment = self.treat(self.cow, -1, drug_id=drug.id)
        self.assertFalse(treatment.milk_withdrawal_until)
        self.assertFalse(self.milk(self.cow).discarded)

    def test_new_milk_is_discarded(self):
        self.treat(self.cow, -10, last=-8)
        records = self.env["farm.milk.record"].concat(
            *(self.milk(self.cow, days) for days in (-11, -10, -4, -3))
        )
        self.assertEqual(self.states(records), [self.SALEABLE, self.WITHHELD, self.WITHHELD, self.SALEABLE])

    def test_existing_milk_follows_the_treatment(self):
        records = self.env["farm.milk.record"].concat(*(self.milk(self.cow, days) for days in (-10, -5, -1)))
        treatment = self.treat(self.cow, -10)  # until -6
        self.assertEqual(self.states(records), [self.WITHHELD, self.SALEABLE, self.SALEABLE])
        treatment.last_dose_date = self.day(-9)  # until -5
        self.assertEqual(self.states(records), [self.WITHHELD, self.WITHHELD, self.SALEABLE])
        treatment.milk_withdrawal_days = 20
        self.assertEqual(self.states(records), [self.WITHHELD] * 3)
        treatment.write(
            {"start_date": self.day(-8), "last_dose_date": self.day(-8), "milk_withdrawal_days": 4}
        )
        self.assertEqual(self.states(records), [self.SALEABLE, self.WITHHELD, self.SALEABLE])
        treatment._cancel("entered for the wrong cow")
        self.assertEqual(self.states(records), [self.SALEABLE] * 3)

    def test_another_treatment_keeps_the_milk_withheld(self):
        record = self.milk(self.cow, -9)
        first, _second = self.treat(self.cow, -10), self.treat(self.cow, -9)
        first._cancel("double entry")
        self.assertEqual(self.states(record), [self.WITHHELD])

    def test_moving_the_treatment_to_its_animal(self):
        other = self.make_cow("Other")
        records = self.milk(self.cow, -9), self.milk(other, -9)
        treatment = self.treat(self.cow, -10)
        case = self.env["farm.health.record"].create({"animal_id": other.id, "record_date": self.day(-10)})
        treatment.write({"health_record_id": case.id, "animal_id": other.id})
        self.assertEqual([record.discarded for record in records], [False, True])
        self.assertFalse(self.cow.milk_withdrawal_until)

    def test_other_reasons_stay(self):
        record = self.milk(self.cow, -9, discard_reason="colostrum")
        treatment = self.treat(self.cow, -10)
        treatment._cancel("x")
        self.assertEqual(record.discard_reason, "colostrum")

    def test_milk_under_withdrawal_cannot_be_made_saleable(self):
        self.treat(self.cow, -2)
        record = self.milk(self.cow, -1)
        for values in ({"discarded": False}, {"discard_reason": False}):
            with self.assertRaisesRegex(ValidationError, "under withdrawal"):
                record.write(values)
        record.total_yield = 9
        self.assertEqual(self.states(record), [self.WITHHELD])
        record.record_date = self.day(-3)
        self.assertEqual((record.discarded, record.saleable_yield), (False, 9), "before the treatment")
        record.record_date = self.day(-1)
        self.assertEqual(self.states(record), [self.WITHHELD])

    def test_only_a_manager_releases_with_a_reason_and_it_is_logged(self):
        self.treat(self.cow, -2)
        record = self.milk(self.cow, -1)
        for role in ("worker", "veterinarian"):
            user = self.make_user(role)
            with self.assertRaises(AccessError):
                record.with_user(user)._override_withdrawal("because")
            with self.assertRaises(AccessError):
                record.with_user(user).write({"override_reason": "because"})
            with mute_logger("odoo.addons.base.models.ir_model"), self.assertRaises(AccessError):
                self.env["farm.milk.override"].with_user(user).create(
                    {"milk_record_ids": record.ids, "reason": "x"}
                )
        manager = self.make_user("manager")
        with self.assertRaises(UserError):
            record.with_user(manager)._override_withdrawal("  ")
        with self.assertRaises(AccessError):
            record.with_user(manager).write({"override_reason": "past the form"})
        wizard = self.env["farm.milk.override"].with_user(manager)
        wizard.create({"milk_record_ids": record.ids, "reason": "Residue test negative"}).action_apply()
        self.assertEqual(self.states(record), [self.SALEABLE])
        self.assertEqual(
            (record.override_reason, record.override_user_id), ("Residue test negative", manager)
        )
        self.assertTrue(record.override_date)
        message = self.cow.message_ids[0]
        self.assertIn("Residue test negative", message.body)
        self.assertEqual(message.author_id, manager.partner_id)
        self.treat(self.cow, -1)
        self.assertEqual(self.states(record), [self.SALEABLE], "a release stays")
        record.total_yield = 8
        record.with_user(manager).action_revoke_release()
        self.assertEqual(self.states(record), [self.WITHHELD])

    def test_release_ends_with_the_day_it_was_given_for(self):
        self.treat(self.cow, -2)
        record = self.milk(self.cow, -1)
        record._override_withdrawal("negative")
        record.record_date = self.day(-2)
        self.assertEqual(self.states(record), [self.WITHHELD])
        self.assertFalse(record.override_reason)

    def test_nothing_to_release(self):
        with self.assertRaisesRegex(UserError, "nothing to release"):
            self.milk(self.cow)._override_withdrawal("x")

    def test_treatments_are_not_deleted(self):
        treatment = self.treat(self.cow, -2)
        with self.assertRaisesRegex(UserError, "five years"):
            treatment.unlink()
        with self.assertRaisesRegex(UserError, "five years"):
            treatment.health_record_id.unlink()
        treatment.active = False
        self.assertTrue(self.milk(self.cow, -1).discarded, "an archived treatment still counts")

    def test_cancelling_needs_a_reason_and_is_logged(self):
        treatment = self.treat(self.cow, -2)
        veterinarian = self.make_user("veterinarian")
        with self.assertRaises(UserError):
            treatment.with_user(veterinarian)._cancel(" ")
        with self.assertRaises(UserError):
            treatment.with_user(veterinarian).write({"cancelled": True, "cancel_reason": "x"})
        wizard = self.env["farm.treatment.cancel"].with_user(veterinarian)
        wizard.create({"treatment_id": treatment.id, "reason": "wrong cow"}).action_apply()
        self.assertTrue(treatment.cancelled)
        self.assertFalse(treatment.milk_withdrawal_until)
        self.assertIn("wrong cow", self.cow.message_ids[0].body)

    def test_treatment_of_another_animal_than_the_case(self):
        other = self.make_cow("Other")
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.treat(self.cow, -1, animal_id=other.id)


class TestWithdrawalBySql(FarmCase):
    """Nobody reaches the tank with raw SQL either."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow()
        cls.treatment = cls.treat(cls.cow, -10)  # until -6
        cls.lactation = cls.cow.current_lactation_id
        cls.env.flush_all()

    def insert(self, *days):
        self.cr.execute(
            """
            INSERT INTO farm_milk_record (animal_id, farm_id, company_id, record_date, session, total_yield,
                   morning_yield, evening_yield, saleable_yield, discarded, source)
            SELECT a.id, a.farm_id, a.company_id, d, 'morning', 8, 8, 0, 8, false, 'meter'
              FROM farm_animal a, unnest(%s::date[]) AS d WHERE a.id = %s
            """,
            [[self.day(day) for day in days], self.cow.id],
        )

    def discarded(self):
        self.cr.execute(
            "SELECT record_date, saleable_yield::float, discard_reason FROM farm_milk_record"
            " WHERE animal_id = %s AND discarded ORDER BY 1",
            [self.cow.id],
        )
        rows = self.cr.fetchall()
        for _day, saleable, reason in rows:
            self.assertEqual((saleable, reason), (0, "withdrawal"))
        return [(day - self.today).days for day, *_ in rows]

    def test_insert(self):
        self.insert(-11, -10, -6, -5)
        self.assertEqual(self.discarded(), [-10, -6])

    def test_update_into_the_window_and_unset(self):
        self.insert(-11, -9)
        self.cr.execute(
            "UPDATE farm_milk_record SET record_date = record_date + 1 WHERE animal_id = %s", [self.cow.id]
        )
        self.assertEqual(self.discarded(), [-10, -8])
        self.cr.execute(
            "UPDATE farm_milk_record SET discarded = false, discard_reason = NULL, saleable_yield ="
            " total_yield"
            " WHERE animal_id = %s",
            [self.cow.id],
        )
        self.assertEqual(self.discarded(), [-10, -8])

    def test_treatment_by_sql(self):
        self.insert(-10, -5, -4, -1)
        self.assertEqual(self.discarded(), [-10])
        self.cr.execute(
            """
            INSERT INTO farm_treatment (health_record_id, animal_id, farm_id, company_id, drug_id, dose,
                   start_date, last_dose_date, milk_withdrawal_days, meat_withdrawal_days,
                   milk_withdrawal_until, active)
            SELECT health_record_id, animal_id, farm_id, company_id, drug_id, 1, %s, %s, 2, 0, %s, true
              FROM farm_treatment WHERE id = %s RETURNING id
            """,
            [self.day(-5), self.day(-5), self.day(-3), self.treatment.id],
        )
        [new_id] = self.cr.fetchone()
        self.assertEqual(self.discarded(), [-10, -5, -4])
        self.cr.execute(
            "UPDATE farm_treatment SET cancelled = true, cancel_reason ="
            " 'x', milk_withdrawal_until = NULL WHERE id = %s",
            [new_id],
        )
        self.assertEqual(self.discarded(), [-10])
        self.cr.execute(
            "UPDATE farm_treatment SET last_dose_date = last_dose_date + 5, milk_withdrawal_until ="
            " milk_withdrawal_until + 5, meat_withdrawal_until = meat_withdrawal_until + 5 WHERE id = %s",
            [self.treatment.id],
        )
        self.assertEqual(self.discarded(), [-10, -5, -4, -1])
        self.cr.execute("SELECT milk_withdrawal_until FROM farm_animal WHERE id = %s", [self.cow.id])
        self.assertEqual(self.cr.fetchone(), (self.day(-1),))

    def test_released_milk_stays_released(self):
        self.insert(-9)
        self.cr.execute(
            "UPDATE farm_milk_record SET discarded = false, discard_reason = NULL, saleable_yield ="
            " total_yield,"
            " override_reason = 'negative', override_user_id = %s, override_date = now() WHERE"
            " animal_id = %s",
            [self.env.uid, self.cow.id],
        )
        self.assertEqual(self.discarded(), [])
        self.cr.execute(
            "UPDATE farm_milk_record SET override_reason = NULL,"
            " override_user_id = NULL, override_date = NULL WHERE animal_id ="
            " %s",
            [self.cow.id],
        )
        self.assertEqual(self.discarded(), [-9])
