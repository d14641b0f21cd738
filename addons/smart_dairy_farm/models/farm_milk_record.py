from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import database
from ..fields import Measured, MeasuredInteger, Numeric

SESSIONS = [
    ("morning", "Morning"),
    ("noon", "Noon"),
    ("evening", "Evening"),
    ("night", "Night"),
    ("day", "Whole day"),
]
DISCARD_REASONS = [
    ("withdrawal", "Withdrawal"),
    ("colostrum", "Colostrum"),
    ("abnormal", "Abnormal milk"),
    ("spilled", "Spilled"),
    ("other", "Other"),
]
# what the database discards by itself, and only a manager releases
WITHHELD = ("withdrawal", "colostrum")
OVERRIDE = ("override_reason", "override_user_id", "override_date")
DERIVED = {*OVERRIDE, "farm_id", "company_id", "pen_id", "lactation_id", "dim", "saleable_yield"}
# a change of one of these changes what is derived
DECISIVE = {
    "animal_id",
    "record_date",
    "session",
    "total_yield",
    "morning_yield",
    "evening_yield",
    "discarded",
    "discard_reason",
}


class FarmMilkRecord(models.Model):
    """Milk of one animal, day and session, in kg."""

    _name = "farm.milk.record"
    _description = "Milk record"
    _inherit = ["farm.rule.mixin"]
    _order = "record_date desc, id desc"
    _check_company_auto = True

    animal_id = fields.Many2one("farm.animal", required=True, ondelete="restrict", check_company=True)
    farm_id = fields.Many2one("farm.farm", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    pen_id = fields.Many2one("farm.pen", "Pen that day", readonly=True, index=True, ondelete="restrict")
    lactation_id = fields.Many2one("farm.lactation", readonly=True, index=True, ondelete="restrict")
    dim = MeasuredInteger("Days in milk", readonly=True, help="Days since calving on the day of milking.")
    record_date = fields.Date("Date", required=True, default=lambda self: self.env.company._business_today())
    session = fields.Selection(SESSIONS, required=True, default="morning")
    total_yield = Numeric("Milk (kg)", digits=(8, 2), required=True)
    morning_yield = Numeric("Morning (kg)", digits=(8, 2), required=True, default=0)
    evening_yield = Numeric("Evening (kg)", digits=(8, 2), required=True, default=0)
    fat_percentage = Measured("Fat (%)", digits=(5, 2))
    protein_percentage = Measured("Protein (%)", digits=(5, 2))
    scc = MeasuredInteger("SCC (×1000/ml)", help="Somatic cells, thousands per ml; empty when not measured.")
    discarded = fields.Boolean(required=True, default=False)
    discard_reason = fields.Selection(DISCARD_REASONS)
    override_reason = fields.Char(readonly=True, copy=False, help="Why a manager let this milk be sold.")
    override_user_id = fields.Many2one("res.users", "Released by", readonly=True, copy=False)
    override_date = fields.Datetime("Released on", readonly=True, copy=False)
    saleable_yield = Numeric("Saleable (kg)", digits=(8, 2), required=True, readonly=True, default=0)
    source = fields.Selection(
        [("manual", "Entered"), ("import", "Import"), ("meter", "Milk meter"), ("demo", "Demo")],
        required=True,
        default="manual",
    )

    _session_uniq = models.UniqueIndex(
        "(animal_id, record_date, session)",
        "This animal already has a milk record for that day and session. Change that record instead.",
    )
    _animal_date_idx = models.Index("(animal_id, record_date DESC)")
    # walked backwards it is also the order of a farm's list
    _farm_date_idx = models.Index("(farm_id, record_date, id)")
    _yield_range = models.Constraint(
        "CHECK (total_yield BETWEEN 0 AND 100)", "Milk of one session lies between 0 and 100 kg."
    )
    _session_split = models.Constraint(
        "CHECK (morning_yield >= 0 AND evening_yield >= 0 AND CASE session"
        " WHEN 'morning' THEN morning_yield = total_yield AND evening_yield = 0"
        " WHEN 'evening' THEN evening_yield = total_yield AND morning_yield = 0"
        " WHEN 'day' THEN morning_yield + evening_yield <= total_yield"
        " ELSE morning_yield = 0 AND evening_yield = 0 END)",
        "Morning and evening milk do not fit the total of this session.",
    )
    _fat_range = models.Constraint(
        "CHECK (fat_percentage BETWEEN 0.5 AND 15)",
        "Fat lies between 0.5 and 15 %; leave it empty when it was not measured.",
    )
    _protein_range = models.Constraint(
        "CHECK (protein_percentage BETWEEN 0.5 AND 10)",
        "Protein lies between 0.5 and 10 %; leave it empty when it was not measured.",
    )
    _scc_positive = models.Constraint("CHECK (scc >= 0)", "The cell count cannot be negative.")
    _dim_positive = models.Constraint("CHECK (dim >= 0)", "Milk cannot be recorded before the calving.")
    _discard_reasoned = models.Constraint(
        "CHECK (discarded = (discard_reason IS NOT NULL))",
        "Discarded milk needs a reason, other milk has none.",
    )
    _saleable_exact = models.Constraint(
        "CHECK (saleable_yield = CASE WHEN discarded THEN 0 ELSE total_yield END)",
        "Saleable milk is the whole session's milk, or 0 when it is discarded.",
    )
    _override_complete = models.Constraint(
        "CHECK ((override_reason IS NULL AND override_user_id IS NULL AND override_date IS NULL) OR"
        " (btrim(override_reason) <> '' AND override_user_id IS NOT NULL AND override_date IS NOT NULL))",
        "A release from withdrawal needs its reason, who gave it and when.",
    )
    _withheld_idx = models.Index("(animal_id, record_date) WHERE discard_reason = 'withdrawal'")

    def init(self):
        super().init()
        database.install(self.env.cr, "refuse", "milk")

    @api.depends("animal_id", "record_date", "session")
    def _compute_display_name(self):
        sessions = dict(self._fields["session"]._description_selection(self.env))
        for record in self:
            parts = (record.animal_id.display_name, record.record_date, sessions.get(record.session))
            record.display_name = ", ".join(str(part) for part in parts if part)

    # What the ORM derives (and a bulk loader must fill): see farm_milk_derive.py

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_override_values(vals_list)
        return super().create(self._derive_create(vals_list))

    def write(self, vals):
        self._refuse_override_values([vals])
        vals = {name: value for name, value in vals.items() if name not in DERIVED}
        if not vals.keys() & DECISIVE:
            return super().write(vals)
        for records, record_vals in self._derive_write(vals):
            super(FarmMilkRecord, records).write(record_vals)
        return True

    def _check_company(self, fnames=None):
        # Odoo's own check evaluates a domain per record: a third of the time an import takes. Where only the
        # animal is checked, and is of the record's company, there is nothing to find
        checked = {name for name, field in self._fields.items() if field.relational and field.check_company}
        if checked.intersection(fnames or checked) - {"animal_id"}:
            return super()._check_company(fnames)
        foreign = self.filtered(lambda record: record.animal_id.company_id != record.company_id)
        return super(FarmMilkRecord, foreign)._check_company(fnames)

    def _write_derived(self, vals):
        """Write derived values or a release as given: for this addon's own methods, after their checks."""
        return super().write(vals)

    @api.model
    def _refuse_override_values(self, vals_list):
        for vals in vals_list:
            if any(vals.get(name) for name in OVERRIDE):
                raise AccessError(
                    self.env._("Only a manager can release milk from withdrawal, with the button Release.")
                )

    def copy(self, default=None):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("A milk record cannot be duplicated: enter the milk of the other session.")
        )
