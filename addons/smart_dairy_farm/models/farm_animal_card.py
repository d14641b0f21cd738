from dateutil.relativedelta import relativedelta
from odoo import api, models
from odoo.exceptions import MissingError

from .card_values import iso


class FarmAnimal(models.Model):
    """The cow card: all about one animal on one screen, in one call."""

    _inherit = "farm.animal"

    def action_open_cow_card(self):
        """Open the cow card of this animal."""
        self.ensure_one()
        action = self.env["ir.actions.client"]._for_xml_id("smart_dairy_farm.action_cow_card")
        return {**action, "context": {"active_id": self.id, "active_model": self._name}}

    @api.model
    @api.readonly
    def get_cow_card(self, animal_id):
        """Return all that the cow card shows of one animal; kg as floats, dates 'YYYY-MM-DD', unknown None.

        :return: {id, name, identity, milk, curve, lactations, health, reproduction, actions, timeline}
        :raises MissingError: no such animal; AccessError: not one of the user's
        """
        animal = self.with_context(active_test=False).browse(int(animal_id)).exists()
        if not animal:
            raise MissingError(self.env._("This animal does not exist (any more)."))
        animal.check_access("read")
        today = animal.company_id._business_today()
        days = animal._card_milk_days()
        cases, treatments = animal._card_cases()
        milk = animal._card_milk(days, today)
        return {
            "id": animal.id,
            "name": animal.display_name,
            "today": today.isoformat(),
            "identity": animal._card_identity(today),
            "milk": milk,
            "curve": animal._card_curve(days, today),
            "lactations": animal._card_lactations(animal._card_whole_days(days, today)),
            "health": animal._card_health(cases, treatments, today),
            "reproduction": animal._card_reproduction(today),
            "actions": animal._card_actions(cases, milk, today),
            "timeline": animal._card_timeline(cases, treatments),
        }

    # ------------------------------------------------------------ identity
    def _card_identity(self, today):
        label = self._card_label
        return {
            "ear_tag": self.ear_tag or None,
            "rfid_tag": self.rfid_tag or None,
            "management_number": self.management_number or None,
            "other_tags": [tag.value for tag in self.tag_ids if tag.tag_type == "other" and not tag.date_to],
            "type": label("animal_type"),
            "sex": label("sex"),
            "female": self.sex == "female",
            "breed": self.breed_id.name or None,
            "birth_date": iso(self.birth_date),
            "age": self._card_age(today),
            "farm": self.farm_id.name,
            "pen": self.pen_id.name or None,
            "dam": self._card_link(self.dam_id),
            "sire": self._card_link(self.sire_id),
            "sire_code": self.sire_code or None,
            "present": self.status == "active",
            "status": label("status"),
            "exit_date": iso(self.exit_date),
            "exit_reason": self.exit_reason or None,
            "image": bool(self.image_128),
        }

    def _card_label(self, fname):
        return dict(self._fields[fname]._description_selection(self.env)).get(self[fname]) or None

    def _card_link(self, record):
        return {"id": record.id, "name": record.display_name} if record else None

    def _card_age(self, today):
        if not self.birth_date:
            return None
        age = relativedelta(self.exit_date or today, self.birth_date)
        if age.years:
            return self.env._("%(years)s y %(months)s m", years=age.years, months=age.months)
        if age.months:
            return self.env._("%s months", age.months)
        return self.env._("%s days", age.days)

    # ------------------------------------------------------------ health and reproduction
    def _card_cases(self):
        cases = self.env["farm.health.record"].search([("animal_id", "=", self.id)])
        treatments = self.env["farm.treatment"].search(
            [("animal_id", "=", self.id)], order="start_date desc, id desc"
        )
        return cases, treatments

    def _card_health(self, cases, treatments, today):
        kinds = dict(cases._fields["record_type"]._description_selection(self.env))
        return {
            "status": self._card_label("health_status"),
            "healthy": self.health_status == "healthy",
            "cases": [
                {
                    "id": case.id,
                    "date": iso(case.record_date),
                    "kind": kinds.get(case.record_type),
                    "diagnosis": case.diagnosis or None,
                    "quarter": case.quarter or None,
                    "open": case.state == "open",
                }
                for case in cases[:8]
            ],
            "treatments": [
                {
                    "id": treatment.id,
                    "drug": treatment.drug_id.display_name,
                    "start": iso(treatment.start_date),
                    "last_dose": iso(treatment.last_dose_date),
                    "milk_until": iso(treatment.milk_withdrawal_until),
                    "meat_until": iso(treatment.meat_withdrawal_until),
                    "active": bool(
                        treatment.milk_withdrawal_until and treatment.milk_withdrawal_until >= today
                    ),
                }
                for treatment in treatments[:8]
            ],
        }

    def _card_breeding(self):
        """Return the inseminations since the last calving, oldest first."""
        calving = self.current_lactation_id.calving_date
        return self.reproduction_event_ids.filtered(
            lambda event: event.event_type == "insemination" and (not calving or event.event_date >= calving)
        ).sorted("event_date")

    def _card_reproduction(self, today):
        if self.sex != "female":
            return None
        served = self._card_breeding()
        calving = self.current_lactation_id.calving_date
        status = self.reproduction_status
        return {
            "status": self._card_label("reproduction_status"),
            "pregnant": status == "pregnant",
            "due_date": iso(self.due_date),
            "due_days": (self.due_date - today).days if self.due_date else None,
            "inseminations": len(served),
            "last_insemination": iso(served[-1:].event_date),
            "last_sire": served[-1:].sire_id.display_name or served[-1:].sire_code or None,
            "days_open": (today - calving).days if calving and status != "pregnant" else None,
            "last_calving": iso(calving),
        }
