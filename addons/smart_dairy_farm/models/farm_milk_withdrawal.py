from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class FarmMilkRecord(models.Model):
    """Release of milk from withdrawal, and the second look after concurrent entries."""

    _inherit = "farm.milk.record"

    def _override_withdrawal(self, reason):
        """Let a manager count milk under withdrawal as saleable; the reason goes to the animal's log."""
        self.check_access("write")
        if not self.env.user.has_group("smart_dairy_farm.group_farm_manager"):
            raise AccessError(self.env._("Only a manager can release milk from withdrawal."))
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Give the reason why this milk may be sold."))
        if other := self.filtered(lambda record: record.discard_reason != "withdrawal"):
            raise UserError(
                self.env._(
                    "%(record)s is not withheld because of a treatment: there is nothing to release.",
                    record=other[0].display_name,
                )
            )
        now = fields.Datetime.now()
        for record in self:
            record._write_derived(
                {
                    "override_reason": reason,
                    "override_user_id": self.env.uid,
                    "override_date": now,
                    "discarded": False,
                    "discard_reason": False,
                    "saleable_yield": record.total_yield,
                }
            )
            self._log_on_animal(
                record,
                self.env._(
                    "%(user)s released %(kg)s kg of milk of %(date)s from withdrawal: %(reason)s",
                    user=self.env.user.name,
                    kg=record.total_yield,
                    date=record.record_date,
                    reason=reason,
                ),
            )

    def _revoke_override(self):
        """Withhold released milk again."""
        if not self.env.user.has_group("smart_dairy_farm.group_farm_manager"):
            raise AccessError(self.env._("Only a manager can take back a release from withdrawal."))
        for record in self.filtered("override_reason"):
            withheld = {"discarded": True, "discard_reason": "withdrawal", "saleable_yield": 0}
            record._write_derived(
                {**dict.fromkeys(("override_reason", "override_user_id", "override_date"), False), **withheld}
            )
            self._log_on_animal(
                record,
                self.env._(
                    "%(user)s took back the release of the milk of %(date)s.",
                    user=self.env.user.name,
                    date=record.record_date,
                ),
            )

    def _log_on_animal(self, record, body):
        record.animal_id.sudo().message_post(body=body, author_id=self.env.user.partner_id.id)

    def action_release(self):
        """Open the form in which a manager gives the reason."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Release from withdrawal"),
            "res_model": "farm.milk.override",
            "view_mode": "form",
            "target": "new",
            "context": {"default_milk_record_ids": self.ids},
        }

    def action_revoke_release(self):
        """Withhold released milk again (managers)."""
        self._revoke_override()

    @api.model
    def _cron_reconcile_withdrawal(self):
        """Discard milk entered in the same moment as a treatment; normally finds nothing."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE farm_milk_record m
                   SET discarded = true, discard_reason = 'withdrawal', saleable_yield = 0
                  FROM farm_treatment t
                 WHERE m.animal_id = t.animal_id
                   AND m.record_date BETWEEN t.start_date AND t.milk_withdrawal_until
                   AND NOT m.discarded AND m.override_reason IS NULL
                """
            )
        )
        if self.env.cr.rowcount:
            self.invalidate_model(["discarded", "discard_reason", "saleable_yield"])
