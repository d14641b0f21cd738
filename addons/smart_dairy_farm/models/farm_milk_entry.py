import re
from datetime import datetime, timedelta

import pytz
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..entry import batch
from ..entry.limits import find_unusual
from ..entry.numbers import parse_count, parse_decimal

#: days of the cow's own past that say what is usual: milk changes within weeks, test days are a month apart
MILK_DAYS, TEST_DAYS = 7, 120
COMPONENT_FIELDS = {"fat": "fat_percentage", "protein": "protein_percentage", "scc": "scc"}


class FarmMilkRecord(models.Model):
    """Whole-herd entry: the two calls of the screen."""

    _inherit = "farm.milk.record"

    @api.model
    @api.readonly
    def get_herd_entry(self, farm_id=False, pen_id=False, date=False, session=False):
        """Return what the whole-herd screen shows: choices, limits and one line per cow in milk on that day.

        Whatever is not given is chosen: the first farm, today in the company's time zone, the session by the
        hour. kg are floats, unknown components False, dates 'YYYY-MM-DD'. A fixed number of queries.

        :return: {farms, pens, sessions, farm_id, pen_id, date, session, limits, lines}
        """
        farms = self.env["farm.farm"].search_fetch([], ["name", "company_id"])
        sessions = self._fields["session"]._description_selection(self.env)
        if not farms:
            return {"farms": [], "pens": [], "sessions": sessions, "farm_id": False, "pen_id": False,
                    "date": "", "session": "", "limits": {}, "lines": []}  # fmt: skip
        farm = farms.filtered(lambda each: each.id == farm_id) or farms[0]
        pens = self.env["farm.pen"].search_fetch([("farm_id", "=", farm.id)], ["name"])
        pen = pens.filtered(lambda each: each.id == pen_id)
        day = fields.Date.to_date(date) or farm.company_id._business_today()
        session = session or self._session_of_hour(farm)
        limits = farm._milk_limits()
        return {
            "farms": [{"id": each.id, "name": each.name} for each in farms],
            "pens": [{"id": each.id, "name": each.name} for each in pens],
            "sessions": sessions,
            "farm_id": farm.id,
            "pen_id": pen.id,
            "date": fields.Date.to_string(day),
            "session": session,
            "limits": limits.as_dict(),
            "lines": self._herd_entry_lines(farm, pen, day, session),
        }

    @api.model
    def save_herd_entry(self, farm_id, date, session, lines):
        """Store the lines of the whole-herd screen; good ones are kept, whatever happens to others.

        :param lines: [{animal_id, kg, fat, protein, scc, seen}]; numbers as text or number, comma or point,
            None for not measured; ``seen`` as it came from :meth:`get_herd_entry`
        :return: {saved, unchanged, refused: counts, lines: [{animal_id, status, reason, warnings,
            record_id, seen, discarded, discard_label, values}]} in the order of ``lines``
        :raises UserError: the farm, day or session as a whole cannot be used
        """
        self.check_access("create")
        self.check_access("write")
        farm = self.env["farm.farm"].browse(farm_id).exists()
        farm.check_access("read")
        day = fields.Date.to_date(date)
        if not farm or not day or session not in dict(self._fields["session"].selection):
            raise UserError(self.env._("Choose a farm, a day and a session first."))
        animals = self._animals_of_farm(farm, [line.get("animal_id") for line in lines])
        entries = [self._read_entry(line, day, session) for line in lines]
        limits = farm._milk_limits()
        stored = self._judge_entries(entries, animals, limits)
        averages = self._own_averages(animals, day, session)
        self._store_entries(entries, stored, "manual")
        return self._herd_entry_result(entries, averages, farm)

    # ------------------------------------------------------------ helpers
    def _session_of_hour(self, farm):
        hour = datetime.now(pytz.timezone(farm.company_id._business_tz())).hour
        return "morning" if hour < 12 else "evening"

    def _animals_of_farm(self, farm, ids):
        return (
            self.env["farm.animal"]
            .with_context(active_test=False)
            .search_fetch(
                Domain("id", "in", [int(each) for each in ids if each]) & self._ever_on_farm(farm),
                ["ear_tag", "name", "sex", "status", "entry_date", "exit_date", "farm_id"],
            )
        )

    def _ever_on_farm(self, farm):
        return Domain("farm_id", "=", farm.id) | Domain("pen_stay_ids.farm_id", "=", farm.id)

    def _herd_entry_lines(self, farm, pen, day, session):
        animals = (
            self.env["farm.animal"]
            .with_context(active_test=False)
            .search_fetch(
                self._ever_on_farm(farm)
                & Domain(
                    [
                        ("sex", "=", "female"),
                        ("lactation_ids.calving_date", "<=", day),
                        ("entry_date", "<=", day),
                        "|",
                        ("exit_date", "=", False),
                        ("exit_date", ">=", day),
                    ]
                ),
                [
                    "name",
                    "ear_tag",
                    "management_number",
                    "status",
                    "entry_date",
                    "exit_date",
                    "farm_id",
                    "pen_id",
                ],
            )
        )
        spans = self._milking_spans(animals, day, day)
        animals = animals.filtered(lambda animal: animal.id in spans)
        pens = self._pens_on(animals, day)
        animals = animals.filtered(
            # whoever has moved to another farm since was here on that day, and the other way round
            lambda animal: (pens[animal.id].farm_id if animal.id in pens else animal.farm_id) == farm
        )
        if pen:
            animals = animals.filtered(lambda animal: pens.get(animal.id, animal.pen_id) == pen)
        stored = self._stored_milk(animals, day, day)
        withheld = self._withheld_on(animals, day, farm)
        averages = self._own_averages(animals, day, session)
        first_day = int(farm.dim_first_day or 0)
        lines = []
        for animal in animals.sorted(lambda animal: _natural(animal.ear_tag or animal.name)):
            record = stored.get((animal.id, day, session))
            held = withheld.get(animal.id)
            discarded = record["discarded"] if record else bool(held)
            own = averages[animal.id]
            lines.append(
                {
                    "animal_id": animal.id,
                    "ear_tag": animal.ear_tag or "",
                    "management_number": animal.management_number or "",
                    "name": animal.name,
                    "pen": pens.get(animal.id, animal.pen_id).name or "",
                    "dim": (day - spans[animal.id][-1][0]).days + first_day,
                    "day_average": own.pop("day", False),
                    "averages": own,
                    "discarded": discarded,
                    "discard_label": self._discard_label(
                        discarded, record["discard_reason"] if record else held and held[0], held
                    ),
                    "record_id": record["id"] if record else False,
                    "seen": record["seen"] if record else "",
                    "values": self._values_for_screen(record),
                }
            )
        return lines

    def _pens_on(self, animals, day):
        """Return {animal id: pen} on a past day; who has no dated stay is missing."""
        stays = self.env["farm.pen.stay"].search_fetch(
            [
                ("animal_id", "in", animals.ids),
                ("date_from", "<=", day),
                "|",
                ("date_to", "=", False),
                ("date_to", ">", day),
            ],
            ["animal_id", "pen_id"],
        )
        stays.pen_id.fetch(["name", "farm_id"])
        return {stay.animal_id.id: stay.pen_id for stay in stays}

    def _withheld_on(self, animals, day, farm):
        """Return {animal id: (reason, last day)} of the animals whose milk of ``day`` is withheld."""
        calved = self.env["farm.lactation"].search_fetch(
            [
                ("animal_id", "in", animals.ids),
                ("calving_date", "<=", day),
                ("calving_date", ">", day - timedelta(days=farm.colostrum_days)),
            ],
            ["animal_id", "calving_date"],
        )
        fresh = {
            lactation.animal_id.id: lactation.calving_date + timedelta(days=farm.colostrum_days - 1)
            for lactation in calved
        }
        return {animal_id: ("colostrum", until) for animal_id, until in fresh.items()} | {
            animal.id: ("withdrawal", until)
            for animal, until in self.env["farm.treatment"]._read_group(
                [
                    ("animal_id", "in", animals.ids),
                    ("start_date", "<=", day),
                    ("milk_withdrawal_until", ">=", day),
                ],
                ["animal_id"],
                ["milk_withdrawal_until:max"],
            )
        }

    def _own_averages(self, animals, day, session):
        """Return {animal id: {'day': kg, 'kg' | 'fat' | 'protein' | 'scc': [average, number of records]}}."""
        averages = {animal.id: {} for animal in animals}
        own = Domain("animal_id", "in", animals.ids) & Domain("record_date", "<", day)
        recent = own & Domain("record_date", ">=", day - timedelta(days=MILK_DAYS))
        for animal, kg, days in self._read_group(
            recent, ["animal_id"], ["total_yield:sum", "record_date:count_distinct"]
        ):
            averages[animal.id]["day"] = round(kg / days, 2)
        for animal, kg, count in self._read_group(
            recent & Domain("session", "=", session), ["animal_id"], ["total_yield:avg", "__count"]
        ):
            averages[animal.id]["kg"] = [round(kg, 2), count]
        tested = own & Domain("record_date", ">=", day - timedelta(days=TEST_DAYS))
        aggregates = [f"{name}:{kind}" for name in COMPONENT_FIELDS.values() for kind in ("avg", "count")]
        for animal, *values in self._read_group(tested, ["animal_id"], aggregates):
            for position, name in enumerate(COMPONENT_FIELDS):
                average, count = values[2 * position : 2 * position + 2]
                if count:
                    averages[animal.id][name] = [round(average, 2), count]
        return averages

    def _discard_label(self, discarded, reason, held):
        """``held``: what :meth:`_withheld_on` says of the animal, if anything."""
        if not discarded:
            return ""
        if held and reason == held[0]:
            until = self._format_day(held[1])
            if reason == "colostrum":
                return self.env._("discarded – colostrum until %s", until)
            return self.env._("discarded – withdrawal until %s", until)
        labels = dict(self._fields["discard_reason"]._description_selection(self.env))
        return self.env._("discarded – %s", labels.get(reason, labels["other"]).lower())

    def _values_for_screen(self, record):
        if not record:
            return {"kg": False, "fat": False, "protein": False, "scc": False}
        return {
            name: False if record[name] is None else float(record[name])
            for name in ("kg", "fat", "protein", "scc")
        }

    def _read_entry(self, line, day, session):
        """Turn what came from the browser into an entry; what is no number is refused."""
        values, wrong = {}, []
        for name, parse in (
            ("kg", parse_decimal),
            ("fat", parse_decimal),
            ("protein", parse_decimal),
            ("scc", parse_count),
        ):
            try:
                values[name] = parse(line.get(name))
            except ValueError:
                wrong.append(str(line.get(name)))
        entry = batch.Entry(
            line.get("animal_id"), line.get("animal_id"), day, session, seen=line.get("seen") or "", **values
        )
        if wrong:
            entry.refuse(self.env._("“%s” is not a number.", wrong[0]))
        return entry

    def _herd_entry_result(self, entries, averages, farm):
        limits = farm._milk_limits()
        records = self.browse(
            [entry.record_id for entry in entries if entry.record_id and entry.state != batch.REFUSED]
        )
        records.fetch(["discarded", "discard_reason", "write_date", "record_date", *batch_fields()])
        by_id = {record.id: record for record in records}
        withheld = self._withheld_on(records.animal_id, entries[0].day, farm) if records else {}
        counts = {"saved": 0, "unchanged": 0, "refused": 0}
        lines = []
        for entry in entries:
            status = {batch.REFUSED: "refused", batch.UNCHANGED: "unchanged"}.get(entry.state, "saved")
            counts[status] += 1
            line = {"animal_id": entry.animal_id, "status": status, "reason": entry.reason, "warnings": []}
            record = by_id.get(entry.record_id)
            if record and status != "refused":
                values = {"kg": entry.kg, "fat": entry.fat, "protein": entry.protein, "scc": entry.scc}
                held = withheld.get(record.animal_id.id)
                line |= {
                    "record_id": record.id,
                    "seen": self._seen(record.write_date),
                    "discarded": record.discarded,
                    "discard_label": self._discard_label(record.discarded, record.discard_reason, held),
                    "values": {
                        "kg": record.total_yield,
                        **{name: record[field] for name, field in COMPONENT_FIELDS.items()},
                    },
                    "warnings": [
                        remark.field
                        for remark in find_unusual(limits, values, averages.get(entry.animal_id, {}))
                    ],
                }
            lines.append(line)
        return {**counts, "lines": lines}


def batch_fields():
    """Names of the fields that a line shows."""
    return ["total_yield", *COMPONENT_FIELDS.values()]


def _natural(text):
    """Sort key that puts 9 before 10."""
    return [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"(\d+)", text or "")
        if part
    ]
