from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.operations import OPERATIONS
from ..engine.words import translated


class DatabasePartitionAction(models.TransientModel):
    _name = "database.partition.action"
    _description = "Partition Operation"

    set_id = fields.Many2one("database.partition.set", required=True, readonly=True)
    operation = fields.Selection(
        [
            ("maintain", "Maintain now"),
            ("create", "Create ahead"),
            ("drain", "Drain the default partition"),
            ("drain_all", "Drain everything, whatever its time"),
            ("detach", "Detach"),
            ("archive", "Archive"),
            ("drop", "Drop a detached table"),
            ("restore", "Restore"),
            ("release", "Release to retention"),
            ("verify", "Verify the archives"),
            ("index", "Build declared indexes"),
            ("confirm_drop", "Allow dropping without an archive"),
            ("revoke_drop", "Forbid dropping without an archive"),
        ],
        required=True,
        default="maintain",
    )
    partition = fields.Char(help="Name of the partition or table, for operations on one")
    needs_partition = fields.Boolean(compute="_compute_statements")
    drops = fields.Boolean(compute="_compute_statements")
    statements = fields.Text(compute="_compute_statements", help="Exactly what would be sent now")
    confirmed = fields.Boolean("I confirm that rows leave the table")
    result = fields.Text(readonly=True)

    @api.depends("set_id", "operation", "partition")
    @api.depends_context("lang")
    def _compute_statements(self):
        for wizard in self:
            operation = OPERATIONS.get(wizard.operation)
            wizard.needs_partition = bool(operation and operation.partition)
            wizard.drops = bool(operation and operation.drops)
            if not operation or (operation.partition and not wizard.partition):
                wizard.statements = False
                continue
            try:
                found = wizard.set_id._preview(wizard.operation, wizard.partition)
            except UserError as error:
                wizard.statements = str(error)
            else:
                wizard.statements = ";\n".join(found)

    def action_run(self):
        """Perform the operation and show what was done."""
        self.ensure_one()
        done = self.set_id._perform(self.operation, self.partition or None, self.confirmed)
        self.result = "\n".join(translated(line, self.env.lang) for line in done) or self.env._(
            "There was nothing to do."
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
