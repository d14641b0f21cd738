from datetime import datetime, time, timedelta

import pytz
from odoo import api, models
from odoo.addons.database_partition.engine.sql import run
from odoo.tools import SQL

from ..engine import seal
from ..engine.figures import Figures, local_days
from ..readings import READINGS


class FarmSensor(models.Model):
    """Figures over time: sealed ones where there are, the rollup for open days, readings for today."""

    _inherit = "farm.sensor"

    @api.private
    def series(self, start, end, grain):
        """What the sensors measured in ``[start, end)``, exact in this transaction's snapshot.

        :param start, end: naive UTC datetimes
        :param grain: ``reading`` (each one), ``hour`` (UTC) or ``day`` (the company's; ``start`` and ``end``
            are then widened to whole days)
        :return: ``{sensor id: [(moment or date, readings, mean, lowest, highest)]}`` in order; what has no
            reading has no entry. Readings of quality "bad" are left out.
        :raises AccessError: the user may not read a sensor
        """
        self.check_access("read")
        if not self:
            return {}
        if grain == "reading":
            return self._series_readings(start, end)
        if grain == "hour":
            start = start.replace(minute=0, second=0, microsecond=0)
            found = self._series_hours(start, end)
        else:
            found = self._series_days(start, end)
        result = {}
        for (sensor, at), figures in sorted(found.items()):
            result.setdefault(sensor, []).append((at, *figures.answer()))
        return result

    def _series_readings(self, start, end):
        result = {}
        for sensor, at, value in run(
            self.env.cr,
            SQL(
                """
                SELECT sensor_id, "timestamp", value FROM %s
                 WHERE sensor_id = ANY(%s) AND "timestamp" >= %s AND "timestamp" < %s AND quality <> 'bad'
                 ORDER BY 1, 2
                """,
                SQL.identifier(READINGS.table),
                self.ids,
                start,
                end,
            ),
        ):
            result.setdefault(sensor, []).append((at, 1, value, value, value))
        return result

    def _series_hours(self, start, end):
        """``{(sensor id, hour): Figures}`` of the UTC hours that begin in ``[start, end)``."""
        sealed = seal.sealed_until(self.env.cr)
        found = {}
        if start < sealed:
            for sensor, hour, *figures in run(
                self.env.cr,
                SQL(
                    """
                    SELECT sensor_id, hour, readings, total, lowest, highest FROM farm_sensor_hourly
                     WHERE sensor_id = ANY(%s) AND hour >= %s AND hour < %s
                    """,
                    self.ids,
                    start,
                    min(end, sealed),
                ),
            ):
                found[sensor, hour] = Figures(*figures)
        start = max(start, sealed)
        if start >= end:
            return found
        # a day that is being written is read by index, for these sensors; the rollup would compute it for all
        today = datetime.combine(datetime.utcnow().date(), time.min)
        if start < today:
            self._add_rollup(found, start, min(end, today))
        if end > today:
            self._add_readings(found, max(start, today), end)
        return found

    def _add_rollup(self, found, start, end):
        answer = self.env["database.rollup"]._ask(
            "iot_hours",
            start.date(),
            (end - timedelta(microseconds=1)).date(),
            domain=[("sensor_id", "in", self.ids)],
            by=("sensor", "hour"),
            grain="day",
        )
        for day, sensor, hour, *figures in answer.rows:
            at = datetime.combine(day, time(int(hour)))
            if start <= at < end:
                found[sensor, at] = Figures(*figures)

    def _add_readings(self, found, start, end):
        """Add the hours of ``[start, end)`` straight from the readings."""
        for sensor, hour, *figures in run(
            self.env.cr,
            SQL(
                """
                SELECT r.sensor_id, date_trunc('hour', r."timestamp"), %s FROM %s r
                 WHERE r.sensor_id = ANY(%s) AND r."timestamp" >= %s AND r."timestamp" < %s
                   AND r.quality <> 'bad'
                 GROUP BY 1, 2
                """,
                seal.FIGURES,
                SQL.identifier(READINGS.table),
                self.ids,
                start,
                end,
            ),
        ):
            found[sensor, hour] = Figures(*figures)

    def _series_days(self, start, end):
        """``{(sensor id, date): Figures}`` of the companies' days that touch ``[start, end)``."""
        found = {}
        for company, sensors in self.grouped(lambda sensor: sensor.company_id.sudo()).items():
            zone = pytz.timezone(company._business_tz())
            days = local_days(start, end, zone)
            sealed = company.sensor_days_sealed
            if sealed:
                sensors._add_sealed_days(found, days[0][0], min(days[-1][0], sealed))
                days = [one for one in days if one[0] > sealed]
            for day, low, high in sensors._odd_edges(days):
                part = {}
                sensors._add_readings(part, low, high)
                for (sensor, _hour), figures in part.items():
                    found[sensor, day] = found.get((sensor, day), Figures()) + figures
            if days:
                sensors._add_whole_hours(found, days)
        return found

    def _add_sealed_days(self, found, first, last):
        for sensor, day, *figures in run(
            self.env.cr,
            SQL(
                """
                SELECT sensor_id, day, readings, total, lowest, highest FROM farm_sensor_daily
                 WHERE sensor_id = ANY(%s) AND day >= %s AND day <= %s
                """,
                self.ids,
                first,
                last,
            ),
        ):
            found[sensor, day] = Figures(*figures)

    @staticmethod
    def _odd_edges(days):
        """``(day, from, to)`` of the parts of hours at the ends of days that begin off the full hour.

        Nepal is 5:45 ahead of UTC, India 5:30; the readings of such an hour belong to two days.
        """
        for day, low, high in days:
            first, last = _hour_up(low), _hour(high)
            if low < first:
                yield day, low, min(first, high)
            if last < high and last >= first:
                yield day, last, high

    def _add_whole_hours(self, found, days):
        hours = self._series_hours(_hour_up(days[0][1]), _hour(days[-1][2]))
        place = 0
        for (sensor, hour), figures in sorted(hours.items(), key=lambda item: item[0][1]):
            while days[place][2] <= hour:
                place += 1
            day, low, high = days[place]
            if low <= hour and hour + timedelta(hours=1) <= high:
                found[sensor, day] = found.get((sensor, day), Figures()) + figures


def _hour(moment):
    return moment.replace(minute=0, second=0, microsecond=0)


def _hour_up(moment):
    hour = _hour(moment)
    return hour if hour == moment else hour + timedelta(hours=1)
