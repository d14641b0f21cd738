import datetime
import random
from itertools import pairwise

from odoo.tests import BaseCase

from ..generator.context import load_scenario
from ..generator.farms import reproduction_status
from ..generator.health import Health
from ..generator.herd import Herd
from ..generator.milk import Cow
from ..generator.pens import stays

FIRST, UNTIL = datetime.date(2024, 4, 1), datetime.date(2026, 3, 31)
DAY = datetime.timedelta(days=1)


class TestLife(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scenario = load_scenario()
        cls.params = {**cls.scenario["herd"], "merit_sd": 0.13}
        cls.gestation = dict.fromkeys(cls.params["breeds"], 281)
        cls.animals = cls.herd("1")

    @classmethod
    def herd(cls, seed, size=200):
        return Herd(cls.params, cls.gestation, random.Random(seed), FIRST, UNTIL, size).run()

    def test_exactly_the_size_asked_for(self):
        for size in (3, 40, 200):
            present = [animal for animal in self.herd("2", size) if animal.exit is None]
            self.assertEqual(len(present), size)

    def test_deterministic(self):
        def facts(animals):
            return [(a.name, a.birth, a.exit, len(a.events), len(a.lactations)) for a in animals]

        self.assertEqual(facts(self.animals), facts(self.herd("1")))
        self.assertNotEqual(facts(self.animals), facts(self.herd("3")))

    def test_composition(self):
        present = [animal for animal in self.animals if animal.exit is None]
        in_milk = [
            animal
            for animal in present
            if animal.lactations and not animal.lactations[-1].end and not animal.lactations[-1].dry_off
        ]
        self.assertTrue(0.47 < len(in_milk) / len(present) < 0.58, len(in_milk))

    def test_pedigree(self):
        places = {animal: place for place, animal in enumerate(self.animals)}
        with_dam = 0
        for animal in self.animals:
            for parent, sex in ((animal.dam, "female"), (animal.sire, "male")):
                if parent is not None:
                    self.assertEqual(parent.sex, sex)
                    self.assertGreater((animal.birth - parent.birth).days, 450)
                    self.assertLess(places[parent], places[animal])
            with_dam += animal.dam is not None
        self.assertGreater(with_dam, len(self.animals) * 0.6)

    def test_lactations_follow_each_other(self):
        for animal in self.animals:
            for lactation, following in pairwise(animal.lactations):
                self.assertEqual(lactation.end, following.calving)
                self.assertEqual(following.parity, lactation.parity + 1)
                self.assertGreater((following.calving - lactation.calving).days, 281)
            for lactation in animal.lactations:
                if lactation.dry_off:
                    self.assertTrue(lactation.calving < lactation.dry_off <= (lactation.end or UNTIL))
            if animal.exit:
                self.assertTrue(animal.entry <= animal.exit <= UNTIL)
                self.assertFalse([event for event in animal.events if event.day > animal.exit])

    def test_stays_are_gapless(self):
        health = Health(self.scenario["health"], self.drugs(), FIRST, UNTIL)
        for animal in self.animals:
            cases = health.cases(animal, random.Random(animal.number))
            _status, due = reproduction_status(animal, 281)
            spans = stays(animal, cases, None if animal.exit else due, FIRST, UNTIL)
            for (_pen, _from, to), (_next, following, _to) in pairwise(spans):
                self.assertEqual(to, following)
            if animal.exit is None:
                self.assertTrue(spans)
                self.assertEqual(spans[0][1], max(animal.entry, FIRST))
                self.assertIsNone(spans[-1][2])
            elif spans:
                self.assertEqual(spans[-1][2], animal.exit)

    def drugs(self):
        return {drug[0]: (4, 14) for kind in self.scenario["health"].values() for drug in kind["drugs"]}

    def test_no_sale_breaks_a_meat_withdrawal(self):
        health = Health(self.scenario["health"], self.drugs(), FIRST, UNTIL)
        treated = 0
        for animal in self.animals:
            for case in health.cases(animal, random.Random(animal.number)):
                treated += bool(case.drug)
                if case.meat_until and animal.status in ("sold", "culled"):
                    self.assertLess(case.meat_until, animal.exit)
                if case.closed:
                    self.assertTrue(case.day <= case.closed <= (animal.exit or UNTIL))
        self.assertTrue(treated)

    def test_milk(self):
        curves = {breed: dict.fromkeys((1, 2, 3), (7.0, 0.16, 0.0034)) for breed in self.params["breeds"]}
        milk = {**self.scenario["milk"], "colostrum_days": 5}
        season = {FIRST + DAY * number: 1.0 for number in range((UNTIL - FIRST).days + 1)}
        health = Health(self.scenario["health"], self.drugs(), FIRST, UNTIL)
        rows = 0
        for animal in self.animals:
            if not animal.lactations:
                continue
            cases = health.cases(animal, random.Random(animal.number))
            spans = stays(animal, cases, None, FIRST, UNTIL)
            cow = Cow(animal, curves, milk, cases, spans, random.Random(1), UNTIL)
            seen = set()
            for day, session, pen, lactation, in_milk, kg, fat, _protein, cells, reason in cow.sessions(
                FIRST, UNTIL, season
            ):
                rows += 1
                self.assertNotIn((day, session), seen)
                seen.add((day, session))
                self.assertTrue(0 <= kg < 30)
                self.assertEqual(in_milk, (day - lactation.calving).days)
                self.assertGreaterEqual(in_milk, 0)
                self.assertTrue(animal.exit is None or day < animal.exit)
                self.assertIsNotNone(pen)
                self.assertEqual(fat is None, cells is None)
                withheld = any(case.milk_until and case.day <= day <= case.milk_until for case in cases)
                self.assertEqual(reason == "withdrawal", withheld)
        self.assertGreater(rows, 100_000)
