from odoo.tests import Form

from .common import FarmCase


class TestNullableNumbers(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow()
        cls.known = cls.milk(cls.cow, -1, fat_percentage=4.126, protein_percentage=3.3, scc=0)
        cls.unknown = cls.milk(cls.cow, -2)
        cls.records = cls.known | cls.unknown

    def columns(self, record):
        self.env.flush_all()
        self.cr.execute(
            "SELECT fat_percentage::text, protein_percentage::text, scc FROM farm_milk_record WHERE id = %s",
            [record.id],
        )
        return self.cr.fetchone()

    def test_empty_is_null_and_zero_is_zero(self):
        self.assertEqual(self.columns(self.known), ("4.13", "3.30", 0))
        self.assertEqual(self.columns(self.unknown), (None, None, None))

    def test_read_before_and_after_the_cache(self):
        for invalidate in (False, True):
            if invalidate:
                self.env.invalidate_all()
            self.assertIs(self.unknown.fat_percentage, False)
            self.assertIs(self.unknown.scc, False)
            self.assertEqual(self.known.fat_percentage, 4.13)
            self.assertEqual((self.known.scc, self.known.scc is False), (0, False))
        values = self.unknown.read(["fat_percentage", "scc"])[0]
        self.assertIs(values["fat_percentage"], False)
        self.assertIs(values["scc"], False)
        self.assertIsInstance(self.known.read(["scc"])[0]["scc"], int)
        spec = {"fat_percentage": {}, "scc": {}}
        self.assertIs(self.unknown.web_read(spec)[0]["fat_percentage"], False)

    def test_clearing_makes_it_unknown(self):
        for empty in (False, None):
            self.known.fat_percentage = 4
            self.known.write({"fat_percentage": empty, "scc": empty})
            self.assertEqual(self.columns(self.known)[0::2], (None, None))

    def test_form_leaves_empty_empty(self):
        with Form(self.unknown) as form:
            self.assertIs(form.fat_percentage, False)
            form.total_yield = 9
        self.assertEqual(self.columns(self.unknown), (None, None, None))

    def test_averages_leave_unknown_out(self):
        [(fat, scc, count)] = self.env["farm.milk.record"]._read_group(
            [("id", "in", self.records.ids)], [], ["fat_percentage:avg", "scc:avg", "__count"]
        )
        self.assertEqual((fat, scc, count), (4.13, 0, 2))
        [group] = self.env["farm.milk.record"].formatted_read_group(
            [("id", "=", self.unknown.id)], [], ["fat_percentage:avg"]
        )
        self.assertFalse(group["fat_percentage:avg"])

    def test_search(self):
        def found(*domain):
            return self.records.search([("id", "in", self.records.ids), *domain])

        self.assertEqual(found(("fat_percentage", "=", False)), self.unknown)
        self.assertEqual(found(("fat_percentage", "!=", False)), self.known)
        self.assertEqual(found(("scc", "=", False)), self.unknown)
        self.assertEqual(found(("scc", "=", 0)), self.known)
        self.assertEqual(found(("scc", "<", 10)), self.known)
        self.assertEqual(found(("fat_percentage", ">", 4)), self.known)
        self.assertEqual(self.records.filtered_domain([("scc", "=", False)]), self.unknown)

    def test_export(self):
        data = self.records.export_data(["fat_percentage", "scc"])["datas"]
        self.assertEqual(data, [[4.13, 0], ["", ""]])

    def test_scale_is_in_the_column(self):
        self.env.flush_all()
        self.cr.execute(
            "UPDATE farm_milk_record SET total_yield = 7.128, morning_yield = 7.128, saleable_yield = 7.128"
            " WHERE id = %s RETURNING total_yield::text",
            [self.known.id],
        )
        self.assertEqual(self.cr.fetchone(), ("7.13",))
