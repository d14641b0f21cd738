"""Sensors of the farms, and their readings of the last days: made by SQL, a function of sensor and time."""

from collections import Counter
from datetime import datetime, time, timedelta

from odoo.addons.smart_dairy_iot.engine import seal
from odoo.tools import SQL

#: sensor type → (mean, daily swing, noise, minutes between readings)
COURSE = {
    "barn_temperature": (26.0, 9.0, 0.8, 10),
    "barn_humidity": (75.0, -24.0, 4.0, 10),
    "tank_temperature": (4.0, 0.6, 0.4, 5),
    "tank_level": (1500.0, 1600.0, 20.0, 5),
    "collar_activity": (42.0, 20.0, 8.0, 120),
    "rumination": (46.0, -14.0, 8.0, 120),
    "bolus_temperature": (38.9, 0.5, 0.25, 10),
}


def build_sensors(ctx):
    """Register sensors by the ORM and fill their last days; returns the number of rows by table."""
    params = ctx.scenario["sensors"]
    with ctx.progress.step("Sensors"):
        sensors = _register(ctx, params)
        readings = _fill(ctx, sensors, params["days"])
    return Counter(farm_sensor=len(sensors), iot_sensor_data_partitioned=readings)


def _register(ctx, params):
    env, values = ctx.env, []

    def add(farm, kind, number, **place):
        key = f"{farm.code}-{kind}-{number}"
        label = dict(env["farm.sensor"]._fields["sensor_type"].selection)[kind]
        limits = params["limits"].get(kind, {})
        values.append(
            {
                "name": f"{label} {number}",
                "device_key": key,
                "sensor_type": kind,
                "expected_interval": COURSE[kind][3],
                "farm_id": farm.id,
                **limits,
                **place,
            }
        )

    for farm in env["farm.farm"].search([("company_id", "=", env.company.id)], order="id"):
        for number, barn in enumerate(farm.barn_ids.sorted("id"), 1):
            add(farm, "barn_temperature", number, barn_id=barn.id)
            add(farm, "barn_humidity", number, barn_id=barn.id)
        tank = env["farm.tank"].create(
            {"name": "Tank 1", "farm_id": farm.id, "capacity": params["tank_litres"]}
        )
        add(farm, "tank_temperature", 1, tank_id=tank.id)
        add(farm, "tank_level", 1, tank_id=tank.id)
        cows = env["farm.animal"].search(
            [("farm_id", "=", farm.id), ("status", "=", "active"), ("animal_type", "=", "cow")],
            order="id",
            limit=max(1, round(farm.animal_count * params["collars_share"])),
        )
        for cow in cows:
            for kind in ("collar_activity", "rumination"):
                add(farm, kind, cow.id, animal_id=cow.id)
        for cow in cows[: len(cows) // 5]:
            add(farm, "bolus_temperature", cow.id, animal_id=cow.id)
    sensors = env["farm.sensor"].create(values)
    env.flush_all()
    return sensors


def _fill(ctx, sensors, days):
    """Readings of the days up to now, or to the last day if that has passed; none of days that are sealed."""
    end = min(datetime.utcnow(), datetime.combine(ctx.until + timedelta(days=1), time()))
    begin = end - timedelta(days=days)
    if begin < seal.sealed_until(ctx.cr):
        return 0
    kinds = list(COURSE)
    ctx.cr.execute(
        SQL(
            """
            INSERT INTO iot_sensor_data_partitioned (sensor_id, "timestamp", value, unit, received_at)
            SELECT s.id, t.at, round((c.mean + c.swing / 2
                       * sin(2 * pi() * (EXTRACT(epoch FROM t.at) / 86400 - 0.125))
                       + c.noise
                       * (abs(hashtext(%(seed)s || s.device_key || t.at)::bigint) %% 2001 - 1000) / 1000.0
                   )::numeric, 2), s.unit, t.at + interval '5 s'
              FROM farm_sensor s
              JOIN unnest(%(kinds)s, %(means)s, %(swings)s, %(noises)s, %(steps)s)
                   c(kind, mean, swing, noise, step) ON c.kind = s.sensor_type
             CROSS JOIN generate_series(%(begin)s::timestamp, %(end)s::timestamp,
                                        make_interval(mins => c.step)) t(at)
             WHERE s.id = ANY(%(ids)s)
               -- one in thirty has fallen silent
               AND (s.id %% 30 <> 7 OR t.at < %(end)s::timestamp - interval '2 days')
             ORDER BY s.id, t.at
            """,
            seed=str(ctx.seed),
            kinds=kinds,
            **{
                name: [float(COURSE[kind][place]) for kind in kinds]
                for place, name in enumerate(("means", "swings", "noises"))
            },
            steps=[COURSE[kind][3] for kind in kinds],
            begin=begin,
            end=end,
            ids=sensors.ids,
        )
    )
    count = ctx.cr.rowcount
    ctx.cr.execute(
        SQL(
            """
            INSERT INTO farm_sensor_latest (sensor_id, "timestamp", value, received_at, battery)
            SELECT DISTINCT ON (sensor_id) sensor_id, "timestamp", value, received_at, 40 + sensor_id %% 60
              FROM iot_sensor_data_partitioned
             WHERE sensor_id = ANY(%s) AND "timestamp" >= %s ORDER BY sensor_id, "timestamp" DESC
            """,
            sensors.ids,
            begin,
        )
    )
    ctx.env.invalidate_all()
    return count
