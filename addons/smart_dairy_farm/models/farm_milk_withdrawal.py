from odoo import models


class FarmMilkRecord(models.Model):
    """Milk under withdrawal."""

    _inherit = "farm.milk.record"
