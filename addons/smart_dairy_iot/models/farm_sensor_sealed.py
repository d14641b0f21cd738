from odoo import fields, models


class FarmSensorHourly(models.Model):
    """Figures of a sensor's UTC hour whose readings are closed; what is open is asked of the rollup."""

    _name = "farm.sensor.hourly"
    _description = "Sealed Hour of a Sensor"
    _order = "hour desc, sensor_id"
    _rec_name = "hour"
    _log_access = False

    sensor_id = fields.Many2one("farm.sensor", required=True, readonly=True, ondelete="restrict")
    hour = fields.Datetime(required=True, readonly=True)
    readings = fields.Integer(required=True, readonly=True)
    total = fields.Float(required=True, readonly=True, digits=0, help="Sum of the values")
    lowest = fields.Float(required=True, readonly=True, digits=0, aggregator="min")
    highest = fields.Float(required=True, readonly=True, digits=0, aggregator="max")

    _hour_uniq = models.UniqueIndex("(sensor_id, hour)", "An hour is sealed once.")


class FarmSensorDaily(models.Model):
    """Figures of a sensor's day, in the company's time zone, whose readings are closed."""

    _name = "farm.sensor.daily"
    _description = "Sealed Day of a Sensor"
    _order = "day desc, sensor_id"
    _rec_name = "day"
    _log_access = False

    sensor_id = fields.Many2one("farm.sensor", required=True, readonly=True, ondelete="restrict")
    day = fields.Date(required=True, readonly=True)
    readings = fields.Integer(required=True, readonly=True)
    total = fields.Float(required=True, readonly=True, digits=0, help="Sum of the values")
    lowest = fields.Float(required=True, readonly=True, digits=0, aggregator="min")
    highest = fields.Float(required=True, readonly=True, digits=0, aggregator="max")

    _day_uniq = models.UniqueIndex("(sensor_id, day)", "A day is sealed once.")
