"""What the benchmark and the soak of the ingest share: a clone with sensors, batches, a real server."""

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

import odoo.addons
import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
odoo.addons.__path__.append(str(ROOT / "addons"))

from devtools import databases, odoo_server, odoo_source, servers  # noqa: E402
from devtools.paths import free_port  # noqa: E402

PATH = "/smart_dairy/iot/v1/readings"


class Sensors:
    """A clone of the test template with a farm, its gateway and ``number`` sensors; dropped at the end."""

    def __init__(self, name, number):
        self.name, self.number = name, number

    def __enter__(self):
        databases.clone(databases.TESTS, self.name)
        self.connection = self.connect()
        with Registry(self.name).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            farm = env["farm.farm"].create({"name": "Bench"})
            gateway = env["farm.sensor.gateway"].create({"name": "Bench", "farm_id": farm.id})
            self.farm, self.gateway, self.key = farm.id, gateway.id, gateway._new_key()
            sensors = env["farm.sensor"].create(
                [
                    {
                        "name": f"Bolus {n}",
                        "device_key": f"key-{n}",
                        "sensor_type": "bolus_temperature",
                        "farm_id": farm.id,
                    }
                    for n in range(1, self.number + 1)
                ]
            )
            self.ids = sensors.ids
            # the triggers of the hourly rollup are part of what storing costs
            env["database.rollup"]._deploy_here()
        with self.connection.cursor() as cursor:
            self.connection.autocommit = True
            cursor.execute("ANALYZE farm_sensor")
            self.connection.autocommit = False
        return self

    def __exit__(self, *_exception):
        self.connection.close()
        databases.drop(self.name)

    def connect(self):
        server = servers.pg_settings()
        password = servers.pg_environment().get("PGPASSWORD")
        return psycopg2.connect(
            host=server["host"], port=server["port"], user=server["user"], password=password, dbname=self.name
        )

    def count(self, cursor):
        cursor.execute("SELECT count(*) FROM iot_sensor_data_partitioned")
        return cursor.fetchone()[0]


def configure(path):
    """Read Odoo's configuration file, quietly."""
    config.parse_config(["-c", path, "--max-cron-threads=0", "--log-level=error"])


def yesterday():
    return datetime.combine(datetime.utcnow().date(), datetime.min.time()) - timedelta(days=1)


class Server:
    """A real Odoo server for one database, killed or ended at the end."""

    def __init__(self, database, workers=2, cron=0):
        self.database, self.workers, self.cron = database, workers, cron
        self.port, self.process = free_port(8500), None

    def __enter__(self):
        self.start()
        return self

    def start(self):
        arguments = ["-d", self.database, "--db-filter", f"^{self.database}$", "--http-port", self.port]
        arguments += ["--workers", self.workers, "--max-cron-threads", self.cron, "--log-level", "warn"]
        command = odoo_server.command(odoo_source.find(), "server", *arguments)
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **odoo_server.environment()},
        )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if post(self.port, "", b"[]")[0] in (200, 401):
                    return
            time.sleep(0.2)
        raise RuntimeError("the server does not answer")

    def kill(self):
        """kill -9 of the server and its workers."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __exit__(self, *_exception):
        if self.process.poll() is None:
            self.kill()


def post(port, key, body, kind="application/json", encoding="gzip", timeout=60):
    """``(status, answer)`` of one batch."""
    if encoding == "gzip":
        body = gzip.compress(body, 1)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{PATH}",
        body,
        {"Authorization": f"Bearer {key}", "Content-Type": kind, "Content-Encoding": encoding},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
