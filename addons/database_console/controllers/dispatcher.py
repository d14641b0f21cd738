from odoo import http
from odoo.exceptions import AccessDenied, AccessError, UserError
from werkzeug.exceptions import HTTPException

from ..engine import openapi
from ..engine.errors import ConsoleRefusal

REMEDY = "send an administrator's API key: Authorization: Bearer <key>"


class DatabaseApiDispatcher(http.Dispatcher):
    """Requests of the database API: every answer is JSON, errors too, with the right status."""

    routing_type = "database_api"

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        """Call the endpoint with what stands in the path; the query string is read, and judged, by it."""
        if not self.request.httprequest.headers.get("Authorization"):
            # a page's session is not asked for here: nothing to forge
            raise ConsoleRefusal(401, "there is no API key", remedy=REMEDY)
        if not self.request.env.is_system():
            raise ConsoleRefusal(403, "the database is for administrators", remedy=REMEDY)
        if self.request.httprequest.method == "OPTIONS":  # which Odoo adds to every route
            refuse_method(self.request)
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        headers = []
        if isinstance(exc, ConsoleRefusal):
            status, facts = exc.status, exc.to_json()
        elif isinstance(exc, AccessDenied | http.SessionExpiredException):
            status, facts = 401, {"error": "this key may not be used here", "remedy": REMEDY}
        elif isinstance(exc, AccessError):
            status, facts = 403, {"error": str(exc), "remedy": REMEDY}
        elif isinstance(exc, UserError):
            status, facts = 409, {"error": str(exc)}
        elif isinstance(exc, HTTPException) and exc.code:
            status, facts = exc.code, {"error": exc.description}
            headers = [pair for pair in exc.get_headers() if pair[0] != "Content-Type"]
            if status == 401:
                facts["remedy"] = REMEDY
        else:
            status, facts = 500, {"error": "the server failed; its log says why"}
        if status == 401:
            headers = [("WWW-Authenticate", "Bearer")]
        elif isinstance(exc, ConsoleRefusal) and exc.allow:
            headers = [("Allow", exc.allow)]
        return self.request.make_json_response(facts, headers=headers, status=status)


def refuse_method(request):
    """:raises ConsoleRefusal: 405 where the path stands, for other methods; else 404"""
    method, path = request.httprequest.method, request.httprequest.path.removeprefix(f"{openapi.BASE}/")
    if allowed := openapi.methods(path):
        message = f"{method} is not for {path}"
        raise ConsoleRefusal(405, message, "method", method, f"use {allowed}", allow=allowed)
    raise ConsoleRefusal(
        404, f"there is no {path}", remedy=f"{openapi.BASE}/openapi.json names what there is"
    )
