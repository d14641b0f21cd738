from odoo import api, models

from ..rollups import herd, receivables, sales, stock

MODULES = (herd, receivables, sales, stock)


class DatabaseRollup(models.Model):
    _inherit = "database.rollup"

    @api.model
    def _declared_rollups(self):
        ours = (rollup for module in MODULES for rollup in module.ROLLUPS)
        return (*super()._declared_rollups(), *ours)
