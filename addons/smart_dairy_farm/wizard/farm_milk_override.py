from odoo import fields, models


class FarmMilkOverride(models.TransientModel):
    _name = "farm.milk.override"
    _description = "Release milk from withdrawal"

    milk_record_ids = fields.Many2many("farm.milk.record", string="Milk records", required=True)
    reason = fields.Char(required=True)

    def action_apply(self):
        """Release the records (managers only); the reason is logged with the animal."""
        self.ensure_one()
        self.milk_record_ids._override_withdrawal(self.reason)
        return {"type": "ir.actions.act_window_close"}
