"""Soak test of the ingest: ``kill -9`` of server and bridge while devices send; every reading once.

    python benchmarks/soak_ingest.py [--seconds 60]

Real Odoo server (two workers), Mosquitto and `odoo iot_bridge` on a clone of the test template. HTTP devices
send numbered readings in batches and repeat each until it is answered with 200; MQTT devices publish with QoS
1 to a broker that keeps what is not acknowledged. Server and bridge are killed at random, and PostgreSQL's
sessions terminated now and then.

In the end every reading that HTTP acknowledged and every message that the broker took must be stored, once,
with its value. Exit status 1 when one is missing, doubled or wrong.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import paho.mqtt.client as mqtt
from _sensors import Sensors, Server, configure, post, yesterday

from devtools import odoo_server, odoo_source
from devtools.paths import free_port

NEEDS = "tests"
DEVICES = 200
BROKER = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 0
max_inflight_messages 0
log_dest none
"""


class Broker:
    """Mosquitto in a folder of its own."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="smart_dairy_mqtt_"))
        self.port = free_port(18830)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "mosquitto")
            self.folder.chmod(0o755)
        file = self.folder / "mosquitto.conf"
        file.write_text(BROKER.format(port=self.port, folder=self.folder))
        program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([program, "-c", str(file)], stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        return self

    def __exit__(self, *_exception):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class BridgeProcess:
    """`odoo iot_bridge`, which can be killed and started again."""

    def __init__(self, world, broker):
        self.world, self.broker = world, broker
        self.start()

    def start(self):
        command = odoo_server.command(
            odoo_source.find(), "iot_bridge", "-d", self.world.name, "--host", "127.0.0.1", "--port",
            self.broker.port, "--topic", "dairy/#", "--log-level=warn",
        )  # fmt: skip
        environment = {**os.environ, **odoo_server.environment(), "SMART_DAIRY_IOT_KEY": self.world.key}
        self.process = subprocess.Popen([str(part) for part in command], env=environment)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(60)


class Devices:
    """Reading ``n`` of a device is taken ``n`` seconds after its begin and has the value ``n``."""

    def __init__(self, world, stop):
        self.world, self.stop = world, stop
        self.begin = yesterday() - timedelta(days=1)
        self.http, self.mqtt = {}, {}  # device → readings acknowledged
        self.faults, self.repeats = [], 0

    def reading(self, device, n):
        moment = self.begin + timedelta(seconds=n)
        return {"sensor": f"key-{device}", "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}Z", "value": n}

    def by_http(self, port, devices, rng):
        count = dict.fromkeys(devices, 0)
        while not self.stop.is_set():
            size = rng.randint(1, 20)
            batch = [self.reading(d, count[d] + n) for d in devices for n in range(size)]
            batch += rng.sample(batch, len(batch) // 10)
            rng.shuffle(batch)
            body = json.dumps(batch).encode()
            while True:
                try:
                    status, answer = post(port, self.world.key, body, timeout=20)
                except (OSError, ValueError):
                    status = None  # no answer: it may be stored, or not
                if status == 200:
                    if answer["errors"] or answer["quarantined"]:
                        self.faults.append(f"HTTP: {answer}")
                    break
                self.repeats += 1
                time.sleep(0.2)
            for d in devices:
                count[d] += size
                self.http[d] = count[d]
            if rng.random() < 0.3:
                post_again = threading.Thread(target=self._again, args=(port, body))
                post_again.start()

    def _again(self, port, body):
        """The same batch once more, at the same time as others."""
        try:
            post(port, self.world.key, body, timeout=20)
        except (OSError, ValueError):
            self.repeats += 1

    def by_mqtt(self, port, devices, rng):
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"devices-{devices[0]}")
        client.connect("127.0.0.1", port)
        client.loop_start()
        count = dict.fromkeys(devices, 0)
        while not self.stop.is_set():
            sent = []
            for d in devices:
                reading = self.reading(d, count[d])
                del reading["sensor"]
                sent.append((d, client.publish(f"dairy/farm/key-{d}", json.dumps(reading), qos=1)))
                if rng.random() < 0.05:
                    client.publish(f"dairy/farm/key-{d}", json.dumps(reading), qos=1)
                count[d] += 1
            for d, message in sent:
                message.wait_for_publish(30)
                self.mqtt[d] = count[d]
            time.sleep(0.02)
        client.loop_stop()
        client.disconnect()


def wait_for_subscription(world, broker):
    """A broker keeps messages for a session that it knows: send unreadable ones until one is put aside."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for _ in range(300):
        client.publish("dairy/probe", "?", qos=1)
        time.sleep(0.2)
        with world.connection, world.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM farm_sensor_quarantine")
            if cursor.fetchone()[0]:
                break
    else:
        raise RuntimeError("the bridge does not subscribe")
    client.loop_stop()
    client.disconnect()


def stored(world):
    with world.connection, world.connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.device_key, count(*), count(DISTINCT r."timestamp"), min(r.value), max(r.value),
                   count(*) FILTER (WHERE r.value <> EXTRACT(epoch FROM r."timestamp" - %s))
              FROM iot_sensor_data_partitioned r JOIN farm_sensor s ON s.id = r.sensor_id GROUP BY 1
            """,
            [yesterday() - timedelta(days=1)],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def check(world, devices):
    faults = list(devices.faults)
    found = stored(world)
    total = 0
    for way, acknowledged in (("HTTP", devices.http), ("MQTT", devices.mqtt)):
        for device, number in acknowledged.items():
            rows, distinct, low, high, wrong = found.get(f"key-{device}", (0, 0, 0, -1, 0))
            total += number
            # a batch may be stored and its answer lost when time is up, so there may be more: never fewer
            if rows < number or rows != distinct or wrong or low != 0 or high != rows - 1:
                faults.append(
                    f"{way} key-{device}: {number} acknowledged, {rows} stored, {distinct} different, "
                    f"values {low} to {high}, {wrong} wrong"
                )
    return total, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", default=os.environ.get("ODOO_RC"), help="Odoo's configuration")
    parser.add_argument("--database", help="ignored: a clone of the test template is used")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure(options.config)
    rng, stop = random.Random(options.seed), threading.Event()
    kills = {"server": 0, "bridge": 0, "sessions": 0}
    with (
        Sensors("smart_dairy_ingest_soak", DEVICES) as world,
        Broker() as broker,
        Server(world.name) as server,
    ):
        bridge = BridgeProcess(world, broker)
        wait_for_subscription(world, broker)
        devices = Devices(world, stop)
        half = DEVICES // 2
        threads = [
            threading.Thread(
                target=devices.by_http, args=(server.port, range(1 + n * 25, 26 + n * 25), random.Random(n))
            )
            for n in range(half // 25)
        ]
        threads.append(
            threading.Thread(
                target=devices.by_mqtt, args=(broker.port, range(half + 1, DEVICES + 1), random.Random(9))
            )
        )
        for thread in threads:
            thread.start()
        until = time.monotonic() + options.seconds
        while time.monotonic() < until:
            time.sleep(rng.uniform(1, 4))
            # each once before any again: a short run has all of them
            what = rng.choice([one for one in kills if kills[one] == min(kills.values())])
            kills[what] += 1
            if what == "server":
                server.kill()
                server.start()
            elif what == "bridge":
                bridge.kill()
                time.sleep(rng.uniform(0, 1))
                bridge.start()
            else:
                with world.connection, world.connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
        stop.set()
        for thread in threads:
            thread.join()
        # whatever the broker still holds comes through
        seen = -1
        while seen != (seen := sum(row[0] for row in stored(world).values())):
            time.sleep(4)
        code = bridge.end()
        total, faults = check(world, devices)
    print(
        f"{total:,} readings acknowledged, {seen:,} stored; {kills['server']} kills of the server, "
        f"{kills['bridge']} of the bridge, {kills['sessions']} of all sessions; {devices.repeats} requests "
        "repeated"
    )
    if code:
        faults.append(f"the bridge ended with {code} on {signal.SIGTERM.name}")
    for fault in faults[:20]:
        print(f"  {fault}")
    print(f"{len(faults)} faults" if faults else "Nothing lost, nothing twice.")
    return 1 if faults or not total else 0


if __name__ == "__main__":
    sys.exit(main())
