from odoo import fields, models


class FarmDrug(models.Model):
    _name = "farm.drug"
    _description = "Veterinary drug"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active_ingredient = fields.Char()
    milk_withdrawal_days = fields.Integer(
        "Milk withdrawal (days)", help="Counted from the last dose; see the leaflet."
    )
    meat_withdrawal_days = fields.Integer(
        "Meat withdrawal (days)", help="Counted from the last dose; see the leaflet."
    )
    default_dose_uom = fields.Char("Dose unit", default="ml")
    company_id = fields.Many2one("res.company", index=True, help="Empty: for every company.")
    active = fields.Boolean(default=True)

    _withdrawal_positive = models.Constraint(
        "CHECK (milk_withdrawal_days >= 0 AND meat_withdrawal_days >= 0)",
        "Withdrawal days cannot be negative.",
    )
