"""The MQTT bridge against a real Mosquitto: acknowledged means stored."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg2
from odoo.addons.smart_dairy_iot.engine import bridge
from odoo.addons.smart_dairy_iot.tests.test_ingest import IngestCase
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged

CONFIGURATION = """
listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
log_dest none
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@tagged("post_install", "-at_install")
class TestBridge(IngestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.port = free_port()
        (cls.folder / "mosquitto.conf").write_text(CONFIGURATION.format(port=cls.port))
        program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
        cls.folder.chmod(0o755)
        cls.broker = subprocess.Popen([program, "-c", str(cls.folder / "mosquitto.conf")])
        cls.addClassCleanup(cls.broker.wait)
        cls.addClassCleanup(cls.broker.terminate)
        time.sleep(0.5)

    def connect_database(self):
        name, info = connection_info_for(get_db_name())
        info = {key: value for key, value in info.items() if key != "database"}
        return psycopg2.connect(**{"dbname": name, **info})

    def start(self, connect=None):
        self.arrived = []
        carrier = bridge.Bridge(
            connect or self.connect_database,
            self.scope,
            ["dairy/#"],
            "test-bridge",
            "127.0.0.1",
            self.port,
            arrived=lambda: self.arrived.append(len(self.stored())),
        )
        thread = threading.Thread(target=carrier.run)
        thread.start()

        def end():
            carrier.stop()
            thread.join(30)

        self.addCleanup(end)
        return carrier, end

    def publish(self, *messages):
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        for topic, payload in messages:
            text = payload if isinstance(payload, bytes) else json.dumps(payload)
            client.publish(topic, text, qos=1).wait_for_publish(10)
        client.loop_stop()
        client.disconnect()

    def wait_for(self, number):
        until = time.monotonic() + 20
        while len(self.stored()) < number and time.monotonic() < until:
            time.sleep(0.1)
        self.assertEqual(len(self.stored()), number)

    def bare(self, minutes=0, value=20):
        reading = self.reading(value, minutes=minutes)
        del reading["sensor"]
        return reading

    def test_messages_are_stored_once(self):
        _carrier, end = self.start()
        time.sleep(1)
        self.publish(
            ("dairy/farm/in-1", self.bare()),
            ("dairy/farm/in-1", self.bare()),
            ("dairy/farm", [self.reading(1, minutes=n, sensor="in-2") for n in range(5)]),
            ("dairy/farm/in-1", b"\xff{nonsense"),
            ("dairy/farm/in-1", self.bare(minutes=1, value="x")),
            ("dairy/farm/in-1", self.bare(minutes=2, value=float("nan"))),
        )
        self.wait_for(6)
        end()
        self.assertTrue(self.arrived and min(self.arrived) >= 1, "told after the commit")
        self.assertEqual(
            sorted(reason for reason, _key in self.quarantine()), ["malformed", "malformed", "not_finite"]
        )

    def test_what_came_while_the_bridge_was_away(self):
        _carrier, end = self.start()
        time.sleep(1)
        end()
        self.publish(*(("dairy/farm/in-1", self.bare(minutes=n)) for n in range(20)))
        self.assertEqual(self.stored(), [])
        self.start()
        self.wait_for(20)

    def test_nothing_is_acknowledged_before_it_is_stored(self):
        """The database is away at first: the messages wait at the broker, and another bridge gets them."""
        refused = threading.Event()

        def no_database():
            refused.set()
            raise psycopg2.OperationalError("the database is away")

        _carrier, end = self.start(no_database)
        time.sleep(1)
        with self.assertLogs("odoo.addons.smart_dairy_iot.engine.bridge", "WARNING"):
            self.publish(*(("dairy/farm/in-2", self.bare(minutes=n)) for n in range(20)))
            self.assertTrue(refused.wait(10))
            end()
        self.assertEqual(self.stored(), [])
        self.start()
        self.wait_for(20)


class TestMessages(BaseCase):
    def test_topic_names_the_sensor(self):
        self.assertEqual(bridge.readings("a/b/s-1", b'{"value": 1}'), [{"sensor": "s-1", "value": 1}])
        self.assertEqual(bridge.readings("a/b", b'[{"sensor": "x"}, 3]'), [{"sensor": "x"}, 3])
        [error] = bridge.readings("a/b", b"\x00")
        self.assertIn("not JSON", str(error))
        self.assertNotIn("\x00", str(error))
        [error] = bridge.readings("a/b", json.dumps([1] * 50_001).encode())
        self.assertIn("at most 50000", str(error))
