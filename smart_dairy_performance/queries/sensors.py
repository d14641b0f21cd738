"""Sensors as they are now, and what a chart of one is made of. Knows nothing of users.

A chart tells gaps by time: points further apart than ``gap`` are not joined, so a silent sensor is a hole,
never a zero.
"""

from dataclasses import dataclass
from datetime import timedelta

from odoo.addons.smart_dairy_iot.engine.alerts import SILENT_AFTER
from odoo.tools import SQL

#: more raw readings than that are drawn by hour
MOST_POINTS = 3000


@dataclass(frozen=True)
class Span:
    """How far back a chart goes, and whether its points are a 'reading', 'hour' or 'day' each."""

    back: timedelta
    grain: str


SPANS = {
    "hours": Span(timedelta(hours=6), "reading"),
    "day": Span(timedelta(hours=24), "reading"),
    "week": Span(timedelta(days=7), "hour"),
    "month": Span(timedelta(days=30), "hour"),
    "quarter": Span(timedelta(days=90), "day"),
    "year": Span(timedelta(days=365), "day"),
}
STEP = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


def gap(grain, expected_interval):
    """Longest time between two points that are joined.

    :param expected_interval: minutes between two readings
    """
    quiet = SILENT_AFTER * timedelta(minutes=expected_interval)
    return quiet if grain == "reading" else max(1.5 * STEP[grain], quiet)


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


def one_per_company(since):
    """Ids of sensors that sent something received after ``since``: one of each company that has such."""
    return SQL(
        """
        SELECT DISTINCT ON (s.company_id) s.id
          FROM farm_sensor_latest l JOIN farm_sensor s ON s.id = l.sensor_id
         WHERE l.received_at > %s ORDER BY s.company_id
        """,
        since,
    )
