import base64
import csv
import io
from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .ui_common import HerdCase


@tagged("post_install", "-at_install")
class TestMilkImport(HerdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cows = cls.make_cows(3)
        cls.records = cls.env["farm.milk.record"]
        cls.day = cls.today - timedelta(days=2)

    def wizard(self, text, role="worker", farm=None, encoding="utf-8", **vals):
        return (
            self.env["farm.milk.import"]
            .with_user(self.users[role])
            .create(
                {
                    "farm_id": (farm or self.farm).id,
                    "file": base64.b64encode(text.encode(encoding)),
                    "filename": "milk.csv",
                    **vals,
                }
            )
        )

    def text(self, *lines, head="Ear tag;Date;Session;Milk kg;Fat %;Protein %;SCC"):
        return "\n".join([head, *lines]) + "\n"

    def counts(self, wizard):
        return (wizard.good_count, wizard.update_count, wizard.unchanged_count, wizard.refused_count)

    def import_now(self, text):
        wizard = self.wizard(text)
        wizard.action_check()
        wizard.action_import()
        return wizard

    def stored(self):
        return self.records.search([("animal_id", "in", self.cows.ids)])

    def test_dry_run_then_import_then_again(self):
        text = self.text(
            f"T001;{self.day};morning;12,5;4,1;3,3;187",
            f"T002;{self.day:%d/%m/%Y};morning;11.25;;;",
            f"NOBODY;{self.day};morning;12;;;",
            f"T003;{self.day};morning;-4;;;",
        )
        wizard = self.wizard(text)
        wizard.action_check()
        self.assertEqual((wizard.state, self.counts(wizard)), ("checked", (2, 0, 0, 2)))
        self.assertFalse(self.stored(), "a dry run stores nothing")
        self.assertEqual(wizard.line_ids.mapped("number"), [4, 5])
        self.assertIn("NOBODY", wizard.line_ids[0].reason)
        self.assertIn("negative", wizard.line_ids[1].reason)
        wizard.action_import()
        self.assertEqual((wizard.state, self.counts(wizard)), ("done", (2, 0, 0, 2)))
        records = self.stored()
        self.assertEqual(sorted(records.mapped("total_yield")), [11.25, 12.5])
        self.assertEqual(set(records.mapped("source")), {"import"})
        first = records.filtered(lambda record: record.animal_id == self.cows[0])
        self.assertEqual((first.fat_percentage, first.protein_percentage, first.scc), (4.1, 3.3, 187))
        written = records.mapped("write_date")
        again = self.wizard(text)
        again.action_check()
        self.assertEqual(self.counts(again), (0, 0, 2, 2))
        again.action_import()
        self.assertEqual(self.counts(again), (0, 0, 2, 2))
        self.assertEqual(self.stored().mapped("write_date"), written, "the same file twice changes nothing")

    def test_correction(self):
        self.import_now(self.text(f"T001;{self.day};am;12;4,0;;"))
        wizard = self.wizard(self.text(f"T001;{self.day};am;13;;;"))
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (0, 1, 0, 0))
        wizard.action_import()
        record = self.stored()
        self.assertEqual(
            (record.total_yield, record.fat_percentage), (13, 4), "no fat in the file clears none"
        )

    def test_every_reason(self):
        dry = self.make_cows(1, start=20)
        dry.current_lactation_id.dry_off_date = self.day - timedelta(days=5)
        gone = self.make_cows(1, start=21)
        gone.write({"status": "sold", "exit_date": self.day - timedelta(days=1), "exit_reason": "sold"})
        wizard = self.wizard(
            self.text(
                f"T001;{self.day};morning;12;;;",
                f"T001;{self.day};morning;13;;;",
                f"T020;{self.day};morning;5;;;",
                f"T021;{self.day};morning;5;;;",
                f"T002;{self.day};morning;99;;;",
                f"T002;{self.today + timedelta(days=3)};morning;9;;;",
                f"T002;{self.day};brunch;9;;;",
                "T002;soon;morning;9;;;",
                f"T002;{self.day};morning;much;;;",
                f"T002;{self.day};morning;9;44;;",
                f";{self.day};morning;9;;;",
            )
        )
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (1, 0, 0, 10))
        reasons = dict(zip(wizard.line_ids.mapped("number"), wizard.line_ids.mapped("reason"), strict=True))
        for number, words in {
            3: "line 2",
            4: "not in milk",
            5: "left the herd",
            6: "more than 50 kg",
            7: "future",
            8: "not a session",
            9: "not a date",
            10: "not a number",
            11: "Fat %",
            12: "No animal",
        }.items():
            self.assertIn(words, reasons[number])

    def test_refused_lines_come_back_as_a_file(self):
        wizard = self.wizard(self.text(f"T001;{self.day};am;12;;;", f"NOBODY;{self.day};am;12;;;"))
        wizard.action_check()
        rows = list(
            csv.reader(io.StringIO(base64.b64decode(wizard.refused_file).decode("utf-8-sig")), delimiter=";")
        )
        self.assertEqual(rows[0][:3], ["Line", "Reason", "Ear tag"])
        self.assertEqual((rows[1][0], rows[1][2]), ("3", "NOBODY"))
        self.assertIn(f"/{wizard.id}/refused_file/", wizard.action_download_refused()["url"])

    def test_any_number_of_the_animal(self):
        self.cows[0].write({"rfid_tag": "050000123456789", "management_number": "77"})
        head = "Animal;Date;Session;kg"
        lines = (f"050000123456789;{self.day};am;10", f"77;{self.day};pm;11", f"t 001;{self.day};noon;9")
        wizard = self.wizard(self.text(*lines, head=head))
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (3, 0, 0, 0))

    def test_reused_tag_means_the_animal_of_that_day(self):
        old = self.cows[0]
        old.write({"status": "sold", "exit_date": self.today - timedelta(days=20), "exit_reason": "sold"})
        self.env.flush_all()
        young = self.make_cows(1, start=1, dim=15, entry_date=self.today - timedelta(days=15))
        wizard = self.wizard(
            self.text(f"T001;{self.today - timedelta(days=30)};am;10;;;", f"T001;{self.day};am;11;;;")
        )
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (2, 0, 0, 0))
        wizard.action_import()
        by_animal = {
            record.animal_id: record.total_yield
            for record in self.records.search([("farm_id", "=", self.farm.id)])
        }
        self.assertEqual(by_animal, {old: 10, young: 11})

    def test_columns_can_be_corrected(self):
        wizard = self.wizard(self.text(f"T001;{self.day};14", head="Ear tag;Date;Weight"))
        with self.assertRaisesRegex(UserError, "holds the milk"):
            wizard.action_check()
        wizard._propose_columns(wizard._read_table())
        wizard.column_ids[2].meaning = "kg"
        wizard.state = "checked"
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (1, 0, 0, 0))
        wizard.column_ids[1].meaning = "kg"
        with self.assertRaisesRegex(UserError, "Two columns"):
            wizard.action_check()

    def test_litres_become_kg(self):
        self.import_now(self.text(f"T001;{self.day};10", head="Ear tag;Date;Litres"))
        self.assertEqual(self.stored().total_yield, 10.3)

    def test_unreadable_files(self):
        for text, words in (("", "Choose a file"), ("a;b\n1;2\n", "headings"), ("PK\x03\x04", "CSV")):
            with self.assertRaisesRegex(UserError, words):
                self.wizard(text).action_check()

    def test_withdrawal_is_discarded(self):
        self.treat(self.cows[0], start=self.day, days=4)
        self.import_now(self.text(f"T001;{self.day};am;12;;;"))
        self.assertEqual((self.stored().discarded, self.stored().saleable_yield), (True, 0))

    def test_rights(self):
        text = self.text(f"T001;{self.day};am;12;;;")
        with self.assertRaises(AccessError):
            self.wizard(text, role="portal")
        with self.assertRaises(AccessError):
            self.wizard(text, role="other").action_check()
        wizard = self.wizard(text, role="manager")
        wizard.action_check()
        self.assertEqual(self.counts(wizard), (1, 0, 0, 0))

    def test_sample_reads_well(self):
        wizard = self.wizard(self.text())
        wizard.action_download_sample()
        sample = base64.b64decode(wizard.refused_file).decode()
        reader = self.wizard(sample)
        reader.action_check()
        self.assertEqual(self.counts(reader), (0, 0, 0, 3))
        self.assertEqual(
            {line.reason.split()[0] for line in reader.line_ids}, {"No"}, "only the animals are unknown"
        )

    def test_queries_do_not_grow_with_the_file(self):
        self.make_cows(200, start=200)

        def lines(first, count):
            return [f"T{number};{self.day};am;10,5;4;3;150" for number in range(first, first + count)]

        def run(count, first):
            wizard = self.wizard(self.text(*lines(first, count)))
            self.env.flush_all()
            check = self.count_queries(wizard.action_check)
            return check, self.count_queries(wizard.action_import)

        run(2, 200)  # warm up
        few, many = run(5, 205), run(150, 220)
        self.assertLessEqual(many[0], few[0] + 2)
        self.assertLessEqual(many[1], few[1] + 4)
