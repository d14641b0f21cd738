"""Benchmark of judging sensors; takes about a minute.

    python benchmarks/alerts.py

In a clone of the test template, once with 800 and once with 100,000 sensors on farms of 800 or fewer, a limit
each, every tenth with a limit to its rate of change, an hour of readings:

1. the evaluation of each minute: the first, which raises an alert for one sensor in a hundred; later ones,
   which find nothing new (median of five);
2. the look after readings have come in for one farm (median of five).

Exit status 1 when the evaluation takes more than a sixth of its minute, or the look more than a tenth of a
second.
"""

import argparse
import os
import statistics
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _sensors import configure, databases
from odoo.addons.database_partition import runtime
from odoo.addons.smart_dairy_iot.engine import alerts

NEEDS = "tests"
NAME = "smart_dairy_alerts_bench"
FARM = 800
SIZES = (800, 100_000)
BARS = {"evaluation": 10.0, "look": 0.1}  # seconds
FURNISH = """
WITH farm AS (
    INSERT INTO farm_farm (name, active, company_id, dim_first_day, ecm_formula, male_calves_become,
                           colostrum_days, calf_days, milking_minutes, alert_calm_minutes, battery_low,
                           battery_good, outage_percent, milk_density)
    SELECT 'Bench', true, (SELECT min(id) FROM res_company), '0', 'ifcn', 'bull',
           5, 240, 120, 0, 20, 30, 50, 1.03
      FROM generate_series(0, (%(sensors)s - 1) / %(farm)s) RETURNING id, company_id),
numbered AS (SELECT id, company_id, row_number() OVER (ORDER BY id) - 1 AS place FROM farm),
sensor AS (
    INSERT INTO farm_sensor (name, active, device_key, sensor_type, unit, expected_interval, farm_id,
                             company_id, threshold_high, threshold_rate, create_date)
    SELECT 's', true, 'bench-' || n, 'bolus_temperature', 'degC', 10, f.id, f.company_id, 40,
           CASE WHEN n %% 10 = 0 THEN 5 END, %(now)s
      FROM generate_series(0, %(sensors)s - 1) n JOIN numbered f ON f.place = n / %(farm)s
    RETURNING id, device_key),
latest AS (
    INSERT INTO farm_sensor_latest (sensor_id, "timestamp", value, received_at, battery)
    SELECT id, %(now)s, CASE WHEN id %% 100 = 0 THEN 40.5 ELSE 38.5 END, %(now)s, 80 FROM sensor)
INSERT INTO iot_sensor_data_partitioned (sensor_id, "timestamp", value, unit, quality)
SELECT id, %(now)s - make_interval(mins => 10 * step),
       CASE WHEN step = 0 AND id %% 100 = 0 THEN 40.5 ELSE 38.5 END, 'degC', 'good'
  FROM sensor CROSS JOIN generate_series(0, 6) step
"""


def furnish(work, sensors, now):
    with work.transaction() as cursor:
        cursor.execute(FURNISH, {"sensors": sensors, "farm": FARM, "now": now})
    work.connection.autocommit = True
    with work.connection.cursor() as cursor:
        cursor.execute("ANALYZE farm_farm, farm_sensor, farm_sensor_latest, iot_sensor_data_partitioned")
    work.connection.autocommit = False


def timed(work, do):
    """Seconds of ``do(cursor)`` with its commit, and what it returned."""
    begun = time.perf_counter()
    with work.transaction() as cursor:
        found = do(cursor)
    return time.perf_counter() - begun, found


def measure(sensors):
    databases.clone(databases.TESTS, NAME)
    try:
        with runtime.session(NAME) as work:
            now = datetime.utcnow().replace(microsecond=0)
            furnish(work, sensors, now)
            with work.transaction() as cursor:
                cursor.execute("SELECT min(id) FROM farm_farm WHERE name = 'Bench'")
                farm = cursor.fetchone()[0]
            look = [timed(work, lambda cr: alerts.crossed(cr, now, [farm]))[0] for _n in range(5)]
            first, outcome = timed(work, lambda cr: alerts.evaluate(cr, now))
            later = [timed(work, lambda cr: alerts.evaluate(cr, now)) for _n in range(5)]
            if not sensors / 101 <= len(outcome.raised) <= sensors / 99 or any(found for _s, found in later):
                raise AssertionError(f"{len(outcome.raised)} alerts of {sensors} sensors")
    finally:
        databases.drop(NAME)
    return {
        "raised": len(outcome.raised),
        "first": first,
        "evaluation": statistics.median(seconds for seconds, _found in later),
        "look": statistics.median(look),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--config", default=os.environ.get("ODOO_RC"), help="Odoo's configuration")
    parser.add_argument("--database", help="ignored: a clone of the test template is used")
    configure(parser.parse_args().config)
    missed = False
    print(f"{'sensors':>10} {'raised':>8} {'first':>10} {'each minute':>12} {'one farm':>10}")
    for sensors in SIZES:
        found = measure(sensors)
        print(
            f"{sensors:>10,} {found['raised']:>8,} {found['first'] * 1000:>7,.0f} ms "
            f"{found['evaluation'] * 1000:>9,.0f} ms {found['look'] * 1000:>7,.1f} ms"
        )
        for name, bar in BARS.items():
            if found[name] > bar:
                missed = True
                print(f"  {name}: {found[name]:.2f} s, the bar is {bar:g} s")
    print("alerts: " + ("FAILED" if missed else "ok"))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
