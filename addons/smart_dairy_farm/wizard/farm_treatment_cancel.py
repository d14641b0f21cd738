from odoo import fields, models


class FarmTreatmentCancel(models.TransientModel):
    _name = "farm.treatment.cancel"
    _description = "Cancel a treatment"

    treatment_id = fields.Many2one("farm.treatment", required=True)
    reason = fields.Char(required=True)

    def action_apply(self):
        """Cancel the treatment; it stays visible with the reason."""
        self.ensure_one()
        self.treatment_id._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
