from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import FarmCase


class TestMilkRecord(FarmCase):
    def test_what_follows_from_the_entry(self):
        cow = self.make_cow(calved=-40)
        morning = self.milk(cow, -1, 7.256)
        self.assertEqual(morning.total_yield, 7.26)
        self.assertEqual(
            (morning.morning_yield, morning.evening_yield, morning.saleable_yield), (7.26, 0, 7.26)
        )
        self.assertEqual(morning.lactation_id, cow.current_lactation_id)
        self.assertEqual((morning.dim, morning.pen_id), (39, self.pen))
        self.assertEqual((morning.farm_id, morning.company_id), (self.farm, self.farm.company_id))
        evening = self.milk(cow, -1, 5, "evening")
        self.assertEqual((evening.morning_yield, evening.evening_yield), (0, 5))
        noon = self.milk(cow, -1, 4, "noon")
        self.assertEqual((noon.morning_yield, noon.evening_yield), (0, 0))

    def test_whole_day_may_be_split(self):
        cow = self.make_cow()
        record = self.milk(cow, -1, 12, "day", morning_yield=7, evening_yield=5)
        self.assertEqual((record.morning_yield, record.evening_yield), (7, 5))
        self.assertEqual(self.milk(cow, -2, 12, "day").morning_yield, 0)
        with self.assertRaisesRegex(ValidationError, "are more than"):
            record.morning_yield = 8
        record.write({"total_yield": 13, "morning_yield": 8})
        self.assertEqual((record.total_yield, record.morning_yield, record.saleable_yield), (13, 8, 13))

    def test_a_day_has_sessions_or_one_record(self):
        cow = self.make_cow()
        self.milk(cow, -1)
        with self.assertRaisesRegex(ValidationError, "not both"):
            self.milk(cow, -1, session="day")
        self.milk(cow, -2, session="day")
        with self.assertRaisesRegex(ValidationError, "not both"):
            self.milk(cow, -2, session="noon")

    def test_changes_follow(self):
        cow = self.make_cow(calved=-40)
        record = self.milk(cow, -1, 7)
        record.total_yield = 8
        self.assertEqual((record.morning_yield, record.saleable_yield), (8, 8))
        record.session = "evening"
        self.assertEqual((record.morning_yield, record.evening_yield), (0, 8))
        record.record_date = self.day(-3)
        self.assertEqual(record.dim, 37)
        record.discard_reason = "abnormal"
        self.assertEqual((record.discarded, record.saleable_yield), (True, 0))
        record.discarded = False
        self.assertEqual((record.discard_reason, record.saleable_yield), (False, 8))
        record.discarded = True
        self.assertEqual(record.discard_reason, "other")

    def test_several_records_written_at_once(self):
        cow = self.make_cow()
        records = self.milk(cow, -1, 7) | self.milk(cow, -2, 9)
        records.write({"discard_reason": "spilled"})
        self.assertEqual(records.mapped("saleable_yield"), [0, 0])
        records.write({"discard_reason": False})
        self.assertEqual([record.saleable_yield for record in records], [7, 9])

    def test_derived_values_cannot_be_dictated(self):
        cow = self.make_cow()
        record = self.milk(cow, -1, 7, saleable_yield=99, dim=3, lactation_id=False)
        self.assertEqual(record.saleable_yield, 7)
        record.write({"saleable_yield": 99, "dim": 3, "pen_id": self.dry_pen.id})
        self.assertEqual((record.saleable_yield, record.pen_id), (7, self.pen))

    def refused(self, text, *args, **values):
        with self.assertRaisesRegex(ValidationError, text):
            self.milk(*args, **values)

    def test_animals_that_give_no_milk(self):
        self.refused("no lactation on that day", self.make_animal("Heifer"))
        self.refused("no lactation on that day", self.make_animal("Bull", animal_type="bull"))
        cow = self.make_cow(calved=-100)
        self.refused("no lactation on that day", cow, -101)
        self.refused("not come yet", cow, 1)
        cow.current_lactation_id.dry_off_date = self.day(-5)
        self.milk(cow, -5)
        self.refused("she is dry since", cow, -4)
        sold = self.make_cow("Sold", calved=-100)
        sold._record_exit(self.day(-3), "sold", "x")
        self.refused("she left on", sold, -2)
        young = self.make_animal("Young", birth_date=self.day(-20))
        self.refused("not born yet", young, -21)

    def test_impossible_amounts(self):
        cow = self.make_cow()
        self.refused("is not possible, at most 50", cow, kg=50.5)
        self.refused("is not possible", cow, kg=-1)
        self.refused("is not possible, at most 100", cow, kg=101, session="day")
        self.farm.milk_session_limit = 60
        self.assertEqual(self.milk(cow, kg=50.5).total_yield, 50.5)

    def test_once_a_session(self):
        cow = self.make_cow()
        self.milk(cow)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError) as caught, self.cr.savepoint():
            self.milk(cow)
        self.assertIn(
            "already has a milk record", self.env["farm.milk.record"]._sql_error_to_message(caught.exception)
        )

    def test_no_copy(self):
        with self.assertRaises(UserError):
            self.milk(self.make_cow()).copy()

    def test_dry_off_before_the_last_milk_is_refused(self):
        cow = self.make_cow()
        self.milk(cow, -1)
        with self.assertRaisesRegex(ValidationError, "outside the lactation"):
            cow.current_lactation_id.dry_off_date = self.day(-2)

    def test_many_records_take_as_many_queries_as_few(self):
        cows = [self.make_cow(f"Cow {number}") for number in range(30)]
        self.env.flush_all()

        def queries(days, count):
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self.env["farm.milk.record"].create(
                [
                    {
                        "animal_id": cow.id,
                        "record_date": self.day(days),
                        "session": "morning",
                        "total_yield": 8,
                    }
                    for cow in cows[:count]
                ]
            )
            self.env.flush_all()
            return self.cr.sql_log_count - start

        queries(-1, 2)
        self.assertLessEqual(queries(-3, 30), queries(-2, 2))

    def test_rederived_by_one_statement(self):
        cow = self.make_cow(calved=-40)
        records = self.milk(cow, -1) | self.milk(cow, -2)
        self.env.flush_all()
        expected = [(record.lactation_id.id, record.dim, record.pen_id.id) for record in records]
        self.cr.execute(
            "UPDATE farm_milk_record SET lactation_id = NULL, dim = 7, pen_id = NULL WHERE id IN %s",
            [records._ids],
        )
        self.assertEqual(self.env["farm.milk.record"]._rederive(cow), 2)
        self.assertEqual(
            [(record.lactation_id.id, record.dim, record.pen_id.id) for record in records], expected
        )
        self.assertEqual(self.env["farm.milk.record"]._rederive(cow), 0)
