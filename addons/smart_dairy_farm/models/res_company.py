from datetime import datetime

import pytz
from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _business_tz(self):
        """Return the name of the time zone in which this company's business day begins and ends."""
        self.ensure_one()
        return self.sudo().partner_id.tz or "UTC"

    def _business_today(self):
        """Return today's date in the company's time zone, whatever the user's."""
        return datetime.now(pytz.timezone(self._business_tz())).date()
