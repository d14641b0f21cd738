"""Open sensor dashboards follow what comes in, by real connections and Odoo's bus."""

import json
import time

from odoo.addons.smart_dairy_iot import arrivals
from odoo.addons.smart_dairy_iot.tests.test_ingest import IngestCase, connect
from odoo.tests import tagged

from ..live import TYPE


@tagged("post_install", "-at_install")
class TestSensorLive(IngestCase):
    registry_test_mode = False  # messages are committed, as on a server

    def messages(self):
        return [
            json.loads(message)["payload"]
            for (message,) in self.ask("SELECT message FROM bus_bus WHERE id > %s ORDER BY id", self.last)
            if json.loads(message)["type"] == TYPE
        ]

    def test_a_stream_of_readings_is_a_message_now_and_then(self):
        with connect() as cr:
            cr.execute("DELETE FROM farm_sensor_look")
        self.last = self.ask("SELECT COALESCE(max(id), 0) FROM bus_bus")[0][0]
        company = self.ask("SELECT company_id FROM farm_farm WHERE id = %s", self.farm_id)[0][0]
        begun, number = time.monotonic(), 0
        while time.monotonic() < begun + 2 * arrivals.INTERVAL:
            self.assertEqual(self.store(self.reading(20, minutes=number)).accepted, 1)
            arrivals.note(self.env.cr.dbname, self.farm_id)
            number += 1
            time.sleep(0.2)
        late = time.monotonic() + 3 * arrivals.INTERVAL
        while len(self.messages()) < 2 and time.monotonic() < late:
            time.sleep(0.2)
        found = self.messages()
        self.assertTrue(2 <= len(found) <= 1 + (time.monotonic() - begun) / arrivals.INTERVAL, found)
        self.assertGreater(number, 3 * len(found))
        self.assertEqual({(one["dashboard"], one["company_id"]) for one in found}, {("sensors", company)})
