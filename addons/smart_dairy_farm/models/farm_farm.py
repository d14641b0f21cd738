from odoo import fields, models


class FarmFarm(models.Model):
    _name = "farm.farm"
    _description = "Farm"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(help="Short code used on lists and in files.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    manager_id = fields.Many2one("res.users", string="Herd manager")
    barn_ids = fields.One2many("farm.barn", "farm_id", string="Barns")
    pen_ids = fields.One2many("farm.pen", "farm_id", string="Pens")
    animal_ids = fields.One2many("farm.animal", "farm_id", string="Animals")
    animal_count = fields.Integer("Present animals", compute="_compute_animal_count")

    # Settings: law, biology and custom differ by country, so each is a default to change, not a constant
    dim_first_day = fields.Selection(
        [("0", "0 (ICAR)"), ("1", "1 (as in France)")],
        string="Day of calving counts as",
        required=True,
        default="0",
        help="Days in milk on the day of calving.",
    )
    ecm_formula = fields.Selection(
        [("ifcn", "IFCN"), ("nordic", "Nordic")],
        string="Energy corrected milk by",
        required=True,
        default="ifcn",
    )
    milk_density = fields.Float(
        "Milk density (kg/L)",
        digits=(5, 3),
        default=1.03,
        help="Only to show litres: milk is always stored in kg.",
    )
    thi_threshold = fields.Float(
        "Heat stress from THI", digits=(5, 1), default=72, help="Temperature-humidity index (NRC)."
    )
    milk_session_limit = fields.Float(
        "Impossible milk above (kg per session)",
        digits=(5, 1),
        default=50,
        help="A single milking above this is refused as a typing error.",
    )
    fresh_days = fields.Integer("Fresh until day", default=21, help="Days in milk.")
    early_days = fields.Integer("Early lactation until day", default=100, help="Days in milk.")
    lead_days = fields.Integer(
        "Lead (close-up) days", default=21, help="A dry cow becomes Lead this many days before calving is due."
    )
    min_parent_age_months = fields.Integer(
        "Youngest parent (months)",
        default=15,
        help="A dam or sire at least this much older than its calf.",
    )

    _milk_density_positive = models.Constraint(
        "CHECK (milk_density > 0.9 AND milk_density < 1.2)",
        "The density of milk lies between 0.9 and 1.2 kg per litre (usually 1.03).",
    )
    _day_settings = models.Constraint(
        "CHECK (fresh_days >= 0 AND early_days >= fresh_days AND lead_days >= 0 AND min_parent_age_months >= 0)",
        "Check the day settings of the farm: none may be negative, and Fresh ends before Early does.",
    )
    _code_uniq = models.UniqueIndex(
        "(company_id, code) WHERE code IS NOT NULL", "Another farm of this company has the same code."
    )

    def _compute_animal_count(self):
        counts = dict(
            self.env["farm.animal"]._read_group(
                [("farm_id", "in", self.ids), ("status", "=", "active")], ["farm_id"], ["__count"]
            )
        )
        for farm in self:
            farm.animal_count = counts.get(farm, 0)

    def action_open_animals(self):
        """Open the farm's present animals."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("smart_dairy_farm.farm_animal_action")
        action["domain"] = [("farm_id", "=", self.id)]
        action["context"] = {"default_farm_id": self.id, "search_default_present": 1}
        return action

    def _status_settings(self):
        """Keyword arguments for ``figures.herd.lactation_status``."""
        return {
            "first_day": int(self.dim_first_day or 0),
            "fresh": self.fresh_days,
            "early": self.early_days,
            "lead": self.lead_days,
        }
