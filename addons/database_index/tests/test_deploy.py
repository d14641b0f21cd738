import contextlib
import threading
import time

import psycopg2.errors
from odoo.addons.database_index.engine import catalogue, deploy, progress, tasks
from odoo.addons.database_index.engine.connection import Patience
from odoo.addons.database_index.engine.declaration import Key, trigram
from odoo.addons.database_index.engine.errors import BusyError, DeclarationError, IndexRefusal
from odoo.addons.database_index.engine.reindex import reindex
from odoo.addons.database_index.testing.lab import HASTY, by_name, visits
from odoo.tools import SQL

from .common import LabCase

ANIMAL = visits("visit_animal_at", "animal", "at DESC", include=("kind",))
KIND = visits("visit_k0", "at", where="kind = 'k0'")


class TestDeploy(LabCase):
    def test_from_nothing_and_back(self):
        note = visits("visit_note_trgm", trigram("note"), method="gin", extension="pg_trgm")
        brin = visits("visit_at_brin", "at", method="brin", storage=(("pages_per_range", 32),))
        all_of_them = (ANIMAL, KIND, note, brin)
        before = self.lab.indexes()
        self.assertEqual(set(self.lab.verify(*all_of_them).values()), {"missing"})
        outcomes = self.lab.deploy(*all_of_them)
        self.assertEqual(self.did(outcomes), dict.fromkeys((one.name for one in all_of_them), "built"))
        self.assertTrue(all(one.bytes > 0 for one in outcomes))
        self.assertEqual(set(self.lab.verify(*all_of_them).values()), {"valid"})
        self.assertEqual(self.did(self.lab.deploy(*all_of_them)), {})
        definition = self.lab.do("SELECT pg_get_indexdef('visit_animal_at'::regclass)")[0][0]
        self.assertIn("(animal, at DESC) INCLUDE (kind)", definition)
        self.assertEqual(set(self.did(self.lab.rollback()).values()), {"dropped"})
        self.assertEqual(self.lab.indexes(), before)
        self.assertEqual(self.lab.rollback(), [])

    def test_only_what_is_named(self):
        self.lab.deploy(ANIMAL, KIND, names={"visit_k0"})
        self.assertEqual(self.lab.verify(ANIMAL, KIND), {"visit_animal_at": "missing", "visit_k0": "valid"})

    def test_no_longer_declared_goes(self):
        self.lab.deploy(ANIMAL, KIND)
        self.assertEqual(self.lab.verify(KIND)["visit_animal_at"], "undeclared")
        self.assertEqual(self.did(self.lab.deploy(KIND)), {"visit_animal_at": "dropped"})
        self.assertNotIn("visit_animal_at", self.lab.indexes())

    def test_an_equal_index_serves(self):
        self.lab.do("CREATE UNIQUE INDEX theirs ON visit (id, animal)")
        same = visits("visit_id_animal", "id", "animal")
        outcomes = self.lab.deploy(same)
        self.assertEqual((outcomes[0].state, outcomes[0].failed), ("elsewhere", False))
        self.assertIn("theirs", outcomes[0].message)
        self.assertNotIn("visit_id_animal", self.lab.indexes())

    def test_a_name_that_is_not_ours_is_left_alone(self):
        self.lab.do("CREATE INDEX visit_animal_at ON visit (note)")
        outcomes = self.lab.deploy(ANIMAL)
        self.assertEqual(outcomes[0].state, "taken")
        self.assertTrue(outcomes[0].failed)
        self.lab.rollback()
        self.assertIn("visit_animal_at", self.lab.indexes())

    def test_one_that_was_exchanged_by_hand_stays(self):
        self.lab.deploy(ANIMAL)
        self.lab.do("DROP INDEX visit_animal_at; CREATE INDEX visit_animal_at ON visit (note)")
        self.assertEqual(self.lab.verify(ANIMAL)["visit_animal_at"], "taken")
        self.assertIn("stays", self.lab.rollback()[0].message)
        self.assertIn("visit_animal_at", self.lab.indexes())

    def test_a_failure_does_not_keep_the_others(self):
        bad = visits("visit_bad", "no_such_column")
        nowhere = visits("nowhere_at", "at", table="nowhere")
        volatile = visits("visit_volatile", Key("now()"))
        outcomes = self.lab.deploy(bad, nowhere, volatile, KIND)
        self.assertEqual(
            self.states(outcomes),
            {
                "visit_bad": "impossible",
                "nowhere_at": "absent",
                "visit_volatile": "impossible",
                "visit_k0": "valid",
            },
        )
        self.assertIn("no_such_column", outcomes[0].message)
        self.assertFalse(outcomes[1].failed)
        self.assertIn("IMMUTABLE", outcomes[2].message)

    def test_rejected_are_not_built_and_go(self):
        self.lab.deploy(KIND)
        condemned = visits("visit_k0", "at", where="kind = 'k0'", rejected="no plan chooses it")
        self.assertEqual(self.did(self.lab.deploy(condemned)), {"visit_k0": "dropped"})
        self.assertEqual(self.lab.verify(condemned), {"visit_k0": "rejected"})

    def test_invalid_leftover_is_rebuilt(self):
        self.lab.deploy(ANIMAL)
        self.lab.do("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'visit_animal_at'::regclass")
        self.assertEqual(self.lab.verify(ANIMAL), {"visit_animal_at": "invalid"})
        self.assertEqual(self.did(self.lab.deploy(ANIMAL)), {"visit_animal_at": "rebuilt"})
        self.assertEqual(self.lab.verify(ANIMAL), {"visit_animal_at": "valid"})

    def test_changed_declaration_takes_its_place(self):
        self.lab.deploy(ANIMAL)
        longer = visits("visit_animal_at", "animal", "at DESC", "kind")
        self.assertEqual(self.lab.verify(longer), {"visit_animal_at": "changed"})
        self.assertEqual(self.did(self.lab.deploy(longer)), {"visit_animal_at": "replaced"})
        self.assertEqual(self.lab.verify(longer), {"visit_animal_at": "valid"})
        self.assertNotIn("visit_animal_at_next", self.lab.indexes())

    def test_replacement_interrupted_anywhere(self):
        longer = visits("visit_animal_at", "animal", "at DESC", "kind")
        for done in range(1, 4):
            self.lab.clear()
            self.lab.deploy(ANIMAL)
            with self.lab.session() as session, session.transaction() as cursor:
                catalogue.change(cursor, ANIMAL.name, next_body="USING btree (animal, at DESC, kind)")
            steps = [
                "CREATE INDEX visit_animal_at_next ON visit (animal, at DESC, kind)",
                "DROP INDEX visit_animal_at",
                "ALTER INDEX visit_animal_at_next RENAME TO visit_animal_at",
            ]
            for step in steps[:done]:
                self.lab.do(step)
            self.lab.deploy(longer)
            self.assertEqual(self.lab.verify(longer), {"visit_animal_at": "valid"}, done)
            self.assertNotIn("visit_animal_at_next", self.lab.indexes())
            self.lab.rollback()
            self.assertEqual([name for name in self.lab.indexes() if "animal" in name], [])

    def test_replacement_interrupted_and_no_longer_wanted(self):
        """The successor that was begun goes, whatever is declared then: found by the soak."""
        other = visits("visit_animal_at", "animal")
        for declared in ((ANIMAL,), (other,), ()):
            for valid in (True, False):
                self.lab.clear()
                self.lab.deploy(ANIMAL)
                with self.lab.session() as session, session.transaction() as cursor:
                    catalogue.change(cursor, ANIMAL.name, next_body="USING btree (animal, at DESC, kind)")
                self.lab.do("CREATE INDEX visit_animal_at_next ON visit (animal, at DESC, kind)")
                if not valid:
                    self.lab.do(
                        "UPDATE pg_index SET indisvalid = false"
                        " WHERE indexrelid = 'visit_animal_at_next'::regclass"
                    )
                self.lab.deploy(*declared)
                names = [name for name in self.lab.indexes() if "animal" in name]
                self.assertEqual(names, [one.name for one in declared], (declared, valid))

    def test_declarations_are_checked(self):
        for facts, words in (
            ({"name": "Bad-Name"}, "name 'Bad-Name'"),
            ({"method": "magic"}, "method 'magic'"),
            ({"include": ("a b",)}, "include"),
            ({"query": None}, "query"),
        ):
            with self.assertRaisesRegex(DeclarationError, words):
                visits(facts.pop("name", "visit_x"), "at", **facts)


class TestWaiting(LabCase):
    def test_an_old_transaction_puts_it_off(self):
        with self.open_report():
            time.sleep(HASTY.old_s)
            outcomes = self.lab.deploy(ANIMAL)
        self.assertEqual(outcomes[0].state, "put off")
        self.assertIn("is 0 s old" if "0 s old" in outcomes[0].message else "s old", outcomes[0].message)
        self.assertNotIn("visit_animal_at", self.lab.indexes())
        self.assertEqual(self.did(self.lab.deploy(ANIMAL)), {"visit_animal_at": "built"})

    def test_a_build_that_times_out_converges(self):
        """PostgreSQL leaves an invalid index, which IF NOT EXISTS would take for done."""
        blind = Patience(tries=1, wait_s=0.2, quiet_s=0.1, old_s=1000, quick_tries=3)
        with self.open_report():
            outcomes = self.lab.deploy(ANIMAL, patience=blind)
        self.assertEqual(outcomes[0].state, "put off")
        self.assertEqual(self.lab.indexes().get("visit_animal_at"), False)
        self.assertEqual(self.lab.verify(ANIMAL), {"visit_animal_at": "invalid"})
        self.assertEqual(self.did(self.lab.deploy(ANIMAL)), {"visit_animal_at": "rebuilt"})

    def test_writers_go_on_while_a_build_waits(self):
        slow = Patience(tries=1, wait_s=5, quiet_s=5, old_s=1000)
        with self.open_report() as report:
            building = threading.Thread(target=self.lab.deploy, args=(ANIMAL,), kwargs={"patience": slow})
            building.start()
            self._wait_until_building()
            cnx = self.lab.connect(autocommit=True)
            with contextlib.closing(cnx), cnx.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
                cursor.execute("INSERT INTO visit (animal) VALUES (7)")
                cursor.execute("UPDATE visit SET kind = 'x' WHERE id = 1")
            report.rollback()
            building.join()
        self.assertEqual(self.lab.verify(ANIMAL), {"visit_animal_at": "valid"})
        self.assertEqual(
            self.lab.do("SET enable_seqscan = off; SELECT count(*) FROM visit WHERE animal = 7")[0][0], 11
        )

    def test_stop_and_resume(self):
        slow = Patience(tries=3, wait_s=20, quiet_s=20, old_s=1000)
        told = []
        with self.open_report():
            building = threading.Thread(
                target=lambda: told.extend(self.lab.deploy(ANIMAL, KIND, patience=slow))
            )
            building.start()
            seen = self._wait_until_building()
            self.assertEqual((seen.table, seen.command), ("visit", "CREATE INDEX CONCURRENTLY"))
            with self.lab.session() as session:
                with self.assertRaisesRegex(BusyError, "process [0-9]+ works on indexes"):
                    deploy.deploy(session, by_name(KIND), HASTY)
                tasks.stop(session)
            building.join(10)
        self.assertFalse(building.is_alive())
        self.assertEqual(self.states(told), {"visit_animal_at": "stopped"})
        self.assertEqual(set(self.did(self.lab.deploy(ANIMAL, KIND))), {"visit_animal_at", "visit_k0"})

    def test_a_lost_connection_converges(self):
        slow = Patience(tries=3, wait_s=20, quiet_s=20, old_s=1000)
        trouble = []

        def build():
            try:
                self.lab.deploy(ANIMAL, patience=slow)
            except psycopg2.Error as error:
                trouble.append(error)

        with self.open_report():
            building = threading.Thread(target=build)
            building.start()
            seen = self._wait_until_building()
            self.lab.do("SELECT pg_terminate_backend(%s)", seen.pid)
            building.join(10)
        self.assertTrue(trouble)
        self.assertEqual(self.did(self.lab.deploy(ANIMAL)), {"visit_animal_at": "rebuilt"})

    def _wait_until_building(self):
        with self.lab.session() as session:
            for _try in range(500):
                with session.transaction() as cursor:
                    found = progress.running(cursor)
                if found and found[0].phase.startswith("waiting"):
                    return found[0]
                time.sleep(0.01)
        raise AssertionError("no build is running")


class TestPartitioned(LabCase):
    index = visits("reading_value_at", "value", "at", table="reading")

    def test_each_partition_then_attached(self):
        self.assertEqual(self.did(self.lab.deploy(self.index)), {"reading_value_at": "built"})
        parts = self.lab.do("SELECT count(*), bool_and(i.indisvalid) FROM"
                            " pg_partition_tree('reading_value_at') t"
                            " JOIN pg_index i ON i.indexrelid = t.relid WHERE isleaf")  # fmt: skip
        self.assertEqual(parts, [(4, True)])
        self.assertTrue(all(self.lab.indexes().values()))
        self.lab.do(
            "CREATE TABLE reading_3 PARTITION OF reading FOR VALUES FROM ('2025-04-01') TO ('2025-05-01')"
        )
        self.assertEqual(self.lab.verify(self.index), {"reading_value_at": "valid"})
        self.lab.rollback()
        self.assertEqual(
            [name for name in self.lab.indexes() if "value" in name or name.endswith("_idx")], []
        )

    def test_interrupted_between_partitions(self):
        """A report on one partition blocks its part; what was built stays, and the rest follows."""
        blind = Patience(tries=1, wait_s=0.2, quiet_s=0.1, old_s=1000, quick_tries=3)
        cnx = self.lab.connect()
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute("INSERT INTO reading_2_b (at, value) VALUES ('2025-02-11', 1)")
            outcomes = self.lab.deploy(self.index, patience=blind)
            self.assertEqual(outcomes[0].state, "put off")
            self.assertEqual(self.lab.verify(self.index), {"reading_value_at": "invalid"})
            cnx.commit()
        built = {name for name, valid in self.lab.indexes().items() if valid}
        self.assertEqual(self.did(self.lab.deploy(self.index)), {"reading_value_at": "rebuilt"})
        self.assertLessEqual(built, set(self.lab.indexes()))
        self.assertEqual(self.lab.verify(self.index), {"reading_value_at": "valid"})

    def test_rollback_of_a_part(self):
        blind = Patience(tries=1, wait_s=0.2, quiet_s=0.1, old_s=1000, quick_tries=3)
        cnx = self.lab.connect()
        before = set(self.lab.indexes())
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute("INSERT INTO reading_2_b (at, value) VALUES ('2025-02-11', 1)")
            self.lab.deploy(self.index, patience=blind)
            cnx.commit()
        self.lab.rollback()
        self.assertEqual(set(self.lab.indexes()), before)

    def test_a_writer_in_the_parent_is_not_waited_for(self):
        cnx = self.lab.connect()
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute("INSERT INTO reading (at, value) VALUES ('2025-01-11', 1)")
            outcomes = self.lab.deploy(self.index)
            self.assertIn("never free", outcomes[0].message)
        self.assertEqual(self.did(self.lab.deploy(self.index)), {"reading_value_at": "built"})

    def test_changed(self):
        self.lab.deploy(self.index)
        other = visits("reading_value_at", "value", table="reading")
        self.assertEqual(self.lab.verify(other), {"reading_value_at": "changed"})
        self.lab.deploy(other)
        self.assertEqual(self.lab.verify(other), {"reading_value_at": "valid"})


class TestTasks(LabCase):
    def test_preview_then_work(self):
        declarations = by_name(ANIMAL, visits("reading_value_at", "value", table="reading"))
        with self.lab.session() as session:
            shown = tasks.preview(session, declarations, "deploy")
            self.assertEqual(sum("CONCURRENTLY" in one for one in shown), 5)
            self.assertEqual(sum("ATTACH" in one for one in shown), 4)
            with session.transaction() as cursor:
                tasks.ask(cursor, "deploy", None, "admin")
                tasks.ask(cursor, "reindex", "visit_animal_at", "admin")
                tasks.ask(cursor, "reindex", "nonsense", "admin")
            done = tasks.work(session, declarations, HASTY)
            self.assertEqual(set(self.states(done).values()), {"valid"})
            rows = session.do(SQL("SELECT operation, failed, message FROM database_index.task ORDER BY id"))
            self.assertEqual([row[1] for row in rows], [False, False, True])
            self.assertIn("bytes before", rows[1][2])
            self.assertIn("'nonsense' is not in the schema", rows[2][2])
            self.assertEqual(tasks.preview(session, declarations, "deploy"), [])
            self.assertEqual(len(tasks.preview(session, declarations, "rollback")), 2)
            with self.assertRaisesRegex(IndexRefusal, "'dance' is unknown"):
                tasks.preview(session, declarations, "dance")

    def test_reindex_shrinks_and_clears_leftovers(self):
        self.lab.deploy(ANIMAL)
        self.lab.do("DELETE FROM visit WHERE id % 10 > 0")
        self.lab.do("VACUUM visit")
        self.lab.do("CREATE INDEX visit_animal_at_ccnew ON visit (animal, at DESC) INCLUDE (kind)")
        self.lab.do(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'visit_animal_at_ccnew'::regclass"
        )
        with self.lab.session() as session:
            before, after, _seconds = reindex(session, "visit_animal_at", HASTY)
        self.assertLess(after, before / 2)
        self.assertNotIn("visit_animal_at_ccnew", self.lab.indexes())
        self.assertEqual(self.lab.verify(ANIMAL), {"visit_animal_at": "valid"})
