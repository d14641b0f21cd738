"""Readings into the partitioned table, each exactly once.

A batch is copied into a temporary table, judged there by PostgreSQL, and inserted in one statement: what is
new is stored, what is known changes nothing, what cannot be right goes to quarantine. Nothing is kept in
memory but what COPY has in hand, so a batch may come from a stream.

Locks are taken in one order (readings by sensor and time, then newest readings by sensor), so that batches
that overlap wait for each other and do not deadlock, provided that a transaction ingests one batch.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import psycopg2.errors
from odoo.addons.database_partition.engine.sql import run
from odoo.sql_db import BaseCursor
from odoo.tools import SQL

from ..readings import READINGS

#: no more readings in one batch: a transaction that long holds nobody up
MOST = 50_000
#: a device clock before is wrong, not late
FIRST_CLOCK = "2020-01-01"
#: larger numbers are not measurements, and would not survive being added exactly
LARGEST = 1e15
COLUMNS = ("place", "sensor", "at", "value", "unit", "quality", "battery", "animal")
STAGE = SQL.identifier("pg_temp", "iot_stage")
TABLE = SQL.identifier(READINGS.table)
#: transactions after which a temporary table is made anew, before its age holds back the freezing of others
STAGE_AGE = 10_000_000
#: what is worth another try: somebody else was in the way
TRANSIENT = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)


@dataclass(frozen=True)
class Scope:
    """Whose readings a batch may hold.

    :param farm_id: farm whose sensors may be named
    :param gateway_id: remembered with what goes to quarantine
    :param restricted: only sensors that are listed for the gateway
    :param keep_unknown: readings of unknown sensors go to quarantine, otherwise they are errors
    """

    farm_id: int
    gateway_id: int | None = None
    restricted: bool = False
    keep_unknown: bool = True


@dataclass
class Outcome:
    """What became of a batch; the numbers add up to its readings.

    :param held: ``[(index in the batch, reason)]`` of those in quarantine, where the source has indexes
    :param errors: ``[(index in the batch, reason)]`` of readings that were refused
    """

    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    held: list = field(default_factory=list)
    errors: list = field(default_factory=list)


def begin(cursor):
    """Make this fresh transaction one that ingests.

    READ COMMITTED: under REPEATABLE READ a reading that another transaction has just stored would be a
    serialization failure instead of a duplicate.
    """
    cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def ingest(cursor, source, scope, columns=COLUMNS, ahead=timedelta(minutes=15)):
    """Store a batch in the cursor's transaction (see :func:`begin`); the caller commits.

    :param source: file-like; ``read`` gives COPY text of ``columns``. Times are UTC. About :data:`MOST` rows.
    :param columns: of :data:`COLUMNS`; ``sensor`` (the device key), ``at`` and ``value`` are needed
    :param ahead: how far in the future a device's time may lie
    :return: :class:`Outcome`
    :raises psycopg2.DataError: a row that COPY cannot read
    """
    _stage(cursor)
    names = SQL(", ").join(SQL.identifier(name) for name in columns)
    cursor.copy_expert(SQL("COPY %s (%s) FROM STDIN", STAGE, names).code, source)
    staged = cursor.rowcount
    # before the snapshot of what follows: no day is sealed between our look at the floor and our commit
    cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext('smart_dairy_iot.seal'))")
    outcome = Outcome()
    parts = _parts(scope, ahead)
    outcome.accepted = _insert(cursor, parts)
    if outcome.accepted < staged:
        _judge_rest(cursor, parts, scope, outcome)
    outcome.duplicates = staged - outcome.accepted - outcome.quarantined - len(outcome.errors)
    if "animal" in columns and run(cursor, SQL(HAS_METERS, **parts)):
        run(cursor, SQL(MILKINGS, **parts))
    if "battery" in columns:
        run(cursor, SQL(BATTERY, **parts))
    return outcome


def _stage(cursor):
    """An empty temporary table; one a connection, since each one made writes to a dozen catalog pages."""
    [(age,)] = run(
        cursor,
        SQL("SELECT (SELECT age(relfrozenxid) FROM pg_class WHERE oid = to_regclass('pg_temp.iot_stage'))"),
    )
    if age is not None and age > STAGE_AGE:
        run(cursor, SQL("DROP TABLE %s", STAGE))
    if age is None or age > STAGE_AGE:
        run(
            cursor,
            SQL(
                """
                CREATE TEMPORARY TABLE iot_stage (
                    place integer, sensor varchar, at timestamp, value double precision, unit varchar,
                    quality varchar, battery real, animal varchar
                ) ON COMMIT DELETE ROWS
                """
            ),
        )


#: a reading's value by the calibration that was in force at its time
CALIBRATED = """
CASE WHEN s.calibrated THEN
    COALESCE((SELECT g.value * c.factor::double precision + c.offset::double precision
                FROM farm_sensor_calibration c
               WHERE c.sensor_id = s.id AND c.valid_from <= g.at ORDER BY c.valid_from DESC LIMIT 1), g.value)
ELSE g.value END
"""
INSERT = """
WITH stored AS (
    INSERT INTO %(table)s (sensor_id, "timestamp", value, unit, quality, received_at)
    SELECT s.id, g.at, %(calibrated)s, s.unit, COALESCE(g.quality, 'good'), %(now)s
      FROM %(stage)s g JOIN farm_sensor s ON s.device_key = g.sensor AND %(allowed)s
     -- COALESCE hides the conditions from the planner, which would think that few rows meet them, and loop
     WHERE COALESCE(g.at >= %(floor)s AND g.at <= %(ceiling)s AND abs(g.value) < %(largest)s
                    AND (g.unit IS NULL OR g.unit = s.unit), false)
     ORDER BY s.id, g.at
    %(conflict)s
    RETURNING sensor_id, "timestamp", value, quality <> 'bad' AS usable),
newest AS (
    SELECT DISTINCT ON (sensor_id) sensor_id, "timestamp", value FROM stored WHERE usable
     ORDER BY sensor_id, "timestamp" DESC),
latest AS (
    INSERT INTO farm_sensor_latest AS l (sensor_id, "timestamp", value, received_at)
    SELECT sensor_id, "timestamp", value, %(now)s FROM newest ORDER BY sensor_id
    ON CONFLICT (sensor_id) DO UPDATE
        SET "timestamp" = EXCLUDED."timestamp", value = EXCLUDED.value, received_at = EXCLUDED.received_at
        WHERE l."timestamp" < EXCLUDED."timestamp")
SELECT count(*)::integer FROM stored
"""
#: what the insert left aside for a reason other than being known already
JUDGED = """
SELECT g.*, CASE
        WHEN s.id IS NULL THEN 'unknown_sensor'
        WHEN NOT abs(g.value) < %(largest)s THEN 'not_finite'
        WHEN g.at > %(ceiling)s OR g.at < %(first_clock)s THEN 'clock'
        WHEN g.at < %(floor)s THEN 'too_old'
        WHEN g.unit <> s.unit THEN 'unit' END AS reason
  FROM %(stage)s g LEFT JOIN farm_sensor s ON s.device_key = g.sensor AND %(allowed)s
"""
QUARANTINE = """
WITH judged AS MATERIALIZED (
    SELECT *, %(keep_unknown)s OR reason <> 'unknown_sensor' AS held
      FROM (%(judged)s) j WHERE reason IS NOT NULL),
kept AS (
    INSERT INTO farm_sensor_quarantine (reason, device_key, raw, received_at, gateway_id, farm_id)
    SELECT reason, sensor, jsonb_strip_nulls(jsonb_build_object(
               'sensor', sensor, 'timestamp', at, 'value', value::text, 'unit', unit, 'quality', quality,
               'battery', battery, 'animal', animal))::text, %(now)s, %(gateway)s, %(farm)s
      FROM judged WHERE held
     ORDER BY reason, sensor, at
    ON CONFLICT DO NOTHING)
SELECT place, reason, held, count(*) FROM judged GROUP BY 1, 2, 3 ORDER BY 1
"""
HAS_METERS = "SELECT 1 FROM farm_sensor s WHERE s.writes_milk AND %(allowed)s LIMIT 1"
#: of stored readings only: what is in quarantine is no milking
MILKINGS = """
INSERT INTO farm_sensor_milking (sensor_id, "timestamp", tag, kg, state)
SELECT s.id, g.at, g.animal, round(r.value::numeric, 2), 'new'
  FROM %(stage)s g JOIN farm_sensor s ON s.device_key = g.sensor AND s.writes_milk AND %(allowed)s
  JOIN %(table)s r ON r.sensor_id = s.id AND r."timestamp" = g.at
 WHERE r.value > 0 AND r.value < 1000 AND r.quality <> 'bad' AND (g.unit IS NULL OR g.unit = s.unit)
 ORDER BY s.id, g.at
ON CONFLICT DO NOTHING
"""
BATTERY = """
UPDATE farm_sensor_latest l SET battery = b.battery
  FROM (SELECT DISTINCT ON (s.id) s.id, g.at, g.battery
          FROM %(stage)s g JOIN farm_sensor s ON s.device_key = g.sensor AND %(allowed)s
         WHERE g.battery IS NOT NULL ORDER BY s.id, g.at DESC) b
 WHERE l.sensor_id = b.id AND b.at >= l."timestamp" AND l.battery IS DISTINCT FROM b.battery::numeric
"""


def _parts(scope, ahead):
    """What the statements share."""
    allowed = SQL("s.active AND s.farm_id = %s", scope.farm_id)
    if scope.restricted:
        allowed = SQL(
            "%s AND s.id IN (SELECT sensor_id FROM farm_sensor_gateway_sensor_rel WHERE gateway_id = %s)",
            allowed,
            scope.gateway_id,
        )
    now = SQL("(now() AT TIME ZONE 'UTC')")
    return {
        "table": TABLE,
        "stage": STAGE,
        "allowed": allowed,
        "now": now,
        "floor": SQL("(SELECT floor FROM farm_sensor_seal)"),
        "ceiling": SQL("%s + %s::interval", now, ahead),
        "first_clock": FIRST_CLOCK,
        "largest": LARGEST,
    }


def _insert(cursor, parts):
    """Store what is new; return how many.

    Most batches hold nothing that is known: then a plain INSERT does it, which looks for a place in the index
    once, where ON CONFLICT does so twice.
    """
    plain = SQL(INSERT, calibrated=SQL(CALIBRATED), conflict=SQL(), **parts)
    # a repeated batch is no error worth a line in Odoo's log
    quiet = {"log_exceptions": False} if isinstance(cursor, BaseCursor) else {}
    cursor.execute("SAVEPOINT smart_dairy_iot")
    try:
        cursor.execute(plain.code, plain.params, **quiet)
        accepted = cursor.fetchone()[0]
    except psycopg2.errors.UniqueViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT smart_dairy_iot")
        conflict = SQL('ON CONFLICT (sensor_id, "timestamp") DO NOTHING')
        [(accepted,)] = run(cursor, SQL(INSERT, calibrated=SQL(CALIBRATED), conflict=conflict, **parts))
    cursor.execute("RELEASE SAVEPOINT smart_dairy_iot")
    return accepted


def _judge_rest(cursor, parts, scope, outcome):
    rows = run(
        cursor,
        SQL(
            QUARANTINE,
            judged=SQL(JUDGED, **parts),
            gateway=scope.gateway_id,
            farm=scope.farm_id,
            keep_unknown=scope.keep_unknown,
            now=parts["now"],
        ),
    )
    for place, reason, held, number in rows:
        if not held:
            outcome.errors += [(place, reason)] * number
            continue
        outcome.quarantined += number
        if place is not None:
            outcome.held.append((place, reason))


def keep_malformed(cursor, scope, reasons):
    """Put what could not be read in quarantine, by the texts that say why; the caller commits."""
    run(
        cursor,
        SQL(
            """
            INSERT INTO farm_sensor_quarantine (reason, raw, received_at, gateway_id, farm_id)
            SELECT 'malformed', raw, now() AT TIME ZONE 'UTC', %s, %s FROM unnest(%s) raw ORDER BY raw
            ON CONFLICT DO NOTHING
            """,
            scope.gateway_id,
            scope.farm_id,
            reasons,
        ),
    )
