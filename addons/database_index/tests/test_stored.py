from concurrent.futures import ThreadPoolExecutor

from odoo.addons.database_index.engine import catalogue, deploy, stored, tasks
from odoo.addons.database_index.engine.errors import DeclarationError, IndexRefusal
from odoo.addons.database_index.testing.lab import HASTY, by_name, visits
from odoo.tests import BaseCase, tagged

from .common import LabCase

FACTS = {
    "table": "visit",
    "keys": ['"animal"', '"at" DESC NULLS LAST'],
    "include": ["kind"],
    "where": "\"note\" IS NOT NULL AND kind = 'k1'",
    "purpose": "Visits of an animal, newest first",
    "query": "SELECT id FROM visit WHERE animal = ? ORDER BY at DESC LIMIT 5",
}


@tagged("post_install", "-at_install")
class TestRead(BaseCase):
    def test_whole(self):
        index = stored.read(FACTS)
        self.assertRegex(index.name, "^visit_animal_at_[0-9a-f]{6}$")
        self.assertEqual([one.column for one in index.keys], ["animal", "at"])
        self.assertEqual(index.keys[1].direction, "DESC NULLS LAST")
        self.assertEqual(stored.read({**FACTS, "name": index.name}), index)
        self.assertEqual(stored.name_of({**FACTS, "method": "btree"}), index.name)
        self.assertNotEqual(stored.name_of({**FACTS, "where": ""}), index.name)
        self.assertEqual(stored.read({**FACTS, "keys": ["note gin_trgm_ops"], "method": "gin"}).extension,
                         "pg_trgm")  # fmt: skip
        long = stored.read({**FACTS, "keys": ["a" * 60, "b" * 60]})
        self.assertLessEqual(len(long.name), 58)

    def test_refused(self):
        """Whatever is no name, no constant or not there is refused by field, value and remedy."""
        for wrong, words in (
            ({"keys": []}, "keys"),
            ({"keys": "animal"}, "keys 'animal'"),
            ({"keys": ["lower(kind)"]}, "keys"),
            ({"keys": ["animal); DROP TABLE visit; --"]}, "keys"),
            ({"keys": ["animal", 3]}, "keys"),
            ({"where": "true; DROP TABLE visit"}, "where"),
            ({"where": "kind = 'k1' OR true"}, "where"),
            ({"where": "kind = 'a\\' OR pg_sleep(9) IS NULL --'"}, "where"),
            ({"where": "note = pg_read_file('x')"}, "where"),
            ({"table": "visit; DROP TABLE visit"}, "table"),
            ({"table": None}, "table None"),
            ({"method": "btree; DROP"}, "method"),
            ({"include": ["kind)"]}, "include"),
            ({"name": "Bad Name"}, "name 'Bad Name'"),
            ({"purpose": ""}, "purpose"),
            ({"query": "\x00"}, "query"),
            ({"unique": True}, "field unique is unknown; take table"),
        ):
            with self.subTest(**wrong), self.assertRaisesRegex(DeclarationError, words):
                stored.read({**FACTS, **wrong})
        for wrong in ([], "visit", None, 3):
            with self.assertRaisesRegex(DeclarationError, "JSON object"):
                stored.read(wrong)


@tagged("post_install", "-at_install")
class TestStored(LabCase):
    def declare(self, declarations=(), **changed):
        with self.lab.session() as session:
            return stored.declare(session, {**FACTS, **changed}, "admin", dict(declarations)).name

    def state(self, name):
        return self.lab.do("SELECT state, body IS NOT NULL FROM database_index.index WHERE name = %s", name)

    def work(self):
        with self.lab.session() as session:
            return tasks.work(session, {}, HASTY)

    def ask(self, operation, name):
        with self.lab.session() as session, session.transaction() as cursor:
            tasks.ask(cursor, operation, name, "admin")

    def test_there_and_back(self):
        """Declared, deployed beside those in code, kept over an update, taken back without a trace."""
        before = self.lab.indexes()
        name = self.declare()
        self.assertEqual(self.state(name), [("missing", False)])
        self.assertEqual(self.declare(), name)  # once more changes nothing
        code = visits("visit_kind_idx", "kind")
        self.assertEqual(self.lab.verify(code), {name: "missing", "visit_kind_idx": "missing"})
        self.assertEqual(self.did(self.lab.deploy(code)), {name: "built", "visit_kind_idx": "built"})
        definition = self.lab.do("SELECT indexdef FROM pg_indexes WHERE indexname = %s", name)[0][0]
        self.assertIn(
            "USING btree (animal, at DESC NULLS LAST) INCLUDE (kind) WHERE ((note IS NOT NULL)", definition
        )
        plan = self.lab.do(
            "EXPLAIN SELECT id FROM visit WHERE animal = 7 AND note IS NOT NULL AND kind = 'k1'"
            " ORDER BY at DESC NULLS LAST LIMIT 5"
        )
        self.assertIn(name, str(plan))
        with self.lab.session() as session, session.transaction() as cursor:
            catalogue.install(cursor)  # what -u does
        self.assertEqual(self.did(self.lab.deploy(code)), {})
        with self.lab.session() as session:
            shown = tasks.preview(session, by_name(code), "withdraw", name)
        self.assertEqual(shown, [f'DROP INDEX CONCURRENTLY IF EXISTS "public"."{name}"'])
        self.ask("withdraw", name)
        self.ask("deploy", None)  # what is asked for after it does not bring it back
        self.work()
        self.assertEqual(self.lab.indexes(), before)  # visit_kind_idx is not declared in this deployment
        self.assertEqual(self.state(name), [])
        self.assertEqual(self.lab.do("SELECT count(*) FROM database_index.declared"), [(0,)])

    def test_interrupted(self):
        """Killed after the declaration went: the next deployment drops what it left."""
        name = self.declare()
        self.lab.deploy()
        with self.lab.session() as session, session.transaction() as cursor:
            stored.forget(cursor, name)
        self.assertEqual(self.lab.verify(), {name: "undeclared"})
        with self.lab.session() as session:
            self.assertEqual([one.did for one in deploy.withdraw(session, name, HASTY)], ["dropped"])
        self.assertNotIn(name, self.lab.indexes())
        self.assertEqual(self.lab.verify(), {})

    def test_put_off(self):
        """Taken back while a report is open: the index goes with the next run."""
        name = self.declare()
        self.lab.deploy()
        with self.open_report():
            self.ask("withdraw", name)
            self.work()
        self.lab.deploy()
        self.assertNotIn(name, self.lab.indexes())

    def test_another_index_under_its_name_stays(self):
        name = self.declare()
        self.lab.do(f'CREATE INDEX "{name}" ON visit (kind)')
        self.assertEqual(self.states(self.lab.deploy()), {name: "taken"})
        with self.lab.session() as session:
            self.assertEqual(deploy.withdraw(session, name, HASTY), [])
        self.assertIn(name, self.lab.indexes())

    def test_what_postgresql_refuses(self):
        for changed, words in (
            ({"table": "nowhere"}, "there is no table nowhere"),
            ({"keys": ["nothing"]}, 'column "nothing"'),
            ({"keys": ["animal text_pattern_ops"]}, "text_pattern_ops"),
            ({"keys": ["at gist_trgm_ops"], "method": "gist", "include": []}, "gist_trgm_ops"),
            ({"where": "animal = 'k'"}, "invalid input syntax"),
        ):
            with self.subTest(**changed), self.assertRaisesRegex(DeclarationError, words):
                self.declare(**changed)
        self.lab.do("CREATE INDEX mine ON visit (kind, id)")
        with self.assertRaisesRegex(DeclarationError, "mine is the same index"):
            self.declare(keys=["kind", "id"], include=[], where="")
        with self.assertRaisesRegex(DeclarationError, "mine is there and was not made"):
            self.declare(name="mine")
        name = self.declare(name="visits_of_one_idx")
        with self.assertRaisesRegex(DeclarationError, "declared otherwise"):
            self.declare(name=name, keys=["kind"])
        with self.assertRaisesRegex(DeclarationError, "addon lab declares it"):
            self.declare(by_name(visits("visit_kind_idx", "kind")), name="visit_kind_idx")
        self.assertEqual(self.lab.do("SELECT name FROM database_index.declared"), [(name,)])

    def test_only_administrators_declarations_are_taken_back(self):
        self.lab.deploy(visits("visit_kind_idx", "kind"))
        with self.lab.session() as session:
            for name in ("visit_kind_idx", "visit_pkey", "nothing"):
                with self.assertRaisesRegex(IndexRefusal, "not declared by an administrator"):
                    deploy.withdraw(session, name, HASTY)
        self.assertIn("visit_kind_idx", self.lab.indexes())

    def test_an_addon_takes_it_over(self):
        """An addon that declares the same name later counts; nothing is built twice."""
        name = self.declare(name="visits_of_one_idx")
        self.lab.deploy()
        index = stored.read({**FACTS, "name": name})
        self.assertEqual(self.did(self.lab.deploy(index)), {})
        self.assertEqual(self.lab.do("SELECT addon FROM database_index.index"), [("lab",)])

    def test_what_is_kept_is_read_by_the_grammar_again(self):
        name = self.declare()
        self.lab.do('UPDATE database_index.declared SET facts = facts || \'{"where": "true; SELECT 1"}\'')
        with self.assertRaisesRegex(DeclarationError, "where"):
            self.lab.deploy()
        self.assertNotIn(name, self.lab.indexes())

    def test_partitioned(self):
        before = self.lab.indexes()
        name = self.declare(table="reading", keys=["value", "at DESC"], include=[], where="")
        self.assertEqual(self.did(self.lab.deploy()), {name: "built"})
        self.assertEqual(len(self.lab.indexes()) - len(before), 6)  # the table's, and its partitions'
        with self.lab.session() as session:
            deploy.withdraw(session, name, HASTY)
        self.assertEqual(self.lab.indexes(), before)

    def test_an_older_catalogue(self):
        """Before -u there is no table of declarations: nothing is declared, and nothing fails."""
        self.lab.do("DROP TABLE database_index.declared")
        done = self.lab.deploy(visits("visit_kind_idx", "kind"))
        self.assertEqual(self.did(done), {"visit_kind_idx": "built"})

    def test_at_once(self):
        """Administrators declare the same at once: it is declared once, and nobody is told a lie."""

        def declare(_turn):
            try:
                return self.declare()
            except DeclarationError as error:
                return str(error)

        with ThreadPoolExecutor(6) as pool:
            told = set(pool.map(declare, range(6)))
        name = stored.name_of(FACTS)
        self.assertLessEqual(told, {name, f"index {name}: somebody else declared it just now; look again"})
        self.assertIn(name, told)
        self.assertEqual(self.lab.do("SELECT name FROM database_index.declared"), [(name,)])
