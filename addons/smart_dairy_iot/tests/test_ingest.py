"""The ingest on connections of its own, committed: what a device meets."""

import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import psycopg2
from odoo import fields
from odoo.addons.smart_dairy_iot.engine import body, gateways, ingest, intake
from odoo.addons.smart_dairy_iot.readings import READINGS
from odoo.sql_db import db_connect
from odoo.tests import HttpCase, get_db_name, tagged
from odoo.tools import mute_logger


def connect():
    return db_connect(get_db_name()).cursor()


class IngestCase(HttpCase):
    """A farm with sensors that other connections see, taken away afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with connect() as cr:
            env = cls.env(cr=cr)
            cls.farm_id = env["farm.farm"].create({"name": "Ingest test farm"}).id
            cls.other_farm_id = env["farm.farm"].create({"name": "Ingest test farm 2"}).id
            sensors = env["farm.sensor"].create(
                [
                    {"name": key, "device_key": key, "sensor_type": "barn_temperature", "farm_id": farm}
                    for key, farm in (
                        ("in-1", cls.farm_id),
                        ("in-2", cls.farm_id),
                        ("in-other", cls.other_farm_id),
                    )
                ]
            )
            cls.sensor_ids = sensors.ids
            gateway = env["farm.sensor.gateway"].create({"name": "Ingest", "farm_id": cls.farm_id})
            cls.gateway_id, cls.key = gateway.id, gateway._new_key()
        cls.addClassCleanup(cls.remove)

    @classmethod
    def remove(cls):
        with connect() as cr:
            cls.clear(cr)
            farms = (cls.farm_id, cls.other_farm_id)
            cr.execute("DELETE FROM farm_sensor_gateway WHERE farm_id IN %s", [farms])
            cr.execute("DELETE FROM farm_sensor WHERE farm_id IN %s", [farms])
            cr.execute("DELETE FROM farm_farm WHERE id IN %s", [farms])

    @classmethod
    def clear(cls, cr):
        ids = tuple(cls.sensor_ids)
        cr.execute("DELETE FROM iot_sensor_data_partitioned WHERE sensor_id IN %s", [ids])
        cr.execute("DELETE FROM farm_sensor_latest WHERE sensor_id IN %s", [ids])
        cr.execute("DELETE FROM farm_sensor_calibration WHERE sensor_id IN %s", [ids])
        cr.execute("DELETE FROM farm_sensor_quarantine WHERE farm_id = %s", [cls.farm_id])
        cr.execute("DELETE FROM farm_sensor_gateway_use WHERE gateway_id = %s", [cls.gateway_id])
        cr.execute(
            "UPDATE farm_sensor_gateway SET rate_limit = 0, keep_unknown = true WHERE id = %s",
            [cls.gateway_id],
        )
        cr.execute("DELETE FROM farm_sensor_gateway_sensor_rel WHERE gateway_id = %s", [cls.gateway_id])

    def setUp(self):
        super().setUp()
        with connect() as cr:
            self.clear(cr)
        self.scope = ingest.Scope(self.farm_id, self.gateway_id)
        self.now = datetime.utcnow().replace(microsecond=0)

    def ask(self, query, *parameters):
        with connect() as cr:
            cr.execute(query, parameters)
            return cr.fetchall()

    def stored(self):
        return self.ask(
            """SELECT s.device_key, r.timestamp, r.value, r.unit, r.quality FROM iot_sensor_data_partitioned r
                  JOIN farm_sensor s ON s.id = r.sensor_id WHERE s.id IN %s ORDER BY 1, 2""",
            tuple(self.sensor_ids),
        )

    def quarantine(self):
        return self.ask(
            "SELECT reason, device_key FROM farm_sensor_quarantine WHERE farm_id = %s ORDER BY id",
            self.farm_id,
        )

    def reading(self, value=20, minutes=0, sensor="in-1", **more):
        moment = self.now - timedelta(minutes=minutes)
        return {"sensor": sensor, "timestamp": f"{moment.isoformat()}Z", "value": value, **more}

    def store(self, *readings, scope=None):
        return intake.store(connect, scope or self.scope, lambda: readings)

    def counts(self, outcome):
        return outcome.accepted, outcome.duplicates, outcome.quarantined, len(outcome.errors)


@tagged("post_install", "-at_install")
class TestIngest(IngestCase):
    def test_late_and_repeated_readings_change_nothing_twice(self):
        batch = [self.reading(20 + n, minutes=n) for n in range(10)]
        self.assertEqual(self.counts(self.store(*batch)), (10, 0, 0, 0))
        self.assertEqual(self.counts(self.store(*batch)), (0, 10, 0, 0))
        late = self.reading(7, minutes=2 * 24 * 60)
        changed = self.reading(99, minutes=3)
        self.assertEqual(self.counts(self.store(late, changed, late)), (1, 2, 0, 0))
        rows = self.stored()
        self.assertEqual(len(rows), 11)
        self.assertEqual([row[2] for row in rows], [7, *range(29, 19, -1)])
        self.assertEqual({row[3:] for row in rows}, {("degC", "good")})
        [(moment, value)] = self.ask(
            "SELECT timestamp, value FROM farm_sensor_latest WHERE sensor_id = %s", self.sensor_ids[0]
        )
        self.assertEqual((moment, value), (self.now, 20))

    def test_what_cannot_be_right_is_kept_apart_with_its_reason(self):
        floor = self.ask("SELECT floor FROM farm_sensor_seal")[0][0]
        readings = [
            self.reading(1),
            {"sensor": "in-1", "timestamp": 0, "value": 1},
            {"sensor": "in-1", "timestamp": "2099-01-01T00:00:00Z", "value": 1},
            {"sensor": "in-1", "timestamp": f"{(floor - timedelta(seconds=1)).isoformat()}Z", "value": 1},
            self.reading(float("nan"), minutes=1),
            self.reading(float("inf"), minutes=2),
            self.reading(1, minutes=3, unit="ppm"),
            self.reading(1, sensor="nobody-knows"),
            self.reading(1, sensor="in-other"),
        ]
        outcome = self.store(*readings)
        self.assertEqual(self.counts(outcome), (1, 0, 8, 0))
        told = ["clock", "clock", "too_old", "not_finite", "not_finite", "unit", *["unknown_sensor"] * 2]
        self.assertEqual(outcome.held, list(enumerate(told, 1)), "each with its index")
        reasons = [
            *(("clock", "in-1"),) * 2,
            *(("not_finite", "in-1"),) * 2,
            ("too_old", "in-1"),
            ("unit", "in-1"),
            ("unknown_sensor", "in-other"),
            ("unknown_sensor", "nobody-knows"),
        ]
        self.assertEqual(self.quarantine(), reasons)
        self.assertEqual(self.counts(self.store(*readings)), (0, 1, 8, 0))
        self.assertEqual(len(self.quarantine()), 8, "the same reading is in quarantine once")
        [(default,)] = self.ask("SELECT count(*) FROM iot_sensor_data_partitioned_default")
        self.assertEqual(default, 0)
        strict = ingest.Scope(self.farm_id, self.gateway_id, keep_unknown=False)
        self.assertEqual(
            self.store(*readings, scope=strict).errors, [(7, "unknown_sensor"), (8, "unknown_sensor")]
        )

    def test_readings_that_cannot_be_read_name_index_and_reason(self):
        bad = [
            ("text", "object"),
            ({**self.reading(), "sensor": "a b"}, "no device key"),
            ({**self.reading(), "sensor": None}, "no device key"),
            (self.reading("12"), "no number"),
            (self.reading(True), "no number"),
            (self.reading(10**400), "too many digits"),
            ({"sensor": "in-1", "value": 1}, "timestamp None"),
            ({**self.reading(), "timestamp": "2026-01-01T00:00:00"}, "end it with Z"),
            ({**self.reading(), "timestamp": "yesterday"}, "no moment"),
            ({**self.reading(), "timestamp": 1e300}, "no moment"),
            (self.reading(quality="fine"), "none of good"),
            (self.reading(unit="a\tb"), "no word"),
            (self.reading(battery=101), "battery"),
        ]
        outcome = self.store(self.reading(), *(reading for reading, _words in bad))
        self.assertEqual((outcome.accepted, len(outcome.errors)), (1, len(bad)))
        for place, ((index, reason), (_reading, words)) in enumerate(
            zip(outcome.errors, bad, strict=True), 1
        ):
            self.assertEqual(index, place)
            self.assertIn(words, reason)

    def test_calibration_in_force_at_the_time_of_the_reading(self):
        with connect() as cr:
            sensor = self.env(cr=cr)["farm.sensor"].browse(self.sensor_ids[0])
            sensor.calibration_ids = [
                fields.Command.create(
                    {"valid_from": self.now - timedelta(minutes=minutes), "factor": factor, "offset": offset}
                )
                for minutes, factor, offset in ((60, 2, 0), (10, 1, -0.5))
            ]
        self.store(*(self.reading(10, minutes=minutes) for minutes in (90, 30, 5)))
        self.assertEqual([row[2] for row in self.stored()], [10, 20, 9.5])
        with connect() as cr:
            self.env(cr=cr)["farm.sensor.calibration"].search(
                [("sensor_id", "=", self.sensor_ids[0])]
            ).unlink()
        self.assertFalse(
            self.ask("SELECT calibrated FROM farm_sensor WHERE id = %s", self.sensor_ids[0])[0][0]
        )

    def test_sensors_of_the_gateway_only(self):
        with connect() as cr:
            gateway = self.env(cr=cr)["farm.sensor.gateway"].browse(self.gateway_id)
            gateway.sensor_ids = self.env["farm.sensor"].browse(self.sensor_ids[1])
        found = intake.gateway(connect, self.key)
        outcome = self.store(self.reading(), self.reading(sensor="in-2"), scope=found.scope)
        self.assertEqual(self.counts(outcome), (1, 0, 1, 0))

    def test_battery(self):
        self.store(self.reading(battery=80), self.reading(minutes=5, battery=90))
        self.store(self.reading(minutes=9, battery=99))
        [(battery,)] = self.ask(
            "SELECT battery FROM farm_sensor_latest WHERE sensor_id = %s", self.sensor_ids[0]
        )
        self.assertEqual(battery, 80)

    @mute_logger("odoo.sql_db")
    def test_the_same_readings_at_the_same_time(self):
        """Batches that overlap, in different orders, from several connections: each reading once."""
        readings = [
            self.reading(n, minutes=n, sensor=sensor) for n in range(500) for sensor in ("in-1", "in-2")
        ]
        accepted, failed = [], []

        def send(shift):
            try:
                for start in range(0, 1000, 250):
                    part = (readings[shift:] + readings[:shift])[start : start + 400]
                    accepted.append(self.store(*reversed(part) if shift % 2 else part).accepted)
            except psycopg2.Error as error:
                failed.append(error)

        threads = [threading.Thread(target=send, args=(shift,)) for shift in (0, 333, 501, 750)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual((sum(accepted), len(self.stored())), (1000, 1000))

    def test_a_failed_batch_leaves_nothing(self):
        with self.assertRaises(ZeroDivisionError), connect() as cr:
            ingest.begin(cr)
            lines = intake.Lines([self.reading()])
            self.assertEqual(ingest.ingest(cr, lines, self.scope).accepted, 1)
            raise ZeroDivisionError
        self.assertEqual(self.stored(), [])

    def test_day_bounds_are_utc(self):
        day = (self.now - timedelta(days=1)).date()
        self.store(
            {"sensor": "in-1", "timestamp": f"{day}T00:00:00+06:00", "value": 1},
            {"sensor": "in-1", "timestamp": f"{day}T23:59:59.999999Z", "value": 2},
        )
        names = self.ask(
            "SELECT tableoid::regclass::text FROM iot_sensor_data_partitioned"
            " WHERE sensor_id IN %s ORDER BY timestamp",
            tuple(self.sensor_ids),
        )
        before = day - timedelta(days=1)
        self.assertEqual([n for (n,) in names], [f"{READINGS.table}_p{d:%Y%m%d}" for d in (before, day)])


@tagged("post_install", "-at_install")
class TestHttp(IngestCase):
    URL = "/smart_dairy/iot/v1/readings"

    def post(self, data, key=None, kind="application/json", **headers):
        if not isinstance(data, bytes | str):
            data = json.dumps(data)
        answer = self.url_open(
            self.URL,
            data=data,
            headers={
                "Authorization": f"Bearer {self.key if key is None else key}",
                "Content-Type": kind,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=60,
        )
        self.assertEqual(answer.headers["Content-Type"].partition(";")[0], "application/json")
        return answer.status_code, answer.json(), answer.headers

    def test_json_lines_gzip_and_repeats(self):
        batch = [self.reading(n, minutes=n) for n in range(3)]
        status, facts, _headers = self.post(batch)
        self.assertEqual(status, 200)
        self.assertEqual(
            facts, {"accepted": 3, "duplicates": 0, "quarantined": 0, "quarantine": [], "errors": []}
        )
        late = {"sensor": "in-1", "timestamp": 0, "value": 1}
        self.assertEqual(self.post([batch[0], late])[1]["quarantine"], [{"index": 1, "reason": "clock"}])
        self.assertEqual(self.post({"readings": batch})[1]["duplicates"], 3)
        self.assertEqual(self.post(batch[0])[1]["duplicates"], 1)
        more = [json.dumps(self.reading(n, minutes=n)) for n in range(2, 5)]
        lines = "\n".join([more[0], "", "{bad", *more[1:]])
        packed = gzip.compress(lines.encode())
        status, facts, _headers = self.post(packed, kind="application/x-ndjson", Content_Encoding="gzip")
        self.assertEqual((status, facts["accepted"], facts["duplicates"]), (200, 2, 1))
        self.assertEqual(facts["errors"][0]["index"], 1)
        self.assertIn("not JSON", facts["errors"][0]["reason"])
        self.assertEqual(self.post([])[0], 200)
        self.assertTrue(
            self.ask("SELECT last_seen FROM farm_sensor_gateway_use WHERE gateway_id = %s", self.gateway_id)
        )

    def test_refusals(self):
        good = [self.reading()]
        for key in ("", "x", self.key[:-1]):
            status, facts, headers = self.post(good, key=key)
            self.assertEqual((status, headers["WWW-Authenticate"]), (401, "Bearer"))
            self.assertIn("key", facts["error"])
        self.assertEqual(self.post(good, kind="text/plain")[0], 415)
        self.assertEqual(self.post(good, kind="application/x-www-form-urlencoded")[0], 415)
        self.assertEqual(self.post(good, Content_Encoding="br")[0], 415)
        self.assertEqual(self.post("{")[0], 422)
        self.assertEqual(self.post("[" * 100_000)[0], 422)
        self.assertEqual(self.post("3")[0], 422)
        self.assertEqual(self.post(b"\x1f\x8bnonsense", Content_Encoding="gzip")[0], 422)
        self.assertEqual(self.post(gzip.compress(b"[]")[:-4], Content_Encoding="gzip")[0], 422)
        status, facts, _headers = self.post([self.reading("x"), 5])
        self.assertEqual((status, [error["index"] for error in facts["errors"]]), (422, [0, 1]))
        self.assertEqual(self.stored(), [])
        answer = self.url_open(self.URL)
        self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "POST"))

    def test_too_large(self):
        bomb = gzip.compress(b"[" + b" " * (body.MOST_BYTES + 1) + b"]")
        self.assertLess(len(bomb), 1 << 16)
        self.assertEqual(self.post(bomb, Content_Encoding="gzip")[0], 413)
        self.assertEqual(self.post(b" " * (body.MOST_SENT + 1))[0], 413)
        self.assertEqual(self.post("[" + ",".join(["0"] * (ingest.MOST + 1)) + "]")[0], 413)

    def test_full_batch(self):
        batch = [self.reading(n % 50, minutes=n, sensor=f"in-{1 + n % 2}") for n in range(ingest.MOST)]
        status, facts, _headers = self.post(
            gzip.compress(json.dumps(batch).encode()), Content_Encoding="gzip"
        )
        self.assertEqual((status, facts["accepted"], facts["errors"]), (200, ingest.MOST, []))

    def test_batches_of_one_gateway_at_once_take_turns(self):
        def admit(cr):
            ingest.begin(cr)
            return gateways.admit(cr, self.gateway_id, 10, 0)

        def other():
            with connect() as cr:
                return admit(cr)

        with ThreadPoolExecutor() as pool:
            with connect() as cr:
                self.assertEqual(admit(cr), 0)
                waiting = pool.submit(other)
                with self.assertRaises(TimeoutError):
                    waiting.result(0.5)
            self.assertEqual(waiting.result(30), 0)

    def test_rate_limit_says_when(self):
        with connect() as cr:
            cr.execute("UPDATE farm_sensor_gateway SET rate_limit = 10 WHERE id = %s", [self.gateway_id])
        batch = [self.reading(n, minutes=n) for n in range(10)]
        self.assertEqual(self.post(batch)[0], 200)
        status, facts, headers = self.post(batch[:5])
        self.assertEqual(status, 429)
        self.assertAlmostEqual(int(headers["Retry-After"]), 30, delta=2)
        self.assertIn("10 readings per minute", facts["error"])

    def test_keys_of_an_archived_gateway_or_farm_are_void(self):
        for model, number in (("farm.sensor.gateway", self.gateway_id), ("farm.farm", self.farm_id)):
            for active, status in ((False, 401), (True, 200)):
                with connect() as cr:
                    self.env(cr=cr)[model].browse(number).active = active
                self.assertEqual(self.post([])[0], status)
