"""The partitioned copy of the orders, interleaving by interleaving, with real connections."""

import contextlib
import random
import shutil
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import psycopg2
from odoo.addons.database_partition.engine import catalogue, maintain, operations
from odoo.addons.database_partition.engine.errors import BusyError
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL

from ..partitions import keep, settle
from ..partitions.orders import COLUMNS, ORDERS
from ..testing.orders_lab import NOW, QUICK, OrdersLab

COLS = ", ".join(COLUMNS)
SAME = f"""
    SELECT id FROM ((SELECT {COLS} FROM sale_order WHERE date_order >= (SELECT min(lower) FROM
                     sale_order_partitioned.kept) EXCEPT ALL SELECT {COLS} FROM {{0}})
          UNION ALL (SELECT {COLS} FROM {{0}} EXCEPT ALL SELECT {COLS} FROM sale_order)) q
"""  # noqa: S608 names only


class OrdersCase(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _name, dsn = connection_info_for(get_db_name())
        cls.lab = OrdersLab(dsn, f"{get_db_name()}_orders_lab").create()
        cls.addClassCleanup(cls.lab.drop)

    def setUp(self):
        super().setUp()
        self.lab.clear()
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.ids = [self.lab.order(f"2025-{month:02}-03", month) for month in range(1, 7) for _i in range(3)]
        self.lab.install(self.folder)

    def differing(self, cursor=None, relation="sale_order_partitioned_view"):
        """Ids that a reader of the view sees otherwise than they are in the same snapshot."""
        if cursor:
            cursor.execute(SAME.format(relation))
            return cursor.fetchall()
        return self.lab.do(SAME.format(relation))

    def assertExact(self):
        """Readers see the orders now, and after what waits was made good the copy itself is the same."""
        self.assertEqual(self.differing(), [])
        self.lab.fill()
        self.assertEqual(self.lab.settle()[1], 0)
        self.assertEqual(self.differing(), [])
        self.assertEqual(self.differing(relation="sale_order_partitioned"), [])
        self.assertEqual(self.lab.status().noted, 0)

    @contextlib.contextmanager
    def transaction(self, statement="SELECT 1"):
        """A cursor in a REPEATABLE READ transaction that has its snapshot; committed at the end."""
        cnx = self.lab.connect()
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute(statement)
            yield cursor
            cnx.commit()

    def notes(self):
        return self.lab.status().noted


@tagged("post_install", "-at_install")
class TestKept(OrdersCase):
    def test_every_kind_of_write(self):
        self.lab.fill()
        self.assertEqual(self.differing(relation="sale_order_partitioned"), [])
        first, second, third = self.ids[:3]
        for statement, *parameters in (
            ("UPDATE sale_order SET amount_total = 99 WHERE id = %s", first),
            ("UPDATE sale_order SET note = 'nothing that reporting reads' WHERE id = %s", first),
            ("UPDATE sale_order SET date_order = '2025-06-30 23:59:59.9' WHERE id = %s", first),
            ("UPDATE sale_order SET date_order = date_order + interval '1 month', state = 'sale'",),
            ("UPDATE sale_order SET id = 1000 WHERE id = %s", second),
            ("UPDATE sale_order SET partner_id = NULL, amount_total = 'NaN' WHERE id = %s", third),
            ("UPDATE sale_order SET date_order = '2099-01-01' WHERE id = 1000",),
            ("UPDATE sale_order SET date_order = 'infinity' WHERE id = 1000",),
            ("DELETE FROM sale_order WHERE id = %s", third),
            ("INSERT INTO sale_order (date_order, amount_total)"
             " SELECT '2025-05-05', n FROM generate_series(1, 50) n",),
            ("DELETE FROM sale_order WHERE false",),
            ("UPDATE sale_order SET amount_total = amount_total + 1 WHERE date_order >= '2025-05-01'",),
        ):  # fmt: skip
            with self.subTest(statement):
                self.lab.do(statement, *parameters)
                self.assertExact()
        self.lab.do("TRUNCATE sale_order")
        self.assertEqual(self.lab.do("SELECT count(*) FROM sale_order_partitioned")[0][0], 0)
        self.lab.order("2025-06-01")
        self.assertExact()

    def test_direct_writes_owe_nothing(self):
        """What is settled is kept in the writer's own transaction: a rollback undoes it, no note is left."""
        self.lab.fill()
        with self.transaction() as cursor:
            cursor.execute("UPDATE sale_order SET state = 'sale', date_order = '2025-06-10' WHERE id < 5")
            new = self.lab.order("2025-06-11", cursor=cursor)
            self.assertEqual(self.differing(cursor, "sale_order_partitioned"), [], "seen by the writer")
            cursor.execute("SAVEPOINT s")
            cursor.execute("DELETE FROM sale_order WHERE id = %s", [new])
            cursor.execute("ROLLBACK TO s")
        self.assertEqual(self.notes(), 0)
        self.assertEqual(self.differing(relation="sale_order_partitioned"), [])
        with contextlib.suppress(ZeroDivisionError), self.transaction() as cursor:
            cursor.execute("UPDATE sale_order SET amount_total = 0")
            raise ZeroDivisionError
        self.assertEqual(self.differing(relation="sale_order_partitioned"), [])

    def test_only_the_months_concerned_are_locked(self):
        self.lab.fill()
        with self.transaction() as cursor:
            cursor.execute("UPDATE sale_order SET amount_total = 7 WHERE id = %s", [self.ids[-1]])
            cursor.execute(
                "SELECT DISTINCT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid()"
                " AND relation::regclass::text ~ '^sale_order_partitioned_p[0-9]+$'"
            )
            self.assertEqual(cursor.fetchall(), [("sale_order_partitioned_p202506",)])

    def test_older_than_what_is_kept(self):
        """Old orders are written as ever, and nothing comes back that retention took."""
        self.lab.fill()
        old = self.lab.order("2020-01-01")
        self.lab.do("UPDATE sale_order SET amount_total = 1 WHERE id = %s", old)
        self.lab.do("UPDATE sale_order SET date_order = '2019-01-01' WHERE id = %s", self.ids[0])
        self.assertExact()
        self.assertEqual(self.lab.do("SELECT count(*) FROM ONLY sale_order_partitioned_default")[0][0], 0)
        self.lab.do("UPDATE sale_order SET date_order = '2025-02-02' WHERE id = %s", old)
        self.assertExact()
        self.assertEqual(
            self.lab.do("SELECT count(*) FROM sale_order_partitioned WHERE id = %s", old)[0][0], 1
        )
        self.lab.do("DELETE FROM sale_order WHERE id IN (%s, %s)", old, self.ids[0])
        self.assertExact()

    def test_writers_are_never_refused(self):
        """The copy taken away, or of another shape: orders are written, and made good later."""
        self.lab.fill()
        copy = "ALTER TABLE sale_order_partitioned"
        for broken, mended in (
            (f"{copy} RENAME TO gone_away", "ALTER TABLE gone_away RENAME TO sale_order_partitioned"),
            (f"{copy} ALTER state TYPE varchar(2)", f"{copy} ALTER state TYPE varchar"),
            (f"{copy} ADD CONSTRAINT low CHECK (amount_total < 0) NOT VALID", f"{copy} DROP CONSTRAINT low"),
        ):
            with self.subTest(broken):
                if "TYPE" in broken:
                    self.lab.do(
                        "DROP VIEW sale_order_partitioned_view; UPDATE sale_order_partitioned SET state = ''"
                    )
                self.lab.do(broken)
                self.lab.do("UPDATE sale_order SET amount_total = amount_total + 1, state = 'sale'")
                self.lab.do("DELETE FROM sale_order WHERE id = %s", self.ids.pop())
                self.lab.order("2025-06-09")
                self.assertTrue(self.lab.status().reason)
                self.lab.do(mended)
                if "TYPE" in broken:
                    self.lab.do("CREATE VIEW sale_order_partitioned_view AS " + keep.query().code)
                self.assertExact()


@tagged("post_install", "-at_install")
class TestInterleavings(OrdersCase):
    """Claim: whoever looks, in whatever snapshot, sees every order as it is in that snapshot; and no writer
    waits for a transaction of ours longer than it takes, or fails because of it."""

    def test_snapshot_older_than_the_fill(self):
        """Writers that began before the fill do not see the rows that it wrote, and write the same orders."""
        for statement in (
            "UPDATE sale_order SET amount_total = 77 WHERE id = %s",
            "UPDATE sale_order SET date_order = '2025-06-06' WHERE id = %s",
            "DELETE FROM sale_order WHERE id = %s",
        ):
            with self.subTest(statement):
                self.setUp()
                with self.transaction() as cursor:
                    self.lab.fill()
                    cursor.execute(statement, [self.ids[0]])
                    self.assertEqual(self.differing(cursor), [], "the writer itself")
                self.assertExact()

    def test_writer_at_it_during_the_fill(self):
        """An order that is being written is not waited for."""
        with self.transaction() as cursor:
            cursor.execute("UPDATE sale_order SET date_order = '2025-06-06' WHERE id = %s", [self.ids[0]])
            new = self.lab.order("2025-05-05", cursor=cursor)
            began = time.monotonic()
            self.lab.fill()
            self.assertLess(time.monotonic() - began, 1)
            self.assertEqual(self.differing(), [])
            self.assertEqual(self.lab.settle(), (0, 1), "still being written")
        self.assertEqual(
            self.lab.do("SELECT id FROM sale_order_partitioned_view WHERE id = %s", new), [(new,)]
        )
        self.assertExact()

    def test_each_batch_beside_open_writers(self):
        """A writer older than each batch, one order each, and readers at every step."""
        stop = iter(range(100))
        with contextlib.ExitStack() as open_ones:
            cursors = [open_ones.enter_context(self.transaction()) for _one in self.ids]
            for cursor, one in zip(cursors, self.ids, strict=True):
                self.lab.fill(most=2, stop=lambda: next(stop) % 2)
                cursor.execute(
                    "UPDATE sale_order SET date_order = '2025-06-20', state = 'x' WHERE id = %s", [one]
                )
                self.assertEqual(self.differing(cursor), [])
                self.assertEqual(self.differing(), [])
        self.assertExact()

    def test_writers_after_a_note(self):
        """One notes; the next sees the note and notes, too, even if it is made good meanwhile."""
        one = self.ids[0]
        with self.transaction() as cursor:
            self.lab.fill()
            cursor.execute("UPDATE sale_order SET amount_total = 50 WHERE id = %s", [one])
        with self.transaction() as later:
            self.lab.settle()
            later.execute("UPDATE sale_order SET amount_total = 51 WHERE id = %s", [one])
            self.assertEqual(self.differing(later), [])
        self.assertEqual(self.notes(), 1)
        self.assertEqual(self.differing(), [])
        self.lab.do("UPDATE sale_order SET amount_total = 52 WHERE id = %s", one)
        self.assertExact()

    def test_without_the_rule_of_notes(self):
        """The rule that a noted order is left alone, taken away: the writer's change is lost to the copy, or
        doubled."""
        with_rule = keep.function().code
        rule = 'AND NOT EXISTS (SELECT FROM "sale_order_partitioned"."note" n WHERE n.id = c.id)'
        before, after = with_rule.rsplit(rule, 1)
        self.lab.do(before + after)
        with self.transaction() as cursor:
            self.lab.fill()
            cursor.execute("UPDATE sale_order SET amount_total = 50 WHERE id = %s", [self.ids[0]])
        with self.transaction() as later:
            self.lab.settle()
            later.execute("UPDATE sale_order SET amount_total = 51 WHERE id = %s", [self.ids[0]])
        self.assertIn("could not serialize", self.lab.status().reason or "", "it would have been refused")

    def fill_again_beside_a_writer(self):
        """Everything is filled anew while somebody moves an order that is settled."""
        self.lab.fill()
        self.lab.do("INSERT INTO sale_order_partitioned.unfilled VALUES (0)")
        again = threading.Thread(target=self.lab.fill)
        with self.transaction() as cursor:
            cursor.execute("UPDATE sale_order SET date_order = '2025-06-20' WHERE id = %s", [self.ids[0]])
            again.start()
            again.join(0.5)
        again.join()

    def test_filled_again(self):
        self.fill_again_beside_a_writer()
        self.assertExact()

    def test_filled_again_without_looking_who_writes(self):
        """The lock on the order taken away: its old month comes back."""
        real = settle.run

        def without(cursor, sql):
            return real(cursor, SQL(sql.code.replace("FOR SHARE SKIP LOCKED", ""), *sql.params))

        with patch.object(settle, "run", without):
            self.fill_again_beside_a_writer()
        self.assertEqual({row[0] for row in self.differing()}, {self.ids[0]})

    def test_settling_waits_for_nobody(self):
        self.lab.fill()
        with self.lab.session() as work, work.transaction() as cursor:
            settle.alone(cursor)
            with self.assertRaises(BusyError):
                self.lab.fill()

    def test_month_that_moves_on(self):
        """At the turn of the month the oldest one goes; a writer who does not know it yet changes nothing."""
        oldest = self.lab.order("2023-06-10")
        self.lab.fill()
        self.assertExact()
        later = NOW + timedelta(days=31)
        with self.transaction() as cursor:
            self.lab.refresh(later)
            with self.lab.session() as work:
                report = maintain.maintain(work, ORDERS, later, self.folder, QUICK)
            self.assertTrue(report.good, report.failed)
            cursor.execute(
                "UPDATE sale_order SET amount_total = 5, date_order = '2023-06-11' WHERE id = %s", [oldest]
            )
        self.assertEqual(self.differing(), [])
        self.lab.settle()
        self.lab.refresh(later)
        self.assertEqual(self.lab.do("SELECT count(*) FROM ONLY sale_order_partitioned_default")[0][0], 0)
        self.assertExact()

    def test_archive_drop_restore(self):
        """The same rows come back (checksum); then they are kept in step with the orders again."""
        one, other = self.lab.order("2023-06-10"), self.lab.order("2023-06-11")
        self.lab.fill()
        before = self.lab.do(
            "SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM sale_order_partitioned_p202306 c"
        )
        later = NOW + timedelta(days=31)
        self.lab.refresh(later)
        with self.lab.session() as work:
            report = maintain.maintain(work, ORDERS, later, self.folder, QUICK)
            self.assertIn("dropped sale_order_partitioned_p202306", report.done)
            self.assertEqual(self.lab.do("SELECT to_regclass('sale_order_partitioned_p202306')"), [(None,)])
            operations.perform(
                work, ORDERS, "restore", later, self.folder, "sale_order_partitioned_p202306", patience=QUICK
            )
        after = self.lab.do(
            "SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM sale_order_partitioned_p202306 c"
        )
        self.assertEqual(before, after)
        self.lab.do("UPDATE sale_order SET amount_total = 12 WHERE id = %s", one)
        self.lab.do("UPDATE sale_order SET date_order = '2025-06-01' WHERE id = %s", other)
        self.lab.refresh(later)
        self.assertEqual(
            len(self.lab.do("SELECT id FROM sale_order_partitioned_view WHERE date_order < '2023-07-01'")), 1
        )
        self.assertExact()
        with self.lab.session() as work:
            operations.perform(work, ORDERS, "release", later, self.folder, "sale_order_partitioned_p202306")
        self.lab.refresh(later)
        self.assertEqual(
            self.lab.do("SELECT id FROM sale_order_partitioned_view WHERE date_order < '2023-07-01'"), []
        )

    def test_changed_while_it_was_in_the_archive(self):
        one = self.lab.order("2023-06-10")
        self.lab.fill()
        later = NOW + timedelta(days=31)
        self.lab.refresh(later)
        with self.lab.session() as work:
            self.assertTrue(maintain.maintain(work, ORDERS, later, self.folder, QUICK).good)
            self.lab.do("UPDATE sale_order SET amount_total = 12 WHERE id = %s", one)
            self.lab.settle()
            operations.perform(
                work, ORDERS, "restore", later, self.folder, "sale_order_partitioned_p202306", patience=QUICK
            )
        self.lab.refresh(later)
        self.assertEqual(
            self.lab.do("SELECT amount_total FROM sale_order_partitioned_view WHERE id = %s", one), [(12,)]
        )
        self.assertExact()

    def test_resumed_after_a_kill(self):
        """A fill that is cut off goes on where it stopped."""
        self.lab.do("INSERT INTO sale_order (date_order) SELECT '2025-05-05' FROM generate_series(1, 3000)")
        backend = []

        def stop():
            if not backend:
                backend.append(True)
                return False
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.lab.fill(stop=stop)
        share = self.lab.status().filled
        self.assertTrue(0 < share < 1, share)
        self.assertEqual(self.differing(), [])
        looked = self.lab.fill()
        self.assertLess(looked, 3018)
        self.assertExact()

    def test_trigger_taken_away(self):
        """Written unseen, then installed again: everything is filled anew."""
        self.lab.fill()
        self.lab.do("DROP TRIGGER sale_order_partitioned_update ON sale_order")
        self.lab.do("UPDATE sale_order SET date_order = '2025-04-04', amount_total = 3")
        self.assertEqual(len(self.differing()), 2 * len(self.ids))
        with self.lab.session() as work, work.transaction() as cursor:
            self.assertTrue(keep.missing_triggers(cursor))
            keep.install(cursor, datetime(2023, 6, 1))
            self.assertFalse(keep.missing_triggers(cursor))
        self.assertExact()

    def test_verify(self):
        self.lab.fill()
        found = self.lab.verify(mend=True)
        self.assertEqual((found.compared, found.differing), (len(self.ids), set()), "nothing differs")
        self.assertEqual(self.notes(), 0, "and nothing was mended")
        self.lab.do("UPDATE sale_order_partitioned SET amount_total = 1000 WHERE id = %s", self.ids[3])
        self.lab.do("DELETE FROM sale_order_partitioned WHERE id = %s", self.ids[4])
        self.lab.do("INSERT INTO sale_order_partitioned (id, date_order) VALUES (5000, '2025-06-01')")
        found = self.lab.verify()
        self.assertEqual(found.differing, {self.ids[3], self.ids[4], 5000})
        self.assertEqual(self.lab.verify(mend=True).differing, found.differing)
        self.assertEqual(self.lab.verify().differing, set())
        self.assertExact()


@tagged("post_install", "-at_install")
class TestEverythingAtOnce(OrdersCase):
    def test_random(self):
        """Writers of their own orders, filling, settling and partition maintenance: nobody is refused, every
        reader sees what is."""
        ends = time.monotonic() + 8
        trouble, counts = [], {"writes": 0, "reads": 0}
        lock = threading.Lock()

        def write(number):
            chance = random.Random(number)
            cnx = self.lab.connect()
            if number % 2:
                cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_READ_COMMITTED)
            mine = []
            with contextlib.closing(cnx), cnx.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
                cnx.commit()
                while time.monotonic() < ends:
                    try:
                        cursor.execute("SELECT 1")
                        time.sleep(chance.choice((0, 0, 0.05)))
                        kept = list(mine)
                        for _one in range(chance.randint(1, 4)):
                            when = NOW.replace(tzinfo=None) - timedelta(days=chance.randint(-60, 800))
                            what = chance.random()
                            if what < 0.4 or not kept:
                                kept.append(self.lab.order(when, cursor=cursor))
                            elif what < 0.7:
                                cursor.execute(
                                    "UPDATE sale_order SET date_order = %s WHERE id = %s",
                                    (when, chance.choice(kept)),
                                )
                            elif what < 0.9:
                                cursor.execute(
                                    "UPDATE sale_order SET amount_total = random() WHERE id = ANY(%s)",
                                    (kept[-5:],),
                                )
                            else:
                                cursor.execute("DELETE FROM sale_order WHERE id = %s", (kept.pop(),))
                        if chance.random() < 0.1:
                            cnx.rollback()
                        else:
                            cnx.commit()
                            mine = kept
                        with lock:
                            counts["writes"] += 1
                    except psycopg2.Error as error:
                        trouble.append(f"writer: {error}")
                        cnx.rollback()

        def read():
            while time.monotonic() < ends:
                with self.transaction() as cursor:
                    found = self.differing(cursor)
                    counts["reads"] += 1
                    if found:
                        trouble.append(f"reader: {found}")

        def look_after():
            with self.lab.session() as work:
                while time.monotonic() < ends:
                    try:
                        settle.fill(work, most=30)
                        settle.settle(work)
                        settle.refresh(work, NOW)
                        maintain.maintain(work, ORDERS, NOW, self.folder, QUICK)
                        with work.transaction() as cursor:
                            cursor.execute("SELECT count(*) FROM sale_order_partitioned.unfilled")
                            if not cursor.fetchone()[0]:  # again from the beginning
                                cursor.execute("INSERT INTO sale_order_partitioned.unfilled VALUES (0)")
                    except (psycopg2.Error, BusyError) as error:
                        trouble.append(f"we: {error}")

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        threads += [threading.Thread(target=read), threading.Thread(target=look_after)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(trouble, [])
        self.assertGreater(min(counts.values()), 5, counts)
        self.assertExact()
        with self.lab.session() as work, work.transaction() as cursor:
            self.assertTrue(catalogue.attached(cursor, ORDERS))
