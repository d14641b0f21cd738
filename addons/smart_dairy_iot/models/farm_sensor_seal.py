from odoo import fields, models
from odoo.tools import SQL

from ..engine.seal import LEAD_DAYS
from ..readings import KEPT_DAYS


class FarmSensorSeal(models.Model):
    """One row: up to where readings are closed, and their figures copied to ordinary tables."""

    _name = "farm.sensor.seal"
    _description = "Seal of Old Readings"
    _log_access = False

    floor = fields.Datetime(required=True, help="Readings from before are no longer accepted.")
    sealed = fields.Datetime(required=True, help="Hours and days from before are sealed.")

    _one_row = models.UniqueIndex("((true))", "There is one seal.")

    def init(self):
        """Begin with the days that a new table keeps."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO farm_sensor_seal (floor, sealed)
                SELECT d, d
                  FROM (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') - make_interval(days => %s)) x(d)
                 WHERE NOT EXISTS (SELECT FROM farm_sensor_seal)
                """,
                KEPT_DAYS - LEAD_DAYS,
            )
        )
