from odoo import api, models


class FarmRuleMixin(models.AbstractModel):
    """Words for what the database's triggers refuse (see ``database/``)."""

    _name = "farm.rule.mixin"
    _description = "Rules kept by the database"

    @api.model
    def _sql_error_to_message(self, exc):
        message = self._farm_rule_messages().get(exc.diag.constraint_name)
        if not message:
            return super()._sql_error_to_message(exc)
        detail = exc.diag.message_detail
        return f"{message} ({detail})" if detail else message

    @api.model
    def _farm_rule_messages(self):
        """Message by rule, as named in ``farm_refuse``. Extend for triggers of your own."""
        return {
            "farm_animal_pedigree": self.env._(
                "A dam must be female, a sire male, and both born before the"
                " calf. Correct the parent, the sex or the birth date."
            ),
            "farm_animal_no_cycle": self.env._(
                "An animal cannot be among its own ancestors. Correct the dam or the sire."
            ),
            "farm_milk_record_after_birth": self.env._(
                "Milk cannot be recorded before the animal was born. Correct the date."
            ),
            "farm_milk_record_day_or_sessions": self.env._(
                "A day has either one whole-day record or single sessions,"
                " not both. Change the record that is already there."
            ),
            "farm_treatment_same_animal": self.env._("A treatment must belong to the animal of its case."),
            "farm_treatment_kept": self.env._(
                "Treatments are kept for at least five years. Archive"
                " it, or cancel a wrong entry with a reason."
            ),
        }
