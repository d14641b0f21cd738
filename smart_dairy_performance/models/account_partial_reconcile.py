from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    # what was matched after a day, and on the days that a rollup computes
    _max_date_idx = models.Index("(max_date)")
