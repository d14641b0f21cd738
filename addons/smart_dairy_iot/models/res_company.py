from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    sensor_days_sealed = fields.Date(
        readonly=True,
        copy=False,
        help="Last day whose sensor figures are sealed, in the company's time zone.",
    )
