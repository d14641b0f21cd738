import datetime

from odoo.addons.database_monitor.engine.shapes import CUT, LONGEST, identity, is_utility, normalise, table_of
from odoo.tests import BaseCase, tagged

from .common import LabCase


@tagged("post_install", "-at_install")
class TestShapes(BaseCase):
    def test_values_go(self):
        for text, shape in (
            ("SELECT a FROM t WHERE b = %s AND c IN %s", "SELECT a FROM t WHERE b = ? AND c IN (?)"),
            ("SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)", "SELECT a FROM t WHERE b = ? AND c IN (?)"),
            ("SELECT 'it''s', E'\\'x', 12, 1.5e-3, t1.a2 FROM t1", "SELECT ?, ?, ?, ?, t1.a2 FROM t1"),
            ("SELECT a FROM t -- secret 17\n LIMIT 80", "SELECT a FROM t LIMIT ?"),
            ("/* a */ SELECT  1 ;", "SELECT ?"),
            ("UPDATE t SET a = NULL WHERE b IS NOT NULL", "UPDATE t SET a = ? WHERE b IS NOT NULL"),
            ("SELECT a FROM t WHERE c IS TRUE AND d = TRUE", "SELECT a FROM t WHERE c IS TRUE AND d = ?"),
            ("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s)", "INSERT INTO t (a, b) VALUES (?)"),
            ("INSERT INTO t (a, b) VALUES %s, %s", "INSERT INTO t (a, b) VALUES (?)"),
            ('UPDATE t SET a = "__tmp"."a" FROM (VALUES %s) AS "__tmp"("id", "a")',
             'UPDATE t SET a = "__tmp"."a" FROM (VALUES (?)) AS "__tmp"("id", "a")'),
            ("SELECT '2025-01-01'::date, a::text FROM t", "SELECT ?, a::text FROM t"),
            ("SELECT a FROM t WHERE b = ANY(ARRAY[1,2, 3])", "SELECT a FROM t WHERE b = ANY(?)"),
            ("SELECT $$x ' y$$, $tag$ $$ $tag$", "SELECT ?, ?"),
            ('SAVEPOINT "0f6b1e0e-c704-11ef-9d2f-0242ac120002"', 'SAVEPOINT "?"'),
            ("SELECT a WHERE n LIKE 'x%%' AND m %% 2 = 0", "SELECT a WHERE n LIKE ? AND m % ? = ?"),
            ('SELECT "t"."name"->>%s FROM "t"', 'SELECT "t"."name"->>? FROM "t"'),
            ("SELECT 'cut in the mid", "SELECT ?"),
        ):  # fmt: skip
            self.assertEqual(normalise(text), shape)
            self.assertEqual(normalise(shape), shape, "a shape is its own shape")

    def test_no_value_is_left(self):
        secret = "SELECT a FROM t WHERE b = 'geheim' AND c = 'ge' || 'heim' AND d IN ('geheim', $x$geheim$x$)"
        self.assertNotIn("heim", normalise(secret))

    def test_long_ones_are_cut(self):
        found = normalise("SELECT " + ", ".join(f"column_{i}" for i in range(2000)))
        self.assertEqual((len(found), found[-2:]), (LONGEST + 2, CUT))

    def test_identity(self):
        self.assertEqual(identity("SELECT ?"), identity(normalise("SELECT %s")))
        self.assertNotEqual(identity("SELECT ?"), identity("SELECT ?, ?"))
        self.assertTrue(0 < identity("SELECT ?") < 2**52)

    def test_kinds(self):
        self.assertTrue(is_utility('SAVEPOINT "?"'))
        self.assertFalse(is_utility("SELECT set_config(?, ?, ?)"))
        self.assertEqual(table_of('SELECT "a"."id" FROM "res_partner" AS "a"'), "res_partner")
        self.assertEqual(table_of("UPDATE sale_order SET a = ?"), "sale_order")
        self.assertIsNone(table_of("SELECT ?"))


class TestBothSides(LabCase):
    def test_cursor_and_server_agree(self):
        """The text that goes through psycopg2, and what pg_stat_statements makes of it, have one shape."""
        self.lab.do("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self.lab.do("CREATE TABLE t (id serial PRIMARY KEY, a int, b text, c date, d bool, j jsonb)")
        statements = [
            ("SELECT t.id FROM t WHERE t.a IN %s AND t.c >= %s", ((1, 2, 3), datetime.date(2025, 1, 1))),
            ("SELECT t.a FROM t WHERE t.a = ANY(%s) AND t.d = %s ORDER BY t.id LIMIT 80", ([1, 2], True)),
            ("UPDATE t SET b = %s, a = %s WHERE id IN %s", (None, 5, (1,))),
            ("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s)", (1, "x'y\\z", 2, "y")),
            ("INSERT INTO t (b, a) VALUES %s, %s", (("x", 1), ("y", 2))),
            ("UPDATE t SET a = v.a FROM (VALUES %s, %s) AS v(id, a) WHERE t.id = v.id", ((1, 1), (2, 2))),
            ("SELECT count(*) FROM t WHERE b ILIKE %s AND (j->>'en_US') IS NOT NULL", ("%milk%",)),
            (
                "DELETE FROM t WHERE b LIKE 'x%%' AND d IS NOT TRUE AND c < %s",
                (datetime.datetime(2025, 1, 1),),
            ),
        ]
        self.lab.do("SELECT pg_stat_statements_reset()")
        for text, params in statements:
            self.lab.do(text, *params)
        told = self.lab.do(
            "SELECT query FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())"
        )
        told = {normalise(row[0]) for row in told}
        for text, _params in statements:
            self.assertIn(normalise(text), told)
