from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, float_compare, float_round

from .farm_milk_record import WITHHELD


class MilkFacts(NamedTuple):
    """What the database knows of an animal on a day."""

    animal_id: int
    farm_id: int
    company_id: int
    session_limit: float
    animal_type: str
    birth_date: object
    entry_date: object
    exit_date: object
    pen_id: int | None
    lactation_id: int | None
    dim: int | None
    dry_off_date: object
    end_date: object
    withheld: str | None  # why: one of farm_milk_record.WITHHELD
    sessions: list
    today: object  # business day of the company


class FarmMilkRecord(models.Model):
    """Lactation, DIM, pen, split, discard and saleable milk: one query for any number of records."""

    _inherit = "farm.milk.record"

    def _derive_create(self, vals_list):
        defaults = self.default_get(["record_date", "session"])
        vals_list = [{**defaults, **vals} for vals in vals_list]
        for vals in vals_list:
            vals["record_date"] = fields.Date.to_date(vals["record_date"])
            if not vals.get("animal_id"):
                raise ValidationError(self.env._("Milk record: choose the animal."))
            if not vals["record_date"]:
                raise ValidationError(self.env._("Milk record: enter the date."))
        all_facts = self._milk_facts([(vals["animal_id"], vals["record_date"]) for vals in vals_list])
        return [
            {**vals, **self._derive(vals, facts)} for vals, facts in zip(vals_list, all_facts, strict=True)
        ]

    def _derive_write(self, vals):
        """Return pairs (records, values): the given values completed by those that follow from them."""
        merged = []
        moved = bool(vals.keys() & {"animal_id", "record_date"})
        by_itself = self._withheld_by_itself() if moved else self.browse()
        for record in self:
            values = {name: record[name] for name in ("record_date", "session", "total_yield")}
            values["animal_id"] = record.animal_id.id
            values["discard_reason"] = record.discard_reason
            if record in by_itself:
                values["discard_reason"] = False  # of the other day or animal
            if record.session == vals.get("session", record.session) == "day":
                values.update(morning_yield=record.morning_yield, evening_yield=record.evening_yield)
            values.update(vals, record_date=fields.Date.to_date(vals.get("record_date", record.record_date)))
            if vals.get("discarded") is False and "discard_reason" not in vals:
                values["discard_reason"] = False
            merged.append(values)
        all_facts = self._milk_facts([(values["animal_id"], values["record_date"]) for values in merged])
        groups = defaultdict(lambda: self.browse())
        for record, values, facts in zip(self, merged, all_facts, strict=True):
            released = record.override_reason and not moved
            asked = (not released and "discarded" in vals) or "discard_reason" in vals
            derived = self._derive(values, facts, released=released, saleable_asked=asked, record=record)
            if record.override_reason and moved:
                derived.update(override_reason=False, override_user_id=False, override_date=False)
            groups[tuple(sorted(derived.items()))] |= record
        return [(records, {**vals, **dict(derived)}) for derived, records in groups.items()]

    def _withheld_by_itself(self):
        """The records that bear the reason for which the database discards milk of their day."""
        held = self.filtered(lambda record: record.discard_reason in WITHHELD)
        facts = self._milk_facts([(record.animal_id.id, record.record_date) for record in held])
        return self.browse(
            record.id
            for record, known in zip(held, facts, strict=True)
            if record.discard_reason in ("withdrawal", known.withheld)
        )

    def _derive(self, vals, facts, released=False, saleable_asked=False, record=None):
        """Check ``vals`` against the facts and return the derived values."""
        self._check_in_milk(vals, facts)
        total = float_round(float(vals.get("total_yield") or 0), precision_digits=2)
        self._check_amount(vals, facts, total)
        self._check_session_free(vals, facts, record)
        reason = vals.get("discard_reason") or (vals.get("discarded") and "other") or False
        if facts.withheld and not released and not reason:
            if saleable_asked:
                raise ValidationError(self._withheld_message(vals, facts.withheld))
            reason = facts.withheld
        session = vals["session"]
        morning, evening = (total if session == which else 0.0 for which in ("morning", "evening"))
        if session == "day":
            morning, evening = (
                float_round(float(vals.get(name) or 0), precision_digits=2)
                for name in ("morning_yield", "evening_yield")
            )
            if float_compare(morning + evening, total, precision_digits=2) > 0:
                raise ValidationError(
                    self.env._(
                        "Milk of %(animal)s on %(date)s: morning %(morning)s kg and evening"
                        " %(evening)s kg are more than the day's %(total)s kg.",
                        morning=morning,
                        evening=evening,
                        total=total,
                        **self._named(vals),
                    )
                )
        return {
            "farm_id": facts.farm_id,
            "company_id": facts.company_id,
            "pen_id": facts.pen_id or False,
            "lactation_id": facts.lactation_id,
            "dim": facts.dim,
            "total_yield": total,
            "morning_yield": morning,
            "evening_yield": evening,
            "discarded": bool(reason),
            "discard_reason": reason,
            "saleable_yield": 0.0 if reason else total,
        }

    def _withheld_message(self, vals, reason):
        if reason == "colostrum":
            return self.env._(
                "Milk of %(animal)s on %(date)s is colostrum and cannot be made saleable."
                " A manager can release it with a reason.",
                **self._named(vals),
            )
        return self.env._(
            "Milk of %(animal)s on %(date)s is under withdrawal and cannot be"
            " made saleable. A manager can release it with a reason.",
            **self._named(vals),
        )

    def _named(self, vals):
        animal = self.env["farm.animal"].browse(vals["animal_id"])
        return {"animal": animal.display_name, "date": fields.Date.to_string(vals["record_date"])}

    def _check_in_milk(self, vals, facts):
        """Refuse milk of an animal that cannot have given any on that day, saying why and what to do."""
        day = vals["record_date"]
        ends = (facts.today, facts.exit_date, facts.dry_off_date, facts.end_date)
        last_day = min(end for end in ends if end)
        if facts.lactation_id and day <= last_day and not (facts.birth_date and day < facts.birth_date):
            return
        named = self._named(vals)
        if day > facts.today:
            message = self.env._(
                "Milk of %(animal)s on %(date)s: the day has not come yet. Correct the date.", **named
            )
        elif facts.birth_date and day < facts.birth_date:
            message = self.env._(
                "Milk of %(animal)s on %(date)s: she was not born yet. Correct the date.", **named
            )
        elif facts.exit_date and day > facts.exit_date:
            message = self.env._(
                "Milk of %(animal)s on %(date)s: she left on %(exit)s. Correct the date or the animal.",
                exit=facts.exit_date,
                **named,
            )
        elif not facts.lactation_id:
            kinds = dict(self.env["farm.animal"]._fields["animal_type"]._description_selection(self.env))
            message = self.env._(
                "Milk of %(animal)s on %(date)s: no lactation on that day (%(kind)s)."
                " Correct the animal or the date, or record her calving first.",
                kind=kinds[facts.animal_type],
                **named,
            )
        elif facts.dry_off_date and day > facts.dry_off_date:
            message = self.env._(
                "Milk of %(animal)s on %(date)s: she is dry since %(dry)s. Correct"
                " the animal, the date or the dry-off of her lactation.",
                dry=facts.dry_off_date,
                **named,
            )
        else:
            message = self.env._(
                "Milk of %(animal)s on %(date)s: her lactation ended on %(end)s. Record her calving first.",
                end=facts.end_date,
                **named,
            )
        raise ValidationError(message)

    def _check_amount(self, vals, facts, total):
        limit = 100.0 if vals["session"] == "day" else min(facts.session_limit or 100.0, 100.0)
        if not 0 <= total <= limit:
            raise ValidationError(
                self.env._(
                    "Milk of %(animal)s on %(date)s: %(total)s kg is not possible, at most %(limit)s kg"
                    " in this session. Correct the number (the limit is a setting of the farm).",
                    total=total,
                    limit=limit,
                    **self._named(vals),
                )
            )

    def _check_session_free(self, vals, facts, record):
        others = {session for record_id, session in facts.sessions if not record or record_id != record.id}
        if (vals["session"] != "day" and "day" in others) or (vals["session"] == "day" and others - {"day"}):
            raise ValidationError(
                self.env._(
                    "Milk of %(animal)s on %(date)s: a day has either one whole-day record or"
                    " single sessions, not both. Change the record that is already there.",
                    **self._named(vals),
                )
            )

    @api.model
    def _milk_facts(self, animal_days):
        """Return the :class:`MilkFacts` of each pair (animal id, date), in order: one query.

        Needs read access to the animals.
        """
        animals = self.env["farm.animal"].browse({animal_id for animal_id, _day in animal_days})
        animals.check_access("read")
        for model in ("farm.animal", "farm.lactation", "farm.pen.stay", "farm.treatment", "farm.farm"):
            self.env[model].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.id, COALESCE(stay.farm_id, a.farm_id), f.company_id, f.milk_session_limit,
                       a.animal_type, a.birth_date, a.entry_date, a.exit_date, stay.pen_id, l.id,
                       asked.day - l.calving_date + f.dim_first_day::integer, l.dry_off_date, l.end_date,
                       CASE WHEN EXISTS (SELECT FROM farm_treatment t
                                          WHERE t.animal_id = a.id
                                            AND asked.day BETWEEN t.start_date AND t.milk_withdrawal_until)
                            THEN 'withdrawal'
                            WHEN asked.day < l.calving_date + f.colostrum_days THEN 'colostrum' END,
                       ARRAY(SELECT ARRAY[m.id::text, m.session] FROM farm_milk_record m
                              WHERE m.animal_id = a.id AND m.record_date = asked.day)
                  FROM unnest(%s::integer[], %s::date[]) WITH ORDINALITY AS asked(animal_id, day, place)
                  JOIN farm_animal a ON a.id = asked.animal_id
                  LEFT JOIN LATERAL (%s) stay ON true
                  LEFT JOIN LATERAL (%s) l ON true
                  JOIN farm_farm f ON f.id = COALESCE(stay.farm_id, a.farm_id)
                 ORDER BY asked.place
                """,
                [animal_id for animal_id, _day in animal_days],
                [day for _animal_id, day in animal_days],
                self._stay_on_day(SQL("asked.animal_id"), SQL("asked.day")),
                self._lactation_on_day(SQL("asked.animal_id"), SQL("asked.day")),
            )
        )
        if len(rows) != len(animal_days):
            missing = next(i for i, _d in animal_days if i not in {row[0] for row in rows})
            raise ValidationError(self.env._("Milk record: animal %(id)s no longer exists.", id=missing))
        today = {
            company.id: company._business_today()
            for company in self.env["res.company"].browse({company_id for _a, _f, company_id, *_ in rows})
        }
        return [
            MilkFacts(*row[:-1], [(int(i), session) for i, session in row[-1]], today[row[2]]) for row in rows
        ]

    @staticmethod
    def _stay_on_day(animal_id, day):
        """The last stay begun by that day: on the day of exit still the last pen."""
        return SQL(
            """SELECT s.pen_id, s.farm_id FROM farm_pen_stay s
                WHERE s.animal_id = %s AND s.date_from <= %s AND (s.date_to IS NULL OR s.date_to >= %s)
                ORDER BY s.date_from DESC LIMIT 1""",
            animal_id,
            day,
            day,
        )

    @staticmethod
    def _lactation_on_day(animal_id, day):
        """The last lactation begun by that day."""
        return SQL(
            """SELECT c.id, c.parity, c.calving_date, c.dry_off_date, c.end_date FROM farm_lactation c
                WHERE c.animal_id = %s AND c.calving_date <= %s ORDER BY c.calving_date DESC LIMIT 1""",
            animal_id,
            day,
        )

    @api.model
    def _rederive(self, animals=None, since=None):
        """Bring lactation, DIM and pen of existing records in line with the history, in one statement.

        After a change to lactations, stays or the farm's first day; also the check of a bulk load.

        :param animals: recordset, all animals when ``None``
        :param since: first date to look at
        :return: number of records changed
        """
        if animals is not None and not animals:
            return 0
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE farm_milk_record m SET lactation_id = d.lactation_id, dim = d.dim, pen_id = d.pen_id
                  FROM (SELECT r.id, l.id AS lactation_id, stay.pen_id,
                               r.record_date - l.calving_date + f.dim_first_day::integer AS dim
                          FROM farm_milk_record r
                          JOIN farm_farm f ON f.id = r.farm_id
                          LEFT JOIN LATERAL (%s) stay ON true
                          LEFT JOIN LATERAL (%s) l ON true
                         WHERE %s AND %s) d
                 WHERE d.id = m.id
                   AND (m.lactation_id, m.dim, m.pen_id) IS DISTINCT FROM (d.lactation_id, d.dim, d.pen_id)
                """,
                self._stay_on_day(SQL("r.animal_id"), SQL("r.record_date")),
                self._lactation_on_day(SQL("r.animal_id"), SQL("r.record_date")),
                SQL("r.animal_id = ANY(%s)", list(animals.ids)) if animals is not None else SQL("true"),
                SQL("r.record_date >= %s", since) if since else SQL("true"),
            )
        )
        changed = self.env.cr.rowcount
        if changed:
            self.invalidate_model(["lactation_id", "dim", "pen_id"])
        return changed
