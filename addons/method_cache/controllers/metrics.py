import hmac

from odoo import http
from odoo.http import request

from ..engine.stats import prometheus
from ..runtime import cache_of


class MethodCacheMetrics(http.Controller):
    @http.route("/method_cache/metrics", type="http", auth="public", methods=["GET"], save_session=False)
    def metrics(self):
        """Counters for Prometheus, for administrators and for ``Authorization: Bearer <token>``; the token is
        the system parameter ``method_cache.metrics_token``."""
        token = request.env["ir.config_parameter"].sudo().get_param("method_cache.metrics_token") or ""
        given = request.httprequest.headers.get("Authorization", "").removeprefix("Bearer ")
        by_token = bool(token) and hmac.compare_digest(token.encode(), given.encode())
        if not by_token and not (request.env.user and request.env.user._is_system()):
            return request.make_response("", status=404)
        cache = cache_of(request.env.cr.dbname)
        counters, info, state = request.env["method.cache"].sudo()._read_counters(cache)
        gauges = {
            "up": ("1 if the store answers", int(state == "on")),
            "store_used_bytes": ("memory that the store uses", info.get("used_bytes", 0)),
            "store_entries": ("values kept (counted up to 10000)", info.get("entries", 0)),
            "process_bytes": ("estimated memory of this process's own copies", cache.tier.bytes),
        }
        return request.make_response(
            prometheus(counters, gauges), [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]
        )
