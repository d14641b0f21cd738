"""One batch of one gateway, from its key to its commit: what HTTP and MQTT share."""

from datetime import timedelta

from odoo.addons.database_partition.engine.sql import run
from odoo.tools import SQL

from . import gateways, ingest
from .parse import Lines

#: tries of a batch that meets another one
TRIES = 4


def settings(cursor):
    """How far ahead a device's clock may be, as a timedelta."""
    rows = run(
        cursor, SQL("SELECT value FROM ir_config_parameter WHERE key = 'smart_dairy_iot.ahead_minutes'")
    )
    return timedelta(minutes=int(rows[0][0]) if rows and rows[0][0] else 15)


def store(connect, scope, readings, keep_errors=False):
    """Ingest decoded readings in a transaction of their own, committed on return.

    :param connect: context manager that gives a cursor in a fresh transaction and commits, or rolls back
    :param readings: function that returns the readings, at most :data:`.ingest.MOST`, anew at each call
    :param keep_errors: whether what cannot be read goes to quarantine, because its sender hears no answer
    :return: :class:`.ingest.Outcome`, its errors in order
    :raises psycopg2.OperationalError: nothing is stored
    """
    for attempt in range(TRIES):
        try:
            with connect() as cursor:
                ingest.begin(cursor)
                lines = Lines(readings())
                outcome = ingest.ingest(cursor, lines, scope, ahead=settings(cursor))
                if keep_errors and lines.errors:
                    ingest.keep_malformed(cursor, scope, [reason for _place, reason in lines.errors])
            outcome.errors = sorted(outcome.errors + lines.errors)
            return outcome
        except ingest.TRANSIENT:
            if attempt + 1 == TRIES:
                raise
    raise AssertionError("unreachable")


def gateway(connect, key):
    """The :class:`.gateways.Gateway` with this key, or None."""
    with connect() as cursor:
        return gateways.find(cursor, key)
