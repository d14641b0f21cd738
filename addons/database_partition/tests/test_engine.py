import contextlib
import gzip
import io
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import psycopg2
from odoo.addons.database_partition.engine import (
    archive,
    catalogue,
    create,
    drain,
    index,
    maintain,
    operations,
    retention,
)
from odoo.addons.database_partition.engine.connection import Patience, Session
from odoo.addons.database_partition.engine.declaration import PartitionSet
from odoo.addons.database_partition.engine.errors import BusyError, DamagedError, PartitionError
from odoo.addons.database_partition.engine.findings import findings
from odoo.addons.database_partition.testing.lab import NOW, READINGS
from psycopg2 import sql
from psycopg2.extras import LoggingConnection

from .common import LabCase

UTC = timezone.utc
QUICK = Patience(tries=3, waits=1, grace_s=0.3)


class EngineCase(LabCase):
    def setUp(self):
        super().setUp()
        self.session = self.lab.session()
        self.addCleanup(self.session.close)

    def maintain(self, now=NOW, declared=READINGS, **options):
        return maintain.maintain(self.session, declared, now, self.folder, QUICK, **options)

    def good(self, *args, **options):
        report = self.maintain(*args, **options)
        self.assertFalse(report.failed)
        return report.done

    def partitions(self, declared=READINGS):
        with self.session.transaction() as cursor:
            return [
                p.relation.removeprefix(f"{declared.table}_") for p in catalogue.partitions(cursor, declared)
            ]

    def codes(self, now=NOW, declared=READINGS):
        with self.session.transaction() as cursor:
            return {one.code for one in findings(cursor, declared, now)}

    def rows(self, where="true"):
        statement = sql.SQL("SELECT count(*) FROM reading WHERE {}")
        return self.lab.do(statement.format(sql.SQL(where)))[0][0]

    def set_zone(self, zone):
        """The time zone of sessions that begin from now on."""
        statement = sql.SQL("ALTER DATABASE {} SET TimeZone = {}")
        self.lab.do(statement.format(sql.Identifier(self.lab.name), sql.Literal(zone)))

    @contextlib.contextmanager
    def open_transaction(self, statement):
        cnx = self.lab.connect()
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute(statement)
            yield cursor


class TestCreate(EngineCase):
    def test_ahead(self):
        self.lab.deploy()
        self.good()
        self.assertEqual(
            self.partitions(), ["p202504", "p202505", "p202506", "p202507", "p202508", "default"]
        )
        self.assertEqual(self.codes(), set())
        self.assertEqual(self.good(), [], "nothing is left to do")
        indexes = self.lab.do("SELECT count(*) FROM pg_indexes WHERE tablename = 'reading_p202508'")[0][0]
        self.assertEqual(indexes, 3, "those of the parent, and no other")
        invalid = self.lab.do("SELECT count(*) FROM pg_index WHERE NOT indisvalid")[0][0]
        self.assertEqual(invalid, 0)
        self.good(NOW + timedelta(days=62))
        self.assertEqual(self.partitions()[-2], "p202510")

    def test_time_zone_of_session_and_role(self):
        """B18: bounds are the same whatever the session's time zone."""
        self.set_zone("Asia/Dhaka")
        self.addCleanup(self.lab.do, f"ALTER DATABASE {self.lab.name} RESET TimeZone")
        one = PartitionSet(
            table="event", key="at", key_type="timestamptz", columns="at timestamptz NOT NULL",
            interval="day",
            zone="Asia/Kathmandu", premake=2,
        )  # fmt: skip
        with self.lab.session() as session:
            create.deploy(session, one, NOW, QUICK)
            report = maintain.maintain(session, one, NOW, self.folder, QUICK)
            self.assertFalse(report.failed)
            with session.transaction() as cursor:
                found = catalogue.attached(cursor, one)
        self.assertEqual(found[0].lower, datetime(2025, 6, 14, 18, 15, tzinfo=UTC))
        self.set_zone("America/Lima")
        with self.lab.session() as session:
            report = maintain.maintain(session, one, NOW, self.folder, QUICK)
            self.assertEqual((report.failed, report.done), ([], []))

    def test_date_key(self):
        one = PartitionSet(
            table="milk", key="day", key_type="date", columns="day date NOT NULL", interval="week"
        )
        with self.lab.session() as session:
            create.deploy(session, one, NOW, QUICK)
            self.assertFalse(maintain.maintain(session, one, NOW, self.folder, QUICK).failed)
        self.lab.do("INSERT INTO milk VALUES ('2025-06-09'), ('2025-06-15'), ('2025-06-16'), ('2025-01-01')")
        with self.lab.session() as session:
            report = maintain.maintain(session, one, NOW, self.folder, QUICK)
            self.assertFalse(report.failed)
        found = self.lab.do("SELECT tableoid::regclass::text, count(*) FROM milk GROUP BY 1 ORDER BY 1")
        self.assertEqual(found, [("milk_p2025w01", 1), ("milk_p2025w24", 2), ("milk_p2025w25", 1)])

    def test_stray_table(self):
        """B16: a table with the name of a partition is reported, not taken for one, and holds up no other."""
        self.lab.deploy()
        self.lab.do("CREATE TABLE reading_p202507 (x integer)")
        report = self.maintain()
        self.assertIn("reading_p202507 stands that is no partition", report.failed[0])
        self.assertIn("p202508", self.partitions())
        self.assertNotIn("p202507", self.partitions())
        self.assertIn("stray_table", self.codes())
        self.lab.insert("2025-07-07")
        self.assertIn("default_rows", self.codes())
        self.lab.do("ALTER TABLE reading_p202507 RENAME TO something_else")
        self.good()
        self.assertEqual(self.rows("tableoid = 'reading_p202507'::regclass"), 1)
        self.assertEqual(self.codes(), set())

    def test_table_that_is_not_partitioned(self):
        self.lab.do("CREATE TABLE reading (at timestamp NOT NULL)")
        with self.assertRaisesRegex(PartitionError, "not partitioned by range of at"):
            self.lab.deploy()

    def test_foreign_key(self):
        self.lab.do("CREATE TABLE sensor (id integer PRIMARY KEY)")
        self.lab.do(
            "CREATE TABLE reading (sensor integer REFERENCES sensor, at timestamp NOT NULL) PARTITION BY "
            "RANGE (at)"
        )
        with self.assertRaisesRegex(PartitionError, "foreign key reading_sensor_fkey"):
            self.lab.deploy()

    def test_takes_over_what_stands(self):
        self.lab.do("CREATE TABLE reading (sensor integer, at timestamp NOT NULL) PARTITION BY RANGE (at)")
        self.lab.do("CREATE TABLE old PARTITION OF reading FOR VALUES FROM (MINVALUE) TO ('2025-05-15')")
        self.lab.do("CREATE TABLE mid PARTITION OF reading FOR VALUES FROM ('2025-06-20') TO ('2025-06-25')")
        self.lab.deploy()
        self.good()
        self.assertEqual(self.partitions(), ["old", "mid", "p202507", "p202508", "default"])
        self.assertIn("no_current", self.codes(), "June is not covered, and cannot be")

    def test_nobody_waits_for_a_partition(self):
        """A report reads the default partition for a while: creating is put off at once, and nobody
        queues."""
        self.lab.deploy()
        self.good()
        self.assertEqual(self.longest_wait(lambda: self.maintain(NOW + timedelta(days=31))), [])
        self.assertIn("p202509", self.partitions())

    def longest_wait(self, action):
        """Insert all the time while an old transaction has read the whole table; return waits above 0.1 s."""
        waits, stop = [], threading.Event()

        def insert():
            cnx = self.lab.connect(autocommit=True)
            with contextlib.closing(cnx), cnx.cursor() as cursor:
                while not stop.is_set():
                    for instant in ("2025-06-20", "1999-01-01"):
                        began = time.monotonic()
                        cursor.execute("INSERT INTO reading (at) VALUES (%s)", [instant])
                        if time.monotonic() - began > 0.1:
                            waits.append(time.monotonic() - began)
                    time.sleep(0.002)

        with self.open_transaction("SELECT count(*) FROM reading"):
            writer = threading.Thread(target=insert)
            writer.start()
            time.sleep(1.2)
            try:
                report = action()
            finally:
                stop.set()
                writer.join()
        self.assertTrue(report.failed, "an old transaction stands in the way")
        self.assertIn("postponed", report.failed[0])
        self.good(NOW + timedelta(days=31))
        return waits


class TestDrain(EngineCase):
    def test_rows_get_partitions(self):
        self.lab.deploy()
        self.lab.insert("2025-06-10", "2025-07-01", "2025-05-31 23:59:59.999999", "1970-01-01", "2099-05-05")
        before = self.lab.do("SELECT * FROM reading ORDER BY id")
        self.good()
        self.assertEqual(self.lab.do("SELECT * FROM reading ORDER BY id"), before)
        self.assertEqual(
            self.lab.do("SELECT tableoid::regclass::text FROM reading ORDER BY at"),
            [("reading_default",), ("reading_p202505",), ("reading_p202506",), ("reading_p202507",),
             ("reading_default",)],
        )  # fmt: skip
        self.assertEqual(self.codes(), {"default_strays"})
        checks = self.lab.do(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conname LIKE 'database_%'"
        )
        self.assertEqual(checks, [], "no row may be refused for a check that helped the exchange")
        # with strays in place, further ones are created all the same
        self.good(NOW + timedelta(days=62))
        self.assertIn("p202510", self.partitions())
        drain.drain(self.session, READINGS, NOW, QUICK, everything=True)
        self.assertEqual(self.rows("tableoid = 'reading_default'::regclass"), 0)
        self.assertIn("p197001", self.partitions())
        self.assertEqual(self.lab.do("SELECT * FROM reading ORDER BY id"), before)

    def test_notes_do_not_pile_up(self):
        self.lab.deploy()
        self.good()
        self.lab.insert("1999-01-01", "1999-01-02")
        self.assertEqual(self.lab.do("SELECT count(*) FROM database_partition.change"), [(2,)])
        self.good()
        self.assertEqual(self.lab.do("SELECT count(*) FROM database_partition.change"), [(0,)])

    def test_keys_for_which_there_is_no_partition(self):
        self.lab.deploy()
        self.lab.insert("infinity", "-infinity", "0001-01-01", "9999-12-31", "2025-06-10")
        self.good()
        drain.drain(self.session, READINGS, NOW, QUICK, everything=True)
        self.assertEqual(self.rows(), 5)
        self.assertEqual(self.rows("tableoid = 'reading_default'::regclass"), 4)

    def test_more_than_one_exchange(self):
        self.lab.deploy()
        self.lab.do(
            "INSERT INTO reading (sensor, at) SELECT g, timestamp '2022-01-01' + g * interval '1 hour'"
            " FROM generate_series(1, 20000) g"
        )
        done = drain.drain(self.session, READINGS, NOW, Patience(), everything=True)
        self.assertGreaterEqual(len(done), 28, "months with rows")
        self.assertEqual(self.rows(), 20000)
        self.assertEqual(self.rows("tableoid = 'reading_default'::regclass"), 0)

    def test_row_that_arrives_after_the_copy(self):
        self.lab.deploy()
        self.lab.insert("2025-06-10", "2025-06-11", "2025-06-12")
        with self.interrupting("_switch", lambda: (
            self.lab.insert("2025-06-13", "1999-01-01"),
            self.lab.do("DELETE FROM reading WHERE at = '2025-06-11'"),
            self.lab.do("UPDATE reading SET value = 9 WHERE at = '2025-06-12'"),
        )):  # fmt: skip
            self.good()
        self.assertEqual(
            self.lab.do("SELECT at::date::text, value FROM reading ORDER BY at"),
            [("1999-01-01", 1.5), ("2025-06-10", 1.5), ("2025-06-12", 9.0), ("2025-06-13", 1.5)],
        )

    @contextlib.contextmanager
    def interrupting(self, name, action):
        """Call ``action`` once, just before a function of the drain."""
        original = getattr(drain, name)

        def first(*args, **options):
            setattr(drain, name, original)
            action()
            return original(*args, **options)

        setattr(drain, name, first)
        try:
            yield
        finally:
            setattr(drain, name, original)

    def test_uncommitted_row(self):
        """A writer in the midst of its transaction holds the exchange off; nothing of it is lost."""
        self.lab.deploy()
        self.lab.insert("2025-06-10")
        with self.open_transaction("INSERT INTO reading (at) VALUES ('2025-06-11')") as cursor:
            report = self.maintain()
            self.assertIn("postponed", report.failed[0])
            cursor.connection.commit()
        self.good()
        self.assertEqual(self.rows("tableoid = 'reading_p202506'::regclass"), 2)

    def test_old_snapshot(self):
        """An older transaction sees every row once, before and after, by range and in all."""
        self.lab.deploy()
        self.lab.insert("2025-06-10", "1999-01-01")
        with self.open_transaction("SELECT 1") as cursor:
            self.lab.insert("2025-06-11")
            report = self.maintain()
            self.assertIn("postponed", report.failed[0])
            self.seen(cursor, 1, 2)
        self.good()
        with self.open_transaction("SELECT 1") as cursor:
            self.lab.insert("2025-06-12")
            self.lab.insert("2025-09-12")
            self.maintain(NOW + timedelta(days=40))
            self.seen(cursor, 2, 3)
        self.assertEqual(self.rows(), 5)

    def seen(self, cursor, in_june, in_all):
        cursor.execute("SELECT count(*) FROM reading WHERE at >= '2025-06-01' AND at < '2025-07-01'")
        self.assertEqual(cursor.fetchone()[0], in_june)
        cursor.execute("SELECT count(*) FROM reading")
        self.assertEqual(cursor.fetchone()[0], in_all)

    def test_snapshot_between_copy_and_exchange(self):
        self.lab.deploy()
        self.lab.insert("2025-06-10", "1999-01-01")
        opened = []

        def begin():
            cnx = self.lab.connect()
            opened.append(cnx.cursor())
            opened[0].execute("SELECT 1")

        with self.interrupting("_switch", begin):
            self.good()
        self.seen(opened[0], 1, 2)
        opened[0].connection.close()

    def test_killed_anywhere(self):
        """Run again after any step was cut off, it converges; nothing is lost on the way."""
        self.lab.deploy()
        points = ("copy", "_compare", "wait_for_snapshots", "_switch", "switch_statements", "_clean")
        for number, point in enumerate(points):
            self.lab.insert(f"202{number}-06-10", "1999-01-01")

            def cut():
                self.session.connection.close()

            with self.interrupting(point, cut), contextlib.suppress(psycopg2.Error):
                drain.drain(self.session, READINGS, NOW, QUICK, everything=True)
            self.assertTrue(self.session.connection.closed, point)
            self.session = self.lab.session()
            self.assertEqual(self.rows(), 2 * number + 2, point)
            if number % 2:
                drain.drain(self.session, READINGS, NOW, QUICK, everything=True)
                self.assertEqual(self.rows("tableoid = 'reading_default'::regclass"), 0, point)
                self.assertEqual(self.rows(), 2 * number + 2, point)
                self.assertEqual(self.lab.do("SELECT count(*) FROM database_partition.copy"), [(0,)])

    def test_trigger_switched_off(self):
        self.lab.deploy()
        self.lab.insert("2025-06-10")
        with self.interrupting("_compare", lambda: self.lab.do(
            "ALTER TABLE reading_default DISABLE TRIGGER ALL; INSERT INTO reading (at) VALUES ('2025-06-11')"
        )):  # fmt: skip
            report = self.maintain()
        self.assertIn("switched off", report.failed[0])
        self.assertEqual(self.rows(), 2)
        self.assertIn("no_trigger", self.codes())
        self.lab.deploy()
        self.good()
        self.assertEqual(self.rows("tableoid = 'reading_p202506'::regclass"), 2)

    def test_truncate(self):
        self.lab.deploy()
        self.lab.insert("2025-06-10")
        with self.interrupting("_switch", lambda: self.lab.do("TRUNCATE reading")):
            self.good()
        self.assertEqual(self.rows(), 0)


class TestRetention(EngineCase):
    def setUp(self):
        super().setUp()
        self.lab.deploy()
        self.lab.insert("2025-02-01", "2025-02-28 12:00", "2025-06-10")
        self.lab.do("UPDATE reading SET note = E'tab\\t, new\\nline, \\\\ and হলদে' WHERE at = '2025-02-01'")
        self.good()

    def test_archive_drop_restore(self):
        before = self.lab.do("SELECT * FROM reading ORDER BY id")
        later = NOW + timedelta(days=30)
        done = self.good(later)
        self.assertIn("dropped reading_p202502", done)
        self.assertEqual(self.rows(), 1)
        files = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(len(files), 2)
        with gzip.open(self.folder / files[0], "rt") as file:
            text = file.read()
        self.assertEqual(len(text.splitlines()), 2)
        self.assertEqual(self.codes(later), set())
        rows = archive.restore(self.session, READINGS, "reading_p202502", later, self.folder, QUICK)
        self.assertEqual(rows, 2)
        self.assertEqual(self.lab.do("SELECT * FROM reading ORDER BY id"), before)
        with self.session.transaction() as cursor:
            kept = archive.last(cursor, READINGS, "reading_p202502")
            found = archive.digest(cursor, READINGS, "reading_p202502")
        self.assertEqual(found, (2, kept["content_sha256"]))
        with self.assertRaisesRegex(PartitionError, "nothing to restore"):
            archive.restore(self.session, READINGS, "reading_p202502", later, self.folder, QUICK)
        self.good(later)
        self.assertIn("p202502", self.partitions(), "held")
        archive.release(self.session, READINGS, "reading_p202502")
        self.lab.insert("2025-02-03")
        self.good(later)
        self.assertNotIn("p202502", self.partitions())
        self.assertEqual(
            archive.restore(self.session, READINGS, "reading_p202502", later, self.folder, QUICK), 3
        )

    def test_late_rows_meet_a_restore(self):
        later = NOW + timedelta(days=30)
        self.good(later)
        self.lab.insert("2025-02-14", "1999-01-01")
        self.assertIn("default_strays", self.codes(later))
        self.assertEqual(
            archive.restore(self.session, READINGS, "reading_p202502", later, self.folder, QUICK), 2
        )
        self.assertEqual(self.rows("tableoid = 'reading_p202502'::regclass"), 3)

    def test_damaged_archive(self):
        later = NOW + timedelta(days=30)
        self.good(later)
        path = next(self.folder.glob("*.gz"))
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with self.assertRaises(DamagedError):
            archive.restore(self.session, READINGS, "reading_p202502", later, self.folder, QUICK)
        self.assertEqual(self.rows(), 1)
        self.assertEqual(len(archive.verify(self.session, READINGS, self.folder, later)), 1)
        self.assertIn("archive_damaged", self.codes(later))
        path.unlink()
        self.assertIn("is not in", archive.verify(self.session, READINGS, self.folder, later)[0][1])

    def test_never_drops_what_is_not_archived(self):
        retention.detach(self.session, READINGS, "reading_p202502", NOW, QUICK)
        self.assertIn("detached", self.codes())
        with self.assertRaisesRegex(PartitionError, "not archived"):
            retention.drop(self.session, READINGS, "reading_p202502", NOW, self.folder)
        with self.session.transaction() as cursor:
            wanted = dict(retention.detached(cursor, READINGS))["reading_p202502"]
        archive.write(self.session, READINGS, "reading_p202502", wanted, NOW, self.folder)
        self.lab.do("UPDATE reading_p202502 SET value = 7 WHERE at = '2025-02-01'")
        with self.assertRaisesRegex(DamagedError, "archive it again"):
            retention.drop(self.session, READINGS, "reading_p202502", NOW, self.folder)
        self.lab.do("UPDATE reading_p202502 SET value = 1.5 WHERE at = '2025-02-01'")
        next(self.folder.glob("*.gz")).write_bytes(b"nonsense")
        with self.assertRaises(DamagedError):
            retention.drop(self.session, READINGS, "reading_p202502", NOW, self.folder)
        self.assertEqual(len(self.lab.do("SELECT 1 FROM reading_p202502")), 2)
        with self.assertRaisesRegex(PartitionError, "not a detached table"):
            retention.drop(self.session, READINGS, "reading_p202506", NOW, self.folder, confirmed=True)

    def test_archive_that_cannot_be_written(self):
        blocked = self.folder / "file"
        blocked.write_text("not a folder")
        later = NOW + timedelta(days=30)
        report = maintain.maintain(self.session, READINGS, later, blocked, QUICK)
        self.assertIn("archive:", report.failed[0])
        self.assertEqual(len(self.lab.do("SELECT 1 FROM reading_p202502")), 2)
        self.assertEqual({"detached", "late_run"}, self.codes(later))
        self.good(later)
        self.assertEqual(self.codes(later), set())

    def test_without_archive_only_on_confirmation(self):
        one = PartitionSet(**{**vars(READINGS), "archive": False})
        self.lab.deploy(one)
        later = NOW + timedelta(days=30)
        self.good(later, one)
        self.assertIn("p202502", self.partitions())
        self.assertIn("drop_unconfirmed", self.codes(later, one))
        retention.confirm_drop(self.session, one, later)
        self.good(later, one)
        self.assertNotIn("p202502", self.partitions())
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_interrupted_concurrent_detach(self):
        self.lab.do("CREATE TABLE other (at timestamp NOT NULL) PARTITION BY RANGE (at)")
        self.lab.do(
            "CREATE TABLE other_p1 PARTITION OF other FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')"
        )
        one = PartitionSet(table="other", key="at")
        with self.open_transaction("SELECT * FROM other"):
            cnx = self.lab.connect(autocommit=True)
            with contextlib.closing(cnx), cnx.cursor() as cursor:
                cursor.execute("SET statement_timeout = '300ms'")
                with self.assertRaises(psycopg2.errors.QueryCanceled):
                    cursor.execute("ALTER TABLE other DETACH PARTITION other_p1 CONCURRENTLY")
        self.lab.deploy(one)
        self.assertIn("detach_pending", self.codes(declared=one))
        self.assertIn("finished detaching other_p1", self.good(declared=one))
        self.assertNotIn("detach_pending", self.codes(declared=one))

    def test_postgresql_refuses_concurrent_detach_beside_a_default_partition(self):
        """Why this engine does not use it; should a later version allow it, this fails and tells us."""
        with self.assertRaisesRegex(psycopg2.Error, "default partition"):
            self.lab.do("ALTER TABLE reading DETACH PARTITION reading_p202502 CONCURRENTLY")


class TestIndexes(EngineCase):
    """B19: an index declared when the table stands."""

    LATER = replace(READINGS, indexes=(*READINGS.indexes, "(value) WHERE value > 0"))

    def setUp(self):
        super().setUp()
        self.lab.deploy()
        self.good()
        self.lab.insert("2025-06-10", "2025-04-10", "1999-01-01")

    def indexed(self):
        """Partitions with a valid index of ours that belongs to a valid one of the parent."""
        return self.lab.do(
            """
            SELECT replace(i.indrelid::regclass::text, 'reading_', '') FROM pg_inherits h
              JOIN pg_index i ON i.indexrelid = h.inhrelid JOIN pg_index p ON p.indexrelid = h.inhparent
             WHERE i.indisvalid AND p.indisvalid AND p.indexrelid = to_regclass(%s) ORDER BY 1
            """,
            index.name_of(self.LATER, self.LATER.indexes[-1]),
        )

    def test_built_and_attached(self):
        self.assertEqual(self.codes(declared=self.LATER), {"index_missing", "default_strays"})
        with self.session.transaction() as cursor:
            shown = operations.preview(cursor, self.LATER, "index", NOW)
        self.assertEqual(sum("CREATE INDEX CONCURRENTLY" in one for one in shown), 6)
        self.assertEqual(len(self.good(declared=self.LATER)), 1)
        self.assertEqual([row[0] for row in self.indexed()], sorted(self.partitions()))
        self.assertEqual(self.codes(declared=self.LATER), {"default_strays"})
        self.assertEqual(self.good(declared=self.LATER), [], "once is enough")
        self.good(NOW + timedelta(days=31), declared=self.LATER)
        with self.session.transaction() as cursor:
            drain.pending(cursor, self.LATER, NOW)
        drain.drain(self.session, self.LATER, NOW, QUICK, everything=True)
        self.assertEqual(
            [row[0] for row in self.indexed()], sorted(self.partitions()), "new ones have it too"
        )

    def test_nobody_waits(self):
        """While a writer is at it, it is put off; other writers notice nothing."""
        with self.open_transaction("INSERT INTO reading (at) VALUES ('2025-06-20')"):
            report = self.maintain(declared=self.LATER)
            self.assertIn("postponed", report.failed[0])
            began = time.monotonic()
            self.lab.insert("2025-06-21")
            self.assertLess(time.monotonic() - began, 0.3)
        self.good(declared=self.LATER)
        self.assertEqual(len(self.indexed()), 6)

    def test_interrupted(self):
        """A build that was cut off leaves an invalid index: it is built again."""
        definition = self.LATER.indexes[-1]
        statement = index.concurrently(self.LATER, definition, "reading_p202506").code
        with self.open_transaction("INSERT INTO reading (at) VALUES ('2025-06-20')"):
            cut = self.lab.connect(autocommit=True)
            with contextlib.closing(cut), cut.cursor() as cursor:
                cursor.execute("SET statement_timeout = '300ms'")
                with self.assertRaises(psycopg2.errors.QueryCanceled):
                    cursor.execute(statement)
        self.assertEqual(len(self.lab.do("SELECT 1 FROM pg_index WHERE NOT indisvalid")), 1)
        self.good(declared=self.LATER)
        self.assertEqual(len(self.indexed()), 6)
        self.assertEqual(self.lab.do("SELECT 1 FROM pg_index WHERE NOT indisvalid"), [])

    def test_same_under_another_name(self):
        """A table that was taken over keeps the names of its indexes."""
        one = replace(READINGS, indexes=("(note)", "USING brin (at)"))
        self.lab.do("CREATE INDEX theirs ON reading (note)")
        with self.session.transaction() as cursor:
            self.assertEqual(index.missing(cursor, one), ["USING brin (at)"])


class TestFindings(EngineCase):
    def test_nobody_came_at_night(self):
        self.lab.deploy()
        self.assertIn("no_current", self.codes())
        self.good()
        self.assertEqual(self.codes(NOW + timedelta(hours=25)), set())
        self.assertEqual(self.codes(NOW + timedelta(hours=27)), {"late_run"})
        self.assertEqual(self.codes(NOW + timedelta(days=45)), {"late_run"})
        self.assertEqual(self.codes(NOW + timedelta(days=50)), {"late_run", "premade_low"})
        self.assertEqual(self.codes(NOW + timedelta(days=100)), {"late_run", "no_current", "premade_low"})

    def test_table_is_gone(self):
        self.lab.deploy()
        self.lab.do("DROP TABLE reading")
        self.assertEqual(self.codes(), {"not_deployed"})
        self.assertTrue(self.maintain().failed)

    def test_two_at_once(self):
        self.lab.deploy()
        with self.lab.session() as other, other.transaction() as cursor:
            create.alone(cursor, READINGS)
            with self.assertRaisesRegex(BusyError, "another process"):
                create.attach_empty(self.session, READINGS, drain.bounds.range_of(READINGS, NOW), QUICK)
        self.good()

    def test_dry_run_executes_nothing_and_shows_what_is_sent(self):
        self.lab.deploy()
        with self.session.transaction() as cursor:
            shown = operations.preview(cursor, READINGS, "create", NOW)
        self.assertEqual(len(shown), 4 * 5)
        self.assertEqual(self.partitions(), ["default"])

    def test_a_dry_run_shows_what_is_sent(self):
        """Statement by statement, for everything that the page offers and that sends the same each time."""
        self.lab.deploy()
        self.lab.insert("2025-06-10", "2025-02-10")
        self.good()
        sent = io.StringIO()

        def connect():
            connection = psycopg2.connect(
                dbname=self.lab.name, connection_factory=LoggingConnection, **self.lab.dsn
            )
            connection.initialize(sent)
            return connection

        name, later = "reading_p202502", NOW + timedelta(days=1)
        with Session(connect) as session:
            for what in (
                "create", "detach", "archive", "drop", "restore", "release", "confirm_drop", "revoke_drop"
            ):  # fmt: skip
                now = NOW + timedelta(days=40) if what == "create" else later
                with self.session.transaction() as cursor:
                    shown = operations.preview(cursor, READINGS, what, now, name)
                self.assertTrue(shown, what)
                sent.truncate(0)
                operations.perform(session, READINGS, what, now, self.folder, name, True, QUICK)
                said = " ".join(sent.getvalue().split())
                for one in shown:
                    if not one.startswith("COPY "):  # a stream, which the recorder does not see
                        self.assertIn(one, said, what)

    def test_a_dry_run_of_the_maintenance_shows_what_leaves(self):
        self.lab.deploy()
        self.lab.insert("2025-02-10")
        self.good()
        with self.session.transaction() as cursor:
            shown = operations.preview(cursor, READINGS, "maintain", NOW + timedelta(days=31))
        for words in ("DETACH PARTITION", "COPY (SELECT", "DROP TABLE"):
            self.assertTrue([one for one in shown if words in one and "reading_p202502" in one], words)

    def test_rows_that_may_not_leave_yet(self):
        """Neither by retention nor by hand, until what is made of them is complete."""
        self.lab.do("CREATE TABLE complete (until timestamp)")
        self.lab.do("INSERT INTO complete VALUES ('2025-02-15')")
        one = PartitionSet(**{**vars(READINGS), "free_until": "SELECT until FROM complete"})
        self.lab.deploy(one)
        self.lab.insert("2025-02-10")
        self.good(declared=one)
        later = NOW + timedelta(days=31)
        self.good(later, one)
        self.assertIn("p202502", self.partitions())
        with self.assertRaisesRegex(PartitionError, "only before 2025-02-15 00:00 UTC"):
            operations.perform(
                self.session, one, "detach", later, self.folder, "reading_p202502", True, QUICK
            )
        self.lab.do("UPDATE complete SET until = '2025-03-01'")
        self.good(later, one)
        self.assertNotIn("p202502", self.partitions())

    def test_uninstall_leaves_the_data(self):
        self.lab.deploy()
        self.lab.insert("2025-06-10")
        self.good()
        with self.session.transaction() as cursor:
            catalogue.uninstall(cursor)
        self.lab.insert("2025-06-11", "1999-01-01")
        self.assertEqual(self.rows(), 3)
        self.assertEqual(
            self.lab.do("SELECT count(*) FROM pg_namespace WHERE nspname = 'database_partition'"), [(0,)]
        )
        self.lab.deploy()
        self.good()
        self.assertEqual(self.rows(), 3)
