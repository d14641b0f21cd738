from odoo import http
from odoo.http import request

from ..engine import figures, openapi, parameters, prometheus, reading, recommendations
from ..engine.errors import ConsoleRefusal
from .dispatcher import DatabaseApiDispatcher, refuse_method

BASE = openapi.BASE


def route(path, *methods):
    """A route of the API. Never on a replica: it counts the scans and statements of its own."""
    return http.route(
        f"{BASE}/{path}",
        type=DatabaseApiDispatcher.routing_type,
        auth="bearer",
        methods=list(methods) or None,
        save_session=False,
        readonly=False,
    )


class DatabaseApi(http.Controller):
    """What the console shows, for programs. :mod:`..engine.openapi` describes it."""

    @route("indexes", "GET")
    def indexes(self):
        asked = _asked(reading.INDEXES)
        return _page(asked, *reading.indexes(request.env, asked))

    @route("queries", "GET")
    def queries(self):
        asked = _asked(reading.QUERIES)
        return _page(asked, *reading.queries(request.env, asked))

    @route("recommendations", "GET")
    def recommendations(self):
        asked = _asked(recommendations.RECOMMENDATIONS)
        found = request.env["database.console"]._recommended()
        total, items = recommendations.asked_for(found, asked)
        return _page(asked, total, [one.to_json() for one in items])

    @route("metrics", "GET")
    def metrics(self):
        _asked(())
        with request.env["database.console"]._monitor() as cursor:
            found = prometheus.text(figures.prometheus(cursor))
        return request.make_response(found, [("Content-Type", prometheus.CONTENT_TYPE)])

    @route("reindex/<string:name>", "POST")
    def reindex(self, name):
        _asked(())
        console = request.env["database.console"]
        known = not parameters.UNTYPED.search(name)
        if not known or not console._present([("name", "=", name), ("state", "!=", "dropped")]):
            raise ConsoleRefusal(
                404, f"index {name!r} is not there", "name", name, f"take a name that {BASE}/indexes shows"
            )
        return _answer(_task(console.operate("reindex", name)), 202)

    @route("tasks/<string:number>", "GET")
    def task(self, number):
        _asked(())
        return _answer(_task(parameters.TASK.parse(number)))

    @route("openapi.json", "GET")
    def openapi(self):
        _asked(())
        return _answer(openapi.description())

    @route("<path:rest>")
    def anything_else(self, rest):
        """What no other route takes: another method of a path that stands, or no path of ours."""
        refuse_method(request)


def _asked(known):
    return parameters.read(known, request.httprequest.args.items(multi=True))


def _page(asked, total, items):
    return _answer({"total": total, "limit": asked["limit"], "offset": asked["offset"], "items": items})


def _task(number):
    """What is known of a task, read on a connection of its own: this request's may be older than the task."""
    with request.env["database.console"]._monitor() as cursor:
        cursor.execute(
            "SELECT id, operation, name, state, message, progress / 100 FROM public.database_index_task"
            " WHERE id = %s",
            [number],
        )
        row = cursor.fetchone()
    if not row:
        raise ConsoleRefusal(404, f"there is no task {number}", "number", str(number), "ask for one first")
    return dict(zip(("id", "operation", "name", "state", "message", "share"), row, strict=True))


def _answer(facts, status=200):
    return request.make_json_response(facts, status=status)
