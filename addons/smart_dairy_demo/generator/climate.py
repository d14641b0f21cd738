"""Temperature and humidity of a barn in Bangladesh. Plain Python."""

from datetime import timedelta
from math import cos, pi

from odoo.addons.smart_dairy_farm.figures.climate import thi


class Climate:
    """Three-hourly readings of one farm, and the mean THI of each day that its milk follows."""

    def __init__(self, params, rng, first, until):
        self.params = params
        self.readings = []  # (day, hour, temperature, humidity, thi)
        self.mean_thi = {}
        drift = 0.0
        for number in range((until - first).days + 1):
            day = first + timedelta(days=number)
            drift = 0.8 * drift + rng.gauss(0, 0.8)
            temperature = self._of(day, "temperature") + drift
            humidity = self._of(day, "humidity") - 2 * drift + rng.gauss(0, 3)
            total = 0.0
            for hour in range(0, 24, params["hours"]):
                # warmest and driest at three in the afternoon
                phase = cos(2 * pi * (hour - 15) / 24)
                degrees = round(temperature + params["swing"] / 2 * phase + rng.gauss(0, 0.3), 1)
                percent = round(min(99.0, max(25.0, humidity - 14 * phase + rng.gauss(0, 1.5))), 1)
                index = thi(degrees, percent)
                total += index
                self.readings.append((day, hour, degrees, percent, index))
            self.mean_thi[day] = total * params["hours"] / 24

    def _of(self, day, name):
        """The month's normal, moving evenly from the middle of one month to the next."""
        values = self.params[name]
        position = day.month - 1 + (day.day - 15) / 30
        lower = int(position // 1)
        share = position - lower
        return values[lower % 12] * (1 - share) + values[(lower + 1) % 12] * share
