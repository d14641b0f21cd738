from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..readings import KEPT_DAYS

PREFIX = "smart_dairy_iot."


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    iot_kept_days = fields.Integer(
        "Raw Readings Kept (Days)",
        config_parameter=PREFIX + "kept_days",
        default=KEPT_DAYS,
        help="Older partitions are archived and dropped; hourly and daily figures stay.",
    )
    iot_aggregate_days = fields.Integer(
        "Hourly and Daily Figures Kept (Days)",
        config_parameter=PREFIX + "aggregate_days",
        default=0,
        help="0 keeps them for ever.",
    )
    iot_ahead_minutes = fields.Integer(
        "Clocks May Be Ahead (Minutes)",
        config_parameter=PREFIX + "ahead_minutes",
        default=15,
        help="Readings from further in the future go to quarantine.",
    )

    @api.constrains("iot_kept_days", "iot_aggregate_days", "iot_ahead_minutes")
    def _check_iot_days(self):
        for settings in self:
            if not 14 <= settings.iot_kept_days <= 5000:
                raise ValidationError(
                    self.env._(
                        "Raw readings kept: %s days will not do; take 14 to 5000.", settings.iot_kept_days
                    )
                )
            if settings.iot_aggregate_days and settings.iot_aggregate_days < settings.iot_kept_days:
                raise ValidationError(
                    self.env._(
                        "Figures kept: %(days)s days are fewer than the %(raw)s of the raw readings; take "
                        "more, or 0 for ever.",
                        days=settings.iot_aggregate_days,
                        raw=settings.iot_kept_days,
                    )
                )
            if not 0 <= settings.iot_ahead_minutes <= 1440:
                raise ValidationError(
                    self.env._(
                        "Clocks may be ahead: %s minutes will not do; take 0 to 1440.",
                        settings.iot_ahead_minutes,
                    )
                )
