"""The life of a herd: births, services, calvings, exits and pedigree. Plain Python, no database.

One farm is simulated event by event from some years before the first day, so that nearly every animal of the
two years has its dam in the herd and its own lactations. Memory holds one farm at a time.
"""

import heapq
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate, count

CALF_DAYS = 240
DRY_DAYS = 60
CHECK_DAYS = 38
DAY = timedelta(days=1)


@dataclass(slots=True)
class Lactation:
    parity: int
    calving: date
    dry_off: date | None = None
    end: date | None = None


@dataclass(slots=True)
class Event:
    day: date
    kind: str
    result: str | None = None
    sire: object = None
    sire_code: str | None = None
    lactation: Lactation | None = None


@dataclass(slots=True, eq=False)
class Animal:
    number: int
    name: str
    sex: str
    breed: str
    birth: date
    entry: date
    dam: "Animal | None" = None
    sire: "Animal | None" = None
    sire_code: str | None = None
    merit: float = 1.0  # her own yield as a multiple of her breed's
    entry_parity: int = 0
    lactations: list = field(default_factory=list)
    events: list = field(default_factory=list)
    exit: date | None = None
    status: str = "active"
    reason: str | None = None
    barren: bool = False
    id: int | None = None

    def kind(self, day):
        """ICAR animal type on a day."""
        if self.lactations and self.lactations[0].calving <= day:
            return "cow"
        if (day - self.birth).days < CALF_DAYS:
            return "calf"
        return "heifer" if self.sex == "female" else "bull"

    def leave(self, day, status, reason):
        """Exit: everything planned for later does not happen."""
        self.exit, self.status, self.reason = day, status, reason
        self.events = [event for event in self.events if event.day <= day]
        self.lactations = [lactation for lactation in self.lactations if lactation.calving <= day]
        if self.lactations:
            last = self.lactations[-1]
            if last.dry_off and last.dry_off > day:
                last.dry_off = None
            last.end = day


class Herd:
    """Simulates one farm of `size` animals; `run` returns those worth recording."""

    def __init__(self, params, gestation, rng, first, until, size):
        self.params = params
        self.gestation = gestation  # days by breed
        self.rng = rng
        self.first = first
        self.until = until
        self.size = size
        self.start = date(first.year - params["warm_up_years"], first.month, 1)
        self.queue = []
        self.tie = count()
        self.numbers = count(1)
        self.present = {}
        self.all = []
        self.bulls = []
        self._breeds = list(params["breeds"])
        self._breed_weights = list(accumulate(params["breeds"].values()))

    def run(self):
        self._found()
        while self.queue and self.queue[0][0] <= self.until:
            day, _tie, action, animal = heapq.heappop(self.queue)
            if animal is None or animal.exit is None:
                action(day, animal)
        self._settle()
        return self._worth_recording()

    # founding

    def _at(self, day, action, animal=None):
        heapq.heappush(self.queue, (day, next(self.tie), action, animal))

    def _new(self, sex, breed, birth, entry, **values):
        names = self.params["names"]
        number = next(self.numbers)
        animal = Animal(number, f"{names[number % len(names)]} {number}", sex, breed, birth, entry, **values)
        self.present[number] = animal
        self.all.append(animal)
        return animal

    def _random_breed(self):
        return self.rng.choices(self._breeds, cum_weights=self._breed_weights)[0]

    def _share(self, kind):
        return max(1, round(self.params["shares"][kind] * self.size))

    def _found(self):
        rng, start = self.rng, self.start
        for _bull in range(self._share("bull")):
            self._buy_bull(start)
        for _cow in range(self._share("cow")):
            parity = min(7, 1 + int(rng.expovariate(0.55)))
            calving = start - DAY * rng.randrange(0, 400)
            birth = calving - DAY * (820 + (parity - 1) * 410 + rng.randrange(-50, 120))
            cow = self._new(
                "female", self._random_breed(), birth, calving - DAY * 45, entry_parity=parity - 1,
                merit=self._merit(),
            )  # fmt: skip
            self._calve(calving, cow, founder=True)
        for _heifer in range(self._share("heifer") + self._share("calf")):
            age = rng.randrange(10, 760)
            birth = start - DAY * age
            heifer = self._new("female", self._random_breed(), birth, birth, merit=self._merit())
            self._plan_first_service(heifer, max(start, birth + DAY * 470))
        month = start
        while month <= self.until:
            self._at(month, self._trim)
            month = (month.replace(day=1) + DAY * 32).replace(day=1)

    def _merit(self, dam=None):
        own = self.rng.gauss(1.0, self.params["merit_sd"])
        return max(0.6, own if dam is None else 0.4 * dam.merit + 0.6 * own)

    def _buy_bull(self, day, _animal=None):
        birth = day - DAY * self.rng.randrange(600, 1100)
        breed = self.rng.choice(["HFX", "SAH", "HOL", "HFX"])
        bull = self._new("male", breed, birth, day)
        self.bulls.append(bull)
        self._at(day + DAY * self.rng.randrange(1200, 1900), self._replace_bull, bull)

    def _replace_bull(self, day, bull):
        self._exit(bull, day, "culled", "Age")
        self.bulls.remove(bull)
        self._buy_bull(day)

    # life

    def _exit(self, animal, day, status, reason):
        animal.leave(day, status, reason)
        self.present.pop(animal.number, None)

    def _die(self, day, animal):
        self._exit(animal, day, "dead", "Calf disease" if animal.kind(day) == "calf" else "Sudden death")

    def _sell(self, day, animal):
        self._exit(animal, day, "sold", "Sold for fattening")

    def _calve(self, day, cow, founder=False):
        """She calves: lactation begins, a calf is born, the next services are planned."""
        rng, params = self.rng, self.params
        parity = cow.entry_parity + len(cow.lactations) + 1
        if cow.lactations:
            cow.lactations[-1].end = day
        lactation = Lactation(parity, day)
        cow.lactations.append(lactation)
        cow.events.append(Event(day, "calving", lactation=lactation))
        if not founder and rng.random() >= params["stillbirth"]:
            self._birth(day, cow)
        if rng.random() < params["cow_mortality"]:
            self._at(day + DAY * rng.randrange(3, 300), self._die, cow)
        if parity >= 7 and rng.random() < 0.5:
            self._stop_breeding(cow, day + DAY * 60, lactation)
            return
        self._serve(cow, day + DAY * (52 + min(150, int(rng.expovariate(1 / 28)))), lactation)

    def _birth(self, day, dam):
        rng, params = self.rng, self.params
        service = next(event for event in reversed(dam.events) if event.kind == "insemination")
        breed = dam.breed
        if service.sire_code and service.sire_code.startswith("HOL") and breed in ("LCX", "SAH", "SIN"):
            breed = "HFX"
        calf = self._new(
            rng.choice(("female", "male")), breed, day, day, dam=dam, sire=service.sire,
            sire_code=service.sire_code, merit=self._merit(dam),
        )  # fmt: skip
        if rng.random() < params["calf_mortality"]:
            self._at(day + DAY * rng.randrange(1, 90), self._die, calf)
        if calf.sex == "male":
            self._at(day + DAY * rng.randrange(15, 60), self._sell, calf)
        else:
            self._plan_first_service(calf, day + DAY * 470)

    def _plan_first_service(self, heifer, earliest):
        self._at(earliest + DAY * self.rng.randrange(0, 90), self._first_service, heifer)

    def _first_service(self, day, heifer):
        self._serve(heifer, day, None)

    def _serve(self, cow, day, lactation):
        """Services three weeks apart until one holds; a cow that never holds is not bred again."""
        rng, params = self.rng, self.params
        for _attempt in range(7):
            own = self.bulls and rng.random() < params["own_bull_share"]
            sire = rng.choice(self.bulls) if own else None
            code = None if own else f"{rng.choice(('HOL', 'HOL', 'SAH', 'JER'))}-{rng.randrange(100, 130)}"
            cow.events.append(Event(day, "insemination", sire=sire, sire_code=code))
            # fewer hold in the hot months
            held = rng.random() < params["conception"] * (0.82 if 4 <= day.month <= 9 else 1.08)
            back = day + DAY * rng.randrange(19, 24)
            if held:
                cow.events.append(Event(day + DAY * CHECK_DAYS, "pregnancy_check", "pregnant"))
                calving = day + DAY * (self.gestation[cow.breed] + round(rng.gauss(0, 4)))
                if lactation:
                    lactation.dry_off = calving - DAY * (DRY_DAYS + rng.randrange(-6, 7))
                self._at(calving, self._calve, cow)
                return
            if rng.random() < 0.5:
                cow.events.append(Event(day + DAY * CHECK_DAYS, "pregnancy_check", "open"))
                back = day + DAY * rng.randrange(40, 46)
            day = back
        self._stop_breeding(cow, day, lactation)

    def _stop_breeding(self, cow, day, lactation):
        """She is milked as long as it pays, then waits dry for her turn to be culled."""
        cow.barren = True
        cow.events.append(Event(day, "do_not_breed"))
        if lactation:
            lactation.dry_off = max(day, lactation.calving + DAY * self.rng.randrange(330, 420))

    # keeping the size

    def _kinds(self, day):
        kinds = {"cow": [], "heifer": [], "calf": [], "bull": []}
        for animal in self.present.values():
            kinds[animal.kind(day)].append(animal)
        return kinds

    def _trim(self, day, _animal=None):
        """Once a month the herd goes back to its size: cows are culled, young stock is sold."""
        rng = self.rng
        kinds = self._kinds(day)

        def worth(cow):
            milking = (day - cow.lactations[-1].calving).days
            ready = milking > 200 or cow.barren
            return (not cow.barren, not ready, cow.merit - 0.07 * cow.lactations[-1].parity)

        for cow in sorted(kinds["cow"], key=worth)[: max(0, len(kinds["cow"]) - self._share("cow"))]:
            reason = (
                "Infertility" if cow.barren else rng.choice(("Low yield", "Udder", "Legs and feet", "Age"))
            )
            self._at(day + DAY * rng.randrange(1, 27), self._cull_for(reason), cow)
        heifers = sorted(kinds["heifer"], key=lambda heifer: heifer.merit - bool(heifer.events))
        for heifer in heifers[: max(0, len(heifers) - self._share("heifer"))]:
            self._at(day + DAY * rng.randrange(1, 27), self._sell_breeding, heifer)
        calves = sorted((calf for calf in kinds["calf"] if calf.sex == "female"), key=lambda calf: calf.merit)
        for calf in calves[: max(0, len(calves) - self._share("calf"))]:
            self._at(day + DAY * rng.randrange(1, 27), self._sell_breeding, calf)

    def _cull_for(self, reason):
        return lambda day, cow: self._exit(cow, day, "culled", reason)

    def _sell_breeding(self, day, animal):
        if animal.kind(day) != "cow":
            self._exit(animal, day, "sold", "Sold for breeding")

    def _settle(self):
        """Exactly the size asked for on the last day; nothing that is planned for later is kept."""
        rng, until = self.rng, self.until
        for animal in self.present.values():
            animal.events = [event for event in animal.events if event.day <= until]
            if animal.lactations and animal.lactations[-1].dry_off and animal.lactations[-1].dry_off >= until:
                animal.lactations[-1].dry_off = None
        excess = len(self.present) - self.size
        kinds = self._kinds(until)
        order = sorted(kinds["calf"], key=lambda calf: (calf.sex == "female", calf.birth))
        order += sorted(kinds["heifer"], key=lambda heifer: (bool(heifer.events), heifer.birth), reverse=True)
        order += sorted(kinds["cow"], key=lambda cow: cow.merit)
        for animal in order[: max(0, excess)]:
            earliest = max(animal.entry, until - DAY * 10)
            if animal.lactations:
                earliest = max(earliest, animal.lactations[-1].calving + DAY)
            day = earliest + DAY * rng.randrange(0, max(1, (until - earliest).days + 1))
            self._exit(animal, min(day, until), "sold", "Sold for breeding")
        for _heifer in range(max(0, -excess)):
            entry = until - DAY * rng.randrange(5, 120)
            birth = entry - DAY * rng.randrange(300, 450)
            self._new("female", self._random_breed(), birth, entry, merit=self._merit())

    def _worth_recording(self):
        """Animals of the period and their ancestors, parents first."""
        wanted = {}

        def want(animal):
            if animal is not None and animal.number not in wanted:
                wanted[animal.number] = animal
                want(animal.dam)
                want(animal.sire)

        for animal in self.all:
            if animal.exit is None or animal.exit >= self.first:
                want(animal)
                for event in animal.events:
                    want(event.sire)
        return [wanted[number] for number in sorted(wanted)]
