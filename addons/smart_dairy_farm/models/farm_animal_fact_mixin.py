from odoo import api, fields, models


class FarmAnimalFactMixin(models.AbstractModel):
    """What is known of an animal belongs to the farm it was on then, and through it to a company."""

    _name = "farm.animal.fact.mixin"
    _description = "Fact about an animal"

    animal_id = fields.Many2one("farm.animal", required=True, ondelete="restrict", check_company=True)
    farm_id = fields.Many2one(
        "farm.farm",
        required=True,
        index=True,
        compute="_compute_farm_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)

    @api.depends("animal_id")
    def _compute_farm_id(self):
        for record in self:
            record.farm_id = record.farm_id or record.animal_id.farm_id
