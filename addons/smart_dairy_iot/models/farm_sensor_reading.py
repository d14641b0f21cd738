from odoo import api, fields, models
from odoo.tools import SQL

from ..readings import KEPT_DAYS, READINGS
from .farm_sensor import UNITS

QUALITIES = [("good", "Good"), ("uncertain", "Uncertain"), ("bad", "Bad")]


class FarmSensorReading(models.Model):
    """Readings, one a sensor and device time, through a view over the partitioned table.

    People read them; the ingest writes them. They have no foreign key to their sensor, so that the table can
    move to another server.
    """

    _name = "farm.sensor.reading"
    _description = "Sensor Reading"
    _inherit = "database.partition.view"
    _auto = False
    _log_access = False
    _order = "timestamp desc, sensor_id"
    _rec_name = "timestamp"
    _partition_set = READINGS

    sensor_id = fields.Many2one("farm.sensor", required=True, readonly=True)
    timestamp = fields.Datetime("Time", required=True, readonly=True, help="Device time")
    value = fields.Float(required=True, readonly=True, digits=0, aggregator="avg", help="Calibrated")
    unit = fields.Selection(UNITS, readonly=True)
    quality = fields.Selection(QUALITIES, required=True, readonly=True, default="good")
    received_at = fields.Datetime(readonly=True)

    def init(self):
        """Also take ids from the sequence by the hundred: one trip to it a reading would be felt."""
        super().init()
        self.env.cr.execute(SQL("ALTER SEQUENCE %s CACHE 200", SQL.identifier(f"{READINGS.table}_id_seq")))

    @api.model
    def _kept_days(self):
        """Days of raw readings that retention leaves."""
        return int(self.env["ir.config_parameter"].sudo().get_param("smart_dairy_iot.kept_days") or KEPT_DAYS)

    @api.model
    def _aggregate_days(self):
        """Days of hourly and daily figures that are kept; 0: all."""
        return int(self.env["ir.config_parameter"].sudo().get_param("smart_dairy_iot.aggregate_days") or 0)
