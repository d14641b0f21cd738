from odoo import api, fields, models

PEN_TYPES = [
    ("milking", "Milking"),
    ("dry", "Dry"),
    ("maternity", "Maternity"),
    ("heifer", "Heifers"),
    ("calf", "Calves"),
    ("bull", "Bulls"),
    ("hospital", "Hospital"),
    ("quarantine", "Quarantine"),
]


class FarmBarn(models.Model):
    _name = "farm.barn"
    _description = "Barn"
    _order = "farm_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    farm_id = fields.Many2one("farm.farm", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    pen_ids = fields.One2many("farm.pen", "barn_id", string="Pens")


class FarmPen(models.Model):
    _name = "farm.pen"
    _description = "Pen"
    _order = "farm_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    code = fields.Char()
    active = fields.Boolean(default=True)
    farm_id = fields.Many2one("farm.farm", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    barn_id = fields.Many2one("farm.barn", index="btree_not_null", domain="[('farm_id', '=', farm_id)]")
    pen_type = fields.Selection(PEN_TYPES, string="Kind", required=True, default="milking")
    capacity = fields.Integer(help="Places in the pen; 0 when not limited.")
    animal_ids = fields.One2many("farm.animal", "pen_id", string="Animals")
    animal_count = fields.Integer("Present animals", compute="_compute_animal_count")

    _capacity_positive = models.Constraint(
        "CHECK (capacity >= 0)", "The capacity of a pen cannot be negative."
    )

    def _compute_animal_count(self):
        counts = dict(
            self.env["farm.animal"]._read_group(
                [("pen_id", "in", self.ids), ("status", "=", "active")], ["pen_id"], ["__count"]
            )
        )
        for pen in self:
            pen.animal_count = counts.get(pen, 0)

    @api.depends("name", "farm_id.code")
    @api.depends_context("show_farm")
    def _compute_display_name(self):
        show_farm = self.env.context.get("show_farm")
        for pen in self:
            code = show_farm and (pen.farm_id.code or pen.farm_id.name)
            pen.display_name = f"{code} / {pen.name}" if code else pen.name
