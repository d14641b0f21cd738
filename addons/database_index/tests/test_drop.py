from odoo.addons.database_index.engine import tasks
from odoo.addons.database_index.engine.drop import drop, restore
from odoo.addons.database_index.engine.errors import IndexRefusal
from odoo.addons.database_index.testing.lab import HASTY, by_name, visits

from .common import LabCase

DEFINITION = "SELECT pg_get_indexdef('theirs'::regclass)"


class TestDrop(LabCase):
    """Indexes that no deployment made: dropped after their definition was noted, and restored from it."""

    def test_there_and_back(self):
        self.lab.do("CREATE INDEX theirs ON visit (animal, at DESC) INCLUDE (kind) WHERE kind LIKE 'k%'")
        before = self.lab.do(DEFINITION)
        with self.lab.session() as session:
            self.assertGreater(drop(session, "theirs", HASTY), 0)
            self.assertNotIn("theirs", self.lab.indexes())
            shown = tasks.preview(session, {}, "restore", "theirs")
            self.assertIn("CREATE INDEX CONCURRENTLY theirs ON public.visit", shown[0])
            restore(session, "theirs", HASTY)
            self.assertEqual(self.lab.do(DEFINITION), before)
            with self.assertRaisesRegex(IndexRefusal, "nothing to restore"):
                restore(session, "theirs", HASTY)

    def test_what_guards_rows_stays(self):
        self.lab.do("CREATE UNIQUE INDEX code ON visit (id, kind); CREATE INDEX reading_at ON reading (at)")
        self.lab.deploy(visits("visit_kind", "kind"))
        before = self.lab.indexes()
        part = next(name for name in before if name.startswith("reading_1"))
        with self.lab.session() as session:
            for name, words in (
                ("visit_pkey", "guards what rows visit may hold"),
                ("code", "guards"),
                ("visit_kind", "roll it back"),
                ("reading_at", "partitioned"),
                (part, "partitioned"),
                ("nonsense", "'nonsense' is not in the schema"),
            ):
                with self.assertRaisesRegex(IndexRefusal, words):
                    drop(session, name, HASTY)
                with self.assertRaisesRegex(IndexRefusal, words):
                    tasks.preview(session, {}, "drop", name)
            with self.assertRaisesRegex(IndexRefusal, "wants one index"):
                tasks.preview(session, {}, "drop")
        self.assertEqual(self.lab.indexes(), before)

    def test_interrupted(self):
        """Noted and not dropped, or half restored: running it again ends it."""
        self.lab.do("CREATE INDEX theirs ON visit (animal)")
        with self.lab.session() as session:
            with self.open_report():
                tasks.work(session, {}, HASTY)
                with session.transaction() as cursor:
                    tasks.ask(cursor, "drop", "theirs", "admin")
                tasks.work(session, {}, HASTY)
                self.assertIn("put off", self.lab.do("SELECT message FROM database_index.task")[0][0])
            tasks.work(session, {}, HASTY)
            self.assertNotIn("theirs", self.lab.indexes())
            self.lab.do("CREATE INDEX theirs ON visit (animal)")
            self.lab.do("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'theirs'::regclass")
            with session.transaction() as cursor:
                tasks.ask(cursor, "restore", "theirs", "admin")
            tasks.work(session, {}, HASTY)
        self.assertIs(self.lab.indexes()["theirs"], True)
        self.assertEqual(self.lab.do("SELECT failed FROM database_index.task"), [(False,), (False,)])

    def test_the_others_are_left_alone(self):
        self.lab.do("CREATE INDEX theirs ON visit (animal)")
        with self.lab.session() as session:
            drop(session, "theirs", HASTY)
        self.lab.deploy(visits("visit_kind", "kind"))
        with self.lab.session() as session:
            restore(session, "theirs", HASTY)
            self.assertEqual(tasks.preview(session, by_name(), "rollback"), [
                'DROP INDEX CONCURRENTLY IF EXISTS "public"."visit_kind"'
            ])  # fmt: skip
