from odoo import api, models

from ..engine.hours import HOURS


class DatabaseRollup(models.Model):
    _inherit = "database.rollup"

    @api.model
    def _declared_rollups(self):
        return (*super()._declared_rollups(), HOURS)
