from odoo import api, fields, models

from ..models.farm_animal import ANIMAL_STATUSES
from ..models.farm_animal_exit import SLAUGHTER


class FarmExit(models.TransientModel):
    _name = "farm.exit"
    _description = "Record an exit"

    animal_ids = fields.Many2many("farm.animal", string="Animals", required=True)
    exit_date = fields.Date("Date", required=True, default=lambda self: self.env.company._business_today())
    status = fields.Selection(
        [choice for choice in ANIMAL_STATUSES if choice[0] != "active"],
        string="How",
        required=True,
        default="sold",
    )
    reason = fields.Char(required=True, help="For example: low milk, mastitis, buyer.")
    withheld_names = fields.Char("Under meat withdrawal", compute="_compute_withheld_names")
    override_reason = fields.Char("Manager's reason")

    @api.depends("animal_ids", "exit_date", "status")
    def _compute_withheld_names(self):
        for wizard in self:
            withheld = wizard.animal_ids.filtered(
                lambda animal, wizard=wizard: (
                    wizard.status in SLAUGHTER
                    and animal.meat_withdrawal_until
                    and wizard.exit_date
                    and animal.meat_withdrawal_until >= wizard.exit_date
                )
            )
            wizard.withheld_names = ", ".join(withheld.mapped("display_name")) or False

    def action_apply(self):
        """Record the exit of the chosen animals."""
        self.ensure_one()
        self.animal_ids._record_exit(self.exit_date, self.status, self.reason, self.override_reason)
        return {"type": "ir.actions.act_window_close"}
