from datetime import timedelta

from odoo import fields
from odoo.addons.smart_dairy_iot.engine import alerts
from odoo.addons.smart_dairy_iot.tests.common import SensorCase
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged


class AlertCase(SensorCase):
    """Time stands at ``now``; ``look`` is one evaluation of the test farm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now()
        cls.manager = cls.make_user("manager")
        cls.farm.manager_id = cls.manager
        cls.alert = cls.env["farm.sensor.alert"]
        # what a database already has is not of these tests
        cls.alert.search([("announced", "!=", True)]).announced = True

    def later(self, minutes):
        self.now += timedelta(minutes=minutes)

    def reads(self, sensor, value, minutes_ago=0, battery=False):
        """Store a reading, and make it the newest one if it is."""
        at = self.now - timedelta(minutes=minutes_ago)
        self.env["farm.sensor.reading"].create(
            {"sensor_id": sensor.id, "timestamp": at, "value": value, "unit": sensor.unit}
        )
        values = {"timestamp": at, "value": value, "received_at": at, "battery": battery}
        if not sensor.latest_ids:
            self.env["farm.sensor.latest"].create({"sensor_id": sensor.id, **values})
        elif sensor.last_seen < at:
            sensor.latest_ids.write(values)

    def look(self):
        self.env.flush_all()
        outcome = alerts.evaluate(self.env.cr, self.now, self.farm.ids)
        self.env.invalidate_all()
        return outcome

    def open_kinds(self, sensor=None):
        domain = [("farm_id", "=", self.farm.id), ("state", "!=", "resolved")]
        if sensor:
            domain.append(("sensor_id", "=", sensor.id))
        return sorted(self.alert.search(domain).mapped("kind"))


@tagged("post_install", "-at_install")
class TestAlertKinds(AlertCase):
    def test_limits(self):
        sensor = self.make_sensor(threshold_low=2, threshold_high=30)
        self.reads(sensor, 30)
        self.assertFalse(self.look(), "at its limit a value is not beyond")
        self.later(1)
        self.reads(sensor, 30.5)
        self.look()
        alert = self.alert.search([("sensor_id", "=", sensor.id)])
        self.assertEqual((alert.kind, alert.value, alert.bound, alert.unit), ("high", 30.5, 30, "degC"))
        self.assertEqual(alert.since, self.now)
        self.assertEqual(alert.user_id, self.manager)
        self.later(1)
        self.reads(sensor, 1)
        self.look()
        self.assertEqual(self.open_kinds(sensor), ["high", "low"], "calm has to last")

    def test_delay_counts_from_the_first_reading_beyond(self):
        sensor = self.make_sensor(threshold_high=30, alert_delay=20)
        for minutes, value in ((60, 35), (50, 29), (19, 31), (10, 32), (0, 31)):
            self.reads(sensor, value, minutes)
        self.assertFalse(self.look(), "beyond for 19 minutes")
        self.later(1)
        self.reads(sensor, 31)
        self.look()
        self.assertEqual(self.open_kinds(), ["high"])
        self.assertEqual(
            self.alert.search([("sensor_id", "=", sensor.id)]).since, self.now - timedelta(minutes=20)
        )

    def test_margin_is_neither_beyond_nor_calm(self):
        self.farm.alert_calm_minutes = 0
        sensor = self.make_sensor(threshold_high=30, threshold_margin=2)
        self.reads(sensor, 29)
        self.assertFalse(self.look())
        for value, kinds in ((31, ["high"]), (28.5, ["high"]), (30, ["high"]), (28, [])):
            self.later(1)
            self.reads(sensor, value)
            self.look()
            self.assertEqual(self.open_kinds(), kinds, value)

    def test_silence(self):
        sensor = self.make_sensor(expected_interval=10)
        self.reads(sensor, 20)
        self.later(30)
        self.assertFalse(self.look())
        self.later(1)
        self.look()
        alert = self.alert.search([("sensor_id", "=", sensor.id)])
        self.assertEqual((alert.kind, alert.value), ("silence", False))
        self.assertEqual(alert.since, self.now - timedelta(minutes=31), "since its last data")
        self.assertIn("No data since", alert.cause)

    def test_a_silent_sensor_says_nothing_about_its_limit(self):
        sensor = self.make_sensor(threshold_high=30, expected_interval=10)
        self.reads(sensor, 31)
        self.look()
        self.later(120)
        self.look()
        self.assertEqual(self.open_kinds(), ["high", "silence"], "neither ended nor forgotten")

    def test_outage_is_one_alert(self):
        sensors = [self.make_sensor(f"s-{n}", expected_interval=10) for n in range(8)]
        for sensor in sensors:
            self.reads(sensor, 20)
        self.later(60)
        for sensor in sensors[:3]:
            self.reads(sensor, 20)
        self.look()
        self.assertEqual(self.open_kinds(), ["outage"])
        alert = self.alert.search([("farm_id", "=", self.farm.id)])
        self.assertEqual((alert.value, alert.sensor_id.id, alert.place), (5, False, "Test farm"))
        self.later(1)
        for sensor in sensors[:5]:
            self.reads(sensor, 20)
        self.look()
        self.assertEqual(self.open_kinds(), ["outage", "silence", "silence", "silence"])
        self.later(15)
        self.look()
        self.assertEqual(self.open_kinds(), ["silence"] * 3)
        self.farm.outage_percent = 0
        self.later(60)
        self.look()
        self.assertEqual(self.open_kinds(), ["silence"] * 8, "switched off: one for each")

    def test_rate(self):
        sensor = self.make_sensor(threshold_rate=3)
        for minutes, value in ((90, 10), (55, 20), (30, 21)):
            self.reads(sensor, value, minutes)
        self.reads(sensor, 22.7)
        self.assertFalse(self.look(), "2.7 in 55 minutes: 2.95 an hour")
        self.later(1)
        self.reads(sensor, 16.9)
        self.look()
        alert = self.alert.search([("sensor_id", "=", sensor.id)])
        self.assertEqual((alert.kind, alert.bound), ("rate", 3))
        self.assertAlmostEqual(alert.value, (16.9 - 20) / (56 / 60), 6)

    def test_rate_of_rare_readings(self):
        scale = self.make_sensor(sensor_type="scale", threshold_rate=1)
        self.reads(scale, 500, 1500)
        self.reads(scale, 530)
        self.look()
        self.assertEqual(self.open_kinds(), ["rate"], "30 kg in 25 hours")

    def test_battery(self):
        sensor = self.make_sensor()
        self.reads(sensor, 20, battery=20)
        self.assertFalse(self.look())
        self.farm.alert_calm_minutes = 0
        for battery, kinds in ((19.9, ["battery"]), (29, ["battery"]), (30, []), (25, [])):
            self.later(1)
            self.reads(sensor, 20, battery=battery)
            self.look()
            self.assertEqual(self.open_kinds(), kinds, battery)

    def test_heat_stress_of_a_barn(self):
        barn = self.env["farm.barn"].create({"name": "Barn", "farm_id": self.farm.id})
        pen = self.env["farm.pen"].create({"name": "Pen", "farm_id": self.farm.id, "barn_id": barn.id})
        dry = self.make_sensor("t", barn_id=barn.id)
        wet = self.make_sensor("h", sensor_type="barn_humidity", pen_id=pen.id)
        self.reads(dry, 25)
        self.assertFalse(self.look(), "without humidity there is no THI")
        self.reads(wet, 50)
        self.assertFalse(self.look(), "71.78 is below 72")
        self.later(1)
        self.reads(dry, 30)
        self.reads(wet, 80)
        self.look()
        alert = self.alert.search([("barn_id", "=", barn.id)])
        self.assertEqual((alert.kind, alert.bound, alert.sensor_id.id), ("thi", 72, False))
        self.assertAlmostEqual(alert.value, 82.92, 2)
        self.assertEqual(alert.place, "Barn")

    def test_a_law_in_use_is_not_deleted(self):
        law = self.env.ref("smart_dairy_iot.cooling_law_us")
        self.farm.cooling_law_id = law
        with self.assertRaisesRegex(UserError, "is judged by"):
            law.unlink()

    def test_tank_by_the_law_of_the_farm(self):
        self.farm.cooling_law_id = self.env.ref("smart_dairy_iot.cooling_law_us")
        self.farm.milking_minutes = 60
        tank = self.env["farm.tank"].create({"name": "Tank", "farm_id": self.farm.id})
        sensor = self.make_sensor(sensor_type="tank_temperature", tank_id=tank.id, expected_interval=10)
        for minutes in range(179, 0, -10):
            self.reads(sensor, 8, minutes)
        self.reads(sensor, 7.5)
        self.assertFalse(self.look(), "2 hours after a milking of 1 hour")
        self.later(1)
        self.reads(sensor, 7.5)
        self.look()
        self.assertEqual(self.open_kinds(), ["tank_slow"])
        self.farm.cooling_law_id = False
        self.look()
        self.assertFalse(self.open_kinds(), "no law, nothing to judge by")
        self.assertEqual(self.alert.search([("sensor_id", "=", sensor.id)]).resolution, "not_judged")

    def test_tank_too_warm(self):
        self.farm.cooling_law_id = self.env["farm.cooling.law"].create(
            {
                "name": "Ours",
                "limit": 4,
                "minutes": 0,
                "ceiling": 10,
                "ceiling_minutes": 0,
                "source": "Contract",
            }
        )
        tank = self.env["farm.tank"].create({"name": "Tank", "farm_id": self.farm.id})
        sensor = self.make_sensor(sensor_type="tank_temperature", tank_id=tank.id)
        self.reads(sensor, 10.1)
        self.look()
        self.assertEqual(self.open_kinds(), ["tank_warm"])

    def test_an_empty_tank_is_not_judged(self):
        self.farm.cooling_law_id.ceiling = self.farm.cooling_law_id.limit
        tank = self.env["farm.tank"].create({"name": "Tank", "farm_id": self.farm.id})
        sensor = self.make_sensor(sensor_type="tank_temperature", tank_id=tank.id)
        level = self.make_sensor("l", sensor_type="tank_level", tank_id=tank.id)
        self.reads(sensor, 70)
        self.reads(level, 20)
        self.assertFalse(self.look(), "it is being washed")
        self.later(1)
        self.reads(sensor, 70)
        self.reads(level, 21)
        self.look()
        self.assertEqual(self.open_kinds(), ["tank_warm"])

    def test_against_the_herd(self):
        cows = [self.make_animal(f"Cow {n}") for n in range(5)]
        collars = [
            self.make_sensor(f"c-{n}", sensor_type="rumination", animal_id=cow.id, herd_below=30)
            for n, cow in enumerate(cows)
        ]
        for collar, value in zip(collars, (71, 100, 100, 110, 120), strict=True):
            self.reads(collar, value)
        self.assertFalse(self.look())
        self.later(1)
        self.reads(collars[0], 69)
        self.look()
        alert = self.alert.search([("farm_id", "=", self.farm.id)])
        self.assertEqual((alert.kind, alert.sensor_id, alert.bound), ("herd_low", collars[0], 70))
        self.later(1)
        for collar in collars:
            self.reads(collar, 50)
        self.later(1)
        self.look()
        self.later(15)
        self.look()
        self.assertFalse(self.open_kinds(), "the whole herd rests: that is not about her")

    def test_an_animal_under_treatment_raises_nothing_more(self):
        cow = self.make_cow()
        bolus = self.make_sensor(sensor_type="bolus_temperature", animal_id=cow.id, threshold_high=40)
        self.treat(cow)
        cow.health_record_ids.health_status = "in_treatment"
        self.assertEqual(cow.health_status, "in_treatment")
        self.reads(bolus, 41, battery=10)
        self.look()
        self.assertEqual(self.open_kinds(), ["battery"], "the device is not treated")

    def test_sensors_and_animals_that_are_gone(self):
        cow = self.make_cow()
        bolus = self.make_sensor("b", sensor_type="bolus_temperature", animal_id=cow.id, threshold_high=40)
        other = self.make_sensor("o", threshold_high=30)
        self.reads(bolus, 41)
        self.reads(other, 31)
        self.look()
        self.assertEqual(self.open_kinds(), ["high", "high"])
        other.active = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE farm_animal SET status = 'sold', exit_date = now() WHERE id = %s", [cow.id]
        )
        self.look()
        self.assertFalse(self.open_kinds())
        self.assertEqual(
            set(self.alert.search([("farm_id", "=", self.farm.id)]).mapped("resolution")), {"not_judged"}
        )


@tagged("post_install", "-at_install")
class TestAlertLife(AlertCase):
    def raised(self, **values):
        self.sensor = self.make_sensor(threshold_high=30, **values)
        self.reads(self.sensor, 31)
        self.look()
        return self.alert.search([("sensor_id", "=", self.sensor.id)])

    def test_one_open_alert_and_no_flutter(self):
        alert = self.raised()
        for value in (29, 31, 29, 31, 29):
            self.later(10)
            self.reads(self.sensor, value)
            self.assertFalse(self.look())
        self.assertEqual(alert.state, "new")
        self.assertEqual(alert.cleared_at, self.now)
        self.later(15)
        self.reads(self.sensor, 28)
        self.assertEqual(self.look().resolved, (alert.id,))
        self.assertEqual((alert.state, alert.resolution), ("resolved", "by_itself"))
        self.later(1)
        self.reads(self.sensor, 33)
        again = self.look().raised
        self.assertNotIn(alert.id, again, "a cause that comes back is a new alert")
        self.assertEqual((alert.state, len(again)), ("resolved", 1))

    def test_the_database_allows_one_open_alert(self):
        alert = self.raised()
        self.env.cr.execute(
            """INSERT INTO farm_sensor_alert (kind, sensor_id, farm_id, company_id, state, since, raised_at)
               SELECT kind, sensor_id, farm_id, company_id, 'acknowledged', since, raised_at FROM
               farm_sensor_alert
                WHERE id = %s ON CONFLICT DO NOTHING""",
            [alert.id],
        )
        self.assertEqual(self.env.cr.rowcount, 0)

    def test_person_and_next_action(self):
        alert = self.raised()
        self.assertFalse(alert.activity_ids)
        self.assertEqual(self.alert._announce(), 1)
        activity = alert.activity_ids
        self.assertEqual((activity.user_id, activity.summary), (self.manager, alert.next_action))
        self.assertIn("31.0 °C", alert.message_ids[0].body)
        self.assertEqual(self.alert._announce(), 0, "said once")
        worker = self.make_user("worker")
        alert.with_user(self.manager).user_id = worker
        self.assertEqual(activity.user_id, worker)
        self.later(1)
        self.reads(self.sensor, 20)
        self.look()
        self.later(15)
        self.look()
        self.assertEqual(self.alert._announce(), 1)
        self.assertFalse(alert.activity_ids)
        self.assertIn("The cause is gone", alert.message_ids[0].body)

    def test_scheduled_action(self):
        alert = self.raised()
        with self.enter_registry_test_mode():
            self.env.ref("smart_dairy_iot.ir_cron_alerts").method_direct_trigger()
        self.assertTrue(alert.announced)
        self.assertEqual(alert.activity_ids.user_id, self.manager)

    def test_the_responsible_of_the_sensor_comes_first(self):
        worker = self.make_user("worker")
        self.assertEqual(self.raised(responsible_id=worker.id).user_id, worker)

    def test_acknowledge(self):
        self.farm.manager_id = False
        alert = self.raised()
        worker = self.make_user("worker")
        alert.with_user(worker).action_acknowledge()
        self.assertEqual((alert.state, alert.user_id), ("acknowledged", worker))
        self.later(1)
        self.reads(self.sensor, 32)
        self.assertFalse(self.look())
        self.assertEqual(alert.state, "acknowledged")

    def test_snooze_ends_with_a_word(self):
        alert = self.raised()
        self.alert._announce()
        alert.with_user(self.manager).action_acknowledge()
        alert.with_user(self.manager).action_snooze(2)
        until = alert.snooze_until
        self.assertAlmostEqual(until, fields.Datetime.now() + timedelta(hours=2), delta=timedelta(seconds=5))
        self.later(60)
        self.reads(self.sensor, 32)
        self.assertFalse(self.look())
        self.now = until
        self.reads(self.sensor, 32)
        self.assertEqual(self.look().woken, (alert.id,))
        self.assertEqual((alert.state, alert.snooze_until), ("new", False))
        before = len(alert.message_ids)
        self.assertEqual(self.alert._announce(), 1)
        self.assertEqual(len(alert.message_ids), before + 1)
        for hours in (0, 169, "4", True, 1.5):
            with self.assertRaisesRegex(UserError, "take 1 to 168"):
                alert.with_user(self.manager).action_snooze(hours)

    def test_a_snoozed_alert_may_end(self):
        alert = self.raised()
        alert.with_user(self.manager).action_snooze(24)
        self.later(1)
        self.reads(self.sensor, 20)
        self.look()
        self.later(15)
        self.assertEqual(self.look().resolved, (alert.id,))

    def test_resolve_only_what_is_gone(self):
        self.now = fields.Datetime.now()
        alert = self.raised().with_user(self.manager)
        with self.assertRaisesRegex(UserError, "still there"):
            alert.action_resolve()
        self.sensor.threshold_high = 35
        alert.action_resolve()
        self.assertEqual((alert.state, alert.resolution), ("resolved", "by_person"))
        alert.action_acknowledge()
        self.assertEqual(alert.state, "resolved", "none reopens")

    def test_rights(self):
        alert = self.raised()
        worker = self.make_user("worker")
        for values in ({"state": "resolved"}, {"snooze_until": self.now}, {"kind": "low"}):
            with self.assertRaisesRegex(UserError, "acknowledge, snooze or resolve"):
                alert.with_user(worker).write(values)
        alert.with_user(worker).note = "Fan repaired"
        with self.assertRaises(AccessError):
            self.alert.with_user(worker).create({"kind": "low", "farm_id": self.farm.id})
        with self.assertRaises(AccessError):
            alert.with_user(worker).unlink()
        company = self.env["res.company"].create({"name": "Other"})
        other = new_test_user(
            self.env,
            "alert_other",
            "smart_dairy_farm.group_farm_manager",
            company_id=company.id,
            company_ids=[company.id],
        )
        portal = new_test_user(self.env, "alert_portal", "base.group_portal")
        self.assertFalse(self.alert.with_user(other).search([]))
        for user in (other, portal):
            for method in ("action_acknowledge", "action_snooze", "action_resolve", "action_assign_to_me"):
                with self.assertRaises(AccessError):
                    getattr(alert.with_user(user), method)()
        with self.assertRaises(AccessError):
            self.alert.with_user(portal).search([])

    def test_laws_are_data(self):
        law = self.env.ref("smart_dairy_iot.cooling_law_eu_daily")
        self.assertEqual((law.limit, law.minutes, law.ceiling), (8, 0, False))
        self.assertEqual(self.farm.cooling_law_id, law, "the first is the default")
        with self.assertRaises(AccessError):
            law.with_user(self.make_user("worker")).limit = 9
