"""Loads farms into the database: masters by the ORM, animals and their records in bulk, farm by farm."""

from collections import Counter
from datetime import timedelta

from odoo.addons.smart_dairy_farm.figures.herd import lactation_status
from odoo.tools import SQL

from . import herd_columns as columns
from .bulk import Loader
from .climate import Climate
from .foreign_keys import checked_at_end
from .health import Health
from .herd import Herd
from .herd_templates import make_herd_templates
from .milk import Cow, season_factors
from .numbering import analyze
from .pens import stays

DAY = timedelta(days=1)
GRAVITY = ("healthy", "suspicious", "ill", "in_treatment", "to_be_culled")
TABLES = (
    "farm_animal", "farm_animal_tag", "farm_pen_stay", "farm_lactation", "farm_reproduction_event",
    "farm_health_record", "farm_treatment", "farm_milk_record", "farm_climate_record",
)  # fmt: skip


def build_herd(ctx, users):
    """All farms of the run. Returns the number of rows by table."""
    progress, params = ctx.progress, ctx.scenario["herd"]
    sizes = _sizes(ctx, params)
    with progress.step("Farms, barns, pens"):
        farms = [
            _create_farm(ctx, users, index, name, code, size)
            for index, (name, code, size) in enumerate(sizes)
        ]
        template = make_herd_templates(ctx, farms[0])
        loader = FarmLoader(ctx, template, users)
    with progress.step("Herd, milk, health, climate"):
        with checked_at_end(ctx.cr, TABLES):
            for index, (farm, (_name, code, size)) in enumerate(zip(farms, sizes, strict=True)):
                loader.load(index, farm, code, size, index / len(farms), 1 / len(farms))
            loader.rows.close()
        analyze(ctx.cr, [*TABLES, "farm_pen", "farm_barn", "farm_farm"])
    return Counter({table: sum(rows.count for rows in kinds) for table, kinds in loader.rows.tables.items()})


def _sizes(ctx, params):
    """(name, code, animals) of each farm: the scenario's farms for every 800 animals, to bound memory."""
    total = ctx.count(params["animals"])
    blocks = max(1, round(total / params["animals"]))
    sizes = []
    for block in range(blocks):
        animals = total * (block + 1) // blocks - total * block // blocks
        rest = animals
        for position, (name, code, share) in enumerate(params["farms"]):
            size = rest if position == len(params["farms"]) - 1 else min(rest, round(animals * share))
            rest -= size
            if size:
                suffix = f" {block + 1}" if block else ""
                sizes.append((f"{name}{suffix}", f"{code}{block + 1 if block else ''}", size))
    return sizes


def _create_farm(ctx, users, index, name, code, size):
    env, params = ctx.env, ctx.scenario["herd"]
    farm = env["farm.farm"].create(
        {"name": name, "code": code, "manager_id": users["manager"].id, "company_id": env.company.id}
    )
    barns = {}
    for barn_name, pen_codes in params["barns"].items():
        barn = env["farm.barn"].create({"name": barn_name, "farm_id": farm.id})
        barns.update(dict.fromkeys(pen_codes, barn))
    pens = env["farm.pen"].create(
        [
            {
                "name": pen_name,
                "code": pen_code,
                "pen_type": pen_type,
                "capacity": max(4, round(share * size * 1.4 / 5) * 5),
                "farm_id": farm.id,
                "barn_id": barns[pen_code].id,
            }
            for pen_name, pen_code, pen_type, share in params["pens"]
        ]
    )
    return {
        "id": farm.id,
        "index": index,
        "settings": farm._status_settings(),
        "colostrum_days": farm.colostrum_days,
        "pens": {pen.code: pen.id for pen in pens},
        "barn": barns["M1"].id,
    }


class FarmLoader:
    """Simulates and loads one farm after the other."""

    def __init__(self, ctx, template, users):
        self.ctx = ctx
        self.vet_id = users["vet"].id
        env = ctx.env
        self.rows = Loader(ctx.cr)
        self.add = {
            table: self.rows.rows(table, template[table, "row"], *columns.BY_TABLE[table]).add
            for table in TABLES
        }
        breeds = env["farm.breed"].search([("code", "in", list(ctx.scenario["herd"]["breeds"]))])
        self.breed_ids = {breed.code: breed.id for breed in breeds}
        self.gestation = {breed.code: breed.gestation_days for breed in breeds}
        self.curves = {
            breed.code: {
                int(curve.parity_group): (curve.wood_a, curve.wood_b, curve.wood_c)
                for curve in breed.curve_ids
            }
            for breed in breeds
        }
        self.drugs = {}
        for params in ctx.scenario["health"].values():
            for name, *_rest in params["drugs"]:
                self.drugs[name] = env.ref(f"smart_dairy_farm.{name}")
        self.health = Health(
            ctx.scenario["health"],
            {
                name: (drug.milk_withdrawal_days, drug.meat_withdrawal_days)
                for name, drug in self.drugs.items()
            },
            ctx.first,
            ctx.until,
        )
        self.herd_params = {**ctx.scenario["herd"], "merit_sd": ctx.scenario["milk"]["individual_sd"]}

    def load(self, index, farm, code, size, done, share):
        """Load farm number `index` of `size` animals; `done` and `share` place it on the progress bar."""
        ctx = self.ctx
        herd = Herd(self.herd_params, self.gestation, ctx.random("herd", index), ctx.first, ctx.until, size)
        animals = herd.run()
        climate = Climate(ctx.scenario["climate"], ctx.random("climate", index), ctx.first, ctx.until)
        self._load_climate(farm, climate)
        lactation_ids, cows = {}, []
        milk = {**ctx.scenario["milk"], "colostrum_days": farm["colostrum_days"]}
        for animal in animals:
            animal.id = self.rows.new_id("farm_animal")
        links = []
        for animal in animals:
            rng = ctx.random("animal", index, animal.number)
            cases = self.health.cases(animal, rng)
            status, due = reproduction_status(animal, self.gestation[animal.breed])
            spans = stays(animal, cases, due if animal.exit is None else None, ctx.first, ctx.until)
            self._load_lactations(farm, animal, lactation_ids)
            self._load_animal(farm, code, animal, cases, spans, status, due, lactation_ids, links)
            self._load_cases(farm, animal, cases)
            if animal.lactations:
                cows.append(Cow(animal, self.curves, milk, cases, spans, rng, ctx.until))
        self.rows.flush()
        self._link_lactations(links)
        season = season_factors(ctx.scenario["milk"], climate.mean_thi)
        start = ctx.first
        while start <= ctx.until:
            stop = min(ctx.until, (start.replace(day=1) + DAY * 32).replace(day=1) - DAY)
            self._load_milk(farm, cows, start, stop, season, lactation_ids)
            self.rows.flush_if_full()
            start = stop + DAY
            ctx.progress.advance(done + share * ((start - ctx.first).days / ctx.days))
        self.rows.flush()

    def _load_climate(self, farm, climate):
        for day, hour, temperature, humidity, index in climate.readings:
            at = self.ctx.utc(day, hour * 3600)
            self.add["farm_climate_record"](
                self.rows.new_id("farm_climate_record"), farm["id"], farm["barn"], at, temperature, humidity,
                round(index, 6), at, at,
            )  # fmt: skip

    def _load_lactations(self, farm, animal, lactation_ids):
        for lactation in animal.lactations:
            key = (animal.number, lactation.parity)
            lactation_ids[key] = self.rows.new_id("farm_lactation")
            at = self.ctx.utc(lactation.calving, 6 * 3600)
            self.add["farm_lactation"](
                lactation_ids[key], animal.id, farm["id"], lactation.parity, lactation.calving,
                lactation.dry_off,
                lactation.end, at, at,
            )  # fmt: skip

    def _load_animal(self, farm, code, animal, cases, spans, status, due, lactation_ids, links):
        ctx, new_id = self.ctx, self.rows.new_id
        at = ctx.utc(animal.entry, 7 * 3600)
        last_day = animal.exit or ctx.until
        running = animal.lactations[-1] if animal.lactations and animal.lactations[-1].end is None else None
        if running:
            links.append((animal.id, lactation_ids[animal.number, running.parity]))
        phase = "none"
        if running and animal.status == "active":
            phase = lactation_status(
                ctx.until, running.calving, running.dry_off, due_date=due, **farm["settings"]
            )
        found = [case.found for case in cases if case.closed is None]
        tags = {
            "ear": f"BD{code}{animal.number:05d}",
            "rfid": f"050{farm['index']:04d}{animal.number:08d}",
            "management": f"{code}-{animal.number}",
        }
        pen = spans[-1][0] if spans and spans[-1][2] is None else None
        self.add["farm_animal"](
            animal.id, animal.name, tags["ear"], tags["rfid"], tags["management"], animal.kind(last_day),
            animal.sex,
            self.breed_ids[animal.breed], animal.birth, farm["id"], farm["pens"].get(pen), animal.entry,
            animal.status, animal.exit, animal.reason, animal.dam and animal.dam.id,
            animal.sire and animal.sire.id,
            animal.sire_code, animal.entry_parity,
            max([animal.entry_parity, *(lactation.parity for lactation in animal.lactations)]), None, phase,
            status,
            due, max(found, key=GRAVITY.index) if found else "healthy", None, None, at, at,
        )  # fmt: skip
        for kind, value in tags.items():
            self.add["farm_animal_tag"](
                new_id("farm_animal_tag"), animal.id, kind, value, animal.entry, animal.exit, at, at
            )
        for pen_code, begin, end in spans:
            moved = ctx.utc(begin, 8 * 3600)
            self.add["farm_pen_stay"](
                new_id("farm_pen_stay"),
                animal.id,
                farm["pens"][pen_code],
                farm["id"],
                begin,
                end,
                moved,
                moved,
            )
        for event in sorted(animal.events, key=lambda event: event.day):
            happened = ctx.utc(event.day, 9 * 3600)
            lactation_id = event.lactation and lactation_ids[animal.number, event.lactation.parity]
            self.add["farm_reproduction_event"](
                new_id("farm_reproduction_event"), animal.id, farm["id"], event.day, event.kind, event.result,
                event.sire and event.sire.id, event.sire_code, lactation_id, happened, happened,
            )  # fmt: skip

    def _load_cases(self, farm, animal, cases):
        new_id = self.rows.new_id
        for case in cases:
            case_id = new_id("farm_health_record")
            at = self.ctx.utc(case.day, 10 * 3600)
            self.add["farm_health_record"](
                case_id, animal.id, farm["id"], case.day, case.kind, case.found, case.diagnosis, case.quarter,
                "closed" if case.closed else "open", case.closed, at, at,
            )  # fmt: skip
            if case.drug:
                drug = self.drugs[case.drug]
                self.add["farm_treatment"](
                    new_id("farm_treatment"), case_id, animal.id, farm["id"], drug.id, case.dose,
                    drug.default_dose_uom, case.route, case.day, case.last_dose, drug.milk_withdrawal_days,
                    drug.meat_withdrawal_days, case.milk_until, case.meat_until, self.vet_id, at, at,
                )  # fmt: skip

    def _link_lactations(self, links):
        """Animals and lactations point at each other; the animal's side is written last."""
        self.rows.wait()
        if links:
            self.ctx.cr.execute(
                SQL(
                    "UPDATE farm_animal a SET current_lactation_id = l.lactation_id"
                    " FROM unnest(%s, %s) AS l(animal_id, lactation_id) WHERE l.animal_id = a.id",
                    [animal_id for animal_id, _lactation_id in links],
                    [lactation_id for _animal_id, lactation_id in links],
                )
            )

    def _load_milk(self, farm, cows, start, stop, season, lactation_ids):
        add, new_id, pens = self.add["farm_milk_record"], self.rows.new_id, farm["pens"]
        first_day = farm["settings"]["first_day"]
        times = {}
        for cow in cows:
            animal = cow.animal
            for day, session, pen, lactation, in_milk, kg, fat, protein, cells, reason in cow.sessions(
                start, stop, season
            ):
                at = times.get((day, session))
                if at is None:
                    at = times[day, session] = self.ctx.utc(day, (6 if session == "morning" else 17) * 3600)
                add(
                    new_id("farm_milk_record"), animal.id, farm["id"], pens.get(pen),
                    lactation_ids[animal.number, lactation.parity], in_milk + first_day, day, session, kg,
                    kg if session == "morning" else 0, kg if session == "evening" else 0, fat, protein, cells,
                    reason is not None, reason, 0 if reason else kg, at, at,
                )  # fmt: skip


def reproduction_status(animal, gestation):
    """(status, due date) by the events, as `farm.animal` derives them."""
    if animal.sex != "female":
        return None, None
    status, served = "open", None
    for event in sorted(animal.events, key=lambda event: event.day):
        if event.kind == "pregnancy_check":
            status = "pregnant" if event.result == "pregnant" else "not_pregnant"
        else:
            status = {"insemination": "inseminated", "calving": "birthed"}.get(event.kind, event.kind)
        if event.kind == "insemination":
            served = event.day
        elif status != "pregnant":
            served = None
    due = served + DAY * gestation if status == "pregnant" and served else None
    return status, due
