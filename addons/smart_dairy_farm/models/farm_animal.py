from odoo import api, fields, models

from .. import database
from ..fields import MeasuredInteger

ANIMAL_TYPES = [
    ("cow", "Cow"),
    ("heifer", "Heifer"),
    ("calf", "Calf"),
    ("bull", "Bull"),
    ("steer", "Steer"),
]
ANIMAL_STATUSES = [
    ("active", "Present"),
    ("sold", "Sold"),
    ("dead", "Dead"),
    ("culled", "Culled"),
    ("lost", "Lost"),
]
LACTATION_STATUSES = [
    ("none", "None"),
    ("dry", "Dry"),
    ("lead", "Lead"),
    ("fresh", "Fresh"),
    ("early", "Early"),
    ("lactating", "Lactating"),
]
REPRODUCTION_STATUSES = [
    ("open", "Open"),
    ("inseminated", "Inseminated"),
    ("pregnant", "Pregnant"),
    ("not_pregnant", "Not pregnant"),
    ("birthed", "Birthed"),
    ("do_not_breed", "Do not breed"),
]
# from harmless to grave: an animal with several open cases shows the gravest
HEALTH_STATUSES = [
    ("healthy", "Healthy"),
    ("suspicious", "Suspicious"),
    ("ill", "Ill"),
    ("in_treatment", "In treatment"),
    ("to_be_culled", "To be culled"),
]


class FarmAnimal(models.Model):
    _name = "farm.animal"
    _description = "Animal"
    _inherit = ["mail.thread", "mail.activity.mixin", "farm.rule.mixin"]
    _mail_post_access = "read"
    _order = "ear_tag, name, id"
    _rec_names_search = ["name", "ear_tag", "rfid_tag", "management_number"]
    _check_company_auto = True

    # Identity
    name = fields.Char(required=True, tracking=True, index="trigram")
    active = fields.Boolean(default=True)
    ear_tag = fields.Char(
        compute="_compute_tags", inverse="_inverse_ear_tag", store=True, readonly=False, tracking=True
    )
    rfid_tag = fields.Char(
        "RFID",
        compute="_compute_tags",
        inverse="_inverse_rfid_tag",
        store=True,
        readonly=False,
        tracking=True,
        help="Electronic number by ISO 11784/11785: 15 digits, the first three are the country or"
        " manufacturer.",
    )
    management_number = fields.Char(
        compute="_compute_tags",
        inverse="_inverse_management_number",
        store=True,
        readonly=False,
        help="The number the farm itself calls the animal by.",
    )
    tag_ids = fields.One2many("farm.animal.tag", "animal_id", string="Tags")
    image_1920 = fields.Image("Photo", max_width=1920, max_height=1920)
    image_128 = fields.Image("Small photo", related="image_1920", max_width=128, max_height=128, store=True)
    animal_type = fields.Selection(
        ANIMAL_TYPES, string="Type", required=True, default="cow", tracking=True, index=True
    )
    stays_calf = fields.Boolean(
        "Stays a calf",
        readonly=True,
        help="Said to be a calf at an age past the farm's limit: does not grow up by itself.",
    )
    sex = fields.Selection(
        [("female", "Female"), ("male", "Male")],
        required=True,
        compute="_compute_sex",
        store=True,
        readonly=False,
        precompute=True,
    )
    breed_id = fields.Many2one("farm.breed", index=True, ondelete="restrict")
    birth_date = fields.Date(tracking=True)

    # Place
    farm_id = fields.Many2one(
        "farm.farm",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        default=lambda self: self.env["farm.farm"].search([], limit=1),
    )
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    pen_id = fields.Many2one(
        "farm.pen",
        compute="_compute_pen_id",
        inverse="_inverse_pen_id",
        store=True,
        readonly=False,
        index=True,
        tracking=True,
        check_company=True,
        ondelete="restrict",
        domain="[('farm_id', '=', farm_id)]",
    )
    pen_stay_ids = fields.One2many("farm.pen.stay", "animal_id", string="Pen history")
    entry_date = fields.Date(
        required=True,
        compute="_compute_entry_date",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="First day in the herd: birth or purchase.",
    )

    # Exit
    status = fields.Selection(
        ANIMAL_STATUSES, required=True, default="active", tracking=True, index=True, copy=False
    )
    exit_date = fields.Date(tracking=True, copy=False, readonly=True)
    exit_reason = fields.Char(tracking=True, copy=False)

    # Pedigree
    dam_id = fields.Many2one(
        "farm.animal", index="btree_not_null", ondelete="restrict", domain="[('sex', '=', 'female')]"
    )
    sire_id = fields.Many2one(
        "farm.animal", index="btree_not_null", ondelete="restrict", domain="[('sex', '=', 'male')]"
    )
    sire_code = fields.Char("Sire (AI code)", help="Of a bull outside the herd, as printed on the straw.")
    dam_offspring_ids = fields.One2many("farm.animal", "dam_id", string="Calves of this dam")
    sire_offspring_ids = fields.One2many("farm.animal", "sire_id", string="Calves of this sire")

    # Lactation and reproduction
    entry_parity = fields.Integer(
        "Calvings before entry", help="Of a bought-in cow whose earlier calvings are not recorded one by one."
    )
    parity = fields.Integer(
        compute="_compute_lactation", store=True, aggregator="avg", help="Number of calvings."
    )
    current_lactation_id = fields.Many2one(
        "farm.lactation", compute="_compute_lactation", store=True, index="btree_not_null"
    )
    lactation_status = fields.Selection(
        LACTATION_STATUSES,
        compute="_compute_lactation_status",
        store=True,
        required=True,
        default="none",
        index=True,
        tracking=False,
    )
    reproduction_status = fields.Selection(
        REPRODUCTION_STATUSES, compute="_compute_reproduction", store=True, tracking=False
    )
    due_date = fields.Date("Calving due", compute="_compute_reproduction", store=True)
    dim = MeasuredInteger(
        "Days in milk",
        compute="_compute_as_of",
        aggregator=None,
        help="Days since calving of a cow in milk, else empty. On a herd list of a past day: as of that day.",
    )
    lactation_ids = fields.One2many("farm.lactation", "animal_id", string="Lactations")
    reproduction_event_ids = fields.One2many("farm.reproduction.event", "animal_id", string="Reproduction")
    milk_record_ids = fields.One2many("farm.milk.record", "animal_id", string="Milk records")

    # Health
    health_status = fields.Selection(
        HEALTH_STATUSES,
        compute="_compute_health_status",
        store=True,
        required=True,
        default="healthy",
        index=True,
        tracking=True,
    )
    health_record_ids = fields.One2many("farm.health.record", "animal_id", string="Health cases")
    treatment_ids = fields.One2many("farm.treatment", "animal_id", string="Treatments")
    milk_withdrawal_until = fields.Date(
        "Milk withheld until",
        readonly=True,
        copy=False,
        help="Last day on which her milk must be discarded. Kept by the database from the treatments.",
    )
    meat_withdrawal_until = fields.Date(
        "Meat withheld until",
        readonly=True,
        copy=False,
        help="Last day on which she must not be slaughtered. Kept by the database from the treatments.",
    )

    # As of a past day (context key as_of)
    pen_as_of_id = fields.Many2one("farm.pen", "Pen that day", compute="_compute_as_of")
    animal_type_as_of = fields.Selection(ANIMAL_TYPES, "Type that day", compute="_compute_as_of")
    lactation_status_as_of = fields.Selection(
        LACTATION_STATUSES, "Lactation that day", compute="_compute_as_of"
    )
    parity_as_of = fields.Integer("Parity that day", compute="_compute_as_of", aggregator=None)

    _rfid_present_uniq = models.UniqueIndex(
        "(rfid_tag) WHERE status = 'active' AND rfid_tag IS NOT NULL",
        lambda env, diag: env._(
            "This RFID already belongs to another present animal (%(detail)s). Check"
            " the number, or record the exit of the other animal first.",
            detail=diag.message_detail if diag else "",
        ),
    )
    _ear_tag_present_uniq = models.UniqueIndex(
        "(company_id, ear_tag) WHERE status = 'active' AND ear_tag IS NOT NULL",
        lambda env, diag: env._(
            "This ear tag already belongs to another present animal of the company"
            " (%(detail)s). Check the tag, or record the exit of the other animal first.",
            detail=diag.message_detail if diag else "",
        ),
    )
    _rfid_iso = models.Constraint(
        "CHECK (rfid_tag ~ '^[0-9]{15}$' AND left(rfid_tag, 3) <> '000')",
        "An RFID has 15 digits by ISO 11784/11785 and cannot begin with 000.",
    )
    _type_sex = models.Constraint(
        "CHECK (CASE sex WHEN 'male' THEN animal_type NOT IN ('cow', 'heifer')"
        " ELSE animal_type NOT IN ('bull', 'steer') END)",
        "Cows and heifers are female, bulls and steers are male.",
    )
    _exit_dated = models.Constraint(
        "CHECK ((status = 'active') = (exit_date IS NULL))",
        "An animal that has left needs an exit date, a present one has none.",
    )
    _exit_after_entry = models.Constraint(
        "CHECK (exit_date >= entry_date)", "An animal cannot leave before it entered the herd."
    )
    _entry_after_birth = models.Constraint(
        "CHECK (entry_date >= birth_date)", "An animal cannot enter the herd before it was born."
    )
    _parity_positive = models.Constraint(
        "CHECK (parity >= 0 AND entry_parity >= 0)", "The number of calvings cannot be negative."
    )
    _not_own_parent = models.Constraint(
        "CHECK (dam_id <> id AND sire_id <> id)", "An animal cannot be its own dam or sire."
    )
    _farm_present_idx = models.Index("(farm_id, animal_type) WHERE status = 'active'")
    _unknown_birth_idx = models.Index(
        "(id) WHERE birth_date IS NULL AND (dam_id IS NOT NULL OR sire_id IS NOT NULL)"
    )
    # with what lists and dashboards ask of them: all of it has an index of its own already
    _milk_withdrawal_idx = models.Index(
        "(milk_withdrawal_until) INCLUDE (company_id, lactation_status, status, active, animal_type,"
        " breed_id, pen_id, health_status) WHERE milk_withdrawal_until IS NOT NULL"
    )

    def init(self):
        super().init()
        database.install(self.env.cr, "refuse", "pedigree", "turns")

    @api.depends("animal_type")
    def _compute_sex(self):
        for animal in self:
            if animal.animal_type in ("bull", "steer"):
                animal.sex = "male"
            elif animal.animal_type in ("cow", "heifer"):
                animal.sex = "female"
            else:
                animal.sex = animal.sex or "female"

    @api.depends("birth_date")
    def _compute_entry_date(self):
        for animal in self:
            if not animal.entry_date:
                animal.entry_date = (
                    animal.birth_date or (animal.company_id or self.env.company)._business_today()
                )

    @api.depends("name", "ear_tag")
    def _compute_display_name(self):
        for animal in self:
            same = not animal.ear_tag or animal.ear_tag == animal.name
            animal.display_name = animal.name if same else f"{animal.name} [{animal.ear_tag}]"
