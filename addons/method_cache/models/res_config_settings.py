import time

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from redis.exceptions import RedisError

from ..engine.errors import StoreUnavailable
from ..engine.store_redis import RedisStore, identify, make_pool, new_connection
from ..runtime import URL_VARIABLE, forced_url


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    method_cache_off = fields.Boolean("Switch the method cache off", config_parameter="method_cache.off")
    method_cache_redis_url = fields.Char(
        "Redis address",
        config_parameter="method_cache.redis_url",
        help="redis://:password@host:6379/0, rediss://… for TLS, "
        "or sentinel://host:26379,host:26379/service/0. "
        "Empty: a store inside Odoo, for a server with a single process.",
    )
    method_cache_default_ttl = fields.Integer(
        "Keep results for (seconds)", config_parameter="method_cache.default_ttl", default=300
    )
    method_cache_max_value_kb = fields.Integer(
        "Largest result kept (kB)", config_parameter="method_cache.max_value_kb", default=1024
    )
    method_cache_local_mb = fields.Integer(
        "Memory per process (MB)", config_parameter="method_cache.local_mb", default=32
    )
    method_cache_timeout_ms = fields.Integer(
        "Give Redis up after (ms)", config_parameter="method_cache.timeout_ms", default=3
    )

    @api.constrains(
        "method_cache_default_ttl",
        "method_cache_max_value_kb",
        "method_cache_local_mb",
        "method_cache_timeout_ms",
    )
    def _check_method_cache_limits(self):
        for settings in self:
            for name in (
                "method_cache_default_ttl",
                "method_cache_max_value_kb",
                "method_cache_local_mb",
                "method_cache_timeout_ms",
            ):
                if settings[name] <= 0:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(value)s is not possible. Enter a number above zero.",
                            field=self._fields[name].get_description(self.env)["string"],
                            value=settings[name],
                        )
                    )

    @api.constrains("method_cache_redis_url")
    def _check_method_cache_redis_url(self):
        for settings in self.filtered("method_cache_redis_url"):
            settings._method_cache_pool()

    def _method_cache_pool(self):
        url = (self.method_cache_redis_url or "").strip()
        try:
            return make_pool(url, 2.0)
        except (ValueError, TypeError) as error:
            raise ValidationError(
                self.env._(
                    "Redis address: %(value)s cannot be read (%(error)s). "
                    "It should look like redis://:password@host:6379/0",
                    value=url.rpartition("@")[2],
                    error=error,
                )
            ) from error

    def action_method_cache_test(self):
        """Try the address as typed, before it is saved."""
        self.ensure_one()
        if not self.env.is_system():
            raise UserError(self.env._("Only an administrator may test the connection."))
        url = forced_url() or (self.method_cache_redis_url or "").strip()
        if not url:
            return self._method_cache_notify("info", self.env._("No address: the store inside Odoo is used."))
        if not forced_url():
            self._method_cache_pool()
        store = RedisStore(url, timeout=2.0)
        try:
            milliseconds = store.ping()
            identify_once(store.url)
            info = store.info("none")
        except (StoreUnavailable, OSError, RedisError) as error:
            return self._method_cache_notify(
                "danger",
                self.env._("No connection: %(error)s. Check address, password and firewall.", error=error),
            )
        finally:
            store.close()
        message = self.env._(
            "Redis %(version)s answers in %(milliseconds)s ms.",
            version=info["version"],
            milliseconds=f"{milliseconds:.1f}",
        )
        if forced_url():
            message += " " + self.env._("The address comes from %(variable)s.", variable=URL_VARIABLE)
        if not info["max_bytes"]:
            message += " " + self.env._("Set its maxmemory, so that it cannot fill the machine.")
            return self._method_cache_notify("warning", message)
        return self._method_cache_notify("success", message)

    def _method_cache_notify(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": kind, "message": message, "sticky": kind == "danger"},
        }


def identify_once(url):
    """Raise unless the server is one that may be written to."""
    connection = new_connection(make_pool(url, 2.0))
    try:
        connection.connect()
        identify(connection, time.monotonic() + 2.0)
    finally:
        connection.disconnect()
