from datetime import timedelta

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..figures import herd
from .farm_animal import HEALTH_STATUSES

GRAVITY = {status: rank for rank, (status, _label) in enumerate(HEALTH_STATUSES)}
STATUS_OF_EVENT = {
    "heat": "open",
    "abortion": "open",
    "insemination": "inseminated",
    "calving": "birthed",
    "do_not_breed": "do_not_breed",
}


class FarmAnimal(models.Model):
    """Statuses derived from lactations, reproduction events and health cases."""

    _inherit = "farm.animal"

    @api.depends(
        "lactation_ids.parity", "lactation_ids.calving_date", "lactation_ids.end_date", "entry_parity"
    )
    def _compute_lactation(self):
        for animal in self:
            lactations = animal.lactation_ids
            animal.parity = max([animal.entry_parity, *lactations.mapped("parity")])
            running = lactations.filtered(lambda lactation: not lactation.end_date)
            animal.current_lactation_id = running.sorted("calving_date")[-1:]

    @api.depends(
        "status",
        "due_date",
        "current_lactation_id.calving_date",
        "current_lactation_id.dry_off_date",
        "farm_id.dim_first_day",
        "farm_id.fresh_days",
        "farm_id.early_days",
        "farm_id.lead_days",
    )
    def _compute_lactation_status(self):
        for animal in self:
            lactation = animal.current_lactation_id
            if animal.status != "active" or not lactation:
                animal.lactation_status = "none"
                continue
            animal.lactation_status = herd.lactation_status(
                animal.company_id._business_today(),
                lactation.calving_date,
                lactation.dry_off_date or None,
                due_date=animal.due_date or None,
                **animal.farm_id._status_settings(),
            )

    @api.depends(
        "sex",
        "breed_id.gestation_days",
        "reproduction_event_ids.event_date",
        "reproduction_event_ids.event_type",
        "reproduction_event_ids.result",
    )
    def _compute_reproduction(self):
        for animal in self:
            animal.due_date = False
            if animal.sex != "female":
                animal.reproduction_status = False
                continue
            animal.reproduction_status, animal.due_date = animal._reproduction_on()

    def _reproduction_on(self, day=None):
        """Return (reproduction status, calving due or ``False``) by the events up to ``day``, default all."""
        status, served = "open", None
        events = self.reproduction_event_ids.filtered(lambda event: not day or event.event_date <= day)
        for event in events.sorted(lambda event: (event.event_date, event._origin.id or 0)):
            if event.event_type == "pregnancy_check":
                status = "pregnant" if event.result == "pregnant" else "not_pregnant"
            else:
                status = STATUS_OF_EVENT[event.event_type]
            if event.event_type == "insemination":
                served = event.event_date
            elif status != "pregnant":
                served = None
        due = status == "pregnant" and served
        return status, due and due + timedelta(days=self.breed_id.gestation_days or 283)

    @api.depends("health_record_ids.state", "health_record_ids.health_status", "health_record_ids.active")
    def _compute_health_status(self):
        for animal in self:
            open_cases = animal.health_record_ids.filtered(lambda case: case.state == "open")
            found = open_cases.mapped("health_status")
            animal.health_status = max(found, key=GRAVITY.get) if found else "healthy"

    def _after_lactation_change(self):
        """Milk records follow the lactations; none may be left outside one."""
        self.env["farm.lactation"].flush_model()
        records = self.env["farm.milk.record"].sudo()
        records._rederive(self)
        # the database has discarded or freed colostrum
        records.invalidate_model(["discarded", "discard_reason", "saleable_yield"])
        outside = self.env.execute_query(
            SQL(
                """
                SELECT m.id FROM farm_milk_record m LEFT JOIN farm_lactation l ON l.id = m.lactation_id
                 WHERE m.animal_id = ANY(%s)
                   AND (l.id IS NULL OR m.record_date > l.dry_off_date OR m.record_date > l.end_date)
                 ORDER BY m.record_date LIMIT 1
                """,
                list(self.ids),
            )
        )
        if outside:
            raise ValidationError(
                self.env._(
                    "There is a milk record outside the lactation: %(record)s."
                    " Correct the calving or dry-off date, or that record.",
                    record=records.browse(outside[0][0]).display_name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        animals = super().create(vals_list)
        animals._note_type_set_by_hand()
        return animals

    def write(self, vals):
        result = super().write(vals)
        if "animal_type" in vals:
            self._note_type_set_by_hand()
        return result

    def _note_type_set_by_hand(self):
        """Who is called a calf past the age of one is meant to be one: age will not contradict that."""
        for animal in self:
            today = animal.company_id._business_today()
            grown = herd.is_grown(today, animal.birth_date, animal.farm_id.calf_days)
            stays = animal.animal_type == "calf" and grown
            if animal.stays_calf != stays:
                animal.stays_calf = stays

    @api.model
    def _cron_update_statuses(self):
        """Bring in line what changes with the days: types of grown calves and statuses of lactations.

        :return: number of animals changed
        """
        return len(self._let_calves_grow() | self._refresh_lactation_statuses())

    @api.model
    def _let_calves_grow(self):
        """Calves past their farm's age become heifers, bulls or steers. Returns them."""
        self.env.flush_all()
        grown = self.browse()
        for company in self.env["res.company"].sudo().search([]):
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT CASE a.sex WHEN 'male' THEN f.male_calves_become ELSE 'heifer' END,
                           array_agg(a.id)
                      FROM farm_animal a JOIN farm_farm f ON f.id = a.farm_id
                     WHERE a.company_id = %s AND a.status = 'active' AND a.animal_type = 'calf'
                       AND a.stays_calf IS NOT TRUE AND %s - a.birth_date >= f.calf_days
                     GROUP BY 1
                    """,
                    company.id,
                    company._business_today(),
                )
            )
            for animal_type, ids in rows:
                animals = self.browse(ids)
                animals.write({"animal_type": animal_type})
                grown |= animals
        return grown

    @api.model
    def _refresh_lactation_statuses(self):
        """Fresh cows become Early, dry cows Lead and so on: recompute those whose status has aged."""
        self.env.flush_all()
        stale = []
        for company in self.env["res.company"].sudo().search([]):
            stale += self.env.execute_query(
                SQL(
                    """
                    SELECT a.id
                      FROM farm_animal a
                      JOIN farm_farm f ON f.id = a.farm_id
                      JOIN farm_lactation l ON l.id = a.current_lactation_id
                     WHERE a.company_id = %(company)s AND a.status = 'active'
                       AND a.lactation_status IS DISTINCT FROM CASE
                           WHEN l.calving_date > %(today)s THEN 'none'
                           WHEN l.dry_off_date < %(today)s
                           THEN CASE WHEN a.due_date - f.lead_days <= %(today)s THEN 'lead' ELSE 'dry' END
                           WHEN %(today)s - l.calving_date + f.dim_first_day::int <= f.fresh_days THEN 'fresh'
                           WHEN %(today)s - l.calving_date + f.dim_first_day::int <= f.early_days THEN 'early'
                           ELSE 'lactating' END
                    """,
                    company=company.id,
                    today=company._business_today(),
                )
            )
        animals = self.browse(animal_id for [animal_id] in stale)
        self.env.add_to_compute(self._fields["lactation_status"], animals)
        animals.flush_recordset(["lactation_status"])
        return animals

    def action_open_milk(self):
        """Open the animal's milk records."""
        return self._open_related("smart_dairy_farm.farm_milk_record_action")

    def action_open_health(self):
        """Open the animal's health cases, closed ones too."""
        return self._open_related("smart_dairy_farm.farm_health_record_action")

    def _open_related(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {
            **action,
            "domain": [("animal_id", "=", self.id)],
            "context": {"default_animal_id": self.id},
        }
