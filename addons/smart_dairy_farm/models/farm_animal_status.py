from datetime import timedelta

from odoo import api, models

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

    @api.depends("lactation_ids.parity", "lactation_ids.calving_date", "lactation_ids.end_date", "entry_parity")
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
            status, served = "open", None
            for event in animal.reproduction_event_ids.sorted(lambda e: (e.event_date, e.id or 0)):
                if event.event_type == "pregnancy_check":
                    status = "pregnant" if event.result == "pregnant" else "not_pregnant"
                else:
                    status = STATUS_OF_EVENT[event.event_type]
                if event.event_type == "insemination":
                    served = event.event_date
                elif status in ("birthed", "open", "not_pregnant"):
                    served = None
            animal.reproduction_status = status
            if status == "pregnant" and served:
                animal.due_date = served + timedelta(days=animal.breed_id.gestation_days or 283)

    @api.depends("health_record_ids.state", "health_record_ids.health_status", "health_record_ids.active")
    def _compute_health_status(self):
        for animal in self:
            open_cases = animal.health_record_ids.filtered(lambda case: case.state == "open")
            found = open_cases.mapped("health_status")
            animal.health_status = max(found, key=GRAVITY.get) if found else "healthy"
