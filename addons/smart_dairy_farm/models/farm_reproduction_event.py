from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class FarmReproductionEvent(models.Model):
    _name = "farm.reproduction.event"
    _description = "Reproduction event"
    _inherit = ["farm.animal.fact.mixin"]
    _order = "event_date desc, id desc"
    _check_company_auto = True

    animal_id = fields.Many2one(domain="[('sex', '=', 'female')]")
    event_date = fields.Date("Date", required=True, default=lambda self: self.env.company._business_today())
    event_type = fields.Selection(
        [
            ("heat", "Heat"),
            ("insemination", "Insemination"),
            ("pregnancy_check", "Pregnancy check"),
            ("abortion", "Abortion"),
            ("calving", "Calving"),
            ("do_not_breed", "Do not breed"),
        ],
        string="Event",
        required=True,
    )
    result = fields.Selection([("pregnant", "Pregnant"), ("open", "Open")])
    sire_id = fields.Many2one("farm.animal", index="btree_not_null", domain="[('sex', '=', 'male')]")
    sire_code = fields.Char("Sire (AI code)")
    lactation_id = fields.Many2one(
        "farm.lactation",
        "Lactation begun",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        copy=False,
    )
    notes = fields.Text()

    _animal_date_idx = models.Index("(animal_id, event_date DESC)")
    _check_has_result = models.Constraint(
        "CHECK ((event_type = 'pregnancy_check') = (result IS NOT NULL))",
        "A pregnancy check needs a result (pregnant or open); other events have none.",
    )
    _calving_day_uniq = models.UniqueIndex(
        "(animal_id, event_date) WHERE event_type = 'calving'",
        "This animal already has a calving on that day (twins are one calving).",
    )

    @api.depends("animal_id", "event_date", "event_type")
    def _compute_display_name(self):
        kinds = dict(self._fields["event_type"]._description_selection(self.env))
        for event in self:
            parts = (event.animal_id.display_name, kinds.get(event.event_type), event.event_date)
            event.display_name = ", ".join(str(part) for part in parts if part)

    @api.constrains("animal_id", "event_date", "event_type")
    def _check_possible(self):
        for event in self:
            animal = event.animal_id
            named = {"animal": animal.display_name, "date": event.event_date}
            if animal.sex != "female":
                raise ValidationError(
                    self.env._(
                        "%(animal)s is male: choose the female of this event.", animal=animal.display_name
                    )
                )
            if event.event_date > event.company_id._business_today():
                raise ValidationError(
                    self.env._(
                        "Event of %(animal)s on %(date)s: the day has not come yet. Correct the date.",
                        **named,
                    )
                )
            if animal.birth_date and event.event_date <= animal.birth_date:
                raise ValidationError(
                    self.env._(
                        "Event of %(animal)s on %(date)s: she was born on"
                        " %(birth)s. Correct one of the dates.",
                        birth=animal.birth_date,
                        **named,
                    )
                )
            if animal.exit_date and event.event_date > animal.exit_date:
                raise ValidationError(
                    self.env._(
                        "Event of %(animal)s on %(date)s: she left on"
                        " %(exit)s. Correct the date or the animal.",
                        exit=animal.exit_date,
                        **named,
                    )
                )
            if event.event_type == "calving":
                event._check_calving_interval()

    def _check_calving_interval(self):
        """Refuse two calvings closer than a gestation less two months."""
        least = (self.animal_id.breed_id.gestation_days or 283) - 60
        for lactation in self.animal_id.lactation_ids - self.lactation_id:
            days = abs((self.event_date - lactation.calving_date).days)
            if days < least:
                raise ValidationError(
                    self.env._(
                        "Calving of %(animal)s on %(date)s: only %(days)s days from"
                        " her calving on %(other)s. Correct one of the dates.",
                        animal=self.animal_id.display_name,
                        date=self.event_date,
                        days=days,
                        other=lactation.calving_date,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        events = super().create(vals_list)
        for event in events.filtered(lambda event: event.event_type == "calving").sorted("event_date"):
            event._begin_lactation()
        return events

    def write(self, vals):
        calvings = self.filtered("lactation_id")
        if calvings and {"event_type", "animal_id"} & vals.keys():
            raise UserError(
                self.env._(
                    "A calving began a lactation: delete the event and record it anew instead of changing it."
                )
            )
        result = super().write(vals)
        if "event_date" in vals:
            for event in calvings:
                event._move_lactation()
        if vals.get("event_type") == "calving":
            for event in self - calvings:
                event._begin_lactation()
        return result

    def unlink(self):
        lactations = self.lactation_id
        result = super().unlink()
        for lactation in lactations.sudo():
            previous = self._lactation_before(lactation)
            end = lactation.end_date
            lactation.unlink()
            previous.end_date = end
        return result

    def _lactation_before(self, lactation):
        return lactation.animal_id.lactation_ids.filtered(
            lambda other: other.calving_date < lactation.calving_date
        ).sorted("calving_date")[-1:]

    def _begin_lactation(self):
        """A calving ends the running lactation, begins the next, and makes a heifer a cow."""
        animal = self.animal_id.sudo()
        earlier = animal.lactation_ids.filtered(lambda other: other.calving_date < self.event_date)
        later = (animal.lactation_ids - earlier).sorted("calving_date")[:1]
        previous = earlier.sorted("calving_date")[-1:]
        if later:
            parity = later.parity - 1
            if parity < 1 or parity in earlier.mapped("parity"):
                raise ValidationError(
                    self.env._(
                        "Calving of %(animal)s on %(date)s: her calving on %(other)s is"
                        " already number %(parity)s. Correct that number first.",
                        animal=animal.display_name,
                        date=self.event_date,
                        other=later.calving_date,
                        parity=later.parity,
                    )
                )
        else:
            parity = max(previous.parity or 0, animal.entry_parity) + 1
        if previous and (not previous.end_date or previous.end_date > self.event_date):
            previous.end_date = self.event_date
        self.sudo().lactation_id = (
            self.env["farm.lactation"]
            .sudo()
            .create(
                {
                    "animal_id": animal.id,
                    "farm_id": self.farm_id.id,
                    "parity": parity,
                    "calving_date": self.event_date,
                    "end_date": later.calving_date or animal.exit_date,
                }
            )
        )
        if animal.animal_type in ("heifer", "calf"):
            animal.animal_type = "cow"

    def _move_lactation(self):
        lactation = self.lactation_id.sudo()
        previous = self._lactation_before(lactation)
        if previous.end_date == lactation.calving_date and self.event_date < lactation.calving_date:
            previous.end_date = self.event_date
            lactation.calving_date = self.event_date
        else:
            touching = previous.end_date == lactation.calving_date
            lactation.calving_date = self.event_date
            if touching:
                previous.end_date = self.event_date
