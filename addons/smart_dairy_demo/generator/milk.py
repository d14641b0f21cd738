"""Milk of every cow, day and session along Wood's curves. Plain Python."""

from datetime import timedelta
from math import exp, log

DAY = timedelta(days=1)
HEAT_FROM = 72.0
HEAT_LOSS = 0.004
"""Share of milk lost per point of daily THI above `HEAT_FROM`."""


class Cow:
    """What the milk of one animal needs: her curve, her days, and her own chance."""

    def __init__(self, animal, curves, params, cases, stays, rng, until):
        self.animal = animal
        self.rng = rng
        self.params = params
        self.stays = stays
        self.curves = curves[animal.breed]
        self.breed = animal.breed
        self.level = params["level"] * animal.merit
        # days of withdrawal, and of an ill udder (less milk, more cells)
        self.withheld = set()
        self.ill = {}
        for case in cases:
            if case.milk_until:
                day = case.day
                while day <= case.milk_until:
                    self.withheld.add(day)
                    day += DAY
            if case.kind in ("mastitis", "metabolic", "lameness", "injury"):
                for number in range(8):
                    self.ill[case.day + DAY * number] = (0.72 + 0.035 * number, case.kind == "mastitis")
        self.cells = rng.lognormvariate(log(160), 0.5)
        self.spans = []
        for lactation in animal.lactations:
            ends = [until]
            if lactation.dry_off:
                ends.append(lactation.dry_off)
            if lactation.end:
                ends.append(lactation.end - DAY)
            self.spans.append((lactation, lactation.calving, min(ends)))

    def sessions(self, start, stop, season):
        """Rows of the days from `start` to `stop`, both included.

        :param season: factor by day
        :return: tuples (day, session, pen code, lactation, days in milk, kg, fat, protein, cells, reason)
        """
        for lactation, begin, end in self.spans:
            day, last = max(begin, start), min(end, stop)
            if day <= last:
                yield from self._lactation(lactation, day, last, season)

    def _lactation(self, lactation, day, last, season):
        rng, params = self.rng, self.params
        a, b, c = self.curves[min(3, lactation.parity)]
        log_a = log(a)
        colostrum = params["colostrum_days"]
        gauss, day_sd = rng.gauss, params["day_sd"]
        while day <= last:
            in_milk = (day - lactation.calving).days
            expected = exp(log_a + b * log(in_milk + 0.5) - c * in_milk)
            kg = expected * self.level * season[day] * (1 + gauss(0, day_sd))
            mastitis = False
            if day in self.ill:
                factor, mastitis = self.ill[day]
                kg *= factor
            kg = max(0.4, kg)
            reason = None
            if day in self.withheld:
                reason = "withdrawal"
            elif in_milk < colostrum:
                reason = "colostrum"
            pen = self._pen(day)
            morning = round(kg * (params["morning_share"] + gauss(0, 0.02)), 1)
            evening = round(kg - morning, 1)
            test = day.day == params["test_day"] and in_milk >= colostrum
            for session, amount in (("morning", morning), ("evening", evening)):
                if test:
                    yield (
                        day,
                        session,
                        pen,
                        lactation,
                        in_milk,
                        amount,
                        *self._sample(kg, mastitis, session),
                        reason,
                    )
                else:
                    yield day, session, pen, lactation, in_milk, amount, None, None, None, reason
            day += DAY

    def _sample(self, kg, mastitis, session):
        """Fat %, protein % and cells (x1000/ml): thinner when there is more of it, fatter in the evening."""
        gauss = self.rng.gauss
        thin = 1.06 - 0.007 * kg
        fat = self.params["fat"][self.breed] * thin * (1 + gauss(0, 0.05)) + (
            0.15 if session == "evening" else -0.1
        )
        protein = self.params["protein"][self.breed] * (0.5 + thin / 2) * (1 + gauss(0, 0.025))
        cells = self.cells * exp(gauss(0, 0.35)) * (8 if mastitis else 1)
        return round(min(9.9, max(2.2, fat)), 2), round(min(5.9, max(2.4, protein)), 2), round(cells)

    def _pen(self, day):
        for pen, begin, end in reversed(self.stays):
            if begin <= day and (end is None or day < end):
                return pen
        return None


def season_factors(params, mean_thi):
    """Factor by day: the season's feed, less heat stress."""
    factors = {}
    for day, index in mean_thi.items():
        month = params["season"][day.month - 1]
        factors[day] = month * (1 - HEAT_LOSS * max(0.0, index - HEAT_FROM))
    return factors
