"""The description of the API in OpenAPI 3.1, made of the same parameters that requests are judged by."""

from . import parameters, reading, recommendations

BASE = "/api/v1/admin/database"

TEXT, WHOLE, NUMBER, TRUTH = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))


def _or_null(schema):
    return {**schema, "type": [schema["type"], "null"]}


def _object(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


INDEX = _object(
    name=TEXT, table=TEXT, method=TEXT, state={"type": "string", "enum": list(reading.STATES)}, bytes=WHOLE,
    scans=WHOLE, deployed=TRUTH, droppable=TRUTH, definition=TEXT,
)  # fmt: skip
QUERY = _object(
    id=WHOLE, text=TEXT, calls=WHOLE, total_seconds=NUMBER, mean_ms=NUMBER, p50_ms=NUMBER, p90_ms=NUMBER,
    p99_ms=NUMBER, max_ms=NUMBER, under_goal_percent=NUMBER, rows_a_call=_or_null(NUMBER),
    cache_hit_percent=_or_null(NUMBER), model=_or_null(TEXT), route=_or_null(TEXT), place=_or_null(TEXT),
)  # fmt: skip
RECOMMENDATION = _object(
    key=TEXT, kind={"type": "string", "enum": list(recommendations.KINDS)},
    severity={"type": "string", "enum": list(recommendations.SEVERITIES)}, table=TEXT, index=TEXT,
    evidence=TEXT, fix=TEXT, undo=TEXT, operation=_or_null(TEXT), name=_or_null(TEXT),
    declaration={"type": ["object", "null"]},
)  # fmt: skip
TASK = _object(
    id=WHOLE, operation=TEXT, name=_or_null(TEXT), state=TEXT, message=TEXT,
    share={"type": "number", "minimum": 0, "maximum": 1},
)  # fmt: skip
ERROR = {
    "type": "object",
    "properties": {"error": TEXT, "field": TEXT, "value": TEXT, "remedy": TEXT},
    "required": ["error"],
    "additionalProperties": False,
}
JSON = "application/json"
#: statuses that any request can get → what they mean
ERRORS = {
    401: "No API key, or not a valid one",
    403: "The key is not an administrator's",
    409: "It cannot be done as things stand",
    422: "A parameter will not do; field, value and remedy are named",
}


def _page_of(name):
    return _object(
        total={"type": "integer", "minimum": 0},
        limit=parameters.LIMIT.schema(),
        offset=parameters.OFFSET.schema(),
        items={"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
    )


def _answers(words, schema, status=200, kind=JSON, **more):
    found = {str(status): {"description": words, "content": {kind: {"schema": schema}}}}
    for code, meaning in {**ERRORS, **{int(code): text for code, text in more.items()}}.items():
        found[str(code)] = {
            "description": meaning,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    return found


def _query(known):
    return [
        {
            "name": one.name,
            "in": "query",
            "required": False,
            "description": one.description,
            "schema": one.schema(),
        }
        for one in known
    ]


def _path(name, words, schema):
    return [{"name": name, "in": "path", "required": True, "description": words, "schema": schema}]


def _ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


#: path below :data:`BASE` → (method, operation)
OPERATIONS = {
    "indexes": ("get", {
        "operationId": "listIndexes", "summary": "Every index of the database, whoever made it",
        "parameters": _query(reading.INDEXES), "responses": _answers("A page of indexes", _page_of("Index")),
    }),
    "queries": ("get", {
        "operationId": "listQueries", "summary": "Statements of the last 24 hours, without their values",
        "parameters": _query(reading.QUERIES),
        "responses": _answers("A page of statements", _page_of("Query")),
    }),
    "recommendations": ("get", {
        "operationId": "listRecommendations", "summary": "What is wrong, its evidence, its fix and its undo",
        "parameters": _query(recommendations.RECOMMENDATIONS),
        "responses": _answers("A page of recommendations", _page_of("Recommendation")),
    }),
    "metrics": ("get", {
        "operationId": "readMetrics", "summary": "Figures for Prometheus",
        "responses": _answers("Text format 0.0.4", TEXT, kind="text/plain"),
    }),
    "reindex/{name}": ("post", {
        "operationId": "reindex", "summary": "Have an index rebuilt in the background, while people work",
        "parameters": _path("name", "An index that is listed", {"type": "string", "minLength": 1}),
        "responses": _answers(
            "The task that does it; asked again while it waits, the same", _ref("Task"), 202,
            **{"404": "There is no such index"},
        ),
    }),
    "tasks/{number}": ("get", {
        "operationId": "readTask", "summary": "How far a task is",
        "parameters": _path("number", "Its id", parameters.TASK.schema()),
        "responses": _answers("The task", _ref("Task"), **{"404": "There is no such task"}),
    }),
    "openapi.json": ("get", {
        "operationId": "describe", "summary": "This description",
        "responses": _answers("OpenAPI 3.1", {"type": "object"}),
    }),
}  # fmt: skip


def description():
    """The document, as ``/openapi.json`` gives it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Database of an Odoo server",
            "version": "1",
            "description": "For administrators: create an API key on the user's page, tab Account Security.",
        },
        "security": [{"key": []}],
        "paths": {f"{BASE}/{path}": {method: found} for path, (method, found) in OPERATIONS.items()},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Index": INDEX,
                "Query": QUERY,
                "Recommendation": RECOMMENDATION,
                "Task": TASK,
                "Error": ERROR,
            },
        },
    }


def methods(path):
    """The methods that a path below :data:`BASE` takes, as a header ``Allow`` names them; "" for no path."""
    for known, (method, _operation) in OPERATIONS.items():
        parts, asked = known.split("/"), path.split("/")
        if len(parts) == len(asked) and all(
            a == b or (a[0] == "{" and b) for a, b in zip(parts, asked, strict=True)
        ):
            return "GET, HEAD" if method == "get" else method.upper()
    return ""
