from odoo import api, fields, models
from odoo.addons.smart_dairy_farm.fields import Measured, Numeric
from odoo.exceptions import UserError


class FarmCoolingLaw(models.Model):
    """What a law asks of milk in a tank, as data: its numbers and where they stand. A farm chooses one."""

    _name = "farm.cooling.law"
    _description = "Milk Cooling Law"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", index="btree_not_null", help="Empty: for all companies.")
    limit = Numeric("Cooled To (°C)", digits=(4, 1), required=True)
    minutes = fields.Integer(
        "Within (min)", required=True, help="After the end of milking; 0 where the law says at once."
    )
    ceiling = Measured(
        "Never Above (°C)", digits=(4, 1), help="Also while warm milk comes in. Empty: no such limit."
    )
    ceiling_minutes = fields.Integer(
        "Except for (min)",
        required=True,
        default=0,
        help="From the begin of the first milking into the tank.",
    )
    source = fields.Char(required=True, help="Act, annex and article that the numbers are from.")

    _minutes_positive = models.Constraint(
        "CHECK (minutes >= 0 AND ceiling_minutes >= 0)", "Times to cool down are 0 minutes or more."
    )
    _ceiling_above = models.Constraint(
        'CHECK (ceiling >= "limit")', "What milk may never exceed is not below what it is cooled to."
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_chosen(self):
        # not a foreign key's RESTRICT: that would hold up uninstalling
        # sudo: another company's farm counts as well
        farm = self.env["farm.farm"].sudo().search([("cooling_law_id", "in", self.ids)], limit=1)
        if farm:
            raise UserError(
                self.env._(
                    "Farm %(farm)s is judged by %(law)s: "
                    "choose another law there first, or archive this one.",
                    farm=farm.display_name,
                    law=farm.cooling_law_id.display_name,
                )
            )
