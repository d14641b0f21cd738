from odoo import fields, models

from ..fields import Measured
from ..figures import lactation


class FarmBreed(models.Model):
    _name = "farm.breed"
    _description = "Breed"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char("ICAR code", required=True, size=3, help="Three letters, as in ICAR's breed list.")
    species = fields.Selection(
        [("cattle", "Cattle"), ("buffalo", "Buffalo"), ("goat", "Goat"), ("sheep", "Sheep")],
        required=True,
        default="cattle",
    )
    gestation_days = fields.Integer(default=283, required=True)
    active = fields.Boolean(default=True)
    curve_ids = fields.One2many("farm.breed.curve", "breed_id", string="Lactation curves")

    _code_uniq = models.UniqueIndex("(code)", "Another breed has this ICAR code.")
    _gestation_days_sane = models.Constraint(
        "CHECK (gestation_days BETWEEN 100 AND 400)", "Gestation lasts between 100 and 400 days."
    )


class FarmBreedCurve(models.Model):
    """Expected milk by days in milk: Wood (1967), y = a·t^b·e^(−ct), y in kg a day, t in days."""

    _name = "farm.breed.curve"
    _description = "Lactation curve of a breed"
    _order = "breed_id, parity_group"

    breed_id = fields.Many2one("farm.breed", required=True, ondelete="cascade", index=True)
    parity_group = fields.Selection(
        [("1", "First lactation"), ("2", "Second lactation"), ("3", "Third and later")],
        string="Parity",
        required=True,
    )
    wood_a = Measured("a", digits=(10, 4), required=True)
    wood_b = Measured("b", digits=(10, 5), required=True)
    wood_c = Measured("c", digits=(10, 6), required=True)
    peak_day = fields.Float(digits=(6, 1), compute="_compute_peak")
    peak_yield = fields.Float("Peak (kg a day)", digits=(6, 2), compute="_compute_peak")
    yield_305 = fields.Float("305 days (kg)", digits=(8, 0), compute="_compute_peak")

    _breed_parity_uniq = models.UniqueIndex(
        "(breed_id, parity_group)", "This breed already has a curve for this parity."
    )
    _parameters_positive = models.Constraint(
        "CHECK (wood_a > 0 AND wood_b >= 0 AND wood_c > 0)",
        "The curve's a and c must be above 0 and b not below 0.",
    )

    def _compute_peak(self):
        for curve in self:
            a, b, c = curve.wood_a, curve.wood_b, curve.wood_c
            if not (a and c):
                curve.peak_day = curve.peak_yield = curve.yield_305 = 0
                continue
            curve.peak_day = lactation.wood_peak_day(b, c)
            curve.peak_yield = lactation.wood_peak_yield(a, b, c)
            curve.yield_305 = lactation.wood_total(a, b, c)
