"""Raw SQL cannot break the rules: each is tried."""

from odoo.tools import mute_logger
from psycopg2 import Error
from psycopg2.errors import CheckViolation, ExclusionViolation, NotNullViolation, UniqueViolation

from .common import FarmCase


class TestDatabaseRules(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow("Cow", ear_tag="R1", rfid_tag="050000000000001")
        cls.other = cls.make_animal("Other", ear_tag="R2", rfid_tag="050000000000002", pen_id=cls.pen.id)
        cls.record = cls.milk(cls.cow, -1)
        cls.day_record = cls.milk(cls.cow, -2, 12, "day")
        cls.treatment = cls.treat(cls.cow, -60)
        cls.stay = cls.cow.pen_stay_ids
        cls.lactation = cls.cow.lactation_ids
        cls.climate = cls.env["farm.climate.record"].create(
            {"farm_id": cls.farm.id, "temperature": 25, "humidity": 50}
        )
        cls.env.flush_all()

    def refused(self, error, record, assignment, *params):
        query = f"UPDATE {record._table} SET {assignment} WHERE id = %s"  # noqa: S608 literals of this file
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(error, msg=assignment) as caught,
            self.cr.savepoint(),
        ):
            self.cr.execute(query, [*params, record.id])
        message = self.env[record._name]._sql_error_to_message(caught.exception)
        self.assertNotIn("violates", message, "worded for people")
        self.assertIsInstance(caught.exception, Error)

    def test_milk(self):
        for assignment in (
            "total_yield = -1, morning_yield = -1, saleable_yield = -1",
            "total_yield = 100.01, morning_yield = 100.01, saleable_yield = 100.01",
            "morning_yield = 1",
            "evening_yield = 1",
            "session = 'evening'",
            "saleable_yield = 0",
            "saleable_yield = 99",
            "discarded = true",
            "discard_reason = 'other', saleable_yield = 0",
            "fat_percentage = 0",
            "fat_percentage = 15.1",
            "protein_percentage = 0.4",
            "protein_percentage = 10.1",
            "scc = -1",
            "dim = -1",
            "override_reason = 'x'",
            "record_date = '2014-12-31'",
        ):
            self.refused(CheckViolation, self.record, assignment)
        self.refused(CheckViolation, self.day_record, "morning_yield = 7, evening_yield = 6")
        self.refused(
            CheckViolation,
            self.day_record,
            "session = 'morning', morning_yield = 12, record_date = %s, animal_id = animal_id,"
            " total_yield = 11",
            self.day(-2),
        )
        self.refused(CheckViolation, self.record, "record_date = %s", self.day(-2))
        self.refused(NotNullViolation, self.record, "total_yield = NULL")
        self.refused(NotNullViolation, self.record, "saleable_yield = NULL")

    def test_milk_once_a_session(self):
        second = self.milk(self.cow, -3)
        self.env.flush_all()
        self.refused(UniqueViolation, second, "record_date = %s", self.day(-1))

    def test_animal(self):
        for assignment in (
            "rfid_tag = '123'",
            "rfid_tag = '000000000000001'",
            "sex = 'male'",
            "animal_type = 'bull'",
            "status = 'sold'",
            "exit_date = '2026-01-01'",
            "status = 'sold', exit_date = entry_date - 1",
            "entry_date = birth_date - 1",
            "dam_id = id",
            "parity = -1",
        ):
            self.refused(CheckViolation, self.cow, assignment)
        self.refused(UniqueViolation, self.cow, "rfid_tag = '050000000000002'")
        self.refused(UniqueViolation, self.cow, "ear_tag = 'R2'")

    def test_tags_and_stays(self):
        tag = self.cow.tag_ids.filtered(lambda tag: tag.tag_type == "rfid")
        self.refused(CheckViolation, tag, "value = '12'")
        self.refused(CheckViolation, tag, "value = ''")
        self.refused(CheckViolation, tag, "date_to = date_from - 1")
        self.refused(UniqueViolation, tag, "value = '050000000000002'")
        self.refused(UniqueViolation, self.cow.tag_ids - tag, "value = 'R2'")
        self.refused(CheckViolation, self.stay, "date_to = date_from - 1")
        self.refused(ExclusionViolation, self.stay, "animal_id = %s", self.other.id)

    def test_lactation(self):
        for assignment in (
            "parity = 0",
            "dry_off_date = calving_date - 1",
            "end_date = calving_date - 1",
            "end_date = calving_date + 10, dry_off_date = calving_date + 11",
        ):
            self.refused(CheckViolation, self.lactation, assignment)
        earlier = self.event(self.make_animal("Third"), "calving", -50).lactation_id
        self.env.flush_all()
        self.refused(
            UniqueViolation,
            earlier,
            "animal_id = %s, calving_date = '2020-01-01', end_date = '2020-02-01'",
            self.cow.id,
        )
        self.refused(ExclusionViolation, earlier, "animal_id = %s, parity = 2", self.cow.id)

    def test_treatment(self):
        for assignment in (
            "last_dose_date = start_date - 1",
            "milk_withdrawal_days = -1",
            "dose = 0",
            "milk_withdrawal_until = milk_withdrawal_until - 1",
            "milk_withdrawal_until = NULL",
            "meat_withdrawal_until = meat_withdrawal_until - 1",
            "milk_withdrawal_days = milk_withdrawal_days + 1",
            "cancelled = true, milk_withdrawal_until = NULL, meat_withdrawal_until = NULL",
            "cancel_reason = 'x'",
        ):
            self.refused(CheckViolation, self.treatment, assignment)
        self.refused(CheckViolation, self.treatment, "animal_id = %s", self.other.id)

    def test_treatments_are_kept(self):
        for query in ("DELETE FROM farm_treatment", "TRUNCATE farm_treatment CASCADE"):
            with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation) as caught, self.cr.savepoint():
                self.cr.execute(query)
            self.assertIn("five years", self.treatment._sql_error_to_message(caught.exception))
        self.cr.execute(
            "UPDATE farm_treatment SET start_date = '2015-06-01', last_dose_date = '2015-06-01',"
            " milk_withdrawal_until = '2015-06-05', meat_withdrawal_until = '2015-06-11' WHERE id = %s",
            [self.treatment.id],
        )
        self.cr.execute("DELETE FROM farm_treatment WHERE id = %s", [self.treatment.id])
        self.assertEqual(self.cr.rowcount, 1, "older than five years")

    def test_others(self):
        self.refused(CheckViolation, self.climate, "humidity = 101")
        self.refused(CheckViolation, self.climate, "temperature = 77")
        self.refused(CheckViolation, self.farm, "fresh_days = 200")
        self.refused(CheckViolation, self.farm, "milk_density = 2")
        self.refused(CheckViolation, self.pen, "capacity = -1")
        self.refused(CheckViolation, self.drug, "milk_withdrawal_days = -1")
        self.refused(CheckViolation, self.breed, "gestation_days = 30")
        self.refused(CheckViolation, self.treatment.health_record_id, "state = 'closed'")
        event = self.env["farm.reproduction.event"].search([("animal_id", "=", self.cow.id)])
        self.refused(CheckViolation, event, "result = 'open'")

    def test_thi(self):
        self.assertAlmostEqual(self.climate.thi, 71.78, 2)
