from odoo import fields, models
from odoo.exceptions import UserError


class FarmHerdDay(models.TransientModel):
    _name = "farm.herd.day"
    _description = "The herd on a day"

    day = fields.Date(required=True, default=lambda self: self.env.company._business_today())
    farm_id = fields.Many2one("farm.farm", help="Empty: all farms.")

    def action_open(self):
        """List the animals that were there that day, as they were."""
        self.ensure_one()
        if self.day > self.env.company._business_today():
            raise UserError(self.env._("%(day)s has not come yet. Choose today or a past day.", day=self.day))
        animals = self.env["farm.animal"]._herd_as_of(self.day, self.farm_id)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Herd on %(day)s", day=self.day),
            "res_model": "farm.animal",
            "view_mode": "list,form",
            "views": [
                (self.env.ref("smart_dairy_farm.farm_animal_view_list_as_of").id, "list"),
                (False, "form"),
            ],
            "domain": [("id", "in", animals.ids)],
            "context": {"as_of": fields.Date.to_string(self.day), "active_test": False, "create": False},
        }
