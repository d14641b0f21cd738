"""Declarations, deployment, folding and verification on real PostgreSQL."""

import dataclasses
import threading
import time
from datetime import date

import psycopg2
import psycopg2.errors
from odoo.addons.database_rollup.engine import deploy, fold, grace, planner, verify
from odoo.addons.database_rollup.engine.declaration import (
    Count,
    CountDaily,
    CountDistinct,
    Cut,
    Dimension,
    Join,
    Rollup,
    Sum,
)
from odoo.addons.database_rollup.engine.errors import (
    BusyError,
    DeclarationError,
    NotDeployedError,
    RollupError,
)
from odoo.addons.database_rollup.engine.sql import run
from odoo.addons.database_rollup.testing.sample import MILK, ROLLUPS, SALES
from odoo.tests import BaseCase, tagged

from .common import LabCase, close

YEAR = planner.Question(date(2025, 1, 1), date(2025, 12, 31), grain="day")


@tagged("post_install", "-at_install")
class TestDeclaration(BaseCase):
    def declare(self, **changes):
        return dataclasses.replace(SALES, **changes)

    def test_refusals_name_what_is_wrong(self):
        for changes, text in (
            ({"name": "Sales"}, "'Sales' is no usable name"),
            ({"measures": ()}, "has no measure"),
            ({"measures": (Sum("amount"),)}, "amount has no expression"),
            ({"measures": (Count("company"),)}, "used twice"),
            ({"levels": ("month", "day")}, "must begin with day"),
            ({"time": "date_order"}, "must be alias.column"),
            (
                {"time": "COALESCE(o.day, l.day)", "zone": "", "timestamp": False},
                "must be of exactly one table",
            ),
            ({"zone": "l.tz"}, "must be joined to the time's table"),
            (
                {"dimensions": (Dimension("x", "nobody.id"),), "cuts": ()},
                "nobody.id in 'nobody.id' names no declared table",
            ),
            (
                {"joins": (Join("o", "orders", "o.id = 1"),)},
                "exactly one table declared before it, not to none",
            ),
            (
                {"name": "n" * 30, "measures": (CountDistinct("m" * 30, "o.customer"),), "cuts": ()},
                "longer than PostgreSQL's 63",
            ),
            ({"timestamp": False}, "a date has no time zone"),
            (
                {"cuts": (Cut(("company", "farm")),)},
                "names no dimension: 'farm'; there are company, seller",
            ),
            ({"cuts": (Cut((), ("kg",)),)}, "names no measure: 'kg'; there are lines"),
            ({"cuts": (Cut(("company",)), Cut(("company",), ("lines",)))}, "make them one"),
            (
                {"measures": (CountDaily("cows", "o.customer", ("farm",)),), "cuts": ()},
                "cows's within names no dimension: 'farm'",
            ),
        ):
            with self.subTest(text), self.assertRaisesRegex(DeclarationError, text):
                self.declare(**changes)

    def test_a_date_may_be_an_expression(self):
        rollup = dataclasses.replace(MILK, time="COALESCE(m.milked_on, m.day)")
        self.assertEqual(rollup.time_alias, "m")
        self.assertLessEqual({"day", "milked_on"}, set(rollup.columns["m"]))

    def test_what_matters_of_each_table(self):
        self.assertEqual(SALES.columns["l"], ("amount", "order_id", "product_id", "quantity"))
        self.assertEqual(SALES.columns["cp"], ("id", "tz"))
        self.assertEqual(SALES.zone_aliases, ("cp", "co"))
        self.assertEqual((SALES.graces, MILK.graces), (6, 0))

    def test_literals_are_no_columns(self):
        rollup = self.declare(where=("o.state = 'no.where'",))
        self.assertEqual(rollup.columns["o"], SALES.columns["o"])

    def test_fingerprint_follows_the_declaration(self):
        self.assertEqual(self.declare(title="x").fingerprint, SALES.fingerprint)
        self.assertNotEqual(self.declare(where=()).fingerprint, SALES.fingerprint)


@tagged("post_install", "-at_install")
class TestKeepingFresh(LabCase):
    def setUp(self):
        super().setUp()
        self.do("TRUNCATE line, orders, milk")
        self.settle()

    def settle(self):
        grace.wait_graces(self.lab.transaction, SALES.graces + 1, 5)
        for rollup in ROLLUPS:
            fold.fold_all(self.lab.transaction, rollup)

    def dirty(self, rollup=MILK):
        with self.lab.transaction() as cursor:
            return fold.freshness(cursor, rollup)

    def notes(self, rollup):
        with self.lab.transaction() as cursor:
            cursor.execute(f'SELECT days::text FROM "database_rollup"."{rollup.prefix}_log" ORDER BY 1')  # noqa: S608
            return [days for (days,) in cursor.fetchall()]

    def assert_exact(self, *rollups):
        for rollup in rollups or ROLLUPS:
            with self.lab.transaction() as cursor:
                answer = run(cursor, planner.answer(rollup, YEAR))
                self.assertEqual(close(answer), close(run(cursor, planner.base(rollup, YEAR))), rollup.name)

    def order(self, *days, state="sale"):
        with self.lab.transaction() as cursor:
            for number, day in enumerate(days, 1):
                cursor.execute(
                    "INSERT INTO orders (id, company_id, customer, date_order, state)"
                    " VALUES (%s, 1, 1, %s, %s)",
                    [number, f"{day} 12:00", state],
                )
                cursor.execute(
                    "INSERT INTO line (order_id, product_id, quantity, amount) VALUES (%s, 1, 1, 10)",
                    [number],
                )

    def test_one_note_a_transaction_and_island(self):
        self.do(
            "INSERT INTO milk (farm, day, kg)"
            " SELECT 1, '2025-01-01'::date + g, 1 FROM generate_series(0, 999) g",
            "UPDATE milk SET kg = 2",
            "UPDATE milk SET kg = 3 WHERE day < '2025-06-01'",
        )
        self.assertEqual(self.notes(MILK), ["[2025-01-01,2027-09-28)"])
        self.do("UPDATE milk SET kg = 4 WHERE day IN ('2025-01-01', '2025-01-02', '2025-05-05')")
        self.assertEqual(
            self.notes(MILK)[:3],
            ["[2025-01-01,2025-01-03)", "[2025-01-01,2027-09-28)", "[2025-05-05,2025-05-06)"],
        )
        self.assert_exact(MILK)

    def test_many_islands_become_one_range(self):
        self.do(
            "INSERT INTO milk (farm, day, kg)"
            " SELECT 1, '2025-01-01'::date + 2 * g, 1 FROM generate_series(0, 150) g"
        )
        self.assertEqual(self.notes(MILK), ["[2025-01-01,2025-10-29)"])

    def test_savepoint_rolled_back_forgets_its_notes(self):
        with self.lab.transaction() as cursor:
            cursor.execute("SAVEPOINT s")
            cursor.execute("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-02-02', 1)")
            cursor.execute("ROLLBACK TO SAVEPOINT s")
            cursor.execute("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-02-02', 2)")
        self.assertEqual(self.notes(MILK), ["[2025-02-02,2025-02-03)"])
        self.assert_exact(MILK)

    def test_what_does_not_count_dirties_nothing(self):
        self.order("2025-03-03", state="draft")
        self.do(
            "UPDATE line SET note = 'x'", "UPDATE orders SET note = 'x', seller = 3", "DELETE FROM orders"
        )
        self.do("UPDATE partner SET tz = 'Asia/Tokyo' WHERE id = 4", "INSERT INTO partner VALUES (5, 'UTC')")
        for rollup in ROLLUPS:
            self.assertEqual(self.notes(rollup), [], rollup.name)

    def test_day_begins_in_the_company_s_zone(self):
        self.do(
            "INSERT INTO orders (id, company_id, customer, date_order, state)"
            " VALUES (1, 1, 1, '2025-03-03 18:00', 'sale')"
        )
        self.assertEqual(self.notes(ROLLUPS[1]), ["[2025-03-04,2025-03-05)"])

    def test_moves_between_buckets_and_cascades(self):
        self.order("2025-03-03", "2025-04-04", "2025-05-05")
        self.settle()
        self.do(
            "UPDATE orders SET date_order = '2024-12-31 12:00' WHERE id = 1",
            "DELETE FROM orders WHERE id = 2",
        )
        self.assert_exact()
        self.assertEqual(
            set(self.notes(SALES)),
            {"[2024-12-31,2025-01-01)", "[2025-03-03,2025-03-04)", "[2025-04-04,2025-04-05)"},
        )
        self.settle()
        self.assert_exact()
        self.assertEqual(self.notes(SALES), [])

    def test_smallest_and_different_under_deletes(self):
        self.order("2025-03-03", "2025-03-03")
        self.do(
            "UPDATE line SET amount = 1 WHERE order_id = 1", "UPDATE orders SET customer = 2 WHERE id = 2"
        )
        self.settle()
        self.do("DELETE FROM orders WHERE id = 1")
        self.assert_exact(SALES)
        self.settle()
        with self.lab.transaction() as cursor:
            asked = planner.Question(YEAR.first, YEAR.last, ("smallest", "customers"))
            self.assertEqual(run(cursor, planner.answer(SALES, asked)), [(10, 1)])

    def test_a_group_without_any_value_counts_none(self):
        self.order("2025-03-03", "2025-03-03")
        self.do("UPDATE orders SET customer = NULL, seller = 2 WHERE id = 2")
        asked = planner.Question(YEAR.first, YEAR.last, ("customers",), ("seller",))
        for _time in ("live", "folded"):
            with self.lab.transaction() as cursor:
                self.assertEqual(
                    sorted(run(cursor, planner.answer(SALES, asked)), key=repr), [(2, 0), (None, 1)]
                )
            self.settle()

    def test_category_of_a_product_moves(self):
        self.order("2025-03-03", "2025-05-05")
        self.settle()
        self.do("UPDATE product SET category_id = 3 WHERE id = 1")
        self.assertEqual(set(self.notes(SALES)), {"[2025-03-03,2025-03-04)", "[2025-05-05,2025-05-06)"})
        self.assert_exact()

    def test_infinite_and_extreme_days(self):
        self.do(
            "INSERT INTO milk (farm, day, kg) VALUES (1, 'infinity', 1), (1, '-infinity', 1),"
            " (1, '0044-03-15 BC', 1), (1, '5874897-12-31', 1), (1, '9999-06-01', 1), (1, '2025-03-03', 1)"
        )
        self.do(
            "INSERT INTO orders (company_id, date_order, state) VALUES (1, 'infinity', 'sale'),"
            " (1, '-infinity', 'sale'), (1, '2025-03-03', 'sale'), (1, NULL, 'sale')"
        )
        self.assert_exact()
        self.settle()
        self.assert_exact()
        for rollup in ROLLUPS:
            with self.lab.transaction() as cursor:
                self.assertEqual(verify.wrong_days(cursor, rollup), [])
            self.assertEqual(self.notes(rollup), [])

    def test_fold_is_bounded_and_goes_on(self):
        self.do(
            "INSERT INTO milk (farm, day, kg)"
            " SELECT 1, '2025-01-01'::date + g, 1 FROM generate_series(0, 99) g"
        )
        with self.lab.transaction() as cursor:
            done = fold.fold(cursor, MILK, 10)
        self.assertTrue(done.folded and done.more)
        self.assertEqual(self.notes(MILK), ["[2025-01-01,2025-04-01)"], "newest days first")
        self.assert_exact(MILK)
        folds, more = fold.fold_all(self.lab.transaction, MILK, most_days=10)
        self.assertGreater(folds, 1)
        self.assertFalse(more)
        self.assertEqual(self.dirty()["dirty_days"], 0)
        self.assert_exact(MILK)

    def test_one_fold_at_a_time(self):
        self.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-02-02', 1)")
        one, other, late = self.lab.connect(), self.lab.connect(), self.lab.connect()
        for cnx in (one, other, late):
            self.addCleanup(cnx.close)
        late.cursor().execute("SELECT 1")
        fold.fold(one.cursor(), MILK)
        with self.assertRaises(BusyError):
            fold.fold(other.cursor(), MILK)
        one.commit()
        with self.assertRaises(BusyError):
            fold.fold(late.cursor(), MILK)

    def test_fold_wants_repeatable_read(self):
        cnx = self.lab.connect(autocommit=True)
        self.addCleanup(cnx.close)
        with self.assertRaisesRegex(RollupError, "REPEATABLE READ"):
            fold.fold(cnx.cursor(), MILK)

    def test_open_transaction_holds_notes_not_reads(self):
        self.order("2025-03-03")
        self.settle()
        reader = self.lab.connect()
        self.addCleanup(reader.close)
        reader.cursor().execute("SELECT 1")
        self.do("UPDATE line SET amount = 99")
        grace.wait_graces(self.lab.transaction, 9, 0.1)
        fold.fold_all(self.lab.transaction, SALES)
        self.assertEqual(self.notes(SALES), ["[2025-03-03,2025-03-04)"])
        with self.lab.transaction() as cursor:
            self.assertEqual(grace.blockers(cursor)[0][0], reader.info.backend_pid)
        self.assert_exact(SALES)
        reader.rollback()
        self.settle()
        self.assertEqual(self.notes(SALES), [])

    def test_nothing_fails_the_writer(self):
        """Whatever becomes of a column that a trigger reads, the write goes through and is noted."""
        self.order("2025-03-03")
        self.settle()
        self.do("ALTER TABLE company RENAME partner_id TO elsewhere")
        self.addCleanup(self.settle)
        self.addCleanup(self.do, "ALTER TABLE company RENAME elsewhere TO partner_id")
        self.do("UPDATE line SET amount = 5")
        self.assertEqual(self.notes(SALES), ["(,)"])

    def test_a_role_that_knows_nothing_of_rollups_may_write(self):
        with self.lab.transaction() as cursor:
            cursor.execute("CREATE ROLE rollup_stranger; GRANT INSERT ON milk TO rollup_stranger")
            cursor.execute("GRANT USAGE ON SEQUENCE milk_id_seq TO rollup_stranger; SET ROLE rollup_stranger")
            cursor.execute("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-02-02', 1)")
            cursor.execute("RESET ROLE; DROP OWNED BY rollup_stranger; DROP ROLE rollup_stranger")
        self.assertEqual(self.notes(MILK), ["[2025-02-02,2025-02-03)"])

    def test_replication_role_hides_nothing(self):
        self.do(
            "SET LOCAL session_replication_role = replica",
            "INSERT INTO milk (farm, day, kg) VALUES (1, '2025-02-02', 1)",
        )
        self.assertEqual(self.notes(MILK), ["[2025-02-02,2025-02-03)"])

    def test_verification_finds_and_mends(self):
        self.order("2025-03-03")
        self.settle()
        table = f'"database_rollup"."{SALES.prefix}_1'
        self.do(
            f'UPDATE {table}" SET lines = 7 WHERE level = 0',  # noqa: S608
            f'DELETE FROM {table}_customers" WHERE level = 2',  # noqa: S608
        )
        with self.lab.transaction() as cursor:
            found = verify.wrong_days(cursor, SALES)
            self.assertEqual(
                [(level, bucket) for level, bucket, _rows in found],
                [
                    ("quarter", "2025-01-01"),
                    ("dekad", "2025-03-01"),
                    ("month", "2025-03-01"),
                    ("day", "2025-03-03"),
                ],
            )
            verify.mend(cursor, SALES, found)
        self.assert_exact(SALES)
        self.settle()
        with self.lab.transaction() as cursor:
            self.assertEqual(verify.wrong_days(cursor, SALES), [])
        self.assert_exact(SALES)

    def test_a_value_on_two_rows_of_a_day_is_noticed(self):
        """The declaration vouches that a cow is on one farm a day; here one is not."""
        broken = (CountDaily("cow_days", "m.cow", within=("farm",)),)
        rollup = dataclasses.replace(MILK, name="broken", measures=broken, cuts=())
        deploy.deploy(self.lab.transaction, rollup)
        self.do(
            "INSERT INTO milk (farm, cow, session, day) VALUES"
            " (1, 7, 1, '2025-03-03'), (1, 7, 2, '2025-03-03'), (1, 8, 1, '2025-03-04'),"
            " (2, 8, 1, '2025-03-04'), (NULL, 9, 1, '2025-03-05'), (2, 9, 1, '2025-03-05')"
        )
        fold.fold_all(self.lab.transaction, rollup)
        with self.lab.transaction() as cursor:
            found = [("cow_days", "2025-03-04", 1), ("cow_days", "2025-03-05", 1)]
            self.assertEqual(verify.wrong_days(cursor, rollup), found)
            self.assertEqual(verify.wrong_days(cursor, rollup, high=date(2025, 3, 5)), found[:1])
            verify.mend(cursor, rollup, found)
            cursor.connection.rollback()
        with self.lab.transaction() as cursor:
            deploy.drop(cursor, "broken")

    def test_switched_off_trigger_is_noticed(self):
        self.order("2025-03-03")
        self.settle()
        self.do("ALTER TABLE line DISABLE TRIGGER USER", "UPDATE line SET amount = 5")
        with self.lab.transaction() as cursor:
            self.assertEqual(deploy.inspect(cursor, SALES), "broken")
            self.assertEqual({level for level, _day, _rows in verify.wrong_days(cursor, SALES)}, {"day"})
        self.assertTrue(deploy.deploy(self.lab.transaction, SALES))
        with self.lab.transaction() as cursor:
            self.assertEqual(deploy.inspect(cursor, SALES), "ready")
        self.assert_exact(SALES)
        self.settle()
        self.assert_exact(SALES)


@tagged("post_install", "-at_install")
class TestDeployment(LabCase):
    MINE = Rollup(
        name="mine",
        table="milk",
        alias="m",
        time="m.day",
        timestamp=False,
        dimensions=(Dimension("farm", "m.farm"),),
        measures=(Sum("kg", "m.kg"),),
    )

    def test_deployed_twice_is_deployed_once(self):
        self.assertTrue(deploy.deploy(self.lab.transaction, self.MINE))
        self.assertFalse(deploy.deploy(self.lab.transaction, self.MINE))

    def test_another_declaration_replaces(self):
        self.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-02-02', 1)")
        deploy.deploy(self.lab.transaction, self.MINE)
        fold.fold_all(self.lab.transaction, self.MINE)
        other = dataclasses.replace(self.MINE, measures=(Count("records"),))
        with self.lab.transaction() as cursor:
            self.assertEqual(deploy.inspect(cursor, other), "changed")
            with self.assertRaises(NotDeployedError):
                fold.fold(cursor, other)
        deploy.deploy(self.lab.transaction, other)
        with self.lab.transaction() as cursor:
            answer = run(cursor, planner.answer(other, YEAR))
            self.assertEqual(close(answer), close(run(cursor, planner.base(other, YEAR))))
            with self.assertRaises(psycopg2.errors.UndefinedTable):
                run(cursor, planner.answer(self.MINE, YEAR))

    def test_column_of_another_type_builds_anew(self):
        self.do(
            "CREATE TABLE weighed (day date, kg double precision)",
            "INSERT INTO weighed VALUES ('2025-02-02', 1.5)",
        )
        rollup = dataclasses.replace(self.MINE, name="weighed", table="weighed", dimensions=())
        deploy.deploy(self.lab.transaction, rollup)
        fold.fold_all(self.lab.transaction, rollup)
        self.do("ALTER TABLE weighed ALTER kg TYPE integer USING kg::integer")
        with self.lab.transaction() as cursor:
            self.assertEqual(deploy.inspect(cursor, rollup), "changed")
        deploy.deploy(self.lab.transaction, rollup)
        with self.lab.transaction() as cursor:
            self.assertEqual(run(cursor, planner.answer(rollup, YEAR)), [(date(2025, 2, 2), 2)])

    def test_missing_column_is_named(self):
        rollup = dataclasses.replace(self.MINE, name="lost", measures=(Sum("kg", "m.nothing"),))
        with self.assertRaisesRegex(NotDeployedError, "table milk has no column nothing; install"):
            deploy.deploy(self.lab.transaction, rollup)

    def test_writers_wait_for_no_deployment(self):
        """Online: a writer that holds the table makes the deployment give up, and go on later."""
        rollup = dataclasses.replace(self.MINE, name="online")
        with self.lab.transaction() as writer:
            writer.execute("INSERT INTO milk (farm, day, kg) VALUES (9, '2025-07-07', 7)")
            started = time.monotonic()
            with self.assertRaises(psycopg2.errors.LockNotAvailable):
                deploy.deploy(self.lab.transaction, rollup)
            self.assertLess(time.monotonic() - started, 5)
            # others write meanwhile
            self.do("INSERT INTO milk (farm, day, kg) VALUES (9, '2025-07-08', 8)")
        self.assertTrue(deploy.deploy(self.lab.transaction, rollup))
        fold.fold_all(self.lab.transaction, rollup)
        with self.lab.transaction() as cursor:
            asked = dataclasses.replace(YEAR, by=("farm",))
            answer = run(cursor, planner.answer(rollup, asked))
            self.assertIn((date(2025, 7, 7), 9, 7), answer)
            self.assertEqual(close(answer), close(run(cursor, planner.base(rollup, asked))))

    def test_built_while_people_write(self):
        """Killed and resumed at any chunk, with a writer at work: never a wrong answer."""
        rollup = dataclasses.replace(SALES, name="built")
        self.do(
            "INSERT INTO orders (company_id, customer, date_order, state)"
            " SELECT 1, g % 7, timestamp '2024-06-01' + g * interval '7 hours', 'sale'"
            " FROM generate_series(1, 800) g",
            "INSERT INTO line (order_id, product_id, quantity, amount) SELECT id, 1, 1, id FROM orders",
        )
        deploy.deploy(self.lab.transaction, rollup)
        stop, failures = threading.Event(), []

        def write():
            number = 0
            while not stop.is_set():
                number += 1
                try:
                    self.do(f"UPDATE line SET amount = amount + 1 WHERE id % 97 = {number % 97}")  # noqa: S608
                except psycopg2.Error as error:
                    failures.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            left = True
            chunks = 0
            while left and chunks < 40:
                chunks += 1
                grace.wait_graces(self.lab.transaction, rollup.graces + 1, 1)
                cnx = self.lab.connect()
                done = fold.fold(cnx.cursor(), rollup, 31)
                if chunks % 3:
                    cnx.commit()
                cnx.close()  # without a commit: as if killed
                left = done.more or chunks % 3 == 0
                with self.lab.transaction() as cursor:
                    answer = run(cursor, planner.answer(rollup, YEAR))
                    self.assertEqual(close(answer), close(run(cursor, planner.base(rollup, YEAR))))
        finally:
            stop.set()
            thread.join()
        self.assertEqual(failures, [])
        self.assertGreater(chunks, 10)

    def test_nothing_is_left_behind(self):
        with self.lab.transaction() as cursor:
            deploy.uninstall(cursor)
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")
            self.assertEqual(cursor.fetchone(), (0,))
            cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'database_rollup'")
            self.assertEqual(cursor.fetchone(), (0,))
            cursor.connection.rollback()
