from dataclasses import replace

from odoo import models

from ..readings import READINGS


class DatabasePartitionSet(models.Model):
    _inherit = "database.partition.set"

    def _maintain(self, work, one, folder):
        """Readings are kept for as many days as the setting says."""
        if one.table == READINGS.table:
            days = self.env["farm.sensor.reading"]._kept_days()
            one = replace(one, retention=days, history=min(one.history, days))
        return super()._maintain(work, one, folder)
