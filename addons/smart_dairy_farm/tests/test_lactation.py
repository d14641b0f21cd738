from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import FarmCase


class TestCalving(FarmCase):
    def test_a_heifer_becomes_a_cow(self):
        heifer = self.make_animal()
        self.assertEqual((heifer.parity, heifer.lactation_status), (0, "none"))
        event = self.event(heifer, "calving", -30)
        self.assertEqual((heifer.animal_type, heifer.parity, heifer.dim), ("cow", 1, 30))
        self.assertEqual((heifer.lactation_status, heifer.reproduction_status), ("early", "birthed"))
        self.assertEqual(event.lactation_id, heifer.current_lactation_id)

    def test_the_next_calving_ends_the_lactation(self):
        cow = self.make_cow(calved=-400)
        first = cow.current_lactation_id
        self.event(cow, "calving", -20)
        self.assertEqual(first.end_date, self.day(-20))
        self.assertEqual((cow.current_lactation_id.parity, cow.parity), (2, 2))
        self.assertEqual(cow.lactation_status, "fresh")

    def test_calvings_before_entry_count(self):
        cow = self.make_cow(entry_parity=3)
        self.assertEqual((cow.parity, cow.current_lactation_id.parity), (4, 4))

    def test_an_earlier_calving_recorded_later(self):
        cow = self.make_cow(calved=-30, entry_parity=1)
        self.event(cow, "calving", -450)
        self.assertEqual(cow.lactation_ids.sorted("parity").mapped("parity"), [1, 2])
        self.assertEqual(cow.lactation_ids.sorted("parity")[0].end_date, self.day(-30))
        with self.assertRaisesRegex(ValidationError, "already number 1"):
            self.event(cow, "calving", -850)

    def test_calvings_need_time(self):
        cow = self.make_cow(calved=-150)
        with self.assertRaisesRegex(ValidationError, "only 140 days"):
            self.event(cow, "calving", -10)

    def test_only_living_females_calve(self):
        bull = self.make_animal(animal_type="bull")
        with self.assertRaisesRegex(ValidationError, "male"):
            self.event(bull, "calving", -10)
        with self.assertRaisesRegex(ValidationError, "not come yet"):
            self.event(self.make_animal(), "heat", 1)
        with self.assertRaisesRegex(ValidationError, "was born"):
            self.event(self.make_animal(birth_date=self.day(-5)), "heat", -6)

    def test_moving_a_calving_moves_the_milk(self):
        cow = self.make_cow(calved=-400)
        first = cow.current_lactation_id
        event = self.event(cow, "calving", -20)
        record = self.milk(cow, -10)
        self.assertEqual(record.dim, 10)
        event.event_date = self.day(-25)
        self.assertEqual((record.dim, first.end_date), (15, self.day(-25)))
        event.event_date = self.day(-12)
        self.assertEqual((record.dim, first.end_date), (2, self.day(-12)))

    def test_deleting_a_calving_reopens_the_lactation(self):
        cow = self.make_cow(calved=-400)
        first = cow.current_lactation_id
        event = self.event(cow, "calving", -20)
        event.unlink()
        self.assertEqual(cow.current_lactation_id, first)
        self.assertFalse(first.end_date)
        event = self.event(cow, "calving", -20)
        self.milk(cow, -10)
        with self.assertRaisesRegex(ValidationError, "has milk records"):
            event.unlink()

    def test_a_calving_cannot_become_something_else(self):
        event = self.event(self.make_animal(), "calving", -20)
        with self.assertRaises(UserError):
            event.event_type = "heat"

    def test_lactations_do_not_overlap(self):
        cow = self.make_cow(calved=-100)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.env["farm.lactation"].create(
                {"animal_id": cow.id, "parity": 7, "calving_date": self.day(-50)}
            )


class TestStatus(FarmCase):
    def test_reproduction(self):
        cow = self.make_cow(calved=-100)
        for event_type, days, values, status in (
            ("heat", -60, {}, "open"),
            ("insemination", -58, {}, "inseminated"),
            ("pregnancy_check", -30, {"result": "open"}, "not_pregnant"),
            ("insemination", -28, {}, "inseminated"),
            ("pregnancy_check", -1, {"result": "pregnant"}, "pregnant"),
        ):
            self.event(cow, event_type, days, **values)
            self.assertEqual(cow.reproduction_status, status)
        self.assertEqual(cow.due_date, self.day(-28 + 280))
        self.event(cow, "abortion", 0)
        self.assertEqual((cow.reproduction_status, cow.due_date), ("open", False))
        self.assertFalse(self.make_animal(animal_type="bull").reproduction_status)

    def test_health_shows_the_gravest_open_case(self):
        cow = self.make_cow()
        cases = self.env["farm.health.record"].create(
            [{"animal_id": cow.id, "health_status": status} for status in ("ill", "suspicious")]
        )
        self.assertEqual(cow.health_status, "ill")
        cases[0].action_close()
        self.assertEqual((cases[0].closed_date, cow.health_status), (self.today, "suspicious"))
        self.treat(cow)
        self.assertEqual(cow.health_status, "in_treatment")
        cow.health_record_ids.action_close()
        self.assertEqual(cow.health_status, "healthy")
        cases[0].action_reopen()
        self.assertEqual(cow.health_status, "ill")

    def test_cron_ages_the_statuses(self):
        fresh, unchanged = self.make_cow(calved=-50), self.make_cow("Other", calved=-50)
        dry = self.make_cow("Dry", calved=-330)
        self.event(dry, "insemination", -265)
        self.event(dry, "pregnancy_check", -200, result="pregnant")
        dry.lactation_ids.dry_off_date = self.day(-40)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE farm_animal SET lactation_status = CASE id WHEN %s THEN 'fresh' ELSE 'dry' END"
            " WHERE id IN %s",
            [fresh.id, (fresh.id, dry.id)],
        )
        self.env.invalidate_all()
        stale = self.env["farm.animal"]._cron_update_statuses()
        self.assertGreaterEqual(stale, 2)
        self.assertEqual((fresh.lactation_status, dry.lactation_status), ("early", "lead"))
        self.assertEqual(unchanged.lactation_status, "early")
        self.assertEqual(
            self.env["farm.animal"]._cron_update_statuses(), 0, "agrees with what the ORM computes"
        )

    def test_first_day_is_a_setting(self):
        cow = self.make_cow(calved=-30)
        record = self.milk(cow, -10)
        self.farm.dim_first_day = "1"
        self.assertEqual((record.dim, cow.dim), (21, 31))


class TestLactationFigures(FarmCase):
    def test_305_days(self):
        self.breed.curve_ids = [
            (0, 0, {"parity_group": "1", "wood_a": 15.2317, "wood_b": 0.1029, "wood_c": 0.0015})
        ]
        cow = self.make_cow(calved=-320)
        days = (27, 64, 98, 132, 174, 209, 244, 279)
        kilograms = (23.6, 23.1, 23.7, 24.1, 25.9, 25.4, 24.8, 22.8)
        for dim, kg in zip(days, kilograms, strict=True):
            self.milk(cow, -320 + dim, kg, "day", fat_percentage=4, protein_percentage=3.3, scc=100)
        lactation = cow.current_lactation_id
        self.assertAlmostEqual(lactation.yield_305, 7361.4 - 26 * 22.8, 1, "running: up to the last record")
        lactation.dry_off_date = self.day(-1)
        self.assertAlmostEqual(lactation.yield_305, 7361.4, 1)
        self.assertAlmostEqual(lactation.fat_305, 7361.4 * 0.04, 2)
        self.assertAlmostEqual(lactation.protein_305, 7361.4 * 0.033, 2)
        self.assertAlmostEqual(lactation.ecm_305, 7361.4, 0)
        self.assertAlmostEqual(lactation.scs_average, 3)
        self.assertEqual((lactation.test_days, lactation.peak_yield), (8, 25.9))
        self.assertAlmostEqual(lactation.expected_305, 6022, 0)

    def test_unknown_is_not_zero(self):
        cow = self.make_cow(calved=-20)
        lactation = cow.current_lactation_id
        self.assertIs(lactation.yield_305, False)
        self.milk(cow, -5, 10)
        self.assertEqual(lactation.yield_305, 150)
        for name in ("fat_305", "protein_305", "ecm_305", "scs_average"):
            self.assertIs(lactation[name], False)

    def test_sessions_of_a_day_add_up(self):
        cow = self.make_cow(calved=-20)
        self.milk(cow, -10, 6, "morning", fat_percentage=4)
        self.milk(cow, -10, 4, "evening", fat_percentage=5)
        lactation = cow.current_lactation_id
        self.assertEqual(lactation.yield_305, 100)
        self.assertAlmostEqual(lactation.fat_305, 10 * (0.24 + 0.2), 6)

    def test_dry_cows_and_heifers_are_not_in_the_denominator(self):
        cow, dry = self.make_cow(calved=-50), self.make_cow("Dry", calved=-300)
        self.make_animal("Heifer", pen_id=self.pen.id)
        dry.lactation_ids.dry_off_date = self.day(-11)
        for days in range(-10, 0):
            self.milk(cow, days, 8)
        figures = self.farm._milk_figures(self.day(-10), self.day(-1))
        self.assertEqual((figures["milk"], figures["cow_days"], figures["kg_per_cow_day"]), (80, 10, 8))
        dry.lactation_ids.dry_off_date = self.day(-6)
        figures = self.farm._milk_figures(self.day(-10), self.day(-1))
        self.assertEqual((figures["cow_days"], figures["average_in_milk"]), (15, 1.5))
        self.assertIsNone(self.farm._milk_figures(self.day(-700), self.day(-690))["kg_per_cow_day"])
