from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.tasks import SINGLE


class DatabaseIndexAction(models.TransientModel):
    _name = "database.index.action"
    _description = "Index Operation"

    name = fields.Char("Index", readonly=True, help="Empty: all of them")
    operation = fields.Selection(
        [
            ("deploy", "Deploy"),
            ("rollback", "Roll back"),
            ("reindex", "Rebuild"),
            ("drop", "Drop"),
            ("restore", "Restore"),
            ("withdraw", "Take Back"),
        ],
        required=True,
        default="deploy",
    )
    confirmed = fields.Boolean("Drop it", help="No deployment made this index; it can be restored later")
    statements = fields.Text(compute="_compute_statements", help="Exactly what would be sent now")

    @api.depends("name", "operation")
    def _compute_statements(self):
        for wizard in self:
            if not wizard.operation or (wizard.operation in SINGLE and not wizard.name):
                wizard.statements = False
                continue
            found = self.env["database.index"]._preview(wizard.operation, wizard.name or None)
            wizard.statements = ";\n".join(found)

    def action_run(self):
        """Have it done in the background, and show how far it is."""
        self.ensure_one()
        if self.operation in SINGLE and not self.name:
            raise UserError(self.env._("Open one index first: this operation is for a single one."))
        if self.operation == "drop" and not self.confirmed:
            raise UserError(self.env._("Index %s: tick “Drop it” to confirm.", self.name))
        self.env["database.index"]._ask(self.operation, self.name or None)
        return self.env["ir.actions.act_window"]._for_xml_id("database_index.action_database_index_task")
