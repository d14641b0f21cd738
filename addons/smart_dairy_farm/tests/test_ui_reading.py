from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from ..entry import batch, headers, milk_file
from ..entry.limits import MilkLimits, find_impossible, find_unusual
from ..entry.numbers import parse_count, parse_decimal


@tagged("post_install", "-at_install")
class TestNumbers(BaseCase):
    def test_comma_or_point(self):
        for text, number in {
            "12.5": "12.5",
            "12,5": "12.5",
            " 12 ": "12",
            "1 234,5": "1234.5",
            "1.234,5": "1234.5",
            "1,234.5": "1234.5",
            "1.234": "1.234",
            ",5": "0.5",
            "5.": "5",
            "-3": "-3",
        }.items():
            self.assertEqual(parse_decimal(text), Decimal(number), text)

    def test_empty_is_unknown(self):
        for nothing in ("", "  ", None, False):
            self.assertIsNone(parse_decimal(nothing))

    def test_zero_is_a_number(self):
        self.assertEqual(parse_decimal("0"), 0)
        self.assertEqual(parse_decimal(0), 0)

    def test_refused(self):
        for text in (
            "abc",
            "1,2,3",
            "1,,2",
            "12 kg",
            "1e3",
            "٣",
            "--",
            "1.2.3,4",
            float("nan"),
            float("inf"),
        ):
            with self.assertRaises(ValueError, msg=repr(text)):
                parse_decimal(text)

    def test_counts_group_thousands(self):
        self.assertEqual(parse_count("187,500"), 187500)
        self.assertEqual(parse_count("1.250.000"), 1250000)
        self.assertEqual(parse_count("187"), 187)
        self.assertEqual(parse_count("187,5"), Decimal("187.5"))

    def test_rounding_is_that_of_the_database(self):
        self.assertEqual(batch.rounded("2.345"), Decimal("2.35"))
        self.assertEqual(batch.rounded("2.344"), Decimal("2.34"))
        self.assertIsNone(batch.rounded(None))


@tagged("post_install", "-at_install")
class TestLimits(BaseCase):
    limits = MilkLimits()

    def codes(self, *args, **kwargs):
        return [
            (remark.field, remark.code) for remark in find_impossible(self.limits, "morning", *args, **kwargs)
        ]

    def test_impossible(self):
        self.assertEqual(self.codes(Decimal("12")), [])
        self.assertEqual(self.codes(Decimal("-1")), [("kg", "negative")])
        self.assertEqual(self.codes(Decimal("50.01")), [("kg", "too_high")])
        self.assertEqual(self.codes(Decimal("12"), fat=Decimal("40")), [("fat", "out_of_range")])
        self.assertEqual(self.codes(Decimal("12"), protein=Decimal("0.2")), [("protein", "out_of_range")])
        self.assertEqual(self.codes(None, fat=Decimal("4")), [("kg", "missing")])
        self.assertEqual(self.codes(None), [])

    def test_a_day_holds_more_than_a_session(self):
        self.assertEqual(find_impossible(self.limits, "day", Decimal("70")), [])

    def test_unusual_is_relative_to_the_animal(self):
        averages = {"kg": (8.0, 7), "scc": (100, 3)}

        def unusual(**values):
            found = find_unusual(self.limits, {k: Decimal(v) for k, v in values.items()}, averages)
            return [(remark.field, remark.code) for remark in found]

        self.assertEqual(unusual(kg="8"), [])
        self.assertEqual(unusual(kg="14"), [("kg", "high")])
        self.assertEqual(unusual(kg="3.9"), [("kg", "low")])
        self.assertEqual(unusual(kg="0"), [("kg", "low")])
        self.assertEqual(unusual(scc="401"), [("scc", "high")])
        self.assertEqual(unusual(scc="5"), [], "few cells are good news")

    def test_no_history_no_alarm(self):
        self.assertEqual(find_unusual(self.limits, {"kg": Decimal(40)}, {"kg": (8.0, 2)}), [])
        self.assertEqual(find_unusual(self.limits, {"kg": Decimal(40)}, {}), [])


@tagged("post_install", "-at_install")
class TestMilkFile(BaseCase):
    def read(self, text, encoding="utf-8", **kwargs):
        table = milk_file.read_table(text.encode(encoding))
        return milk_file.read_lines(table, table.default_mapping(), **kwargs)

    def test_german_file_with_preamble_and_decimal_comma(self):
        table = milk_file.read_table(
            "Kontrolle Januar\n\nOhrmarke;Datum;Milch kg;Fett %;Eiweiß %;Zellzahl\n"
            "DE 01;31.01.2026;12,5;4,1;3,2;187\n".encode("cp1252")
        )
        self.assertEqual((table.encoding, table.delimiter), ("windows-1252", ";"))
        [line] = milk_file.read_lines(table, table.default_mapping())
        self.assertEqual(line.number, 4)
        self.assertEqual(line.identifier, ("ear_tag", "DE 01"))
        self.assertEqual((line.day, line.session), (date(2026, 1, 31), "day"))
        self.assertEqual((line.kg, line.fat, line.protein), (Decimal("12.5"), Decimal("4.1"), Decimal("3.2")))
        self.assertEqual(line.scc, 187)
        self.assertEqual(line.reasons, [])

    def test_decimal_comma_in_a_comma_file_is_quoted(self):
        [line] = self.read('Ear tag,Date,Session,Milk\nA1,2026-01-31,am,"12,5"\n')
        self.assertEqual((line.kg, line.session), (Decimal("12.5"), "morning"))

    def test_utf16_and_tabs(self):
        [line] = self.read("Ear tag\tDate\tkg\nA1\t2026-01-31\t12.5\n", "utf-16")
        self.assertEqual(line.kg, Decimal("12.5"))

    def test_bangla_headings(self):
        [line] = self.read("কানের ট্যাগ;তারিখ;বেলা;দুধ\nBD1;31/01/2026;সকাল;7.5\n")
        self.assertEqual(
            (line.identifier, line.session, line.kg), (("ear_tag", "BD1"), "morning", Decimal("7.5"))
        )

    def test_cells_per_ml_are_found_out(self):
        text = "Ear tag;Date;kg;SCC\nA;2026-01-31;10;%s\nB;2026-01-31;10;%s\n"
        self.assertEqual([line.scc for line in self.read(text % ("187,500", "92000"))], [188, 92])
        self.assertEqual([line.scc for line in self.read(text % (187, 92))], [187, 92])
        self.assertEqual([line.scc for line in self.read(text % (187, 92), scc_unit="cell")], [0, 0])

    def test_unknown_component_is_not_zero(self):
        lines = self.read("Ear tag;Date;kg;Fat;SCC\nA;2026-01-31;10;0;\nB;2026-01-31;10;-;0\n")
        self.assertEqual([(line.fat, line.scc) for line in lines], [(None, None)] * 2)

    def test_zero_milk_is_zero(self):
        [line] = self.read("Ear tag;Date;kg\nA;2026-01-31;0\n")
        self.assertEqual((line.kg, line.reasons), (0, []))

    def test_dates(self):
        day = date(2026, 1, 31)
        for text in ("2026-01-31", "31/01/2026", "31.01.26", "31-1-2026", "20260131", "2026-01-31 05:30"):
            self.assertEqual(milk_file.parse_day(text), day, text)
        self.assertEqual(milk_file.parse_day("01/31/2026", month_first=True), day)
        for text in ("31/31/2026", "yesterday", "", "2026-02-30"):
            self.assertIsNone(milk_file.parse_day(text), text)

    def test_american_order_only_when_proved(self):
        lines = self.read("Ear tag;Date;kg\nA;02/01/2026;1\nA;02/28/2026;1\n")
        self.assertEqual([line.day for line in lines], [date(2026, 2, 1), date(2026, 2, 28)])
        lines = self.read("Ear tag;Date;kg\nA;02/01/2026;1\nA;28/02/2026;1\n")
        self.assertEqual([line.day for line in lines], [date(2026, 1, 2), date(2026, 2, 28)])

    def test_sessions(self):
        self.assertEqual([headers.session_of(text) for text in ("AM", "soir", "1", "2")],
                         ["morning", "evening", "morning", "evening"])  # fmt: skip
        self.assertEqual([headers.session_of(text, True) for text in "123"], ["morning", "noon", "evening"])
        self.assertIsNone(headers.session_of("brunch"))

    def test_morning_and_evening_columns_make_a_day(self):
        [line] = self.read("Ear tag;Date;AM;PM\nA;2026-01-31;8.5;7\n")
        self.assertEqual((line.session, line.kg), ("day", Decimal("15.5")))
        self.assertEqual((line.kg_morning, line.kg_evening), (Decimal("8.5"), Decimal(7)))

    def test_reasons_name_what_is_wrong(self):
        lines = self.read(
            "Ear tag;Date;Session;kg\n;2026-01-31;am;1\nA;soon;am;1\n"
            "A;2026-01-31;x;1\nA;2026-01-31;am;\nA;2026-01-31;am;much\n"
        )
        self.assertEqual(
            [line.reasons[0][0] for line in lines],
            ["no_animal", "bad_date", "bad_session", "no_kg", "not_a_number"],
        )
        self.assertEqual([line.number for line in lines], [2, 3, 4, 5, 6])

    def test_a_quoted_line_break_keeps_the_numbers_right(self):
        lines = self.read('Ear tag;Date;kg;Note\nA;2026-01-31;1;"two\nlines"\nB;2026-01-31;1;\n')
        self.assertEqual([line.number for line in lines], [2, 4])

    def test_whole_file_refused(self):
        for content, code in (
            (b"", "empty"),
            (b"PK\x03\x04rest", "binary"),
            (b"a;b;c\n1;2;3\n", "no_header"),
        ):
            with self.assertRaises(milk_file.MilkFileError) as caught:
                milk_file.read_table(content)
            self.assertEqual(caught.exception.code, code)


@tagged("post_install", "-at_install")
class TestEntry(BaseCase):
    def entry(self, **kwargs):
        return batch.Entry("key", 1, date(2026, 1, 31), "morning", **kwargs)

    def test_changes(self):
        stored = {"kg": "12.50", "fat": "4.10", "protein": None, "scc": None}
        self.assertEqual(self.entry(kg="12.5", fat="4.1").changes(stored), {})
        self.assertEqual(self.entry(kg="12.6", fat="4.1").changes(stored), {"kg": Decimal("12.60")})

    def test_an_emptied_field_clears_and_a_missing_column_does_not(self):
        stored = {"kg": "12.50", "fat": "4.10", "protein": None, "scc": None}
        self.assertEqual(self.entry(kg="12.5").changes(stored), {"fat": None})
        self.assertEqual(self.entry(kg="12.5", keep_unknown=True).changes(stored), {})

    def test_the_first_reason_stays(self):
        entry = self.entry(kg=1)
        entry.refuse("first")
        entry.refuse("second")
        self.assertEqual((entry.state, entry.reason), (batch.REFUSED, "first"))
