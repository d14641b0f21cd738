from odoo.exceptions import UserError

from .common import FarmCase


class TestHerdAsOf(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow("Cow", calved=-400, entry_date=cls.day(-900))
        cls.cow.lactation_ids.dry_off_date = cls.day(-60)
        cls.event(cls.cow, "calving", -10)
        cls.cow.with_context(effective_date=cls.day(-60)).pen_id = cls.dry_pen
        cls.cow.with_context(effective_date=cls.day(-10)).pen_id = cls.pen
        cls.late = cls.make_animal("Late", entry_date=cls.day(-5))
        cls.gone = cls.make_animal("Gone", entry_date=cls.day(-500), pen_id=cls.pen.id)
        cls.gone._record_exit(cls.day(-100), "sold", "x")

    def herd(self, days, farm=None):
        herd = self.env["farm.animal"]._herd_as_of(self.day(days), farm or self.farm)
        return herd & (self.cow | self.late | self.gone)

    def test_who_was_there(self):
        self.assertEqual(self.herd(0), self.cow | self.late)
        self.assertEqual(self.herd(-5), self.cow | self.late)
        self.assertEqual(self.herd(-6), self.cow)
        self.assertEqual(self.herd(-100), self.cow, "gone on the day of exit")
        self.assertEqual(self.herd(-101), self.cow | self.gone)
        self.assertFalse(self.herd(-901))

    def as_of(self, days):
        cow = self.cow.with_context(as_of=self.day(days).isoformat())
        return cow.pen_as_of_id, cow.lactation_status_as_of, cow.parity_as_of, cow.dim

    def test_as_she_was(self):
        self.assertEqual(self.as_of(0), (self.pen, "fresh", 2, 10))
        self.assertEqual(self.as_of(-11), (self.dry_pen, "dry", 1, False))
        self.assertEqual(self.as_of(-60), (self.dry_pen, "lactating", 1, 340))
        self.assertEqual(self.as_of(-350), (self.pen, "early", 1, 50))
        self.assertEqual(self.as_of(-401), (self.pen, "none", 0, False))
        self.assertEqual((self.cow.dim, self.cow.lactation_status), (10, "fresh"))

    def test_lead_by_what_was_known_then(self):
        cow = self.make_cow("Lead", calved=-330)
        self.event(cow, "insemination", -265)
        self.event(cow, "pregnancy_check", -200, result="pregnant")
        cow.lactation_ids.dry_off_date = self.day(-40)
        self.assertEqual(cow.due_date, self.day(15))
        self.assertEqual(cow.lactation_status, "lead")
        self.assertEqual(cow.with_context(as_of=self.day(-6).isoformat()).lactation_status_as_of, "lead")
        self.assertEqual(cow.with_context(as_of=self.day(-7).isoformat()).lactation_status_as_of, "dry")

    def test_farm_of_that_day(self):
        second = self.env["farm.farm"].create({"name": "Second"})
        pen = self.env["farm.pen"].create({"name": "P", "farm_id": second.id})
        self.cow.with_context(effective_date=self.day(-2)).write({"farm_id": second.id, "pen_id": pen.id})
        self.assertIn(self.cow, self.herd(-3))
        self.assertNotIn(self.cow, self.herd(-2))
        self.assertIn(self.cow, self.herd(-2, second))

    def test_wizard(self):
        wizard = self.env["farm.herd.day"].create({"day": self.day(-101), "farm_id": self.farm.id})
        action = wizard.action_open()
        self.assertIn(self.gone.id, action["domain"][0][2])
        self.assertEqual(action["context"]["as_of"], self.day(-101).isoformat())
        wizard.day = self.day(1)
        with self.assertRaises(UserError):
            wizard.action_open()

    def test_one_query_for_the_whole_herd(self):
        herd = self.env["farm.animal"]._herd_as_of(self.day(-11))
        herd.fetch(["farm_id", "entry_parity"])
        herd.company_id.mapped("partner_id.tz")
        herd.farm_id.mapped("fresh_days")
        (herd - self.cow).mapped("dim")
        herd.invalidate_recordset(["dim"], flush=False)
        start = self.cr.sql_log_count
        self.assertIsNotNone(herd[0].dim)
        few = self.cr.sql_log_count - start
        self.assertLessEqual(few, 5)
        start = self.cr.sql_log_count
        herd.mapped("lactation_status_as_of")
        self.assertEqual(self.cr.sql_log_count, start, "computed for all with the first")
