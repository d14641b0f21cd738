"""Sealing: hours and days of old readings go to ordinary tables before retention takes the readings.

A sealed hour or day never changes: readings from before the *floor* are no longer accepted (they go to
quarantine), so nothing that a partition held can be forgotten with it, nor counted again. The order is

1. *close*: the floor rises, in a transaction that no ingest runs beside;
2. *copy*: figures of the closed days go to ``farm_sensor_hourly`` and ``farm_sensor_daily``, one day in a
   transaction;
3. retention may take partitions that end :data:`LEAD_DAYS` later.

A kill between leaves days closed and not yet copied, which are still there to copy.
"""

from datetime import date, datetime, timedelta

from odoo.addons.database_partition.engine.sql import run
from odoo.tools import SQL

from ..readings import READINGS

#: days between sealing and the earliest detaching of a partition
LEAD_DAYS = 7
LOCK = SQL("hashtext('smart_dairy_iot.seal')")
FIGURES = SQL(
    """
    count(*) AS readings, sum(r.value::numeric) AS total, min(r.value) AS lowest, max(r.value) AS highest
    """
)


def close(cursor, floor, wait="40ms"):
    """Accept no readings from before ``floor`` (UTC, naive) from the commit of this transaction on.

    :param wait: how long at most to wait for batches under way; new ones wait behind us for as long

    :raises psycopg2.errors.LockNotAvailable: a batch took longer; try again
    """
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [wait])
    run(cursor, SQL("SELECT pg_advisory_xact_lock(%s)", LOCK))
    run(cursor, SQL("UPDATE farm_sensor_seal SET floor = %(floor)s WHERE floor < %(floor)s", floor=floor))


def copy_day(cursor):
    """Copy the next closed day, and with it the companies' days that have ended by then; the caller commits.

    :return: whether there was one
    """
    rows = run(cursor, SQL("SELECT floor, sealed FROM farm_sensor_seal FOR UPDATE"))
    floor, sealed = rows[0]
    if sealed >= floor:
        return False
    until = min(sealed + timedelta(days=1), floor)
    run(
        cursor,
        SQL(
            """
            INSERT INTO farm_sensor_hourly (sensor_id, hour, readings, total, lowest, highest)
            SELECT r.sensor_id, date_trunc('hour', r.timestamp), %(figures)s
              FROM %(table)s r JOIN farm_sensor s ON s.id = r.sensor_id
             WHERE r.timestamp >= %(sealed)s AND r.timestamp < %(until)s AND r.quality <> 'bad'
             GROUP BY 1, 2
            ON CONFLICT (sensor_id, hour) DO NOTHING
            """,
            figures=FIGURES,
            table=SQL.identifier(READINGS.table),
            sealed=sealed,
            until=until,
        ),
    )
    for company, zone, last in run(
        cursor,
        SQL(
            """
            SELECT c.id, COALESCE(z.name, 'UTC'), c.sensor_days_sealed
              FROM res_company c JOIN res_partner p ON p.id = c.partner_id
              LEFT JOIN pg_timezone_names z ON z.name = p.tz
             WHERE EXISTS (SELECT FROM farm_sensor WHERE company_id = c.id) ORDER BY c.id
            """
        ),
    ):
        _copy_company_days(cursor, company, zone, last, sealed, until)
    run(cursor, SQL("UPDATE farm_sensor_seal SET sealed = %s", until))
    return True


def _copy_company_days(cursor, company, zone, last, sealed, until):
    """Copy a company's days, in its own time zone, that end by ``until``."""
    first = last + timedelta(days=1) if last else sealed.date()
    [(end,)] = run(
        cursor, SQL("SELECT ((%s::timestamp AT TIME ZONE 'UTC') AT TIME ZONE %s)::date", until, zone)
    )
    if first >= end:
        return
    run(
        cursor,
        SQL(
            """
            INSERT INTO farm_sensor_daily (sensor_id, day, readings, total, lowest, highest)
            SELECT r.sensor_id, ((r.timestamp AT TIME ZONE 'UTC') AT TIME ZONE %(zone)s)::date, %(figures)s
              FROM %(table)s r JOIN farm_sensor s ON s.id = r.sensor_id AND s.company_id = %(company)s
             WHERE r.timestamp >= (%(first)s::timestamp AT TIME ZONE %(zone)s) AT TIME ZONE 'UTC'
               AND r.timestamp < (%(end)s::timestamp AT TIME ZONE %(zone)s) AT TIME ZONE 'UTC'
               AND r.quality <> 'bad'
             GROUP BY 1, 2
            ON CONFLICT (sensor_id, day) DO NOTHING
            """,
            figures=FIGURES,
            table=SQL.identifier(READINGS.table),
            company=company,
            zone=zone,
            first=first,
            end=end,
        ),
    )
    run(
        cursor,
        SQL("UPDATE res_company SET sensor_days_sealed = %s WHERE id = %s", end - timedelta(days=1), company),
    )


def sealed_until(cursor):
    """The moment (UTC, naive) before which everything is sealed."""
    return run(cursor, SQL("SELECT sealed FROM farm_sensor_seal"))[0][0]


def floor_for(today: date, kept_days):
    """Where the floor belongs when ``kept_days`` of partitions are kept: a naive UTC midnight."""
    return datetime.combine(today - timedelta(days=kept_days - LEAD_DAYS), datetime.min.time())


def forget(cursor, older_than):
    """Drop sealed figures of days before ``older_than``; return the number of rows."""
    gone = 0
    for name, column in (("farm_sensor_hourly", "hour"), ("farm_sensor_daily", "day")):
        old = SQL("%s < %s", SQL.identifier(column), older_than)
        run(cursor, SQL("DELETE FROM %s WHERE %s", SQL.identifier(name), old))
        gone += cursor.rowcount
    return gone
