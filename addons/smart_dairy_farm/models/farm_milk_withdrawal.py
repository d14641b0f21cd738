from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .farm_milk_record import OVERRIDE, WITHHELD


class FarmMilkRecord(models.Model):
    """Release of milk that the database withholds, by a manager."""

    _inherit = "farm.milk.record"

    def _override_withdrawal(self, reason):
        """Let a manager count milk under withdrawal as saleable; the reason goes to the animal's log."""
        self.check_access("write")
        if not self.env.user.has_group("smart_dairy_farm.group_farm_manager"):
            raise AccessError(self.env._("Only a manager can release milk from withdrawal."))
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Give the reason why this milk may be sold."))
        if other := self.filtered(lambda record: record.discard_reason not in WITHHELD):
            raise UserError(
                self.env._(
                    "%(record)s is not withheld because of a treatment or a calving:"
                    " there is nothing to release.",
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
        released = self.filtered("override_reason")
        all_facts = self._milk_facts([(record.animal_id.id, record.record_date) for record in released])
        for record, facts in zip(released, all_facts, strict=True):
            reason = facts.withheld or False  # the treatment may have been cancelled meanwhile
            record._write_derived(
                {
                    **dict.fromkeys(OVERRIDE, False),
                    "discarded": bool(reason),
                    "discard_reason": reason,
                    "saleable_yield": 0 if reason else record.total_yield,
                }
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

    @api.autovacuum
    def _gc_milk_marks(self):
        """Forget the marks of milk written long ago (see ``database/turns.sql``)."""
        self.env.cr.execute("SELECT farm_milk_forget_marks()")
