from odoo import api, fields, models

from ..fields import Numeric
from ..figures import climate


class FarmClimateRecord(models.Model):
    _name = "farm.climate.record"
    _description = "Barn climate"
    _order = "recorded_at desc, id desc"
    _check_company_auto = True

    farm_id = fields.Many2one("farm.farm", required=True, ondelete="restrict")
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    barn_id = fields.Many2one(
        "farm.barn", index="btree_not_null", check_company=True, domain="[('farm_id', '=', farm_id)]"
    )
    recorded_at = fields.Datetime(required=True, default=fields.Datetime.now)
    temperature = Numeric("Temperature (°C)", digits=(5, 2), required=True, aggregator="avg")
    humidity = Numeric("Humidity (%)", digits=(5, 2), required=True, aggregator="avg")
    thi = Numeric(
        "THI",
        digits=(5, 2),
        compute="_compute_thi",
        store=True,
        precompute=True,
        aggregator="avg",
        help="Temperature-humidity index (NRC): (1.8T+32) − (0.55−0.0055·RH)·(1.8T−26).",
    )

    _farm_recorded_at_idx = models.Index("(farm_id, recorded_at DESC)")
    _place_time_uniq = models.UniqueIndex(
        "(farm_id, COALESCE(barn_id, 0), recorded_at)",
        "The climate of this place and moment is already recorded.",
    )
    _humidity_range = models.Constraint(
        "CHECK (humidity BETWEEN 0 AND 100)", "Relative humidity lies between 0 and 100 %."
    )
    _temperature_range = models.Constraint(
        "CHECK (temperature BETWEEN -60 AND 60)", "A barn's temperature lies between −60 and 60 °C."
    )

    @api.depends("temperature", "humidity")
    def _compute_thi(self):
        for record in self:
            record.thi = climate.thi(record.temperature, record.humidity)
