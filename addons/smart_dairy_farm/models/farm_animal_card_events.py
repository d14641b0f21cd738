from datetime import date

from odoo import models

from ..figures.next_action import AnimalState, next_actions
from .card_values import event as event_row
from .card_values import iso

TIMELINE_LENGTH = 80


class FarmAnimal(models.Model):
    """What happened to an animal and what comes next, for the cow card."""

    _inherit = "farm.animal"

    # ------------------------------------------------------------ next actions
    def _card_actions(self, cases, milk, today):
        served = self._card_breeding()
        current = self.current_lactation_id
        state = AnimalState(
            today=today,
            present=self.status == "active",
            female=self.sex == "female",
            birth_date=self.birth_date or None,
            parity=self.parity,
            milking=milk["in_milk"],
            calving_date=current.calving_date or None,
            milk_withdrawal_until=self.milk_withdrawal_until or None,
            meat_withdrawal_until=self.meat_withdrawal_until or None,
            reproduction_status=self.reproduction_status or "open",
            health_status=self.health_status,
            last_insemination=served[-1:].event_date or None,
            due_date=self.due_date or None,
            open_cases=len(cases.filtered(lambda case: case.state == "open")),
            last_milk_date=milk["last"] and date.fromisoformat(milk["last"]["date"])
            if milk["last"]
            else None,
        )
        policy = self.farm_id._herd_policy(self.breed_id.gestation_days)
        tones = ("bad", "warn", "info", "neutral")
        return [
            {
                "code": action.code,
                "tone": tones[action.urgency],
                "date": iso(action.when),
                "text": self._next_action_text(action),
            }
            for action in next_actions(state, policy)
        ]

    def _next_action_text(self, action):
        """The sentence of a :class:`~..figures.next_action.NextAction` in the user's language."""
        _ = self.env._
        when = self.env["farm.milk.record"]._format_day(action.when) if action.when else ""
        params = {"when": when, **action.params}
        texts = {
            "colostrum": lambda: _("Colostrum until %(when)s: keep out of the tank", **params),
            "milk_withdrawal": lambda: _("Milk withdrawal until %(when)s: keep out of the tank", **params),
            "milk_withdrawal_today": lambda: _("Milk withdrawal ends tonight: keep out of the tank"),
            "meat_withdrawal": lambda: _("Not for slaughter until %(when)s", **params),
            "to_be_culled": lambda: _("To be culled"),
            "examine": lambda: _("Looks suspicious: examine"),
            "open_cases": lambda: _("Open health cases: %(count)s. Check on her", **params),
            "no_milk_record": lambda: _("No milk recorded for %(days)s days", **params),
            "no_milk_record_yet": lambda: _("No milk recorded since she calved %(days)s days ago", **params),
            "pregnancy_check_due": lambda: _("Pregnancy check due since %(when)s", **params),
            "pregnancy_check_soon": lambda: _("Pregnancy check on %(when)s, in %(days)s days", **params),
            "due_date_unknown": lambda: _("Pregnant, but no insemination is recorded: due date unknown"),
            "calving_overdue": lambda: _("Calving overdue by %(days)s days (was due %(when)s)", **params),
            "calving_due": lambda: _("Due to calve: expected %(when)s", **params),
            "calving_soon": lambda: _("Due to calve in %(days)s days, on %(when)s", **params),
            "calving": lambda: _("Calving expected on %(when)s, in %(days)s days", **params),
            "dry_off_due": lambda: _("Dry-off due since %(when)s", **params),
            "dry_off": lambda: _("Dry-off due in %(days)s days, on %(when)s", **params),
            "waiting_period": lambda: _("Voluntary waiting period until %(when)s", **params),
            "inseminate": lambda: _("Inseminate at the next heat: %(days)s days open", **params),
            "inseminate_heifer": lambda: _("First insemination: she is %(months)s months old", **params),
            "heifer_ready_soon": lambda: _("First insemination from %(when)s", **params),
        }  # fmt: skip
        return texts[action.code]()

    # ------------------------------------------------------------ timeline
    def _card_timeline(self, cases, treatments):
        """Return the events of the animal's life, newest first."""
        events = [
            *self._timeline_life(),
            *self._timeline_reproduction(),
            *self._timeline_pens(),
            *self._timeline_health(cases, treatments),
        ]
        events = [event for event in events if event["date"]]
        events.sort(key=lambda event: event["date"], reverse=True)
        return events[:TIMELINE_LENGTH]

    def _timeline_life(self):
        _ = self.env._
        yield event_row(self.birth_date, "fa-star", _("Born"))
        if self.entry_date and self.entry_date != self.birth_date:
            yield event_row(self.entry_date, "fa-sign-in", _("Entered the herd"))
        if self.exit_date:
            yield event_row(
                self.exit_date, "fa-sign-out", self._card_label("status"), self.exit_reason, "bad"
            )
        calvings = {e.event_date for e in self.reproduction_event_ids if e.event_type == "calving"}
        for lactation in self.lactation_ids:
            if lactation.calving_date not in calvings:
                yield event_row(
                    lactation.calving_date,
                    "fa-heart",
                    _("Calved"),
                    _("Lactation %s", lactation.parity),
                    "ok",
                    lactation,
                )
            if lactation.dry_off_date:
                yield event_row(lactation.dry_off_date, "fa-pause", _("Dried off"), record=lactation)

    def _timeline_reproduction(self):
        kinds = dict(
            self.env["farm.reproduction.event"]._fields["event_type"]._description_selection(self.env)
        )
        results = dict(self.env["farm.reproduction.event"]._fields["result"]._description_selection(self.env))
        icons = {"calving": "fa-heart", "insemination": "fa-crosshairs", "pregnancy_check": "fa-search"}
        for event in self.reproduction_event_ids:
            detail = results.get(event.result) or event.sire_id.display_name or event.sire_code or event.notes
            tone = {"calving": "ok", "abortion": "bad"}.get(event.event_type, "info")
            icon = icons.get(event.event_type, "fa-venus")
            yield event_row(event.event_date, icon, kinds[event.event_type], detail, tone, event)

    def _timeline_pens(self):
        for stay in self.pen_stay_ids:
            yield event_row(stay.date_from, "fa-map-marker", self.env._("Pen"), stay.pen_id.name)

    def _timeline_health(self, cases, treatments):
        kinds = dict(cases._fields["record_type"]._description_selection(self.env))
        for case in cases:
            detail = " · ".join(filter(None, [case.diagnosis, case.quarter]))
            yield event_row(case.record_date, "fa-stethoscope", kinds[case.record_type], detail, "warn", case)
        for treatment in treatments:
            detail = treatment.drug_id.display_name
            yield event_row(
                treatment.start_date, "fa-medkit", self.env._("Treated"), detail, "warn", treatment
            )
