from contextlib import contextmanager

from odoo import api, fields, models
from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine import clock
from odoo.addons.database_partition.engine.errors import PartitionError
from odoo.exceptions import UserError

from ..partitions import settle, verify


class SaleOrderPartitionedCheck(models.TransientModel):
    """How the partitioned copy of the orders is; the engine works on a connection of its own."""

    _name = "sale.order.partitioned.check"
    _description = "State of the Partitioned Sales Orders"

    filled = fields.Float("Filled (%)", compute="_compute_status")
    noted = fields.Integer("Orders that wait", compute="_compute_status", help="Shown to readers as they are")
    reason = fields.Char("They wait because of", compute="_compute_status")
    kept_from = fields.Datetime("Orders since", compute="_compute_status")
    verified_at = fields.Datetime("Last compared", compute="_compute_status")
    compared = fields.Integer("Orders compared", compute="_compute_status")
    differed = fields.Integer("Orders that differed", compute="_compute_status")
    result = fields.Char(readonly=True)

    @api.depends("result")
    def _compute_status(self):
        with self._session() as work, work.transaction() as cursor:
            found = settle.status(cursor)
        for check in self:
            check.filled = found.filled * 100
            check.noted = found.noted
            check.reason = found.reason
            check.kept_from = found.kept_from
            check.verified_at = found.verified_at and found.verified_at.replace(tzinfo=None)
            check.compared = found.compared or 0
            check.differed = found.differed or 0

    @contextmanager
    def _session(self):
        try:
            with runtime.session(self.env.cr.dbname) as work:
                yield work
        except PartitionError as error:
            raise UserError(error.translated(self.env.lang)) from error

    def action_fill(self):
        """Fill what is not filled and make good what waits."""
        with self._session() as work:
            settle.refresh(work, clock.now())
            settle.prepare(work)
            looked = settle.fill(work)
            done, left = settle.settle(work)
        return self._show(
            self.env._("%(looked)s orders filled in, %(done)s made good, %(left)s still being written.",
                       looked=looked, done=done, left=left)
        )  # fmt: skip

    def action_verify(self):
        """Compare every month with the orders, and mend what differs."""
        with self._session() as work:
            found = verify.verify(work, mend=True)
        return self._show(
            self.env._("%(compared)s orders compared, %(differing)s differed and were mended.",
                       compared=found.compared, differing=len(found.differing))
        )  # fmt: skip

    def _show(self, result):
        self.result = result
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Partitioned sales orders"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
