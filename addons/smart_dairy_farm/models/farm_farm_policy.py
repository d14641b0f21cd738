from odoo import fields, models

from ..entry.limits import MilkLimits
from ..figures.next_action import HerdPolicy


class FarmFarm(models.Model):
    """What counts as unusual milk and when an animal is due for what: custom of the farm, with defaults."""

    _inherit = "farm.farm"

    milk_low_percent = fields.Integer(
        "Unusual milk below (% of her average)",
        default=50,
        help="Values below this share of the animal's own recent average are pointed out, and accepted.",
    )
    milk_high_percent = fields.Integer(
        "Unusual milk above (% of her average)",
        default=170,
        help="Values above this share of the animal's own recent average are pointed out, and accepted.",
    )
    scc_high_percent = fields.Integer(
        "Unusual cell count above (% of her average)",
        default=400,
        help="Cell counts vary more than milk: only a multiple of her own recent average is pointed out.",
    )
    voluntary_waiting_days = fields.Integer(
        "Voluntary waiting period (days)",
        default=60,
        help="Days after calving before the first insemination.",
    )
    pregnancy_check_days = fields.Integer(
        "Pregnancy check after (days)", default=32, help="Days from insemination to the pregnancy check."
    )
    dry_period_days = fields.Integer(
        "Dry period (days)", default=60, help="Days of rest before calving is due."
    )
    first_service_months = fields.Integer(
        "First insemination at (months)", default=14, help="Age of a heifer."
    )

    _milk_percents = models.Constraint(
        "CHECK (milk_low_percent BETWEEN 0 AND 100 AND milk_high_percent >= 100 AND scc_high_percent >= 100)",
        "Unusual milk: the lower share lies between 0 and 100 %, the upper ones at 100 % or more.",
    )
    _policy_days_positive = models.Constraint(
        "CHECK (voluntary_waiting_days >= 0 AND pregnancy_check_days >= 0 AND dry_period_days >= 0"
        " AND first_service_months >= 0)",
        "The intervals of breeding and drying off cannot be negative.",
    )

    def _milk_limits(self):
        """Return the farm's :class:`MilkLimits`."""
        self.ensure_one()
        default = MilkLimits()
        session_kg = self.milk_session_limit or default.max_session_kg
        return MilkLimits(
            max_session_kg=session_kg,
            # a day is two full milkings, and never more than the table takes
            max_day_kg=min(2 * session_kg, default.max_day_kg),
            low_percent=self.milk_low_percent,
            high_percent=self.milk_high_percent,
            scc_high_percent=self.scc_high_percent,
        )

    def _herd_policy(self, gestation_days=None):
        """Return the farm's :class:`HerdPolicy`, with a breed's gestation if given."""
        self.ensure_one()
        default = HerdPolicy()
        return HerdPolicy(
            voluntary_waiting_days=self.voluntary_waiting_days,
            pregnancy_check_days=self.pregnancy_check_days,
            dry_period_days=self.dry_period_days,
            first_service_days=round(self.first_service_months * 30.44),
            colostrum_days=self.colostrum_days,
            gestation_days=gestation_days or default.gestation_days,
        )
