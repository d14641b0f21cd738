from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FarmPenStay(models.Model):
    """An animal in a pen from ``date_from`` up to, not including, ``date_to``."""

    _name = "farm.pen.stay"
    _description = "Stay in a pen"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    animal_id = fields.Many2one("farm.animal", required=True, index=True, ondelete="cascade")
    pen_id = fields.Many2one("farm.pen", required=True, index=True, ondelete="restrict", check_company=True)
    farm_id = fields.Many2one(
        related="pen_id.farm_id", string="Farm", store=True, index=True, precompute=True
    )
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    date_from = fields.Date("From", required=True, default=lambda self: self.env.company._business_today())
    date_to = fields.Date("Until", help="First day no longer in this pen; empty while the animal is there.")

    _dates_order = models.Constraint("CHECK (date_to >= date_from)", "A stay cannot end before it begins.")
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (animal_id WITH =, daterange(date_from, date_to, '[)') WITH &&)",
        "An animal can be in one pen at a time: its stays must not overlap. End the other stay first.",
    )

    @api.depends("pen_id", "date_from", "date_to")
    def _compute_display_name(self):
        for stay in self:
            stay.display_name = f"{stay.pen_id.display_name} ({stay.date_from} – {stay.date_to or ''})"

    @api.constrains("date_from")
    def _check_not_future(self):
        for stay in self:
            if stay.date_from > stay.company_id._business_today():
                raise ValidationError(
                    self.env._(
                        "%(animal)s from %(date)s in %(pen)s: the day has not"
                        " come yet. Move the animal when it is moved.",
                        animal=stay.animal_id.display_name,
                        date=stay.date_from,
                        pen=stay.pen_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        stays = super().create(vals_list)
        stays._after_change(min(stays.mapped("date_from"), default=None))
        return stays

    def write(self, vals):
        days = self.mapped("date_from")
        animals = self.animal_id
        result = super().write(vals)
        self._after_change(min(days + self.mapped("date_from"), default=None), animals)
        return result

    def unlink(self):
        days, animals = self.mapped("date_from"), self.animal_id
        result = super().unlink()
        self.browse()._after_change(min(days, default=None), animals)
        return result

    def _after_change(self, since, animals=None):
        """Milk records name the pen of their day: let those of past days follow."""
        animals = (animals or self.env["farm.animal"]) | self.animal_id
        if animals and since and since <= self.env.company._business_today():
            self.env["farm.milk.record"].sudo()._rederive(animals, since)
