from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..figures import herd


class FarmAnimal(models.Model):
    """The herd as of a day. The context key ``as_of`` (a date) moves the fields below to that day."""

    _inherit = "farm.animal"

    @api.model
    def _herd_as_of(self, day, farm=None):
        """Return the animals that were in the herd at the end of ``day``, archived ones too.

        :param day: date; the day of entry counts, the day of exit does not
        :param farm: ``farm.farm``; animals in one of its pens that day, or without pen and now of the farm
        """
        day = fields.Date.to_date(day)
        herd_then = Domain("entry_date", "<=", day) & (
            Domain("exit_date", "=", False) | Domain("exit_date", ">", day)
        )
        if farm:
            stay_then = Domain("date_from", "<=", day) & (
                Domain("date_to", "=", False) | Domain("date_to", ">", day)
            )
            here = stay_then & Domain("farm_id", "in", farm.ids)
            herd_then &= Domain("pen_stay_ids", "any", here) | (
                Domain("farm_id", "in", farm.ids) & Domain("pen_stay_ids", "not any", stay_then)
            )
        return self.with_context(active_test=False, as_of=fields.Date.to_string(day)).search(herd_then)

    @api.depends_context("as_of")
    @api.depends(
        "pen_stay_ids.pen_id",
        "pen_stay_ids.date_from",
        "pen_stay_ids.date_to",
        "lactation_ids.calving_date",
        "lactation_ids.dry_off_date",
        "lactation_ids.end_date",
        "lactation_ids.parity",
        "reproduction_event_ids.event_date",
        "farm_id.dim_first_day",
        "animal_type",
        "birth_date",
        "parity",
        "farm_id.calf_days",
    )
    def _compute_as_of(self):
        as_of = fields.Date.to_date(self.env.context.get("as_of"))
        todays = {company: company._business_today() for company in self.company_id}
        days = {
            animal: as_of or todays.get(animal.company_id) or self.env.company._business_today()
            for animal in self
        }
        facts = self._facts_as_of(
            [(animal._origin.id, day) for animal, day in days.items() if animal._origin]
        )
        for animal, day in days.items():
            pen_id, parity, calving, dry_off, end = facts.get(animal._origin.id, (False, 0, None, None, None))
            settings = animal.farm_id._status_settings()
            status = herd.lactation_status(day, calving, dry_off, end, **settings)
            if status == "dry":
                _status, due = animal._reproduction_on(day)
                status = herd.lactation_status(day, calving, dry_off, end, due, **settings)
            animal.pen_as_of_id = pen_id
            animal.parity_as_of = parity or animal.entry_parity
            animal.lactation_status_as_of = status
            animal.animal_type_as_of = animal.animal_type
            if day < todays.get(animal.company_id, day):
                animal.animal_type_as_of = herd.animal_type_on(
                    day,
                    animal.animal_type,
                    animal.birth_date,
                    animal.parity_as_of,
                    animal.parity,
                    animal.farm_id.calf_days,
                )
            in_milk = status in ("fresh", "early", "lactating")
            animal.dim = in_milk and herd.days_in_milk(day, calving, settings["first_day"])

    @api.model
    def _facts_as_of(self, animal_days):
        """Return {animal id: (pen id, parity, calving, dry-off, end)} of each (animal id, day): one query."""
        if not animal_days:
            return {}
        self.env["farm.pen.stay"].flush_model()
        self.env["farm.lactation"].flush_model()
        records = self.env["farm.milk.record"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT asked.animal_id, stay.pen_id, l.parity, l.calving_date, l.dry_off_date, l.end_date
                  FROM unnest(%s::integer[], %s::date[]) AS asked(animal_id, day)
                  LEFT JOIN LATERAL (SELECT s.pen_id FROM farm_pen_stay s
                                      WHERE s.animal_id = asked.animal_id AND s.date_from <= asked.day
                                        AND (s.date_to IS NULL OR s.date_to > asked.day) LIMIT 1) stay ON true
                  LEFT JOIN LATERAL (%s) l ON true
                """,
                [animal_id for animal_id, _day in animal_days],
                [day for _animal_id, day in animal_days],
                records._lactation_on_day(SQL("asked.animal_id"), SQL("asked.day")),
            )
        )
        return {row[0]: row[1:] for row in rows}
