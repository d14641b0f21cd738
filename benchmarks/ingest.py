"""Benchmark of the ingest of sensor readings; takes about three minutes, with ``--seconds 120`` five.

    python benchmarks/ingest.py [--seconds 120]

In a clone of the test template, with 5,000 sensors:

1. readings a second by single-row ORM create, multi-row INSERT, COPY into one plain table (the limit), COPY
   into the partitioned table with the same content, and the ingest (exactly once); the last three take turns,
   batch by batch, so that a slow moment hits all;
2. the ingest from one process for ``--seconds``, while another process reads charts and dashboards without a
   pause, every tenth batch sent twice; its memory;
3. HTTP: two clients, two workers, JSON in gzip.

Whatever was sent must be stored exactly once. Exit status 1 when a bar is missed.
"""

import argparse
import io
import multiprocessing
import os
import resource
import statistics
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import json

from _sensors import Sensors, Server, configure, post, yesterday
from odoo.addons.smart_dairy_iot.engine import ingest
from psycopg2.extras import execute_values

NEEDS = "tests"
SENSORS, STEPS = 5000, 10
BATCH = SENSORS * STEPS
MEMORY_BAR = 64  # MB that the process may grow by while it ingests
BARS = {"rate": 100_000, "ratio": 0.6, "http": 15_000}
OURS = ("sensor", "at", "value")
COPY = 'COPY {} (sensor_id, "timestamp", value, unit, quality) FROM STDIN'


class Batches:
    """COPY text of 50,000 readings a minute of device time: all sensors, every six seconds."""

    def __init__(self, world):
        self.start = yesterday()
        values = [f"{35 + n % 400 / 100:.2f}" for n in range(SENSORS)]
        steps = [f"@:{step * 6:02}" for step in range(STEPS)]
        keys = [f"key-{n}" for n in range(1, SENSORS + 1)]
        self.ours = "".join(f"{k}\t{s}\t{v}\n" for s in steps for k, v in zip(keys, values, strict=True))
        self.raw = "".join(
            f"{i}\t{s}\t{v}\tdegC\tgood\n" for s in steps for i, v in zip(world.ids, values, strict=True)
        )

    def minute(self, number):
        return f"{self.start + timedelta(minutes=number):%Y-%m-%d %H:%M}"

    def text(self, template, number):
        return io.StringIO(template.replace("@", self.minute(number)))


def side_by_side(world, batches, rounds, measured):
    """Plain COPY, COPY into partitions and the ingest, each a batch in turn; minutes far from each other."""
    connection, spent = world.connection, dict.fromkeys(("plain", "partitioned", "ours"), 0.0)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_readings (LIKE iot_sensor_data_partitioned INCLUDING ALL)")

    def copy(table):
        def work(cursor, number):
            cursor.copy_expert(COPY.format(table), batches.text(batches.raw, number))

        return work

    def ours(cursor, number):
        ingest.begin(cursor)
        source = batches.text(batches.ours, number)
        outcome = ingest.ingest(cursor, source, ingest.Scope(world.farm, world.gateway), OURS)
        if (outcome.accepted, outcome.duplicates) != (BATCH, 0):
            raise AssertionError(f"batch {number}: {outcome}")

    ways = {
        "plain": (copy("plain_readings"), 0),
        "partitioned": (copy("iot_sensor_data_partitioned"), -1440),
        "ours": (ours, 0),
    }
    for number in range(-1, rounds):
        for name, (work, shift) in ways.items():
            begun = time.perf_counter()
            with connection, connection.cursor() as cursor:
                work(cursor, number % 1440 + shift)
            if number >= 0:  # the first is to warm up
                spent[name] += time.perf_counter() - begun
    for name, seconds in spent.items():
        measured[name] = rounds * BATCH / seconds
    with connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE plain_readings")


def slow_ways(world, measured):
    """Odoo's own ways, in transactions that are rolled back."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    begin = yesterday() - timedelta(days=5)
    with Registry(world.name).cursor() as cr:
        readings = api.Environment(cr, SUPERUSER_ID, {})["farm.sensor.reading"]
        begun, number = time.perf_counter(), 1000
        for n in range(number):
            readings.create(
                {
                    "sensor_id": world.ids[n],
                    "timestamp": begin,
                    "value": 38.5,
                    "unit": "degC",
                    "quality": "good",
                }
            )
            readings.env.flush_all()
        measured["orm"] = number / (time.perf_counter() - begun)
        cr.rollback()
    with world.connection.cursor() as cursor:
        rows = [
            (world.ids[n % SENSORS], begin + timedelta(seconds=n // SENSORS), 38.5, "degC", "good")
            for n in range(BATCH)
        ]
        statement = (
            'INSERT INTO iot_sensor_data_partitioned (sensor_id, "timestamp", value, unit, quality) VALUES %s'
        )
        begun = time.perf_counter()
        execute_values(cursor, statement, rows, page_size=1000)
        measured["insert"] = BATCH / (time.perf_counter() - begun)
        world.connection.rollback()


def read_dashboards(name, options, ready, stop, answers):
    """Another process: charts of a sensor and the herd dashboard, one after the other without a pause."""
    configure(options.config)
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    registry, times = Registry(name), []
    ready.set()
    now = yesterday() + timedelta(days=1)
    while not stop.is_set():
        for look in (
            lambda env: env["farm.sensor"].search([], limit=1).series(now - timedelta(days=1), now, "hour"),
            lambda env: env["farm.sensor"].search([], limit=20).series(now - timedelta(days=7), now, "day"),
            lambda env: env["farm.sensor"].search([("state", "=", "no_data")], limit=80).mapped("last_value"),
            lambda env: env["farm.animal"].get_herd_summary_optimized(),
        ):
            begun = time.perf_counter()
            with registry.cursor() as cr:
                look(api.Environment(cr, SUPERUSER_ID, {}))
            times.append(time.perf_counter() - begun)
    answers.put(times)


def long_run(world, batches, options, first, measured):
    """``--seconds`` of ingest beside readers; returns the number of readings sent, each counted once."""
    context = multiprocessing.get_context("spawn")
    ready, stop, answers = context.Event(), context.Event(), context.Queue()
    reader = context.Process(target=read_dashboards, args=(world.name, options, ready, stop, answers))
    reader.start()
    if not ready.wait(180):
        raise RuntimeError("the reader did not start")
    scope, sent, twice = ingest.Scope(world.farm, world.gateway), 0, 0
    memory = peak()
    begun = time.perf_counter()
    number = first
    while time.perf_counter() - begun < options.seconds and number < 1440:
        for again in range(2 if number % 10 == 9 else 1):
            with world.connection, world.connection.cursor() as cursor:
                ingest.begin(cursor)
                outcome = ingest.ingest(cursor, batches.text(batches.ours, number), scope, OURS)
            wanted = (0, BATCH) if again else (BATCH, 0)
            if (outcome.accepted, outcome.duplicates) != wanted:
                raise AssertionError(f"batch {number}: {outcome}")
            twice += again
        number, sent = number + 1, sent + BATCH
    seconds = time.perf_counter() - begun
    measured["rate"] = (sent + twice * BATCH) / seconds
    measured["memory"] = peak() - memory
    stop.set()
    times = answers.get(timeout=120)
    reader.join()
    measured["reads"], measured["read_p50"] = len(times), statistics.median(times) * 1000
    measured["read_p95"] = statistics.quantiles(times, n=20)[-1] * 1000
    return sent


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def http(world, seconds, measured):
    """Two clients post batches of 10,000 to two workers; returns the number of readings sent."""
    start = yesterday() - timedelta(days=3)
    bodies = []
    for client in range(2):
        for number in range(6):
            moment = start + timedelta(minutes=number * 2 + client * 60)
            bodies.append(
                (client, json.dumps([
                    {"sensor": f"key-{1 + n % SENSORS}", "value": 38.5 + n % 7,
                     "timestamp": f"{moment + timedelta(seconds=n // SENSORS):%Y-%m-%dT%H:%M:%S}Z"}
                    for n in range(10_000)
                ]).encode())
            )  # fmt: skip
    sent, faults = [], []

    def client(number, port, until):
        mine = [body for owner, body in bodies if owner == number]
        day = 0
        while time.perf_counter() < until:
            for body in mine:
                # another day each time round: the same text with other dates
                text = body.replace(
                    f"{start:%Y-%m-%d}".encode(), f"{start - timedelta(days=day):%Y-%m-%d}".encode()
                )
                status, answer = post(port, world.key, text)
                if status != 200 or answer["accepted"] != 10_000:
                    faults.append((status, answer))
                    return
                sent.append(10_000)
                if time.perf_counter() >= until:
                    return
            day += 1

    with Server(world.name) as server:
        for _ in range(4):
            post(server.port, world.key, b"[]")
        begun = time.perf_counter()
        threads = [threading.Thread(target=client, args=(n, server.port, begun + seconds)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        measured["http"] = sum(sent) / (time.perf_counter() - begun)
    if faults:
        raise AssertionError(f"HTTP: {faults[0]}")
    return sum(sent)


def report(measured, stored, expected):
    measured["ratio"] = measured["ours"] / measured["partitioned"]
    print(f"\n{'readings a second':44}{'':>10}{'of plain COPY':>16}")
    for name, label in (
        ("orm", "single-row ORM create"),
        ("insert", "multi-row INSERT, 1,000 rows each"),
        ("plain", "COPY into one plain table (the limit)"),
        ("partitioned", "COPY into the partitioned table"),
        ("ours", "ingest, exactly once"),
        ("rate", "ingest for long, dashboards being read"),
        ("http", "HTTP, 2 clients, 2 workers"),
    ):
        print(f"{label:44}{measured[name]:10,.0f}{measured[name] / measured['plain']:16.1%}")
    print(
        f"\ningest ÷ COPY into the same partitioned table: {measured['ratio']:.2f}"
        f"\nmemory of the ingesting process grew by {measured['memory']:.0f} MB"
        f"\n{measured['reads']} dashboard reads meanwhile: p50 {measured['read_p50']:.0f} ms, "
        f"p95 {measured['read_p95']:.0f} ms"
        f"\nstored {stored:,} of {expected:,} readings sent (each counted once)"
    )
    missed = [name for name, bar in BARS.items() if measured[name] < bar]
    missed += ["memory"] if measured["memory"] > MEMORY_BAR else []
    missed += ["exactly once"] if stored != expected else []
    print(f"Missed: {', '.join(missed)}" if missed else "All bars reached.")
    return 1 if missed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", default=os.environ.get("ODOO_RC"), help="Odoo's configuration")
    parser.add_argument("--database", help="ignored: a clone of the test template is used")
    parser.add_argument("--seconds", type=float, default=120, help="of the long run")
    parser.add_argument("--rounds", type=int, default=20, help="batches of each way side by side")
    options = parser.parse_args()
    configure(options.config)
    measured = {}
    with Sensors("smart_dairy_ingest", SENSORS) as world:
        batches = Batches(world)
        slow_ways(world, measured)
        side_by_side(world, batches, options.rounds, measured)
        expected = 2 * (options.rounds + 1) * BATCH
        expected += long_run(world, batches, options, options.rounds, measured)
        expected += http(world, min(options.seconds, 20), measured)
        with world.connection, world.connection.cursor() as cursor:
            stored = world.count(cursor)
    return report(measured, stored, expected)


if __name__ == "__main__":
    sys.exit(main())
