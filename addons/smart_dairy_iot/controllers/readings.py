import io
import json
import math
from contextlib import contextmanager
from itertools import islice

import psycopg2
from odoo import http
from odoo.http import Response, request
from odoo.sql_db import db_connect
from werkzeug.exceptions import RequestEntityTooLarge

from .. import arrivals
from ..engine import body, gateways, ingest, intake


class ReadingsController(http.Controller):
    """Where gateways post their readings. Every answer is JSON."""

    @http.route(
        "/smart_dairy/iot/v1/readings",
        type="http",
        auth="none",
        csrf=False,
        save_session=False,
        readonly=True,  # Odoo's own transaction writes nothing: a batch has one of its own
    )
    def readings(self, **_params):
        """Store a batch: 200, and what became of each reading.

        Also 401 no valid key, 405 not a POST, 413 too large, 415 of another kind, 422 no usable reading, 429
        too many readings, 503 try again; the last two say when (Retry-After). Whatever the answer, the same
        batch may be sent again: what is stored is stored once.
        """
        asked = request.httprequest
        if asked.method != "POST":
            return _answer(405, {"error": "post readings here"}, Allow="POST")
        kind, _sep, key = asked.headers.get("Authorization", "").partition(" ")
        try:
            gateway = intake.gateway(_connect, key.strip()) if kind.lower() == "bearer" and key else None
            if not gateway:
                raise body.BodyError(401, "send the gateway's key: Authorization: Bearer <key>")
            readings = self._batch(asked)
            with _connect() as cursor:
                ingest.begin(cursor)
                wait = gateways.admit(cursor, gateway.id, len(readings), gateway.rate_limit)
            if wait:
                reason = f"more than {gateway.rate_limit} readings per minute; send the rest later"
                return _answer(429, {"error": reason}, Retry_After=math.ceil(wait))
            outcome = intake.store(_connect, gateway.scope, lambda: readings)
            if outcome.accepted:
                arrivals.note(request.db, gateway.scope.farm_id)
        except body.BodyError as error:
            extra = {"WWW_Authenticate": "Bearer"} if error.status == 401 else {}
            return _answer(error.status, {"error": error.reason}, **extra)
        except psycopg2.OperationalError:
            return _answer(503, {"error": "the database is busy; send the batch again"}, Retry_After=5)
        facts = {
            "accepted": outcome.accepted,
            "duplicates": outcome.duplicates,
            "quarantined": outcome.quarantined,
            "quarantine": _reasons(outcome.held),
            "errors": _reasons(outcome.errors),
        }
        if readings and len(outcome.errors) == len(readings):
            return _answer(422, {"error": "no reading could be taken", **facts})
        return _answer(200, facts)

    def _batch(self, asked):
        """The decoded readings of a request, a list.

        :raises BodyError:
        """
        length = asked.content_length
        if length is not None and length > body.MOST_SENT:
            raise body.BodyError(413, f"the body has {length} bytes, at most {body.MOST_SENT} are taken")
        try:
            data = asked.get_data()
        except RequestEntityTooLarge as error:
            raise body.BodyError(413, f"at most {body.MOST_SENT} bytes are taken") from error
        encoding = asked.headers.get("Content-Encoding", "").strip().lower()
        found = body.readings(io.BytesIO(data), asked.mimetype, encoding)
        batch = list(islice(found, ingest.MOST + 1))
        if len(batch) > ingest.MOST:
            raise body.BodyError(413, f"more than {ingest.MOST} readings; send smaller batches")
        return batch


@contextmanager
def _connect():
    with db_connect(request.db).cursor() as cursor:
        yield cursor


def _reasons(found):
    return [{"index": index, "reason": reason} for index, reason in found]


def _answer(status, facts, **headers):
    found = [(name.replace("_", "-"), str(value)) for name, value in headers.items()]
    return Response(json.dumps(facts), status, found, content_type="application/json")
