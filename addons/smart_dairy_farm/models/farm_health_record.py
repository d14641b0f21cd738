from odoo import api, fields, models
from odoo.exceptions import UserError

from .farm_animal import HEALTH_STATUSES


class FarmHealthRecord(models.Model):
    _name = "farm.health.record"
    _description = "Health case"
    _inherit = ["farm.animal.fact.mixin", "mail.thread"]
    _order = "record_date desc, id desc"
    _check_company_auto = True

    animal_id = fields.Many2one(tracking=True)
    farm_id = fields.Many2one(index=False)  # see _farm_date_idx
    active = fields.Boolean(default=True)
    record_date = fields.Date(
        "Date", required=True, default=lambda self: self.env.company._business_today(), tracking=True
    )
    record_type = fields.Selection(
        [
            ("checkup", "Check-up"),
            ("mastitis", "Mastitis"),
            ("lameness", "Lameness"),
            ("metabolic", "Metabolic"),
            ("reproductive", "Reproductive"),
            ("respiratory", "Respiratory"),
            ("digestive", "Digestive"),
            ("injury", "Injury"),
            ("vaccination", "Vaccination"),
            ("deworming", "Deworming"),
            ("other", "Other"),
        ],
        string="Kind",
        required=True,
        default="checkup",
        tracking=True,
    )
    health_status = fields.Selection(
        HEALTH_STATUSES, string="Status found", required=True, default="ill", tracking=True
    )
    diagnosis = fields.Char(tracking=True)
    notes = fields.Text()
    quarter = fields.Selection(
        [("LF", "Left front"), ("RF", "Right front"), ("LR", "Left rear"), ("RR", "Right rear")]
    )
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed")], required=True, default="open", tracking=True, index=True
    )
    closed_date = fields.Date(tracking=True)
    treatment_ids = fields.One2many("farm.treatment", "health_record_id", string="Treatments")

    _animal_date_idx = models.Index("(animal_id, record_date DESC)")
    _farm_date_idx = models.Index("(farm_id, record_date)")
    _closed_dated = models.Constraint(
        "CHECK ((state = 'closed') = (closed_date IS NOT NULL))",
        "A closed case needs its closing date, an open one has none.",
    )
    _closed_after = models.Constraint(
        "CHECK (closed_date >= record_date)", "A case cannot be closed before it began."
    )

    @api.depends("animal_id", "record_date", "record_type")
    def _compute_display_name(self):
        kinds = dict(self._fields["record_type"]._description_selection(self.env))
        for case in self:
            parts = (case.animal_id.display_name, kinds.get(case.record_type), case.record_date)
            case.display_name = ", ".join(str(part) for part in parts if part)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._date_closing(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._date_closing(vals))

    @api.model
    def _date_closing(self, vals):
        if vals.get("state") == "closed" and not vals.get("closed_date"):
            return {**vals, "closed_date": self.env.company._business_today()}
        if vals.get("state") == "open":
            return {**vals, "closed_date": False}
        return vals

    @api.ondelete(at_uninstall=False)
    def _unlink_without_treatments(self):
        if treated := self.filtered("treatment_ids"):
            raise UserError(
                self.env._(
                    "%(case)s has treatments, which are kept for at"
                    " least five years. Archive the case instead.",
                    case=treated[0].display_name,
                )
            )

    def action_close(self):
        """Close the case today."""
        self.write({"state": "closed"})

    def action_reopen(self):
        """Open a closed case again."""
        self.write({"state": "open"})
