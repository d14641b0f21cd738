from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..figures import herd


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
    colostrum_days = fields.Integer(
        "Colostrum (days)",
        required=True,
        default=5,
        help="Milk of so many days, the day of calving the first, is discarded by itself."
        " A change counts for milk entered from then on.",
    )
    fresh_days = fields.Integer("Fresh until day", default=21, help="Days in milk.")
    early_days = fields.Integer("Early lactation until day", default=100, help="Days in milk.")
    lead_days = fields.Integer(
        "Lead (close-up) days",
        default=21,
        help="A dry cow becomes Lead this many days before calving is due.",
    )
    calf_days = fields.Integer(
        "Calf until (days old)",
        required=True,
        default=240,
        help="At this age a calf becomes a heifer, a male one a bull or steer, by itself.",
    )
    male_calves_become = fields.Selection(
        [("bull", "Bulls"), ("steer", "Steers")],
        string="Male calves become",
        required=True,
        default="bull",
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
        "CHECK (fresh_days >= 0 AND early_days >= fresh_days AND lead_days >= 0 AND"
        " min_parent_age_months >= 0)",
        "Check the day settings of the farm: none may be negative, and Fresh ends before Early does.",
    )
    _calf_days_range = models.Constraint(
        "CHECK (calf_days BETWEEN 1 AND 1000)", "An animal stays a calf for 1 to 1000 days."
    )
    _colostrum_days_range = models.Constraint(
        "CHECK (colostrum_days BETWEEN 0 AND 30)", "Colostrum is milk of 0 to 30 days after calving."
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

    def write(self, vals):
        if "company_id" in vals and any(
            farm.company_id.id != vals["company_id"] and farm.animal_ids
            for farm in self.sudo().with_context(active_test=False)
        ):
            raise UserError(
                self.env._("A farm with animals cannot change its company: its records belong to it.")
            )
        result = super().write(vals)
        if "dim_first_day" in vals:
            animals = self.env["farm.animal"].sudo().with_context(active_test=False)
            self.env["farm.milk.record"].sudo()._rederive(animals.search([("farm_id", "in", self.ids)]))
        return result

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

    def _milk_figures(self, date_from, date_to):
        """Milk of the farms from ``date_from`` to ``date_to``, both included.

        :return: dict with ``milk`` and ``saleable`` (kg), ``cow_days`` (days in milk of all cows: dry cows
            and heifers have none), ``average_in_milk`` (cows), ``kg_per_cow_day`` (``None`` without any)
        """
        self.check_access("read")
        self.env["farm.lactation"].flush_model()
        records = self.env["farm.milk.record"]
        [(milk, saleable)] = records._read_group(
            [("farm_id", "in", self.ids), ("record_date", ">=", date_from), ("record_date", "<=", date_to)],
            [],
            ["total_yield:sum", "saleable_yield:sum"],
        )
        query = self.env["farm.lactation"]._search([("farm_id", "in", self.ids)])
        spans = self.env.execute_query(
            SQL(
                """SELECT calving_date, LEAST(dry_off_date + 1, end_date) FROM farm_lactation
                    WHERE id IN %s AND calving_date <= %s
                      AND COALESCE(LEAST(dry_off_date + 1, end_date) > %s, true)""",
                query.subselect(),
                date_to,
                date_from,
            )
        )
        average = herd.average_herd(spans, date_from, date_to)
        days = (date_to - date_from).days + 1
        cow_days = round(average * days)
        return {
            "milk": milk,
            "saleable": saleable,
            "cow_days": cow_days,
            "average_in_milk": average,
            "kg_per_cow_day": herd.yield_per_cow(milk, cow_days),
        }
