from odoo import fields, models
from odoo.addons.smart_dairy_farm.fields import Measured


class FarmTank(models.Model):
    _name = "farm.tank"
    _description = "Milk Tank"
    _order = "farm_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    farm_id = fields.Many2one("farm.farm", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    barn_id = fields.Many2one(
        "farm.barn", index="btree_not_null", check_company=True, domain="[('farm_id', '=', farm_id)]"
    )
    capacity = Measured("Capacity (L)", digits=(10, 1), help="Empty when not known.")
    sensor_ids = fields.One2many("farm.sensor", "tank_id", string="Sensors")

    _capacity_positive = models.Constraint("CHECK (capacity > 0)", "A tank's capacity is more than 0 L.")
