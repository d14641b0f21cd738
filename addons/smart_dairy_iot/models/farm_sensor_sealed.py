from odoo import fields, models


class FarmSensorSealed(models.AbstractModel):
    """Figures of a sensor over a time whose readings are closed."""

    _name = "farm.sensor.sealed"
    _description = "Sealed Figures of a Sensor"
    _log_access = False

    sensor_id = fields.Many2one("farm.sensor", required=True, readonly=True, ondelete="restrict")
    readings = fields.Integer(required=True, readonly=True)
    total = fields.Float(required=True, readonly=True, digits=0, help="Sum of the values")
    lowest = fields.Float(required=True, readonly=True, digits=0, aggregator="min")
    highest = fields.Float(required=True, readonly=True, digits=0, aggregator="max")


class FarmSensorHourly(models.Model):
    """Of a UTC hour; what is open is asked of the rollup."""

    _name = "farm.sensor.hourly"
    _description = "Sealed Hour of a Sensor"
    _inherit = "farm.sensor.sealed"
    _order = "hour desc, sensor_id"
    _rec_name = "hour"
    _log_access = False

    hour = fields.Datetime(required=True, readonly=True)

    _hour_uniq = models.UniqueIndex("(sensor_id, hour)", "An hour is sealed once.")


class FarmSensorDaily(models.Model):
    """Of a day in the company's time zone."""

    _name = "farm.sensor.daily"
    _description = "Sealed Day of a Sensor"
    _inherit = "farm.sensor.sealed"
    _order = "day desc, sensor_id"
    _rec_name = "day"
    _log_access = False

    day = fields.Date(required=True, readonly=True)

    _day_uniq = models.UniqueIndex("(sensor_id, day)", "A day is sealed once.")
