from odoo.addons.database_console.engine import parameters, prometheus
from odoo.addons.database_console.engine.errors import ConsoleRefusal
from odoo.addons.database_console.engine.reading import INDEXES, QUERIES
from odoo.tests import BaseCase, tagged


@tagged("post_install", "-at_install")
class TestParameters(BaseCase):
    def test_defaults_and_values(self):
        self.assertEqual(
            parameters.read(INDEXES, [("limit", "7"), ("sort", "-name")]),
            {"limit": 7, "offset": 0, "sort": "-name", "state": None, "table": None, "search": None},
        )

    def test_each_refusal_names_field_value_and_remedy(self):
        for known, name, text in [
            (INDEXES, "limit", "0"),
            (INDEXES, "limit", "501"),
            (INDEXES, "limit", "٣"),
            (INDEXES, "limit", ""),
            (INDEXES, "offset", "-1"),
            (INDEXES, "sort", "definition"),
            (INDEXES, "state", "Unused"),
            (INDEXES, "search", ""),
            (INDEXES, "search", "a\0b"),
            (INDEXES, "table", "x" * 101),
            (QUERIES, "slower_than_ms", "NaN"),
            (QUERIES, "slower_than_ms", "-1"),
            (QUERIES, "slower_than_ms", "1e9"),
        ]:
            with self.subTest(name=name, text=text), self.assertRaises(ConsoleRefusal) as caught:
                parameters.read(known, [(name, text)])
            facts = caught.exception.to_json()
            self.assertEqual((caught.exception.status, facts["field"]), (422, name))
            self.assertTrue(text.startswith(facts["value"]) and facts["remedy"])

    def test_unknown_and_twice(self):
        for given in ([("limits", "1")], [("limit", "1"), ("limit", "2")]):
            with self.assertRaisesRegex(ConsoleRefusal, "limit"):
                parameters.read(INDEXES, given)


@tagged("post_install", "-at_install")
class TestPrometheus(BaseCase):
    def test_text(self):
        found = prometheus.text(
            [
                prometheus.Metric("a", "gauge", "line\nbreak", [({"kind": 'x"\\'}, 1), ({}, None)]),
                prometheus.Metric("b", "counter", "not measured", [({}, None)]),
            ]
        )
        self.assertEqual(
            found,
            "# HELP odoo_database_a line\\nbreak\n# TYPE odoo_database_a gauge\n"
            'odoo_database_a{kind="x\\"\\\\"} 1\n',
        )
