from odoo import api, fields, models


class FarmLactation(models.Model):
    """From calving to dry-off, exit or the next calving."""

    _name = "farm.lactation"
    _description = "Lactation"
    _order = "calving_date desc, id desc"
    _check_company_auto = True

    animal_id = fields.Many2one("farm.animal", required=True, ondelete="restrict", check_company=True)
    farm_id = fields.Many2one(
        "farm.farm", required=True, index=True, compute="_compute_farm_id", store=True, readonly=False, precompute=True
    )
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    parity = fields.Integer(required=True, aggregator=None)
    calving_date = fields.Date(required=True)
    dry_off_date = fields.Date(help="Last day she was milked.")
    end_date = fields.Date(readonly=True, help="Next calving or exit.")
    milk_record_ids = fields.One2many("farm.milk.record", "lactation_id", string="Milk records")

    _animal_parity_uniq = models.UniqueIndex(
        "(animal_id, parity)", "This animal already has a lactation with this number."
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (animal_id WITH =, daterange(calving_date, end_date, '[)') WITH &&)",
        "The lactations of an animal must not overlap: check the calving dates.",
    )
    _parity_positive = models.Constraint("CHECK (parity >= 1)", "The first lactation has parity 1.")
    _dates_order = models.Constraint(
        "CHECK (dry_off_date >= calving_date AND end_date >= calving_date AND dry_off_date <= end_date)",
        "Calving, dry-off and end of a lactation must follow in this order.",
    )
    _animal_calving_idx = models.Index("(animal_id, calving_date DESC)")

    @api.depends("animal_id")
    def _compute_farm_id(self):
        for record in self:
            record.farm_id = record.farm_id or record.animal_id.farm_id
