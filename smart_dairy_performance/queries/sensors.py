"""Sensors as they are now, and the points of one sensor's chart. Knows nothing of users.

A reading of quality 'bad' counts nowhere. A chart tells gaps by time: points further apart than ``gap`` are
not joined, so a silent sensor is a hole, never a zero.
"""

from dataclasses import dataclass
from datetime import timedelta

from odoo.addons.smart_dairy_iot.engine.alerts import SILENT_AFTER
from odoo.addons.smart_dairy_iot.readings import READINGS
from odoo.tools import SQL

TABLE = SQL.identifier(READINGS.table)
#: more raw readings than that are drawn by hour
MOST_POINTS = 3000


@dataclass(frozen=True)
class Span:
    """How far back a chart goes, and whether its points are readings ('raw'), hours or days."""

    back: timedelta
    aggregate: str


SPANS = {
    "hours": Span(timedelta(hours=6), "raw"),
    "day": Span(timedelta(hours=24), "raw"),
    "week": Span(timedelta(days=7), "hour"),
    "month": Span(timedelta(days=30), "hour"),
    "quarter": Span(timedelta(days=90), "day"),
    "year": Span(timedelta(days=365), "day"),
}
STEP = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def gap(aggregate, expected_interval):
    """Longest time between two points that are joined.

    :param expected_interval: minutes between two readings
    """
    quiet = SILENT_AFTER * timedelta(minutes=expected_interval)
    return quiet if aggregate == "raw" else max(1.5 * STEP[aggregate], quiet)


def state(now):
    """The state of sensor ``s`` with its newest reading ``l``, as ``farm.sensor.state`` has it."""
    return SQL(
        """
        CASE WHEN l."timestamp" IS NULL OR l."timestamp" < %s - make_interval(mins => %s *
        s.expected_interval)
             THEN 'no_data'
             WHEN l.value < s.threshold_low OR l.value > s.threshold_high THEN 'alert' ELSE 'ok' END
        """,
        now,
        SILENT_AFTER,
    )


def counts(sensors, now):
    """Sensors by state: rows ``(state, count)``.

    :param sensors: SELECT of ids
    """
    return SQL(
        """
        SELECT %s AS state, count(*) FROM farm_sensor s LEFT JOIN farm_sensor_latest l ON l.sensor_id = s.id
         WHERE s.id IN %s GROUP BY 1
        """,
        state(now),
        sensors,
    )


def worst(sensors, now, limit):
    """Ids and states of sensors, those that want a look first."""
    return SQL(
        """
        SELECT id, state FROM (
            SELECT s.id, s.name, %s AS state
              FROM farm_sensor s LEFT JOIN farm_sensor_latest l ON l.sensor_id = s.id WHERE s.id IN %s) x
         ORDER BY array_position(ARRAY['alert', 'no_data', 'ok'], state), name, id LIMIT %s
        """,
        state(now),
        sensors,
        limit,
    )


def places(sensors, now):
    """What barns' and tanks' sensors say: rows ``(barn, tank, type, at, value or NULL when silent)``."""
    return SQL(
        """
        SELECT COALESCE(s.barn_id, p.barn_id), s.tank_id, s.sensor_type, l."timestamp",
               CASE WHEN l."timestamp" >= %s - make_interval(mins => %s * s.expected_interval) THEN l.value
               END
          FROM farm_sensor s
          LEFT JOIN farm_pen p ON p.id = s.pen_id
          LEFT JOIN farm_sensor_latest l ON l.sensor_id = s.id
         WHERE s.id IN %s AND COALESCE(s.barn_id, p.barn_id, s.tank_id) IS NOT NULL
           AND s.sensor_type IN ('barn_temperature', 'barn_humidity', 'tank_temperature', 'tank_level')
        """,
        now,
        SILENT_AFTER,
        sensors,
    )


def raw(sensor_id, start, end):
    """Readings: ``(ms since 1970, value)``, one more than :data:`MOST_POINTS` when there are more."""
    return SQL(
        """
        SELECT (EXTRACT(epoch FROM "timestamp") * 1000)::bigint, value FROM %s
         WHERE sensor_id = %s AND "timestamp" > %s AND "timestamp" <= %s AND quality <> 'bad'
         ORDER BY "timestamp" LIMIT %s
        """,
        TABLE,
        sensor_id,
        start,
        end,
        MOST_POINTS + 1,
    )


def by(aggregate, sensor_id, start, end, zone):
    """Hours, or days of a time zone: ``(ms since 1970 at their begin, mean, lowest, highest)``."""
    return SQL(
        """
        SELECT (EXTRACT(epoch FROM begun AT TIME ZONE %(zone)s) * 1000)::bigint, mean, lowest, highest
          FROM (SELECT date_trunc(%(aggregate)s, "timestamp" AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s) AS
          begun,
                       avg(value) AS mean, min(value) AS lowest, max(value) AS highest
                  FROM %(table)s
                 WHERE sensor_id = %(sensor)s AND "timestamp" > %(start)s AND "timestamp" <= %(end)s
                   AND quality <> 'bad'
                 GROUP BY 1) x
         ORDER BY begun
        """,
        table=TABLE,
        aggregate=aggregate,
        zone=zone,
        sensor=sensor_id,
        start=start,
        end=end,
    )
