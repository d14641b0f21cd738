from odoo import api, fields, models
from odoo.exceptions import UserError


class DatabaseIndexAction(models.TransientModel):
    _name = "database.index.action"
    _description = "Index Operation"

    name = fields.Char("Index", readonly=True, help="Empty: all of them")
    operation = fields.Selection(
        [("deploy", "Deploy"), ("rollback", "Roll back"), ("reindex", "Rebuild")],
        required=True,
        default="deploy",
    )
    statements = fields.Text(compute="_compute_statements", help="Exactly what would be sent now")

    @api.depends("name", "operation")
    def _compute_statements(self):
        for wizard in self:
            if not wizard.operation or (wizard.operation == "reindex" and not wizard.name):
                wizard.statements = False
                continue
            found = self.env["database.index"]._preview(wizard.operation, wizard.name or None)
            wizard.statements = ";\n".join(found)

    def action_run(self):
        """Have it done in the background, and show how far it is."""
        self.ensure_one()
        if self.operation == "reindex" and not self.name:
            raise UserError(self.env._("Open one index to rebuild it."))
        self.env["database.index"]._ask(self.operation, self.name or None)
        return self.env["ir.actions.act_window"]._for_xml_id("database_index.action_database_index_task")
