import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS

from ..engine.gateways import hash_key

#: characters of a key that are kept readable, to find it by
INDEX_SIZE = 8


class FarmSensorGateway(models.Model):
    """What may send readings, for which sensors, and how many; only the hash of its key is kept."""

    _name = "farm.sensor.gateway"
    _description = "Sensor Gateway"
    _order = "farm_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    farm_id = fields.Many2one("farm.farm", required=True, index=True, ondelete="restrict", check_company=True)
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    sensor_ids = fields.Many2many(
        "farm.sensor",
        "farm_sensor_gateway_sensor_rel",
        "gateway_id",
        "sensor_id",
        string="Sensors",
        check_company=True,
        domain="[('farm_id', '=', farm_id)]",
        help="Sensors whose readings it may send; empty: all of the farm.",
    )
    rate_limit = fields.Integer(
        "Readings per Minute",
        default=0,
        help="Refused with 429 above, after a burst of one minute's worth; 0: no limit.",
    )
    keep_unknown = fields.Boolean(
        "Keep Unknown Sensors' Readings",
        default=True,
        help="Readings of sensors that are not registered wait in quarantine; otherwise they are refused.",
    )
    key_index = fields.Char("Key Begins with", readonly=True, copy=False, size=INDEX_SIZE)
    key_hash = fields.Char(readonly=True, copy=False, groups=NO_ACCESS)
    use_ids = fields.One2many("farm.sensor.gateway.use", "gateway_id", readonly=True)
    last_seen = fields.Datetime(compute="_compute_last_seen", help="When it last sent a batch.")

    _key_uniq = models.UniqueIndex("(key_hash) WHERE key_hash IS NOT NULL", "This key is in use.")
    _rate_limit_positive = models.Constraint(
        "CHECK (rate_limit >= 0)", "The limit of readings per minute cannot be negative; 0 means none."
    )

    @api.depends("use_ids.last_seen")
    def _compute_last_seen(self):
        for gateway in self:
            gateway.last_seen = next(iter(gateway.use_ids), gateway.use_ids).last_seen

    def action_new_key(self):
        """Make a new key, which replaces the old one at once, and show it: this once only."""
        self.ensure_one()
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Key of %s", self.name),
            "res_model": "farm.sensor.gateway.key",
            "view_mode": "form",
            "target": "new",
            # a record that is never saved shows it, so that no table holds a key in clear
            "context": {"default_gateway_id": self.id, "default_key": self._new_key()},
        }

    def _new_key(self):
        """Give the gateway a new key; return it in clear, which is kept nowhere."""
        self.ensure_one()
        if not self.active:
            raise UserError(self.env._("Gateway %s is archived. Unarchive it first.", self.name))
        key = secrets.token_urlsafe(32)
        self.sudo().write({"key_index": key[:INDEX_SIZE], "key_hash": hash_key(key)})
        return key


class FarmSensorGatewayUse(models.Model):
    """When a gateway was last heard, and what it may still send: written with each batch, so apart."""

    _name = "farm.sensor.gateway.use"
    _description = "Use of a Sensor Gateway"
    _rec_name = "gateway_id"
    _log_access = False

    gateway_id = fields.Many2one("farm.sensor.gateway", required=True, readonly=True, ondelete="cascade")
    last_seen = fields.Datetime(readonly=True)
    busy_until = fields.Datetime(readonly=True, help="The allowance up to here is spent.")

    _gateway_uniq = models.UniqueIndex("(gateway_id)", "A gateway has one record of its use.")


class FarmSensorGatewayKey(models.TransientModel):
    """Shows a new key, once."""

    _name = "farm.sensor.gateway.key"
    _description = "New Key of a Sensor Gateway"

    gateway_id = fields.Many2one("farm.sensor.gateway", required=True, readonly=True)
    key = fields.Char(readonly=True, store=False)
