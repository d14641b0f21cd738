import datetime

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import ForeignKeyViolation

from ..generator.bulk import Loader, copy_text
from ..generator.columns import STAMPS
from ..generator.context import Context, load_scenario, months_before
from ..generator.foreign_keys import checked_at_end
from ..generator.numbering import EntryNumbers
from ..generator.templates import Template


class TestCopyText(BaseCase):
    def test_values(self):
        for value, text in (
            (None, "\\N"),
            (True, "t"),
            (False, "f"),
            (0, "0"),
            (1.5, "1.5"),
            ("a\tb\\c\nd", "a\\tb\\\\c\\nd"),
            (datetime.date(2026, 1, 2), "2026-01-02"),
            ({"en_US": 'say "hi"'}, '{"en_US": "say \\\\"hi\\\\""}'),
        ):
            self.assertEqual(copy_text(value), text)


class TestNumbers(BaseCase):
    def test_yearly(self):
        numbers = EntryNumbers(
            (
                "{prefix1}{year:0{year_length}d}{prefix2}{seq:0{seq_length}d}{suffix}",
                {"prefix1": "INV/", "year": 2026, "prefix2": "/", "seq": 3, "suffix": "", "seq_length": 5,
                 "year_length": 4, "year_end_length": 0, "month": 0, "year_end": 0},
            )
        )  # fmt: skip
        names = [
            numbers.next(datetime.date(*day))
            for day in ((2025, 12, 30), (2025, 12, 31), (2026, 1, 1), (2026, 2, 1))
        ]
        self.assertEqual(
            names,
            [
                ("INV/2025/00001", "INV/2025/", 1),
                ("INV/2025/00002", "INV/2025/", 2),
                ("INV/2026/00001", "INV/2026/", 1),
                ("INV/2026/00002", "INV/2026/", 2),
            ],
        )


class TestContext(BaseCase):
    def test_months_before(self):
        self.assertEqual(months_before(datetime.date(2026, 11, 20), 24), datetime.date(2024, 11, 21))
        self.assertEqual(months_before(datetime.date(2026, 3, 31), 1), datetime.date(2026, 3, 1))
        self.assertEqual(months_before(datetime.date(2026, 1, 31), 12), datetime.date(2025, 2, 1))


@tagged("post_install", "-at_install")
class TestLoader(TransactionCase):
    def setUp(self):
        super().setUp()
        template = Template()
        template.read("row", self.env["res.partner"].create({"name": "x", "color": 7}))
        self.template = template["res_partner", "row"]

    def test_rows_come_from_the_template_and_ids_go_on(self):
        loader = Loader(self.env.cr)
        rows = loader.rows("res_partner", self.template, "id", "name", "complete_name", *STAMPS)
        ids = [loader.new_id("res_partner") for _number in range(3)]
        for row_id in ids:
            rows.add(row_id, f"tab\t{row_id}", f"tab\t{row_id}", "2026-01-01", "2026-01-01")
        loader.close()
        partners = self.env["res.partner"].browse(ids)
        self.assertEqual(partners.mapped("name"), [f"tab\t{row_id}" for row_id in ids])
        self.assertEqual(set(partners.mapped("color")), {7})
        self.assertGreater(self.env["res.partner"].create({"name": "next"}).id, ids[-1])

    def test_stale_dates_are_refused(self):
        with self.assertRaisesRegex(ValueError, "create_date"):
            Loader(self.env.cr).rows("res_partner", {"create_date": datetime.datetime(2020, 1, 1)}, "id")

    def test_foreign_keys_come_back_and_still_bite(self):
        query = """SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
                    WHERE contype = 'f' AND conrelid = 'res_partner'::regclass ORDER BY conname"""
        self.env.cr.execute(query)
        before = self.env.cr.fetchall()
        with checked_at_end(self.env.cr, ["res_partner"]):
            self.env.cr.execute(query)
            self.assertFalse(self.env.cr.fetchall())
        self.env.cr.execute(query)
        self.assertEqual(self.env.cr.fetchall(), before)
        self.assertTrue(before)

    def test_a_row_that_breaks_a_key_fails_the_load(self):
        loader = Loader(self.env.cr)
        rows = loader.rows("res_partner", self.template, "id", "parent_id", *STAMPS)
        rows.add(loader.new_id("res_partner"), 999_999_999, "2026-01-01", "2026-01-01")
        with (
            self.assertRaises(ForeignKeyViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
            checked_at_end(self.env.cr, ["res_partner"]),
        ):
            loader.close()

    def test_random_streams_do_not_depend_on_each_other(self):
        day = datetime.date(2026, 1, 31)
        ctx = Context(
            env=self.env, seed=1, scale=1, first=day, until=day, progress=None, scenario=load_scenario()
        )
        self.assertEqual(ctx.random("a", 1).random(), ctx.random("a", 1).random())
        self.assertNotEqual(ctx.random("a", 1).random(), ctx.random("a", 2).random())
        # Dhaka is six hours ahead of UTC
        self.assertEqual(ctx.utc(day, 3 * 3600), "2026-01-30 21:00:00")
