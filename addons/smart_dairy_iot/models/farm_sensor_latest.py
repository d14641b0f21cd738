from odoo import fields, models
from odoo.addons.smart_dairy_farm.fields import Measured


class FarmSensorLatest(models.Model):
    """A sensor's newest reading by device time; those of quality "bad" do not count.

    Apart from the sensor: ingest writes here many times a second, and nobody who edits a sensor may meet a
    serialization failure for it.
    """

    _name = "farm.sensor.latest"
    _description = "Newest Reading of a Sensor"
    _rec_name = "sensor_id"
    _log_access = False

    sensor_id = fields.Many2one("farm.sensor", required=True, readonly=True, ondelete="cascade")
    timestamp = fields.Datetime(required=True, readonly=True, help="Device time, UTC")
    value = fields.Float(required=True, readonly=True, digits=0)
    received_at = fields.Datetime(required=True, readonly=True)
    battery = Measured("Battery (%)", digits=(5, 1), readonly=True)

    _sensor_uniq = models.UniqueIndex("(sensor_id)", "A sensor has one newest reading.")

    def init(self):
        """Room on each page for the next version of its rows: an update then touches no index."""
        self.env.cr.execute("ALTER TABLE farm_sensor_latest SET (fillfactor = 40)")
