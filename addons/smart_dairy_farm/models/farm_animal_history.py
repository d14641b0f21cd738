from odoo import api, models


class FarmAnimal(models.Model):
    """The herd as of a day."""

    _inherit = "farm.animal"

    @api.depends_context("as_of")
    @api.depends("status", "current_lactation_id.calving_date", "current_lactation_id.dry_off_date")
    def _compute_as_of(self):
        for animal in self:
            animal.dim = 0
            animal.pen_as_of_id = False
            animal.lactation_status_as_of = "none"
            animal.parity_as_of = 0
