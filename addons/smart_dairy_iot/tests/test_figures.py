"""Hours and days: equal to the readings, in any time zone, while readings are open and when they are gone."""

import random
from collections import defaultdict
from datetime import datetime, time, timedelta, timezone

import pytz
from odoo import fields
from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine import catalogue, clock, maintain
from odoo.addons.database_partition.tests.common import command
from odoo.addons.smart_dairy_iot.engine import seal
from odoo.addons.smart_dairy_iot.readings import KEPT_DAYS, READINGS
from odoo.addons.smart_dairy_iot.tests.common import SensorCase
from odoo.addons.smart_dairy_iot.tests.test_ingest import IngestCase, connect
from odoo.exceptions import AccessError, UserError
from odoo.tests import get_db_name, tagged
from odoo.tools import SQL

ZONES = ("UTC", "Asia/Dhaka", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Pacific/Chatham")


def expected(readings, grain, zone):
    """``{sensor: [(at, readings, mean, lowest, highest)]}``, counted one by one."""
    found = defaultdict(lambda: defaultdict(list))
    for sensor, at, value in readings:
        if grain == "hour":
            key = at.replace(minute=0, second=0, microsecond=0)
        else:
            key = at.replace(tzinfo=timezone.utc).astimezone(pytz.timezone(zone)).date()
        found[sensor][key].append(value)
    return {
        sensor: [
            (key, len(values), round(sum(values) / len(values), 6), min(values), max(values))
            for key, values in sorted(keys.items())
        ]
        for sensor, keys in found.items()
    }


def rounded(series):
    return {
        sensor: [(at, number, round(mean, 6), low, high) for at, number, mean, low, high in rows]
        for sensor, rows in series.items()
    }


@tagged("post_install", "-at_install")
class TestSeries(SensorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sensors = cls.make_sensor("se-1") + cls.make_sensor("se-2")
        cls.midnight = datetime.combine(datetime.utcnow().date(), time.min)
        cls.start, cls.end = cls.midnight - timedelta(days=12), cls.midnight + timedelta(days=1)
        cls.env.cr.execute("UPDATE farm_sensor_seal SET floor = %s, sealed = %s", [cls.start, cls.start])
        cls.company = cls.farm.company_id
        cls.env["database.rollup"]._deploy_here()
        cls.company.sensor_days_sealed = False

    def fill(self, count=2500, seed=1):
        rng = random.Random(seed)
        seconds = int((datetime.utcnow() - self.start).total_seconds())
        moments = rng.sample(range(seconds), count)
        readings = [
            (rng.choice(self.sensors.ids), self.start + timedelta(seconds=one), rng.randrange(-50, 400) / 8)
            for one in moments
        ]
        self.insert(readings)
        return readings

    def insert(self, readings, quality="good"):
        self.env.cr.execute(
            """INSERT INTO iot_sensor_data_partitioned (sensor_id, timestamp, value, quality)
               SELECT *, %s FROM unnest(%s, %s::timestamp[], %s)""",
            [quality, *(list(column) for column in zip(*readings, strict=True))],
        )

    def check(self, readings, zone):
        self.company.partner_id.tz = zone
        self.env.flush_all()
        for grain in ("hour", "day"):
            found = rounded(self.sensors.series(self.start, self.end, grain))
            self.assertEqual(found, expected(readings, grain, zone), f"{grain} {zone}")

    def seal(self, floor):
        seal.close(self.env.cr, floor)
        while seal.copy_day(self.env.cr):
            pass
        self.env.invalidate_all()

    def test_open_readings_in_every_zone(self):
        readings = self.fill()
        self.insert([(self.sensors.ids[0], self.start + timedelta(hours=1, microseconds=7), 1e9)], "bad")
        for zone in ZONES:
            self.check(readings, zone)
        part = self.sensors[0].series(self.midnight - timedelta(hours=30), self.midnight, "reading")
        self.assertEqual(
            [(at, value) for at, _n, value, _l, _h in part[self.sensors.ids[0]]],
            sorted(
                (at, value)
                for sensor, at, value in readings
                if sensor == self.sensors.ids[0] and self.midnight - timedelta(hours=30) <= at < self.midnight
            ),
        )

    def test_sealed_figures_outlive_their_readings(self):
        for number, zone in enumerate(ZONES):
            with self.env.cr.savepoint() as savepoint:
                self.company.partner_id.tz = zone
                self.env.flush_all()
                readings = self.fill(seed=number)
                self.seal(self.midnight - timedelta(days=9))
                self.check(readings, zone)
                self.seal(self.midnight - timedelta(days=4))
                self.check(readings, zone)
                # what retention does a week later, and what a careless script might
                gone = self.midnight - timedelta(days=4 + seal.LEAD_DAYS)
                self.env.cr.execute("DELETE FROM iot_sensor_data_partitioned WHERE timestamp < %s", [gone])
                self.insert([(self.sensors.ids[0], self.start + timedelta(hours=5, microseconds=3), 77.0)])
                self.check(readings, zone)
                savepoint.rollback()

    def test_a_late_reading_reopens_its_hour(self):
        readings = self.fill(200)
        self.check(readings, "Asia/Dhaka")
        late = (self.sensors.ids[1], self.midnight - timedelta(days=3, minutes=7, microseconds=1), 5.0)
        self.insert([late])
        self.check([*readings, late], "Asia/Dhaka")

    def test_rights(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self.make_user("worker", company_id=company.id, company_ids=[company.id])
        self.fill(100)
        with self.assertRaises(AccessError):
            self.sensors.with_user(other).series(self.start, self.end, "hour")
        worker = self.make_user("manager")
        self.assertTrue(self.sensors.with_user(worker).series(self.start, self.end, "day"))


@tagged("post_install", "-at_install")
class TestRetention(IngestCase):
    """The scheduled action itself, with a shorter setting, on committed readings."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.restore)

    def restore(self):
        with connect() as cr:
            cr.execute("DELETE FROM ir_config_parameter WHERE key LIKE 'smart_dairy_iot.%%'")
            for table in ("farm_sensor_hourly", "farm_sensor_daily"):
                gone = SQL.identifier(table)
                cr.execute(SQL("DELETE FROM %s WHERE sensor_id IN %s", gone, tuple(self.sensor_ids)))
            cr.execute("UPDATE res_company SET sensor_days_sealed = NULL")
            cr.execute("DELETE FROM farm_sensor_seal")
            self.env(cr=cr)["farm.sensor.seal"].init()
        with runtime.session(get_db_name()) as work:
            maintain.maintain(work, READINGS, clock.now(), None, steps=("premake",))

    def maintain(self):
        with connect() as cr:
            sets = self.env(cr=cr)["database.partition.set"]
            with sets._session() as work:
                sets._maintain(work, READINGS, runtime.archive_folder(work, get_db_name()))

    def series(self, grain):
        start = self.now - timedelta(days=30)
        with connect() as cr:
            sensors = self.env(cr=cr)["farm.sensor"].browse(self.sensor_ids)
            return sensors.series(start, self.now, grain)

    def test_readings_go_and_their_figures_stay(self):
        self.store(*(self.reading(n, minutes=97 * n, sensor=f"in-{1 + n % 2}") for n in range(400)))
        before = {grain: self.series(grain) for grain in ("hour", "day")}
        with connect() as cr:
            self.env(cr=cr)["ir.config_parameter"].set_param("smart_dairy_iot.kept_days", "14")
        self.maintain()
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            oldest = min(catalogue.attached(cursor, READINGS)).lower
        self.assertEqual(oldest.date(), clock.now().date() - timedelta(days=14))
        [(left,)] = self.ask(
            "SELECT min(timestamp) FROM iot_sensor_data_partitioned WHERE sensor_id IN %s",
            tuple(self.sensor_ids),
        )
        self.assertGreaterEqual(left, oldest.replace(tzinfo=None))
        self.assertEqual({grain: self.series(grain) for grain in before}, before)
        # a device that comes back after weeks does not change what is sealed
        outcome = self.store(self.reading(5, minutes=8 * 24 * 60 + 1, sensor="in-1"))
        self.assertEqual(self.counts(outcome), (0, 0, 1, 0))
        self.assertEqual(self.quarantine(), [("too_old", "in-1")])
        self.assertEqual({grain: self.series(grain) for grain in before}, before)
        with connect() as cr:
            one = self.env(cr=cr)["database.partition.set"].search([("name", "=", READINGS.table)])
            name = f"{READINGS.table}_p{self.now:%Y%m%d}"
            with self.assertRaisesRegex(UserError, "may not leave the table yet"):
                one._perform("detach", name, confirmed=True)
            with self.assertRaisesRegex(UserError, "may not leave the table yet"):
                one._preview("detach", name)
        code, out, _err = command("detach", "--set", READINGS.table, "--partition", name, "--yes")
        self.assertEqual(code, 1)
        self.assertIn("may not leave the table yet", out)
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            self.assertIn(name, [one.relation for one in catalogue.partitions(cursor, READINGS)])

    def test_figures_have_a_retention_of_their_own(self):
        self.store(*(self.reading(n, minutes=97 * n) for n in range(400)))
        with connect() as cr:
            parameters = self.env(cr=cr)["ir.config_parameter"]
            parameters.set_param("smart_dairy_iot.kept_days", "14")
            parameters.set_param("smart_dairy_iot.aggregate_days", "20")
        self.maintain()
        [(oldest,)] = self.ask(
            "SELECT min(hour) FROM farm_sensor_hourly WHERE sensor_id IN %s", tuple(self.sensor_ids)
        )
        self.assertEqual(oldest.date(), self.now.date() - timedelta(days=20))

    def test_settings(self):
        settings = self.env["res.config.settings"]
        self.assertEqual(settings.create({}).iot_kept_days, KEPT_DAYS)
        for values, words in (
            ({"iot_kept_days": 7}, "14 to 5000"),
            ({"iot_kept_days": 90, "iot_aggregate_days": 30}, "fewer than"),
            ({"iot_ahead_minutes": 1441}, "0 to 1440"),
        ):
            with self.assertRaisesRegex(UserError, words):
                settings.create(values)
        settings.create({"iot_kept_days": 30, "iot_ahead_minutes": 0}).execute()
        self.assertEqual(self.env["farm.sensor.reading"]._kept_days(), 30)
        self.assertEqual(fields.Datetime.now().year, datetime.utcnow().year)
