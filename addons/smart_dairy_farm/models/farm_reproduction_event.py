from odoo import api, fields, models


class FarmReproductionEvent(models.Model):
    _name = "farm.reproduction.event"
    _description = "Reproduction event"
    _order = "event_date desc, id desc"
    _check_company_auto = True

    animal_id = fields.Many2one(
        "farm.animal", required=True, ondelete="restrict", check_company=True, domain="[('sex', '=', 'female')]"
    )
    farm_id = fields.Many2one(
        "farm.farm", required=True, index=True, compute="_compute_farm_id", store=True, readonly=False, precompute=True
    )
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    event_date = fields.Date(
        "Date", required=True, default=lambda self: self.env.company._business_today()
    )
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
        "farm.lactation", "Lactation begun", readonly=True, ondelete="set null", index="btree_not_null", copy=False
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

    @api.depends("animal_id")
    def _compute_farm_id(self):
        for record in self:
            record.farm_id = record.farm_id or record.animal_id.farm_id
