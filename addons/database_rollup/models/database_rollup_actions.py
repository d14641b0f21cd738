from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import deploy, grace, verify
from ..engine.errors import RollupError


class DatabaseRollup(models.Model):
    """What the administrator's page can do."""

    _inherit = "database.rollup"

    def action_fold(self):
        """Fold now what may be folded."""
        self._check_administrator()
        rollups = self._rollups()
        self._end_transaction()
        grace.wait_graces(self._transaction, max(r.graces for r in rollups) + 1, seconds=5)
        more = [r.name for r in rollups if self._fold_rollup(r, 20)]
        if more:
            return self._notify(
                self.env._("%(names)s: the rest is folded in the background.", names=", ".join(more))
            )
        return self._notify(self.env._("Folded."))

    def action_verify(self):
        """Recompute all clean days and compare; the result stays on the record."""
        self._check_administrator()
        wrong = 0
        for rollup in self._rollups():
            found = verify.wrong_days(self.env.cr, rollup)
            verify.remember(self.env.cr, rollup, found)
            wrong += len(found)
        self.invalidate_recordset()
        if wrong:
            return self._notify(
                self.env._(
                    "%(count)s buckets differ from their source. Use Mend to have them computed again.",
                    count=wrong,
                ),
                "danger",
            )
        return self._notify(self.env._("Every clean bucket equals its source."), "success")

    def action_mend(self):
        """Mark every bucket that differs as dirty: it is read live from now on and folded anew."""
        self._check_administrator()
        for rollup in self._rollups():
            verify.mend(self.env.cr, rollup, verify.wrong_days(self.env.cr, rollup))
            verify.remember(self.env.cr, rollup, [])
        self.invalidate_recordset()
        return self._notify(self.env._("What differed is read live until it is folded."), "success")

    def action_rebuild(self):
        """Mark every day as dirty: all is read live from now on and folded anew, newest days first."""
        self._check_administrator()
        for rollup in self._rollups():
            deploy.mark_dirty(self.env.cr, rollup)
            self.env.ref("database_rollup.cron_maintain")._trigger(
                fields.Datetime.now() + timedelta(seconds=1)
            )
        self.invalidate_recordset()
        return self._notify(self.env._("All days are folded anew in the background."), "success")

    def _rollups(self):
        """The declarations of these records.

        :raises UserError: one is not declared, or not deployed as declared
        """
        rollups = []
        for record in self:
            try:
                rollup = self._rollup(record.name)
            except RollupError as error:
                raise UserError(str(error)) from error
            if rollup.prefix != record.prefix:
                raise UserError(
                    self.env._(
                        "Rollup %(name)s is deployed from an older declaration. Wait a minute for the "
                        "scheduled job that deploys it.",
                        name=record.name,
                    )
                )
            rollups.append(rollup)
        return rollups

    def _end_transaction(self):
        """Folding waits for every transaction, this one included; it has written nothing so far."""
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("Rollups are for administrators."))

    def _notify(self, message, kind="info"):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
