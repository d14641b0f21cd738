"""Hourly aggregates of readings, by UTC hour: what days in any time zone are put together from."""

from odoo.addons.database_rollup.engine.declaration import Count, Dimension, Max, Min, Rollup, Sum

from ..readings import READINGS

#: Readings of quality "bad" count nowhere. Without joins a note is folded at once, and the table can move.
HOURS = Rollup(
    name="iot_hours",
    title="Sensor readings by hour",
    table=READINGS.table,
    alias="r",
    model="farm.sensor.reading",
    time="r.timestamp",
    where=("r.quality <> 'bad'",),
    dimensions=(
        Dimension("sensor", "r.sensor_id", ("sensor_id",)),
        Dimension("hour", "EXTRACT(hour FROM r.timestamp)::smallint"),
    ),
    measures=(
        Count("readings"),
        Sum("total", "r.value"),
        Min("lowest", "r.value"),
        Max("highest", "r.value"),
    ),
    levels=("day",),
)
