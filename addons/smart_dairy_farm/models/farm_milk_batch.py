from collections import defaultdict
from datetime import timedelta

import psycopg2
from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..entry import batch
from ..entry.limits import find_impossible

#: lines stored in one savepoint: few enough that a refused line does not cost storing a whole file again
STORED_TOGETHER = 500
FIELD_OF = {
    "kg": "total_yield",
    "fat": "fat_percentage",
    "protein": "protein_percentage",
    "scc": "scc",
    "kg_morning": "morning_yield",
    "kg_evening": "evening_yield",
}


class FarmMilkRecord(models.Model):
    """Many lines at once: judged and stored with a number of queries that does not grow with the lines."""

    _inherit = "farm.milk.record"

    # ------------------------------------------------------------ reading
    def _milking_spans(self, animals, first, last):
        """Return {animal id: [(first day, last day, lactation id, parity)]} of milking within two days.

        The last day of a span is the day of drying off, or the eve of the next calving or exit, or ``last``.
        """
        lactations = self.env["farm.lactation"].search_fetch(
            [
                ("animal_id", "in", animals.ids),
                ("calving_date", "<=", last),
                "|",
                ("end_date", "=", False),
                ("end_date", ">=", first),
            ],
            ["animal_id", "calving_date", "dry_off_date", "end_date", "parity"],
            order="calving_date",
        )
        animals.fetch(["status", "exit_date", "entry_date"])
        spans = defaultdict(list)
        for lactation in lactations:
            animal = lactation.animal_id
            start = max(lactation.calving_date, animal.entry_date or lactation.calving_date)
            end = lactation.dry_off_date or last
            if lactation.end_date and lactation.end_date != animal.exit_date:
                end = min(end, lactation.end_date - timedelta(days=1))
            if animal.exit_date:
                end = min(end, animal.exit_date)
            if start <= end and end >= first:
                spans[animal.id].append((start, end, lactation.id, lactation.parity))
        return spans

    def _stored_milk(self, animals, first, last):
        """Return {(animal id, day, session): values} of the records between two days, rules applied."""
        query = self._search(
            [("animal_id", "in", animals.ids), ("record_date", ">=", first), ("record_date", "<=", last)]
        )
        names = [
            "id",
            "animal_id",
            "record_date",
            "session",
            *FIELD_OF.values(),
            "discarded",
            "discard_reason",
            "write_date",
        ]
        self.check_access("read")
        rows = self.env.execute_query(
            query.select(*(SQL("%s", self._field_to_sql(self._table, name, query)) for name in names))
        )
        stored = {}
        for row in rows:
            values = dict(zip(names, row, strict=True))
            stored[values["animal_id"], values["record_date"], values["session"]] = {
                "id": values["id"],
                "discarded": values["discarded"],
                "discard_reason": values["discard_reason"],
                "seen": self._seen(values["write_date"]),
                **{
                    short: None if values[name] is None else str(values[name])
                    for short, name in FIELD_OF.items()
                },
            }
        return stored

    def _seen(self, write_date):
        """A text that changes whenever the record does: a browser sends it back to say what it looked at."""
        return write_date.isoformat() if write_date else ""

    # ------------------------------------------------------------ judging
    def _judge_entries(self, entries, animals, limits):
        """Set the state of every entry: refused with a reason, unchanged, create or update.

        :param entries: list of :class:`~..entry.batch.Entry`
        :param animals: the animals that the entries may name (the user may read them)
        :param limits: the farm's :class:`~..entry.limits.MilkLimits`
        :return: the stored values by slot, for later use
        """
        usable = [entry for entry in entries if entry.state != batch.REFUSED]
        if not usable:
            return {}
        first, last = min(entry.day for entry in usable), max(entry.day for entry in usable)
        spans = self._milking_spans(animals, first, last)
        stored = self._stored_milk(animals, first, last)
        known = {animal.id: animal for animal in animals}
        taken = defaultdict(set)
        for animal_id, day, session in stored:
            taken[animal_id, day].add(session)
        today = {farm: farm.company_id._business_today() for farm in animals.farm_id}
        seen_slots = {}
        for entry in usable:
            animal = known.get(entry.animal_id)
            if not animal:
                entry.refuse(self.env._("This animal is not known on this farm."))
                continue
            self._judge_values(entry, limits)
            self._judge_presence(entry, animal, spans.get(animal.id, ()), today[animal.farm_id])
            if entry.state == batch.REFUSED:
                continue
            if entry.slot in seen_slots:
                entry.refuse(self._repeated_text(seen_slots[entry.slot]))
                continue
            seen_slots[entry.slot] = entry.key
            self._judge_against_stored(entry, stored.get(entry.slot), taken[entry.animal_id, entry.day])
            if entry.state != batch.REFUSED:
                taken[entry.animal_id, entry.day].add(entry.session)
        return stored

    def _repeated_text(self, key):
        if self.env.context.get("milk_import"):
            return self.env._("The same animal, day and session stand on line %s already.", key)
        return self.env._("The same animal is entered twice here.")

    def _judge_values(self, entry, limits):
        for remark in find_impossible(limits, entry.session, entry.kg, entry.fat, entry.protein, entry.scc):
            entry.refuse(self._impossible_text(remark))
        if entry.kg is None:
            entry.refuse(self.env._("The kg of milk are missing."))

    def _judge_presence(self, entry, animal, spans, today):
        _ = self.env._
        label = animal.ear_tag or animal.name
        if entry.day > today:
            entry.refuse(_("%(day)s lies in the future.", day=self._format_day(entry.day)))
        elif animal.exit_date and entry.day > animal.exit_date:
            left = self._format_day(animal.exit_date)
            entry.refuse(_("%(animal)s left the herd on %(left)s.", animal=label, left=left))
        elif animal.sex == "male":
            entry.refuse(_("%(animal)s is male.", animal=label))
        elif not any(start <= entry.day <= end for start, end, _lactation, _parity in spans):
            day = self._format_day(entry.day)
            entry.refuse(
                _("%(animal)s was not in milk on %(day)s (dry, or not calved).", animal=label, day=day)
            )

    def _judge_against_stored(self, entry, stored, sessions):
        _ = self.env._
        if not stored:
            if entry.session == "day" and sessions - {"day"}:
                entry.refuse(
                    _("Milkings of that day are entered already: a whole day would count them twice.")
                )
            elif entry.session != "day" and "day" in sessions:
                entry.refuse(_("The whole day is entered already: a single milking would be counted twice."))
            else:
                entry.state = batch.CREATE
            return
        entry.record_id = stored["id"]
        if not entry.changes(stored):
            entry.state = batch.UNCHANGED
        elif entry.seen is not None and entry.seen != stored["seen"]:
            entry.refuse(
                _(
                    "Somebody else has entered %(kg)s kg meanwhile. Reload to see it, then correct it.",
                    kg=stored["kg"],
                )
            )
        else:
            entry.state = batch.UPDATE

    def _impossible_text(self, remark):
        _ = self.env._
        label = {
            "kg": _("Milk kg"),
            "fat": _("Fat %"),
            "protein": _("Protein %"),
            "scc": _("SCC ×1000"),
        }[remark.field]
        if remark.code == "missing":
            return _("The kg of milk are missing.")
        if remark.code == "negative":
            return _("%(value)s kg is impossible: milk cannot be negative.", **remark.params)
        if remark.code == "too_high":
            return _("%(value)s kg is impossible: more than %(max)g kg.", **remark.params)
        params = {"field": label, **remark.params}
        return _("%(field)s %(value)s is impossible: not between %(min)g and %(max)g.", **params)

    def _format_day(self, day):
        lang = self.env["res.lang"]._get_data(code=self.env.user.lang or "en_US")
        return day.strftime(lang.date_format or "%Y-%m-%d")

    # ------------------------------------------------------------ storing
    def _store_entries(self, entries, stored, source):
        """Create and write what :meth:`_judge_entries` found good; a line refused here costs only itself."""
        creating = [entry for entry in entries if entry.state == batch.CREATE]
        updating = [entry for entry in entries if entry.state == batch.UPDATE]
        for start in range(0, len(creating), STORED_TOGETHER):
            part = creating[start : start + STORED_TOGETHER]
            self._store_or_split(part, lambda part: self._create_entries(part, source))
        for start in range(0, len(updating), STORED_TOGETHER):
            part = updating[start : start + STORED_TOGETHER]
            self._store_or_split(part, lambda part: self._write_entries(part, stored))

    def _store_or_split(self, entries, store):
        """Store all in one savepoint; when something is refused, halve until the bad line stands alone."""
        if not entries:
            return
        try:
            with self.env.cr.savepoint():
                store(entries)
                self.env.flush_all()
        except (UserError, ValidationError, psycopg2.errors.IntegrityError) as error:
            if len(entries) == 1:
                entries[0].refuse(self._refusal_text(error))
                return
            middle = len(entries) // 2
            self._store_or_split(entries[:middle], store)
            self._store_or_split(entries[middle:], store)

    def _refusal_text(self, error):
        if isinstance(error, psycopg2.errors.UniqueViolation):
            return self.env._("Somebody else has just entered this milking. Reload to see it.")
        if isinstance(error, psycopg2.Error):
            return self._sql_error_to_message(error)
        return str(error.args[0] if error.args else error)

    def _create_entries(self, entries, source):
        records = self.create([{**self._entry_vals(entry), "source": source} for entry in entries])
        for entry, record in zip(entries, records, strict=True):
            entry.record_id = record.id

    def _entry_vals(self, entry):
        vals = {
            "animal_id": entry.animal_id,
            "record_date": entry.day,
            "session": entry.session,
            "total_yield": float(entry.kg),
            "fat_percentage": False if entry.fat is None else float(entry.fat),
            "protein_percentage": False if entry.protein is None else float(entry.protein),
            "scc": False if entry.scc is None else int(entry.scc),
        }
        if entry.session == "day":
            vals["morning_yield"] = float(entry.kg_morning or 0)
            vals["evening_yield"] = float(entry.kg_evening or 0)
        return vals

    def _write_entries(self, entries, stored):
        """Correct stored records; what follows from the new values is derived for all in one query."""
        records = self.browse([entry.record_id for entry in entries])
        facts = self._milk_facts([(entry.animal_id, entry.day) for entry in entries])
        for entry, record, known in zip(entries, records, facts, strict=True):
            vals = self._entry_vals(entry)
            changed = {FIELD_OF[name]: vals[FIELD_OF[name]] for name in entry.changes(stored[entry.slot])}
            values = {
                **vals,
                "discard_reason": record.discard_reason,
                "morning_yield": record.morning_yield,
                "evening_yield": record.evening_yield,
                **changed,
            }
            released = bool(record.override_reason)
            record._write_derived(
                {**changed, **self._derive(values, known, released=released, record=record)}
            )
