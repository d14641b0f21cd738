from odoo import fields, models
from odoo.addons.smart_dairy_farm.fields import Numeric


class FarmSensorCalibration(models.Model):
    """Stored value = device value · factor + offset, for readings taken from ``valid_from`` on."""

    _name = "farm.sensor.calibration"
    _description = "Sensor Calibration"
    _order = "sensor_id, valid_from desc"
    _check_company_auto = True

    sensor_id = fields.Many2one("farm.sensor", required=True, ondelete="cascade", check_company=True)
    company_id = fields.Many2one(related="sensor_id.company_id", store=True, index=True, precompute=True)
    valid_from = fields.Datetime(
        required=True,
        default=fields.Datetime.now,
        help="By the device's time. Readings already stored stay as they are.",
    )
    factor = Numeric(digits=(12, 6), required=True, default=1)
    offset = Numeric(digits=(12, 6), required=True, default=0, help="In the sensor's unit.")
    note = fields.Char()

    _moment_uniq = models.UniqueIndex(
        "(sensor_id, valid_from)", "This sensor already has a calibration from that moment on."
    )
    _factor_not_zero = models.Constraint(
        "CHECK (factor <> 0)", "With a factor of 0 every reading would be the same."
    )
