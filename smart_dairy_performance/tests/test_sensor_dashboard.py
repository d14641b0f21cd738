from datetime import timedelta

from odoo import Command, fields
from odoo.addons.smart_dairy_farm.figures import climate
from odoo.addons.smart_dairy_iot.engine import alerts
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..exports import TABLES
from ..models.live import KEY


class SensorBoard(TransactionCase):
    """A company of its own with a barn, a tank and sensors in every state."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env["res.company"].create({"name": "Sensor Dairy"})
        cls.company.partner_id.tz = "Asia/Kolkata"
        cls.farm = cls.env["farm.farm"].create({"name": "Sensor farm", "company_id": cls.company.id})
        cls.barn = cls.env["farm.barn"].create({"name": "North barn", "farm_id": cls.farm.id})
        cls.tank = cls.env["farm.tank"].create({"name": "Tank 1", "farm_id": cls.farm.id, "capacity": 2000})
        cls.user = cls.make_user("board_worker", "smart_dairy_farm.group_farm_worker")
        cls.now = fields.Datetime.now()

    @classmethod
    def make_user(cls, login, group, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env, login, group, company_id=company.id, company_ids=[Command.set(company.ids)]
        )

    @classmethod
    def sensor(cls, name, sensor_type, **values):
        return cls.env["farm.sensor"].create(
            {
                "name": name,
                "device_key": f"board-{name}",
                "sensor_type": sensor_type,
                "farm_id": cls.farm.id,
                **values,
            }
        )

    @classmethod
    def reads(cls, sensor, *readings):
        """``readings``: (minutes ago, value), oldest first."""
        rows = [
            {
                "sensor_id": sensor.id,
                "timestamp": cls.now - timedelta(minutes=minutes),
                "value": value,
                "unit": sensor.unit,
            }
            for minutes, value in readings
        ]
        cls.env["farm.sensor.reading"].create(rows)
        last = {key: rows[-1][key] for key in ("sensor_id", "timestamp", "value")}
        cls.env["farm.sensor.latest"].create({**last, "received_at": last["timestamp"]})

    @classmethod
    def furnish(cls):
        cls.warm = cls.sensor("warm", "barn_temperature", barn_id=cls.barn.id)
        cls.wet = cls.sensor("wet", "barn_humidity", barn_id=cls.barn.id)
        cls.tank_warm = cls.sensor(
            "tank-t", "tank_temperature", tank_id=cls.tank.id, threshold_high=12, expected_interval=10
        )
        cls.tank_level = cls.sensor("tank-l", "tank_level", tank_id=cls.tank.id, expected_interval=10)
        cls.silent = cls.sensor("silent", "barn_ammonia", barn_id=cls.barn.id)
        cls.hot = cls.sensor("hot", "other", threshold_high=10, expected_interval=60)
        cls.reads(cls.warm, (240, 29), (120, 31), (5, 30))
        cls.reads(cls.wet, (5, 80))
        cls.reads(cls.tank_warm, (2, 9), (1, 9.5))
        cls.reads(cls.tank_level, (1, 500))
        cls.reads(cls.silent, (200, 7))
        cls.reads(cls.hot, (3, 12))

    def open(self, user=None, **filters):
        return self.env["dairy.dashboard"].with_user(user or self.user).open("sensors", filters)["data"]


@tagged("post_install", "-at_install")
class TestSensorDashboard(SensorBoard):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.furnish()
        cls.env.flush_all()
        alerts.evaluate(cls.env.cr, cls.now, cls.farm.ids)

    def test_counts_are_those_of_the_database(self):
        data = self.open()
        self.env.cr.execute(
            """SELECT count(*), count(*) FILTER (WHERE l.timestamp IS NULL
                          OR l.timestamp < %s - s.expected_interval * interval '3 minutes'),
                      count(*) FILTER (WHERE l.timestamp >= %s - s.expected_interval * interval '3 minutes'
                                         AND (l.value > s.threshold_high OR l.value < s.threshold_low))
                 FROM farm_sensor s LEFT JOIN farm_sensor_latest l ON l.sensor_id = s.id
                WHERE s.active AND s.company_id = %s""",
            [self.now, self.now, self.company.id],
        )
        total, no_data, beyond = self.env.cr.fetchone()
        self.assertEqual((total, no_data, beyond), (6, 1, 1))
        self.assertEqual(
            data["now"],
            {
                "sensors": total,
                "no_data": no_data,
                "alert": beyond,
                "ok": total - no_data - beyond,
                "open": 3,
                "new": 3,
                "acknowledged": 0,
                "snoozed": 0,
            },
        )
        for name in ("ok", "no_data", "alert"):
            found = self.env["farm.sensor"].with_user(self.user).search_count(data["domains"][name])
            self.assertEqual(found, data["now"][name], name)
        found = self.env["farm.sensor.alert"].with_user(self.user).search(data["domains"]["new_alerts"])
        self.assertEqual(sorted(found.mapped("kind")), ["high", "silence", "thi"])

    def test_barn_and_tank(self):
        data = self.open()
        [barn] = data["barns"]
        self.assertEqual((barn["temperature"], barn["humidity"], barn["stress"]), (30, 80, True))
        self.assertEqual(barn["thi"], round(climate.thi(30, 80), 1))
        [tank] = data["tanks"]
        self.assertEqual(
            (tank["temperature"], tank["level"], tank["fill"], tank["limit"]), (9.5, 500, 0.25, 8)
        )
        self.assertTrue(tank["warm"])
        self.assertFalse(tank["silent"])

    def test_a_silent_sensor_has_no_value(self):
        rows = {row["id"]: row for row in self.open()["sensors"]}
        row = rows[self.silent.id]
        self.assertEqual((row["state"], row["value"]), ("no_data", None))
        self.assertEqual(row["at"], f"{(self.now - timedelta(minutes=200)).isoformat()}Z")
        self.assertEqual(list(rows)[:2], [self.hot.id, self.silent.id], "what wants a look comes first")
        self.env["farm.sensor.latest"].search([("sensor_id", "in", (self.warm + self.wet).ids)]).write(
            {"timestamp": self.now - timedelta(days=1)}
        )
        [barn] = self.open()["barns"]
        self.assertEqual((barn["temperature"], barn["thi"], barn["silent"]), (None, None, True))
        self.assertEqual(barn["at"], f"{(self.now - timedelta(days=1)).isoformat()}Z")

    def test_acts_of_people_are_counted(self):
        found = self.env["farm.sensor.alert"].with_user(self.user).search([], order="kind")
        found[0].action_acknowledge()
        found[1].action_snooze(4)
        now = self.open()["now"]
        self.assertEqual((now["open"], now["new"], now["acknowledged"], now["snoozed"]), (3, 1, 1, 1))
        self.assertEqual(len(self.open()["alerts"]), 2)

    def test_open_dashboards_hear_of_it(self):
        def heard():
            return self.env.cr.postcommit.data.pop(KEY, set())

        topic = (self.env.cr.dbname, "sensors", self.company.id)
        alert = self.env["farm.sensor.alert"].search([("company_id", "=", self.company.id)], limit=1)
        heard()
        self.env["farm.sensor.alert"]._found(alerts.Outcome(resolved=(alert.id,)))
        self.assertIn(topic, heard())
        self.env["farm.sensor.latest"].search([]).write({"received_at": self.now - timedelta(hours=1)})
        self.env["farm.sensor.alert"]._found(alerts.Outcome())
        self.assertNotIn(topic, heard(), "nothing found, nothing received")
        self.warm.latest_ids.received_at = fields.Datetime.now()
        self.env["farm.sensor.alert"]._found(alerts.Outcome())
        self.assertIn(topic, heard())
        alert.with_user(self.user).action_acknowledge()
        self.assertIn(topic, heard())
        self.env["farm.sensor.look"]._look(self.farm.ids, 5)
        self.assertEqual(heard(), {topic}, "readings have come in")
        self.env["farm.sensor.look"]._look(self.farm.ids, 5)
        self.assertFalse(heard(), "a moment ago they had, too")

    def test_rights(self):
        other = self.env["res.company"].create({"name": "Other dairy"})
        stranger = self.make_user("board_other", "smart_dairy_farm.group_farm_manager", other)
        data = self.open(stranger)
        self.assertEqual((data["now"]["sensors"], data["now"]["open"], data["alerts"]), (0, 0, []))
        self.assertFalse(data["barns"] or data["tanks"] or data["sensors"])
        with self.assertRaises(AccessError):
            self.warm.with_user(stranger).get_chart("day")
        with self.assertRaises(AccessError):
            self.env["farm.sensor"].with_user(stranger).get_sensor_dashboard(self.farm.id)
        for group in ("base.group_portal", "base.group_user"):
            user = self.make_user(f"board_{group}", group)
            with self.assertRaises(AccessError):
                self.open(user)
            with self.assertRaises(AccessError):
                self.warm.with_user(user).get_chart("day")

    def test_statements_do_not_grow_with_sensors(self):
        self.open()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.open()
        first = self.env.cr.sql_log_count - before
        for n in range(30):
            self.reads(self.sensor(f"more-{n}", "other"), (1, 5))
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.open()
        self.assertLessEqual(self.env.cr.sql_log_count - before, first)

    def test_export(self):
        data = self.open()
        tables = {table.name: table for table in TABLES["sensors"](self.env, data)}
        self.assertEqual(list(tables), ["sensors", "barns", "tanks", "alerts"])
        for table in tables.values():
            self.assertTrue(table.rows)
            self.assertTrue(all(len(row) == len(table.columns) for row in table.rows))


@tagged("post_install", "-at_install")
class TestSensorChart(SensorBoard):
    def chart(self, sensor, span):
        self.env.flush_all()
        return sensor.with_user(self.user).get_chart(span)

    def test_readings_of_hours(self):
        sensor = self.sensor("c", "barn_temperature", threshold_low=0, threshold_high=35)
        self.reads(sensor, (600, 18), (300, 20), (290, 21), (100, 0), (2, 22))
        self.env["farm.sensor.reading"].create(
            {"sensor_id": sensor.id, "timestamp": self.now, "value": 99, "unit": "degC", "quality": "bad"}
        )
        chart = self.chart(sensor, "hours")
        self.assertEqual(
            [value for _at, value in chart["points"]], [20, 21, 0, 22], "six hours, bad ones left out"
        )
        self.assertEqual(chart["points"][0][0], chart["points"][1][0] - 600_000)
        self.assertEqual((chart["grain"], chart["gap"]), ("reading", 30 * 60_000))
        self.assertEqual(chart["bounds"], [{"kind": "low", "value": 0}, {"kind": "high", "value": 35}])
        self.assertEqual(len(self.chart(sensor, "day")["points"]), 5)

    def test_days_are_the_companys(self):
        sensor = self.sensor("c", "barn_temperature")
        rows = [
            (fields.Datetime.to_datetime(f"{day} {time}"), value)
            for day, time, value in (
                (self.now.date() - timedelta(days=2), "18:29:59", 10),  # 23:59:59 in Kolkata
                (self.now.date() - timedelta(days=2), "18:30:00", 20),  # the next day
                (self.now.date() - timedelta(days=2), "19:10:00", 30),
            )
        ]
        self.env["farm.sensor.reading"].create(
            [{"sensor_id": sensor.id, "timestamp": at, "value": value, "unit": "degC"} for at, value in rows]
        )
        days = self.chart(sensor, "quarter")
        self.assertEqual([point[1:] for point in days["points"]], [[10, 10, 10], [25, 20, 30]])
        midnight = rows[1][0]
        self.assertEqual(
            days["points"][1][0],
            (midnight - fields.Datetime.to_datetime("1970-01-01")).total_seconds() * 1000,
        )
        hours = self.chart(sensor, "week")
        self.assertEqual([point[1:] for point in hours["points"]], [[15, 10, 20], [30, 30, 30]], "of UTC")
        self.assertEqual((hours["grain"], hours["gap"], hours["zone"]), ("hour", 90 * 60_000, "Asia/Kolkata"))

    def test_too_many_readings_are_drawn_by_hour(self):
        sensor = self.sensor("fast", "other", expected_interval=1)
        self.env["farm.sensor.reading"].create(
            [
                {
                    "sensor_id": sensor.id,
                    "timestamp": self.now - timedelta(seconds=6 * n),
                    "value": n,
                    "unit": "index",
                }
                for n in range(3001)
            ]
        )
        self.assertEqual(self.chart(sensor, "hours")["grain"], "hour")

    def test_no_readings(self):
        sensor = self.sensor("c", "barn_temperature")
        chart = self.chart(sensor, "day")
        self.assertEqual(
            (chart["points"], chart["sensor"]["state"], chart["sensor"]["value"]), ([], "no_data", None)
        )
        with self.assertRaisesRegex(UserError, "span of the chart"):
            sensor.with_user(self.user).get_chart("century")

    def test_law_of_the_tank(self):
        sensor = self.sensor("c", "tank_temperature", tank_id=self.tank.id)
        self.assertEqual(self.chart(sensor, "day")["bounds"], [{"kind": "law", "value": 8}])
