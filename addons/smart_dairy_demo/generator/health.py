"""Health cases with their treatments. Plain Python."""

from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
QUARTERS = ("LF", "RF", "LR", "RR")
CAMPAIGNS = ((3, 10, "vaccination"), (9, 10, "vaccination"), (1, 20, "deworming"), (7, 20, "deworming"))


@dataclass(slots=True)
class Case:
    day: date
    kind: str
    found: str
    diagnosis: str
    closed: date | None = None
    quarter: str | None = None
    drug: str | None = None
    dose: float = 0.0
    route: str | None = None
    last_dose: date | None = None
    milk_until: date | None = None
    meat_until: date | None = None


class Health:
    """Makes the cases of an animal. `drugs` gives (milk, meat) withdrawal days by drug."""

    def __init__(self, params, drugs, first, until):
        self.params = params
        self.drugs = drugs
        self.first = first
        self.until = until

    def cases(self, animal, rng):
        """Cases of the period by date; none whose meat withdrawal the animal's sale would have broken."""
        cases = []
        for kind, params in self.params.items():
            for start, days in self._exposures(animal, params["of"]):
                if rng.random() < params["rate"]:
                    case = self._case(animal, kind, params, start + DAY * rng.randrange(days), rng)
                    if case:
                        cases.append(case)
        cases += self._campaigns(animal)
        if animal.barren and animal.exit is None and rng.random() < 0.12:
            day = self.until - DAY * rng.randrange(1, 20)
            if day > animal.entry:
                cases.append(Case(day, "checkup", "to_be_culled", "Not pregnant after many services"))
        return sorted(cases, key=lambda case: case.day)

    def _exposures(self, animal, of):
        if of == "calf":
            return [(animal.birth + DAY * 3, 110)] if animal.entry == animal.birth else []
        first_day, days = (0, 20) if of == "fresh" else (5, 275)
        return [(lactation.calving + DAY * first_day, days) for lactation in animal.lactations]

    def _case(self, animal, kind, params, day, rng):
        drug, doses, dose, route = rng.choice(params["drugs"])
        last = day + DAY * (doses - 1)
        end = animal.exit or self.until + DAY
        if not max(self.first, animal.entry) <= day < end or last > (animal.exit or last):
            return None
        if params["of"] == "lactation" and not any(
            lactation.calving <= day
            and (lactation.dry_off is None or day <= lactation.dry_off)
            and (lactation.end is None or day < lactation.end)
            for lactation in animal.lactations
        ):
            return None
        milk_days, meat_days = self.drugs[drug]
        milk_until = last + DAY * milk_days if milk_days else None
        meat_until = last + DAY * meat_days if meat_days else None
        if animal.exit and animal.status in ("sold", "culled") and meat_until and meat_until >= animal.exit:
            return None
        closed = last + DAY * rng.randrange(2, 7)
        if animal.exit and closed > animal.exit:
            closed = animal.exit
        is_open = closed > self.until
        return Case(
            day, kind, "in_treatment" if is_open else "ill", rng.choice(params["diagnosis"]),
            None if is_open else closed, rng.choice(QUARTERS) if kind == "mastitis" else None,
            drug, dose, route, last, milk_until, meat_until,
        )  # fmt: skip

    def _campaigns(self, animal):
        """Foot-and-mouth vaccine for all, twice a year; worms of the young stock."""
        for year in range(self.first.year, self.until.year + 1):
            for month, day_of_month, kind in CAMPAIGNS:
                day = date(year, month, day_of_month)
                if not max(self.first, animal.entry) <= day <= self.until or (
                    animal.exit and animal.exit <= day
                ):
                    continue
                if kind == "vaccination":
                    yield Case(day, kind, "healthy", "Foot-and-mouth vaccine", day)
                elif animal.kind(day) in ("calf", "heifer"):
                    yield Case(day, kind, "healthy", "Albendazole drench, young stock", day)
