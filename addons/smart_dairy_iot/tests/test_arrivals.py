"""What readings set off: alerts at once, within bounds, and a word to open pages."""

import time
from datetime import datetime, timedelta

from odoo import SUPERUSER_ID, api
from odoo.addons.smart_dairy_iot import arrivals
from odoo.addons.smart_dairy_iot.engine import alerts, ingest
from odoo.addons.smart_dairy_iot.tests.test_ingest import IngestCase, connect
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestArrivals(IngestCase):
    def setUp(self):
        super().setUp()
        with connect() as cr:
            cr.execute("DELETE FROM farm_sensor_look")
            cr.execute("DELETE FROM farm_sensor_alert WHERE farm_id = %s", [self.farm_id])
            cr.execute(
                "UPDATE farm_sensor SET threshold_high = 30, alert_delay = NULL WHERE farm_id = %s",
                [self.farm_id],
            )

    def look(self, farm=None):
        """One look, committed, as the thread does it; the farms to come back for."""
        with connect() as cr:
            ingest.begin(cr)
            looks = api.Environment(cr, SUPERUSER_ID, {})["farm.sensor.look"]
            return looks._look([farm or self.farm_id], arrivals.INTERVAL)

    def alerts(self):
        return self.ask(
            "SELECT s.device_key, a.kind, a.value FROM farm_sensor_alert a"
            " JOIN farm_sensor s ON s.id = a.sensor_id WHERE a.farm_id = %s ORDER BY 1",
            self.farm_id,
        )

    def triggers(self):
        cron = self.env.ref("smart_dairy_iot.ir_cron_alerts").id
        return self.ask("SELECT count(*) FROM ir_cron_trigger WHERE cron_id = %s", cron)[0][0]

    def test_a_crossed_limit_is_an_alert_within_seconds(self):
        before = self.triggers()
        begun = time.monotonic()
        answer = self.url_open(
            "/smart_dairy/iot/v1/readings",
            json=[self.reading(31), self.reading(29, sensor="in-2")],
            headers={"Authorization": f"Bearer {self.key}"},
        )
        self.assertEqual(answer.json()["accepted"], 2)
        while not self.alerts() and time.monotonic() < begun + 2 * arrivals.INTERVAL:
            time.sleep(0.1)
        self.assertEqual(self.alerts(), [("in-1", "high", 31)])
        while self.triggers() == before and time.monotonic() < begun + 2 * arrivals.INTERVAL:
            time.sleep(0.1)
        self.assertGreater(self.triggers(), before, "its activity and message are asked for")

    def test_a_company_is_looked_at_once_in_a_while_whoever_asks(self):
        self.store(self.reading(31))
        self.assertEqual(self.look(), [])
        self.store(self.reading(32, sensor="in-2"))
        self.assertEqual(self.look(), [self.farm_id], "another process comes too early")
        self.assertEqual(self.look(self.other_farm_id), [self.other_farm_id], "it is the same company")
        self.assertEqual(len(self.alerts()), 1)
        with connect() as cr:
            cr.execute("UPDATE farm_sensor_look SET looked_at = looked_at - interval '6 s'")
        self.assertEqual(self.look(), [])
        self.assertEqual(len(self.alerts()), 2)

    def test_the_thread_comes_back_for_what_was_too_early(self):
        self.look()
        self.store(self.reading(31))
        begun = time.monotonic()
        arrivals.note(self.env.cr.dbname, self.farm_id)
        while not self.alerts() and time.monotonic() < begun + 4 * arrivals.INTERVAL:
            time.sleep(0.1)
        self.assertEqual(len(self.alerts()), 1)
        self.assertGreater(time.monotonic() - begun, arrivals.INTERVAL - 1)

    def test_what_is_no_news_is_not_evaluated(self):
        def crossed():
            with connect() as cr:
                return alerts.crossed(cr, datetime.utcnow(), [self.farm_id])

        self.store(self.reading(29, minutes=1))
        self.assertEqual(crossed(), [], "within its limits")
        self.store(self.reading(31))
        self.assertEqual(crossed(), [self.farm_id])
        with connect() as cr:
            cr.execute("UPDATE farm_sensor SET alert_delay = 20 WHERE farm_id = %s", [self.farm_id])
        self.assertEqual(crossed(), [], "its limit has time")
        with connect() as cr:
            cr.execute("UPDATE farm_sensor SET alert_delay = 0 WHERE farm_id = %s", [self.farm_id])
        self.look()
        self.assertEqual(len(self.alerts()), 1)
        self.assertEqual(crossed(), [], "an alert says so already")

    def test_bad_readings_are_not_the_newest(self):
        self.store(self.reading(20, minutes=5), self.reading(99, quality="bad"))
        self.store(self.reading(25, minutes=2, quality="uncertain"))
        self.assertEqual(
            self.ask(
                "SELECT timestamp, value FROM farm_sensor_latest WHERE sensor_id = %s", self.sensor_ids[0]
            ),
            [(self.now - timedelta(minutes=2), 25)],
        )
        self.look()
        self.assertEqual(self.alerts(), [])
        self.assertEqual(len(self.stored()), 3, "they are kept all the same")
