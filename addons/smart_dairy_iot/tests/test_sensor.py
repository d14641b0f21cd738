from datetime import timedelta

from odoo import fields
from odoo.addons.smart_dairy_iot.engine import gateways
from odoo.addons.smart_dairy_iot.tests.common import SensorCase
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, UniqueViolation


@tagged("post_install", "-at_install")
class TestSensor(SensorCase):
    def latest(self, sensor, minutes_ago, value, battery=None):
        moment = fields.Datetime.now() - timedelta(minutes=minutes_ago)
        return self.env["farm.sensor.latest"].create(
            {
                "sensor_id": sensor.id,
                "timestamp": moment,
                "value": value,
                "received_at": moment,
                "battery": battery if battery is not None else False,
            }
        )

    def test_type_brings_unit_and_interval(self):
        sensor = self.make_sensor(sensor_type="tank_temperature")
        self.assertEqual((sensor.unit, sensor.expected_interval), ("degC", 1))
        sensor = self.make_sensor("t-2", sensor_type="milk_meter", expected_interval=480)
        self.assertEqual((sensor.unit, sensor.expected_interval), ("kg", 480))

    @mute_logger("odoo.sql_db")
    def test_keys(self):
        self.make_sensor("AA:01/x_y-z.9")
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.make_sensor("AA:01/x_y-z.9")
        for bad in ("", "with space", "-x", "a\tb", "é", "x" * 65):
            with self.assertRaisesRegex(ValidationError, "letters, digits"), self.cr.savepoint():
                self.make_sensor(bad or " ")

    @mute_logger("odoo.sql_db")
    def test_one_place_on_the_same_farm(self):
        barn = self.env["farm.barn"].create({"name": "Barn", "farm_id": self.farm.id})
        tank = self.env["farm.tank"].create({"name": "Tank", "farm_id": self.farm.id})
        self.assertEqual(self.make_sensor(tank_id=tank.id).place, "Tank")
        with self.assertRaises(CheckViolation), self.cr.savepoint():
            self.make_sensor("t-2", tank_id=tank.id, barn_id=barn.id)
        other = self.env["farm.farm"].create({"name": "Other farm"})
        with self.assertRaisesRegex(ValidationError, "another farm"):
            self.make_sensor("t-3", farm_id=other.id, barn_id=barn.id)

    def test_state(self):
        silent, old, fine, hot, cold = (
            self.make_sensor(f"t-{n}", threshold_low=2, threshold_high=30) for n in range(5)
        )
        self.latest(old, 31, 20)
        self.latest(fine, 29, 20, battery=0)
        self.latest(hot, 1, 31)
        self.latest(cold, 1, -1)
        self.assertEqual(
            (silent + old + fine + hot + cold).mapped("state"), ["no_data", "no_data", "ok", "alert", "alert"]
        )
        mine = [("id", "in", (silent + old + fine + hot + cold).ids)]
        find = self.env["farm.sensor"].search
        self.assertEqual(find([*mine, ("state", "=", "no_data")]), silent + old)
        self.assertEqual(find([*mine, ("state", "=", "ok")]), fine)
        self.assertEqual(find([*mine, ("state", "in", ["alert", "ok"])]), fine + hot + cold)
        self.assertEqual(find([*mine, ("state", "!=", "alert")]), silent + old + fine)
        self.assertEqual(find([*mine, ("last_seen", "=", False)]), silent)
        self.assertIs(silent.last_value, False)
        self.assertEqual((fine.battery, hot.battery), (0, False))

    def test_reading_many_takes_as_many_statements_as_reading_one(self):
        sensors = self.env["farm.sensor"].create(
            [{"name": f"n-{n}", "device_key": f"n-{n}", "farm_id": self.farm.id} for n in range(800)]
        )
        now = fields.Datetime.now()
        self.env["farm.sensor.latest"].create(
            [{"sensor_id": id_, "timestamp": now, "value": 20, "received_at": now} for id_ in sensors.ids]
        )
        shown = ["name", "place", "last_seen", "last_value", "battery", "state", "open_alert_count"]

        def statements(number):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = sensors[:number].read(shown)
            self.assertEqual({row["last_value"] for row in rows}, {20})
            return self.env.cr.sql_log_count - before

        statements(1)
        few = statements(1)
        self.assertLessEqual(few, 6)
        for number in (40, 800):
            self.assertEqual(statements(number), few, f"{number} sensors")

    def test_bad_readings_fix_the_unit_too(self):
        sensor = self.make_sensor(unit="%")
        self.env["farm.sensor.reading"].create(
            {"sensor_id": sensor.id, "timestamp": fields.Datetime.now(), "value": 20, "unit": "%",
             "quality": "bad"}
        )  # fmt: skip
        with self.assertRaisesRegex(UserError, "unit"):
            sensor.unit = "degC"
        with self.assertRaisesRegex(UserError, "archive it"):
            sensor.unlink()

    def test_readings_fix_unit_and_company(self):
        sensor = self.make_sensor()
        sensor.unit = "%"
        self.latest(sensor, 1, 20)
        sensor.unit = "%"
        with self.assertRaisesRegex(UserError, "unit"):
            sensor.unit = "degC"
        with self.assertRaisesRegex(UserError, "archive it"):
            sensor.unlink()
        company = self.env["res.company"].create({"name": "Other"})
        farm = self.env["farm.farm"].create({"name": "Farm of another", "company_id": company.id})
        with self.assertRaisesRegex(UserError, "company"):
            sensor.farm_id = farm

    def test_rights(self):
        sensor = self.make_sensor()
        worker, manager = self.make_user("worker"), self.make_user("manager")
        self.assertEqual(sensor.with_user(worker).name, "t-1")
        with self.assertRaises(AccessError):
            sensor.with_user(worker).name = "x"
        with self.assertRaises(AccessError):
            self.gateway.with_user(worker).read(["name"])
        sensor.with_user(manager).name = "x"
        for model in ("farm.sensor.reading", "farm.sensor.latest"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(manager).create({"sensor_id": sensor.id})
        with self.assertRaises(AccessError):
            self.gateway.with_user(manager).read(["key_hash"])

    def test_other_companies_see_nothing(self):
        sensor = self.make_sensor()
        self.latest(sensor, 1, 20)
        reading = self.env["farm.sensor.reading"].create(
            {"sensor_id": sensor.id, "timestamp": fields.Datetime.now(), "value": 20, "unit": "degC"}
        )
        company = self.env["res.company"].create({"name": "Other"})
        other = self.make_user("manager", company_id=company.id, company_ids=[company.id])
        for record in (sensor, sensor.latest_ids, reading, self.gateway):
            self.assertFalse(record.with_user(other).search([("id", "=", record.id)]), record._name)
            with self.assertRaises(AccessError):
                record.with_user(other).read(["display_name"])


@tagged("post_install", "-at_install")
class TestGateway(SensorCase):
    def test_key_is_shown_once_and_kept_hashed(self):
        action = self.gateway.with_user(self.make_user("manager")).action_new_key()
        key = action["context"]["default_key"]
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT key_index, key_hash, to_jsonb(g)::text FROM farm_sensor_gateway g WHERE id = %s",
            [self.gateway.id],
        )
        index, kept, row = self.env.cr.fetchone()
        self.assertEqual(index, key[:8])
        self.assertEqual(len(kept), 64)
        self.assertNotIn(key, row)

        def found(key):
            self.env.flush_all()
            gateway = gateways.find(self.env.cr, key)
            return gateway and gateway.id

        self.assertEqual(found(key), self.gateway.id)
        self.assertFalse(found(key[:-1]))
        renewed = self.gateway._new_key()
        self.assertFalse(found(key))
        self.assertEqual(found(renewed), self.gateway.id)
        self.gateway.active = False
        self.assertFalse(found(renewed))

    def test_allowance(self):
        def admit(readings, rate=60):
            return gateways.admit(self.env.cr, self.gateway.id, readings, rate)

        self.assertEqual(admit(50_000, 0), 0)
        self.assertEqual(admit(40), 0)
        self.assertEqual(admit(20), 0)
        self.assertAlmostEqual(admit(10), 10, delta=1)
        self.env.cr.execute("UPDATE farm_sensor_gateway_use SET busy_until = busy_until - interval '61 s'")
        self.assertEqual(admit(600), 0, "a batch larger than a minute's worth gets in when nothing is spent")
        self.assertAlmostEqual(admit(1), 541, delta=2)
        self.env.invalidate_all()
        self.assertTrue(self.gateway.last_seen)
