from odoo import api, fields, models

REASONS = [
    ("clock", "Clock Out of Range"),
    ("too_old", "Older than What Is Open"),
    ("unknown_sensor", "Unknown Sensor"),
    ("not_finite", "No Usable Number"),
    ("unit", "Other Unit"),
    ("malformed", "Not Readable"),
]
#: days that what nobody looked into is kept
KEPT_DAYS = 30


class FarmSensorQuarantine(models.Model):
    """Readings that cannot be right, as they came, with the reason. The same reading is kept once."""

    _name = "farm.sensor.quarantine"
    _description = "Reading in Quarantine"
    _order = "received_at desc, id desc"
    _log_access = False
    _rec_name = "device_key"

    reason = fields.Selection(REASONS, required=True, readonly=True)
    device_key = fields.Char(readonly=True, help="What the device calls itself.")
    raw = fields.Char("Reading", required=True, readonly=True, help="As it came, without its sender.")
    received_at = fields.Datetime(required=True, readonly=True)
    gateway_id = fields.Many2one("farm.sensor.gateway", readonly=True, index=True, ondelete="cascade")
    farm_id = fields.Many2one("farm.farm", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="farm_id.company_id", readonly=True)

    _once = models.UniqueIndex("(farm_id, reason, md5(raw))", "This reading is in quarantine already.")

    @api.autovacuum
    def _gc_quarantine(self):
        """Forget what has waited for longer than a month, bounded."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        old = self.search([("received_at", "<", limit)], limit=10_000, order="id")
        old.unlink()
        return len(old), self.search_count([("received_at", "<", limit)], limit=1)
