from ..figures import herd
from .common import FarmCase


class TestGrowth(FarmCase):
    """Calves grow up by themselves, and nobody is contradicted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.farm.calf_days = 100

    def calf(self, age, **values):
        return self.make_animal("Calf", animal_type="calf", birth_date=self.day(-age), **values)

    def age(self, calf, days):
        """Born earlier, without anybody saying anything about the type."""
        calf.birth_date = self.day(-days)

    def grow(self):
        return self.env["farm.animal"]._cron_update_statuses()

    def test_at_the_farms_age(self):
        self.grow()
        calf, bull_calf = self.calf(99), self.calf(99, sex="male")
        self.assertEqual(self.grow(), 0)
        for each in calf, bull_calf:
            self.age(each, 100)
        self.assertEqual(self.grow(), 2)
        self.assertEqual((calf.animal_type, bull_calf.animal_type), ("heifer", "bull"))
        self.assertEqual((calf.sex, bull_calf.sex), ("female", "male"))
        self.assertEqual(self.grow(), 0)

    def test_steers(self):
        self.farm.male_calves_become = "steer"
        calf = self.calf(10, sex="male")
        self.age(calf, 100)
        self.grow()
        self.assertEqual(calf.animal_type, "steer")

    def test_by_hand(self):
        calf, early, unknown, gone = (self.calf(50) for _number in range(4))
        early.animal_type = "heifer"
        unknown.birth_date = False
        gone._record_exit(self.today, "sold", "x")
        for each in calf, gone:
            self.age(each, 150)
        self.grow()
        self.assertEqual(calf.animal_type, "heifer")
        self.assertEqual(early.animal_type, "heifer")
        self.assertEqual((unknown.animal_type, gone.animal_type), ("calf", "calf"))
        calf.animal_type = "calf"
        self.assertTrue(calf.stays_calf)
        self.assertEqual((self.grow(), calf.animal_type), (0, "calf"))
        calf.animal_type = "heifer"
        self.assertFalse(calf.stays_calf)
        old = self.calf(200)
        self.grow()
        self.assertEqual(old.animal_type, "calf", "entered as a calf at that age")

    def test_calves_by_sql_grow(self):
        calf = self.calf(150)
        self.env.flush_all()
        self.cr.execute("UPDATE farm_animal SET stays_calf = NULL WHERE id = %s", [calf.id])
        self.env.invalidate_all()
        self.assertEqual((self.grow(), calf.animal_type), (1, "heifer"))

    def test_type_on_a_past_day(self):
        cow = self.make_animal("Cow", birth_date=self.day(-900), entry_date=self.day(-900))
        self.event(cow, "calving", -50)
        calf, bull = self.calf(60), self.calf(60, sex="male")
        self.age(bull, 110)
        self.grow()

        def types(days):
            herd_then = (cow | calf | bull).with_context(as_of=str(self.day(days)))
            return [animal.animal_type_as_of for animal in herd_then]

        self.assertEqual(types(0), ["cow", "calf", "bull"])
        self.assertEqual(types(-50), ["cow", "calf", "calf"])
        self.assertEqual(types(-51), ["heifer", "calf", "calf"])
        self.assertEqual(types(-800), ["heifer", "calf", "calf"])
        self.assertEqual(types(-801), ["calf", "calf", "calf"])
        bought = self.make_animal("Bought", animal_type="cow")
        past = bought.with_context(as_of=str(self.day(-10)))
        self.assertEqual(past.animal_type_as_of, "cow", "a cow whose calvings nobody recorded")

    def test_figures(self):
        self.assertFalse(herd.is_grown(self.today, None, 100))
        self.assertTrue(herd.is_grown(self.today, self.day(-100), 100))
        self.assertEqual(herd.animal_type_on(self.today, "steer", None, 0, False, 100), "steer")
