from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ..figures.lactation import tim, wood, wood_total
from ..figures.next_action import DUE, SAFETY, AnimalState, HerdPolicy, next_actions
from ..figures.projection import project, recent_ratio

TODAY = date(2026, 6, 1)


def ago(days):
    return TODAY - timedelta(days=days)


@tagged("post_install", "-at_install")
class TestNextAction(BaseCase):
    def codes(self, **state):
        return [action.code for action in next_actions(AnimalState(today=TODAY, **state))]

    def cow(self, **state):
        base = {"parity": 1, "milking": True, "calving_date": ago(100), "last_milk_date": ago(1)}
        return self.codes(**{**base, **state})

    def test_withdrawal_comes_first(self):
        actions = next_actions(
            AnimalState(
                today=TODAY,
                parity=1,
                milking=True,
                calving_date=ago(100),
                last_milk_date=TODAY,
                milk_withdrawal_until=TODAY + timedelta(days=3),
            )
        )
        self.assertEqual([action.code for action in actions], ["milk_withdrawal", "inseminate"])
        self.assertEqual((actions[0].urgency, actions[0].params), (SAFETY, {"days": 3}))

    def test_withdrawal_ends(self):
        self.assertIn("milk_withdrawal_today", self.cow(milk_withdrawal_until=TODAY))
        self.assertNotIn("milk_withdrawal", self.cow(milk_withdrawal_until=ago(1)))

    def test_a_dry_cow_has_no_milk_to_withhold(self):
        self.assertNotIn(
            "milk_withdrawal", self.cow(milking=False, milk_withdrawal_until=TODAY + timedelta(days=3))
        )

    def test_waiting_then_inseminate(self):
        self.assertEqual(self.cow(calving_date=ago(59)), ["waiting_period"])
        self.assertEqual(self.cow(calving_date=ago(60)), ["inseminate"])
        self.assertEqual(self.cow(calving_date=ago(75), reproduction_status="not_pregnant"), ["inseminate"])
        self.assertEqual(self.cow(calving_date=ago(75), reproduction_status="do_not_breed"), [])

    def test_pregnancy_check(self):
        served = {"reproduction_status": "inseminated"}
        self.assertEqual(self.cow(last_insemination=ago(31), **served), ["pregnancy_check_soon"])
        self.assertEqual(self.cow(last_insemination=ago(32), **served), ["pregnancy_check_due"])

    def test_dry_off_and_calving(self):
        def pregnant(days_to_due, **state):
            due = TODAY + timedelta(days=days_to_due)
            return self.cow(reproduction_status="pregnant", due_date=due, calving_date=ago(300), **state)

        self.assertEqual(pregnant(100), ["dry_off", "calving"])
        self.assertEqual(pregnant(60), ["dry_off_due", "calving"])
        self.assertEqual(pregnant(14, milking=False), ["calving_soon"])
        self.assertEqual(pregnant(0, milking=False), ["calving_due"])
        self.assertEqual(pregnant(-8, milking=False), ["calving_overdue"])

    def test_due_date_is_counted_when_not_given(self):
        actions = next_actions(
            AnimalState(today=TODAY, reproduction_status="pregnant", last_insemination=ago(100)),
            HerdPolicy(gestation_days=283),
        )
        self.assertEqual((actions[0].code, actions[0].params["days"]), ("calving", 183))
        self.assertEqual(self.codes(reproduction_status="pregnant"), ["due_date_unknown"])

    def test_heifers_bulls_and_the_departed(self):
        self.assertEqual(self.codes(birth_date=ago(500)), ["inseminate_heifer"])
        self.assertEqual(self.codes(birth_date=ago(420)), ["heifer_ready_soon"])
        self.assertEqual(self.codes(birth_date=ago(100)), [])
        self.assertEqual(self.codes(female=False, birth_date=ago(900)), [])
        self.assertEqual(self.cow(present=False), [])

    def test_a_silent_meter_is_not_normal(self):
        self.assertIn("no_milk_record", self.cow(last_milk_date=ago(3)))
        self.assertIn("no_milk_record_yet", self.cow(last_milk_date=None, calving_date=ago(5)))
        self.assertNotIn("no_milk_record", self.cow(milking=False, last_milk_date=ago(30)))

    def test_open_cases(self):
        actions = next_actions(AnimalState(today=TODAY, open_cases=2))
        self.assertEqual((actions[0].code, actions[0].urgency), ("open_cases", DUE))


@tagged("post_install", "-at_install")
class TestProjection(BaseCase):
    curve = (15.2317, 0.1029, 0.0015)

    def test_a_cow_on_the_curve_gives_the_curve(self):
        tests = [(day, wood(day, *self.curve)) for day in range(1, 101)]
        self.assertAlmostEqual(project(tests, self.curve), wood_total(*self.curve), delta=25)

    def test_half_the_curve_gives_half(self):
        whole = [(day, wood(day, *self.curve)) for day in range(1, 101)]
        half = [(day, kg / 2) for day, kg in whole]
        self.assertAlmostEqual(recent_ratio(half, self.curve), 0.5)
        self.assertAlmostEqual(project(half, self.curve), project(whole, self.curve) / 2)

    def test_nothing_left_to_project(self):
        tests = [(day, 20.0) for day in range(306)]
        self.assertAlmostEqual(project(tests, self.curve), tim(tests))

    def test_unknown(self):
        self.assertIsNone(project([], self.curve))
        self.assertIsNone(project([(10, 20.0)], None))
        self.assertIsNone(project([(10, None)], self.curve))
