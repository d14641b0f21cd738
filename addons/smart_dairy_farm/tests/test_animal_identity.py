from odoo.exceptions import ValidationError
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import FarmCase

RFID = "050000123456789"


class TestTags(FarmCase):
    def worn(self, animal, tag_type="ear"):
        return animal.tag_ids.filtered(lambda tag: tag.tag_type == tag_type and not tag.date_to)

    def test_column_makes_the_tag(self):
        animal = self.make_animal(ear_tag=" BD  17 ", rfid_tag="050 0001 23456789", management_number="17")
        self.assertEqual(animal.ear_tag, "BD 17")
        self.assertEqual(animal.rfid_tag, RFID)
        self.assertEqual(animal.management_number, "17")
        self.assertEqual(self.worn(animal).value, "BD 17")
        self.assertEqual(self.worn(animal).date_from, animal.entry_date)
        self.assertEqual(self.worn(animal, "rfid").value, RFID)

    def test_changing_the_column_keeps_the_history(self):
        animal = self.make_animal(ear_tag="A1")
        animal.with_context(effective_date=self.day(-5)).ear_tag = "A2"
        old = animal.tag_ids.filtered(lambda tag: tag.value == "A1")
        self.assertEqual(old.date_to, self.day(-5))
        self.assertEqual(self.worn(animal).value, "A2")
        self.assertEqual(self.worn(animal).date_from, self.day(-5))
        animal.ear_tag = False
        self.assertFalse(self.worn(animal))
        self.assertEqual(len(animal.tag_ids), 2)

    def test_changing_the_history_changes_the_column(self):
        animal = self.make_animal()
        tag = self.env["farm.animal.tag"].create({"animal_id": animal.id, "tag_type": "rfid", "value": RFID})
        self.assertEqual(animal.rfid_tag, RFID)
        tag.date_to = self.today
        self.assertFalse(animal.rfid_tag)
        tag.date_to = False
        tag.value = "050000123456780"
        self.assertEqual(animal.rfid_tag, "050000123456780")
        tag.unlink()
        self.assertFalse(animal.rfid_tag)
        self.env.flush_all()
        self.env.cr.execute("SELECT rfid_tag FROM farm_animal WHERE id = %s", [animal.id])
        self.assertEqual(self.env.cr.fetchone(), (None,))

    def test_rfid_is_iso(self):
        for wrong in ("12345", "27600031231234X", "000000123456789", "27600031231234५"):
            with self.assertRaises(ValidationError, msg=wrong):
                self.make_animal(rfid_tag=wrong)
            with self.assertRaises(ValidationError, msg=wrong):
                self.make_animal().rfid_tag = wrong
        for right in ("276000312312345", "982000123456789", "999000000000001"):
            self.assertEqual(self.make_animal(rfid_tag=right).rfid_tag, right)

    def test_rfid_is_unique_among_present_animals_everywhere(self):
        first = self.make_animal(rfid_tag=RFID)
        other_company = self.env["res.company"].create({"name": "Other"})
        other_farm = self.env["farm.farm"].create({"name": "Other", "company_id": other_company.id})
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.make_animal(farm_id=other_farm.id, rfid_tag=RFID)
        first._record_exit(self.today, "sold", "sold")
        self.assertEqual(self.make_animal("Next", rfid_tag=RFID).rfid_tag, RFID)
        self.assertEqual(first.rfid_tag, RFID, "an animal that has left keeps its number")

    def test_ear_tag_is_unique_in_the_company(self):
        self.make_animal(ear_tag="B1")
        other_company = self.env["res.company"].create({"name": "Other"})
        other_farm = self.env["farm.farm"].create({"name": "Other", "company_id": other_company.id})
        self.make_animal(farm_id=other_farm.id, ear_tag="B1")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError) as caught, self.cr.savepoint():
            self.make_animal(ear_tag="B1")
        message = self.env["farm.animal"]._sql_error_to_message(caught.exception)
        self.assertIn("already belongs to another present animal", message)
        self.assertIn("B1", message)

    def test_a_second_worn_rfid_collides_too(self):
        animal, other = self.make_animal(rfid_tag=RFID), self.make_animal()
        self.env["farm.animal.tag"].create(
            {"animal_id": animal.id, "tag_type": "rfid", "value": "982000123456789"}
        )
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            other.rfid_tag = RFID

    def test_many_animals_take_as_many_queries_as_few(self):
        def create(count, start):
            self.env["farm.animal"].create(
                [
                    {
                        "name": f"N{start + i}",
                        "animal_type": "heifer",
                        "farm_id": self.farm.id,
                        "ear_tag": f"N{start + i}",
                        "pen_id": self.pen.id,
                    }
                    for i in range(count)
                ]
            )
            self.env.flush_all()

        create(2, 0)
        start = self.cr.sql_log_count
        create(2, 10)
        few = self.cr.sql_log_count - start
        start = self.cr.sql_log_count
        create(40, 100)
        many = self.cr.sql_log_count - start
        self.assertLessEqual(many, few + 4)


class TestPens(FarmCase):
    def test_column_opens_and_closes_stays(self):
        animal = self.make_animal(pen_id=self.pen.id)
        self.assertEqual(animal.pen_stay_ids.date_from, animal.entry_date)
        animal.with_context(effective_date=self.day(-3)).pen_id = self.dry_pen
        stays = animal.pen_stay_ids.sorted("date_from")
        self.assertEqual(stays.mapped("pen_id"), self.pen | self.dry_pen)
        self.assertEqual((stays[0].date_to, stays[1].date_from), (self.day(-3), self.day(-3)))
        self.assertFalse(stays[1].date_to)
        animal.pen_id = False
        self.assertEqual(stays[1].date_to, self.today)

    def test_moving_twice_on_a_day_leaves_one_stay(self):
        animal = self.make_animal(pen_id=self.pen.id)
        animal.pen_id = self.dry_pen
        animal.pen_id = self.pen
        self.assertEqual(animal.pen_id, self.pen)
        self.assertEqual(len(animal.pen_stay_ids), 2)

    def test_stays_change_the_column(self):
        animal = self.make_animal()
        stay = self.env["farm.pen.stay"].create(
            {"animal_id": animal.id, "pen_id": self.pen.id, "date_from": self.day(-9)}
        )
        self.assertEqual(animal.pen_id, self.pen)
        stay.date_to = self.day(-1)
        self.assertFalse(animal.pen_id)

    def test_no_stay_in_the_future(self):
        with self.assertRaises(ValidationError):
            self.env["farm.pen.stay"].create(
                {"animal_id": self.make_animal().id, "pen_id": self.pen.id, "date_from": self.day(1)}
            )

    def test_another_farm_leaves_the_pen(self):
        animal = self.make_animal(pen_id=self.pen.id)
        animal.farm_id = self.env["farm.farm"].create({"name": "Second"})
        self.assertFalse(animal.pen_id)
        self.assertEqual(animal.pen_stay_ids.date_to, self.today)

    def test_past_milk_follows_a_corrected_stay(self):
        cow = self.make_cow()
        record = self.milk(cow, -10)
        self.assertEqual(record.pen_id, self.pen)
        cow.with_context(effective_date=self.day(-20)).pen_id = self.dry_pen
        self.assertEqual(record.pen_id, self.dry_pen)
