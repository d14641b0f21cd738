from odoo.addons.database_index.engine import bloat, health

from .common import LabCase

ALL = health.Limits(unused_bytes=0, days=-1, bloat=0.3, bloat_bytes=8192, table_rows=100, rows_a_scan=100)


class TestHealth(LabCase):
    def findings(self, limits=ALL):
        with self.lab.session() as session, session.transaction() as cursor:
            return health.findings(cursor, limits)

    def named(self, code, limits=ALL):
        return {one.index or one.table: one for one in self.findings(limits) if one.code == code}

    def test_duplicates(self):
        self.lab.do(
            """
            CREATE INDEX one ON visit (animal);
            CREATE INDEX twin ON visit (animal);
            CREATE INDEX longer ON visit (animal, at);
            CREATE INDEX backwards ON visit (animal DESC);
            CREATE INDEX part ON visit (animal) WHERE kind = 'k1';
            CREATE INDEX part_twin ON visit (animal) WHERE kind = 'k1';
            CREATE INDEX part_other ON visit (animal) WHERE kind = 'k2';
            CREATE INDEX notes ON visit (note);
            CREATE INDEX notes_pattern ON visit (note text_pattern_ops);
            CREATE UNIQUE INDEX alone ON visit (id);
            CREATE INDEX plain_id ON visit (id);
            CREATE INDEX covering ON visit (at) INCLUDE (kind);
            CREATE INDEX covering_other ON visit (at) INCLUDE (animal);
            """
        )
        exact = self.named("duplicate")
        self.assertEqual(set(exact), {"twin", "part_twin", "alone", "plain_id"})
        self.assertIn("visit_pkey, which a constraint needs", exact["alone"].text)
        self.assertEqual(exact["twin"].fix, 'DROP INDEX CONCURRENTLY "public"."twin"')
        self.assertEqual(set(self.named("prefix")), {"one"})

    def test_unused_spares_what_has_other_work(self):
        self.lab.do(
            """
            CREATE INDEX idle ON visit (note);
            CREATE INDEX busy ON visit (at);
            CREATE UNIQUE INDEX guard ON visit (id, kind);
            CREATE TABLE owner (id integer, code text);
            CREATE UNIQUE INDEX owner_id ON owner (id);
            ALTER TABLE visit ADD FOREIGN KEY (animal) REFERENCES owner (id) NOT VALID;
            """
        )
        self.lab.do("SET enable_seqscan = off; SELECT count(*) FROM visit WHERE at = '2025-01-01 00:01'")
        for _try in range(50):  # counters arrive when a session ends
            if self.lab.do("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'busy'")[0][0]:
                break
        found = self.named("unused")
        self.assertIn("idle", found)
        self.assertEqual({"busy", "guard", "visit_pkey", "owner_id"} & set(found), set())

    def test_young_statistics_say_nothing(self):
        self.lab.do("CREATE INDEX idle ON visit (note)")
        self.lab.do("SELECT pg_stat_reset()")
        codes = {one.code for one in self.findings(health.Limits(unused_bytes=0))}
        self.assertIn("statistics", codes)
        self.assertNotIn("unused", codes)

    def test_invalid(self):
        self.lab.do("CREATE INDEX broken ON visit (note)")
        self.lab.do("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
        self.assertEqual(set(self.named("invalid")), {"broken"})
        self.assertEqual(self.findings()[0].severity, "error")

    def test_foreign_keys(self):
        self.lab.do(
            """
            CREATE TABLE owner (id integer PRIMARY KEY, code text);
            INSERT INTO owner SELECT DISTINCT animal FROM visit;
            ALTER TABLE visit ADD CONSTRAINT visit_owner FOREIGN KEY (animal) REFERENCES owner (id);
            ANALYZE;
            """
        )
        self.assertIn("visit.animal (visit_owner) has no index", self.named("foreign_key")["visit"].text)
        self.lab.do("CREATE INDEX half ON visit (animal) WHERE kind = 'k1'")
        self.assertIn("visit", self.named("foreign_key"))
        self.lab.do("CREATE INDEX enough ON visit (animal, at) WHERE animal IS NOT NULL")
        self.assertEqual(self.named("foreign_key"), {})

    def test_bloat_is_found_and_goes(self):
        self.lab.do("CREATE INDEX fat ON visit (animal); CREATE INDEX lean ON visit (kind)")
        self.lab.do(
            "INSERT INTO visit (animal, at, kind, note) SELECT n % 500, now(), 'k', md5(n::text)"
            " FROM generate_series(1, 30000) n"
        )
        self.lab.do("DELETE FROM visit WHERE id % 10 <> 0")
        self.lab.do("VACUUM visit")
        self.lab.do("ANALYZE visit")
        found = self.named("bloat")["fat"]
        before = self.lab.do("SELECT pg_relation_size('fat')")[0][0]
        self.lab.do("REINDEX INDEX fat")
        truth = 1 - self.lab.do("SELECT pg_relation_size('fat')")[0][0] / before
        self.assertAlmostEqual(found.bytes / before, truth, delta=0.08)
        self.assertNotIn("fat", self.named("bloat"))

    def test_layout_of_a_fresh_index(self):
        """Known sizes of real indexes, in pages: 1,000,000 different integers, and each of them 50 times."""
        unique = bloat.Column(length=4, align=4, width=4, nulls=0, distinct=1e6)
        self.assertAlmostEqual(bloat.pages([unique], 1, 1e6, False), 2745, delta=20)
        self.lab.do(
            "CREATE TABLE fifty AS SELECT n % 4000 AS key FROM generate_series(1, 200000) n;"
            "CREATE INDEX fifty_key ON fifty (key); ANALYZE fifty"
        )
        with self.lab.session() as session, session.transaction() as cursor:
            (found,) = bloat.estimates(cursor, names=["fifty_key"])
        self.assertTrue(found.deduplicated)
        self.assertAlmostEqual(found.expected / found.bytes, 1, delta=0.03)
