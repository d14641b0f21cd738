from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import database
from ..fields import Numeric


class FarmTreatment(models.Model):
    _name = "farm.treatment"
    _description = "Treatment"
    _inherit = ["farm.animal.fact.mixin", "mail.thread", "farm.rule.mixin"]
    _order = "start_date desc, id desc"
    _check_company_auto = True

    health_record_id = fields.Many2one(
        "farm.health.record", "Case", required=True, index=True, ondelete="restrict", check_company=True
    )
    animal_id = fields.Many2one(
        compute="_compute_animal_id", store=True, readonly=False, precompute=True, tracking=True
    )
    active = fields.Boolean(default=True)
    drug_id = fields.Many2one(
        "farm.drug", required=True, index=True, ondelete="restrict", check_company=True, tracking=True
    )
    dose = Numeric(digits=(10, 3), required=True, tracking=True)
    dose_uom = fields.Char(
        "Dose unit", compute="_compute_from_drug", store=True, readonly=False, precompute=True
    )
    route = fields.Selection(
        [
            ("intramuscular", "Intramuscular"),
            ("intravenous", "Intravenous"),
            ("subcutaneous", "Subcutaneous"),
            ("intramammary", "Intramammary"),
            ("intrauterine", "Intrauterine"),
            ("oral", "Oral"),
            ("topical", "On the skin"),
        ]
    )
    start_date = fields.Date(
        "First dose", required=True, default=lambda self: self.env.company._business_today(), tracking=True
    )
    last_dose_date = fields.Date(
        "Last dose",
        required=True,
        compute="_compute_last_dose_date",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    milk_withdrawal_days = fields.Integer(
        compute="_compute_from_drug", store=True, readonly=False, precompute=True, tracking=True
    )
    meat_withdrawal_days = fields.Integer(
        compute="_compute_from_drug", store=True, readonly=False, precompute=True, tracking=True
    )
    milk_withdrawal_until = fields.Date(
        "Milk withheld until",
        compute="_compute_withdrawal_until",
        store=True,
        precompute=True,
        help="Last dose + milk withdrawal days: the last day on which the milk is discarded.",
    )
    meat_withdrawal_until = fields.Date(
        "Meat withheld until", compute="_compute_withdrawal_until", store=True, precompute=True
    )
    veterinarian_id = fields.Many2one(
        "res.users", default=lambda self: self.env.user, tracking=True, ondelete="restrict"
    )
    cancelled = fields.Boolean(readonly=True, copy=False, tracking=True)
    cancel_reason = fields.Char(readonly=True, copy=False, tracking=True)

    _animal_start_idx = models.Index("(animal_id, start_date)")
    _farm_until_idx = models.Index("(farm_id, milk_withdrawal_until)")
    _last_after_first = models.Constraint(
        "CHECK (last_dose_date >= start_date)", "The last dose cannot be before the first."
    )
    _days_positive = models.Constraint(
        "CHECK (milk_withdrawal_days >= 0 AND meat_withdrawal_days >= 0)",
        "Withdrawal days cannot be negative.",
    )
    _dose_positive = models.Constraint("CHECK (dose > 0)", "The dose must be above 0.")
    _cancel_reasoned = models.Constraint(
        "CHECK (COALESCE(cancelled, false) = (cancel_reason IS NOT NULL))",
        "A cancelled treatment needs the reason.",
    )
    _milk_until_exact = models.Constraint(
        "CHECK (milk_withdrawal_until IS NOT DISTINCT FROM CASE WHEN NOT COALESCE(cancelled, false)"
        " AND milk_withdrawal_days > 0 THEN last_dose_date + milk_withdrawal_days END)",
        "Milk is withheld until the last dose plus the milk withdrawal days.",
    )
    _meat_until_exact = models.Constraint(
        "CHECK (meat_withdrawal_until IS NOT DISTINCT FROM CASE WHEN NOT COALESCE(cancelled, false)"
        " AND meat_withdrawal_days > 0 THEN last_dose_date + meat_withdrawal_days END)",
        "Meat is withheld until the last dose plus the meat withdrawal days.",
    )

    def init(self):
        super().init()
        database.install(self.env.cr, "refuse", "treatment")

    @api.depends("health_record_id")
    def _compute_animal_id(self):
        for treatment in self:
            treatment.animal_id = treatment.health_record_id.animal_id or treatment.animal_id

    @api.depends("drug_id.name", "animal_id", "start_date")
    def _compute_display_name(self):
        for treatment in self:
            parts = (treatment.animal_id.display_name, treatment.drug_id.name, treatment.start_date)
            treatment.display_name = ", ".join(str(part) for part in parts if part)

    @api.depends("drug_id")
    def _compute_from_drug(self):
        for treatment in self:
            drug = treatment.drug_id
            treatment.milk_withdrawal_days = drug.milk_withdrawal_days
            treatment.meat_withdrawal_days = drug.meat_withdrawal_days
            treatment.dose_uom = drug.default_dose_uom or treatment.dose_uom

    @api.depends("start_date")
    def _compute_last_dose_date(self):
        for treatment in self:
            if not treatment.last_dose_date or treatment.last_dose_date < treatment.start_date:
                treatment.last_dose_date = treatment.start_date

    @api.depends("last_dose_date", "milk_withdrawal_days", "meat_withdrawal_days", "cancelled")
    def _compute_withdrawal_until(self):
        for treatment in self:
            for kind in ("milk", "meat"):
                days = treatment[f"{kind}_withdrawal_days"]
                until = days and not treatment.cancelled and treatment.last_dose_date
                treatment[f"{kind}_withdrawal_until"] = until and until + timedelta(days=days)

    @api.constrains("health_record_id", "animal_id")
    def _check_same_animal(self):
        for treatment in self:
            if treatment.health_record_id.animal_id != treatment.animal_id:
                raise ValidationError(
                    self.env._(
                        "Treatment of %(animal)s: the case belongs to"
                        " %(other)s. Choose a case of the same animal.",
                        animal=treatment.animal_id.display_name,
                        other=treatment.health_record_id.animal_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        treatments = super().create(vals_list)
        treatments.health_record_id.filtered(
            lambda case: case.state == "open" and case.health_status not in ("in_treatment", "to_be_culled")
        ).sudo().health_status = "in_treatment"
        treatments._after_window_change()
        return treatments

    def write(self, vals):
        if not self.env.su and {"cancelled", "cancel_reason"} & vals.keys():
            raise UserError(self.env._("Cancel a treatment with its button, giving the reason."))
        result = super().write(vals)
        if {
            "animal_id",
            "start_date",
            "last_dose_date",
            "milk_withdrawal_days",
            "meat_withdrawal_days",
            "drug_id",
            "cancelled",
            "health_record_id",
        } & vals.keys():
            self._after_window_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._(
                "Treatments are kept for at least five years and cannot be deleted. Archive the treatment, or"
                " cancel a wrong entry with a reason."
            )
        )

    def _after_window_change(self):
        """The database's trigger has moved milk and animals on: forget what the cache knew of them."""
        self.flush_model()
        self.env["farm.milk.record"].invalidate_model(["discarded", "discard_reason", "saleable_yield"])
        self.env["farm.animal"].invalidate_model(["milk_withdrawal_until", "meat_withdrawal_until"])

    def _cancel(self, reason):
        """Cancel a wrong entry: its withdrawal ends, the entry stays with the reason."""
        self.check_access("write")
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Give the reason why the treatment is cancelled."))
        self.sudo().write({"cancelled": True, "cancel_reason": reason})
        for treatment in self:
            treatment.animal_id.sudo().message_post(
                body=self.env._(
                    "Treatment with %(drug)s of %(date)s cancelled by %(user)s: %(reason)s",
                    drug=treatment.drug_id.display_name,
                    date=treatment.start_date,
                    user=self.env.user.name,
                    reason=reason,
                ),
                author_id=self.env.user.partner_id.id,
            )

    def action_cancel(self):
        """Open the form that asks for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel the treatment"),
            "res_model": "farm.treatment.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_treatment_id": self.id},
        }
