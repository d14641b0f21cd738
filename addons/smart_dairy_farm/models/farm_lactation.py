from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .. import database
from ..fields import Measured
from ..figures import herd, lactation, milk


class FarmLactation(models.Model):
    """From calving to dry-off, exit or the next calving."""

    _name = "farm.lactation"
    _description = "Lactation"
    _inherit = ["farm.animal.fact.mixin"]
    _order = "calving_date desc, id desc"
    _check_company_auto = True

    parity = fields.Integer(required=True, aggregator=None)
    calving_date = fields.Date(required=True)
    dry_off_date = fields.Date(help="Last day she was milked.")
    end_date = fields.Date(readonly=True, help="Next calving or exit.")
    milk_record_ids = fields.One2many("farm.milk.record", "lactation_id", string="Milk records")

    status = fields.Selection(
        [("running", "In milk"), ("dry", "Dry"), ("ended", "Ended")], compute="_compute_status"
    )
    test_days = fields.Integer("Milk days recorded", compute="_compute_figures")
    yield_305 = Measured(
        "305-day milk (kg)",
        digits=(8, 1),
        compute="_compute_figures",
        help="Test Interval Method (ICAR). Of a running lactation: up to the last milk record.",
    )
    fat_305 = Measured("305-day fat (kg)", digits=(8, 2), compute="_compute_figures")
    protein_305 = Measured("305-day protein (kg)", digits=(8, 2), compute="_compute_figures")
    ecm_305 = Measured(
        "305-day ECM (kg)",
        digits=(8, 1),
        compute="_compute_figures",
        help="Energy corrected milk of the 305-day milk, fat and protein, by the formula of the farm.",
    )
    scs_average = Measured(
        "SCS",
        digits=(5, 2),
        compute="_compute_figures",
        help="Mean somatic cell score: log2(SCC/100,000) + 3.",
    )
    peak_yield = Measured("Highest day (kg)", digits=(6, 2), compute="_compute_figures")
    expected_305 = Measured(
        "Expected 305-day milk (kg)",
        digits=(8, 0),
        compute="_compute_expected",
        help="By the breed's curve for this parity (Wood).",
    )

    _animal_parity_uniq = models.UniqueIndex(
        "(animal_id, parity)", "This animal already has a lactation with this number."
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (animal_id WITH =, daterange(calving_date, end_date, '[)') WITH &&)",
        "The lactations of an animal must not overlap: check the calving dates.",
    )
    _parity_positive = models.Constraint("CHECK (parity >= 1)", "The first lactation has parity 1.")
    _dates_order = models.Constraint(
        "CHECK (dry_off_date >= calving_date AND end_date >= calving_date AND dry_off_date <= end_date)",
        "Calving, dry-off and end of a lactation must follow in this order.",
    )
    _animal_calving_idx = models.Index("(animal_id, calving_date DESC)")

    def init(self):
        super().init()
        database.install(self.env.cr, "lactation")

    @api.depends("animal_id", "parity", "calving_date")
    def _compute_display_name(self):
        for record in self:
            record.display_name = self.env._(
                "%(animal)s, lactation %(parity)s", animal=record.animal_id.display_name, parity=record.parity
            )

    @api.depends("dry_off_date", "end_date")
    def _compute_status(self):
        for record in self:
            record.status = "ended" if record.end_date else "dry" if record.dry_off_date else "running"

    def _daily_milk(self):
        """Return {lactation id: [(day in milk, kg, fat % or None, protein % or None, cells/ml or None)]}.

        One row per day with its sessions added up; percentages are weighted by the milk they were found in.
        """
        self.env["farm.milk.record"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lactation_id, dim, SUM(total_yield)::float,
                       (SUM(total_yield * fat_percentage)
                        / NULLIF(SUM(total_yield) FILTER (WHERE fat_percentage IS NOT NULL), 0))::float,
                       (SUM(total_yield * protein_percentage)
                        / NULLIF(SUM(total_yield) FILTER (WHERE protein_percentage IS NOT NULL), 0))::float,
                       1000.0 * (SUM(total_yield * scc)
                        / NULLIF(SUM(total_yield) FILTER (WHERE scc IS NOT NULL), 0))::float
                  FROM farm_milk_record
                 WHERE lactation_id = ANY(%s) AND dim IS NOT NULL
                 GROUP BY lactation_id, dim
                 ORDER BY lactation_id, dim
                """,
                list(self.ids),
            )
        )
        daily = {lactation_id: [] for lactation_id in self.ids}
        for lactation_id, *day in rows:
            daily[lactation_id].append(tuple(day))
        return daily

    @api.depends("calving_date", "dry_off_date", "end_date", "milk_record_ids.total_yield")
    def _compute_figures(self):
        daily = self._daily_milk()
        for record in self:
            days = daily.get(record._origin.id, [])
            first_day = int(record.farm_id.dim_first_day or 0)
            stop = record.dry_off_date or record.end_date
            last_day = lactation.STANDARD_DAYS
            if stop:
                last_day = min(last_day, herd.days_in_milk(stop, record.calving_date, first_day))
            # of a running lactation nothing is known after the last record
            span = {"last_day": last_day, "to_end": bool(stop or (days and days[-1][0] >= last_day))}
            milk_305 = lactation.tim([(day[0], day[1]) for day in days], **span)
            fat = lactation.tim(lactation.component_tests([(d[0], d[1], d[2]) for d in days]), **span)
            protein = lactation.tim(lactation.component_tests([(d[0], d[1], d[3]) for d in days]), **span)
            record.test_days = len(days)
            record.yield_305, record.fat_305, record.protein_305 = milk_305, fat, protein
            record.ecm_305 = (
                milk.ECM[record.farm_id.ecm_formula or "ifcn"](
                    milk_305, 100 * fat / milk_305, 100 * protein / milk_305
                )
                if milk_305 and fat is not None and protein is not None
                else False
            )
            scores = [score for day in days if (score := milk.scs(day[4])) is not None]
            record.scs_average = sum(scores) / len(scores) if scores else False
            record.peak_yield = max((day[1] for day in days), default=False)

    @api.depends("parity", "animal_id.breed_id.curve_ids.wood_a")
    def _compute_expected(self):
        for record in self:
            group = lactation.parity_group(record.parity)
            curve = record.animal_id.breed_id.curve_ids.filtered(
                lambda c, group=group: c.parity_group == group
            )
            record.expected_305 = curve.yield_305 if curve else False

    @api.constrains("calving_date", "dry_off_date", "end_date", "animal_id")
    def _check_dates(self):
        for record in self:
            animal = record.animal_id
            if animal.sex != "female":
                raise ValidationError(
                    self.env._("%(animal)s is male and has no lactation.", animal=animal.display_name)
                )
            if animal.birth_date and record.calving_date <= animal.birth_date:
                raise ValidationError(
                    self.env._(
                        "Calving of %(animal)s on %(date)s: she was born on"
                        " %(birth)s. Correct one of the dates.",
                        animal=animal.display_name,
                        date=record.calving_date,
                        birth=animal.birth_date,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records.animal_id._after_lactation_change()
        return records

    def write(self, vals):
        animals = self.animal_id
        result = super().write(vals)
        if {"animal_id", "calving_date", "dry_off_date", "end_date"} & vals.keys():
            (animals | self.animal_id)._after_lactation_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_without_milk(self):
        for record in self:
            if record.milk_record_ids:
                raise ValidationError(
                    self.env._(
                        "%(lactation)s has milk records and cannot be deleted. Correct its dates instead.",
                        lactation=record.display_name,
                    )
                )

    def action_dry_off(self):
        """Dry off today (the date can be changed afterwards)."""
        for record in self.filtered(lambda record: record.status == "running"):
            record.dry_off_date = record.company_id._business_today()
