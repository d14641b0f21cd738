from datetime import datetime, time, timedelta

import pytz
from odoo.addons.smart_dairy_iot.engine import ingest, intake
from odoo.addons.smart_dairy_iot.tests.common import SensorCase
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestMilking(SensorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.meter = cls.make_sensor("meter-1", sensor_type="milk_meter", writes_milk=True)
        cls.make_sensor("meter-2", sensor_type="milk_meter")
        cls.cow = cls.make_cow(ear_tag="BD-17", rfid_tag="276000312312345")
        cls.zone = pytz.timezone(cls.farm.company_id._business_tz())

    def moment(self, hour, minute=0, days=-1):
        local = self.zone.localize(datetime.combine(self.day(days), time(hour, minute)))
        return local.astimezone(pytz.utc).isoformat()

    def send(self, *milkings, sensor="meter-1"):
        """What the ingest does, in the test's own transaction."""
        self.env.flush_all()
        lines = intake.Lines(
            [
                {"sensor": sensor, "timestamp": at, "value": kg, "unit": "kg", "animal": animal}
                for at, kg, animal in milkings
            ]
        )
        outcome = ingest.ingest(self.env.cr, lines, ingest.Scope(self.farm.id, self.gateway.id))
        self.assertEqual(lines.errors, [])
        self.env.invalidate_all()
        return outcome

    def record(self):
        self.env["farm.sensor.milking"].search([("state", "=", "new")])._record()

    def milk_of(self, cow):
        self.env.flush_all()
        self.env.invalidate_all()
        return [
            (record.record_date, record.session, record.total_yield, record.saleable_yield, record.source)
            for record in self.env["farm.milk.record"].search(
                [("animal_id", "=", cow.id)], order="session desc"
            )
        ]

    def test_each_milking_counts_once(self):
        milking = (self.moment(6), 8.25, "BD-17")
        evening = (self.moment(18, 30), 7.5, "276000312312345")
        self.send(milking, evening)
        self.send(milking, evening)
        self.record()
        self.record()
        day = self.day(-1)
        expected = [(day, "morning", 8.25, 8.25, "meter"), (day, "evening", 7.5, 7.5, "meter")]
        self.assertEqual(self.milk_of(self.cow), expected)
        self.send((self.moment(11), 2, "BD-17"))
        self.record()
        self.assertEqual(self.milk_of(self.cow)[0], (day, "morning", 10.25, 10.25, "meter"))
        self.send(milking)
        self.record()
        self.assertEqual(self.milk_of(self.cow)[0][2], 10.25)

    def test_withdrawal(self):
        self.treat(self.cow, start=-3, last=-2)
        self.send((self.moment(6), 8, "BD-17"))
        self.record()
        [milk] = self.milk_of(self.cow)
        self.assertEqual(milk[2:4], (8, 0))
        record = self.env["farm.milk.record"].search([("animal_id", "=", self.cow.id)])
        self.assertEqual(record.discard_reason, "withdrawal")

    def test_what_cannot_be_recorded_says_why(self):
        dry = self.make_animal("Heifer", ear_tag="BD-18")
        self.milk(self.cow, days=-1, kg=9, session="evening")
        self.send(
            (self.moment(6), 8, "BD-99"),
            (self.moment(7), 8, "BD-18"),
            (self.moment(8), 8, None),
            (self.moment(9), 60, "BD-17"),
            (self.moment(18), 8, "BD-17"),
        )
        self.record()
        milkings = self.env["farm.sensor.milking"].search([], order="timestamp")
        self.assertEqual(set(milkings.mapped("state")), {"refused"})
        for milking, words in zip(
            milkings,
            ("no .*BD-99|No .*BD-99", "no lactation", "no animal", "not possible", "by hand"),
            strict=True,
        ):
            self.assertRegex(milking.reason, words)
        self.assertEqual([milk[2] for milk in self.milk_of(self.cow)], [9])
        self.event(dry, "calving", -20)
        milkings[1].with_user(self.make_user("worker")).action_retry()
        self.record()
        self.assertEqual(milkings[1].state, "done")
        self.assertEqual(self.milk_of(dry)[0][2], 8)

    def test_only_meters_that_are_told_to(self):
        self.send((self.moment(6), 8, "BD-17"), sensor="meter-2")
        self.assertFalse(self.env["farm.sensor.milking"].search([]))
        self.send((self.moment(6), float("nan"), "BD-17"), (self.moment(7), 0, "BD-17"))
        self.assertFalse(self.env["farm.sensor.milking"].search([]))

    def test_a_meter_of_one_animal(self):
        self.meter.animal_id = self.cow
        self.send((self.moment(6), 8, None))
        with self.enter_registry_test_mode():
            self.env.ref("smart_dairy_iot.ir_cron_milkings").method_direct_trigger()
        self.assertEqual(self.milk_of(self.cow)[0][2], 8)
        self.assertEqual(self.env["farm.sensor.milking"].search([]).milk_record_id.animal_id, self.cow)
        self.assertGreater(self.env["farm.sensor.latest"].search([]).timestamp, datetime.now() - timedelta(2))
