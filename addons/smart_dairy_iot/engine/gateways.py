"""Keys and allowances of gateways, over a plain cursor: neither HTTP nor MQTT needs a registry for them.

A key is 256 random bits, so a plain SHA-256 keeps it as well as a slow hash would, and costs a batch nothing.
"""

import hashlib
from dataclasses import dataclass

from odoo.addons.database_partition.engine.sql import run
from odoo.tools import SQL

from .ingest import Scope


@dataclass(frozen=True)
class Gateway:
    """An active gateway: what it may send, and how many readings per minute (0: any number)."""

    id: int
    scope: Scope
    rate_limit: int


def hash_key(key):
    return hashlib.sha256(key.encode()).hexdigest()


def find(cursor, key):
    """The active :class:`Gateway` with this key, of an active farm; None when there is none.

    The lookup is by the hash, so that its timing tells nothing of a key.
    """
    rows = run(
        cursor,
        SQL(
            """
            SELECT g.id, g.farm_id, g.rate_limit, g.keep_unknown,
                   EXISTS (SELECT FROM farm_sensor_gateway_sensor_rel WHERE gateway_id = g.id)
              FROM farm_sensor_gateway g JOIN farm_farm f ON f.id = g.farm_id AND f.active
             WHERE g.key_hash = %s AND g.active
            """,
            hash_key(key),
        ),
    )
    if not rows:
        return None
    number, farm, rate_limit, keep_unknown, restricted = rows[0]
    return Gateway(number, Scope(farm, number, restricted, keep_unknown), rate_limit or 0)


def admit(cursor, gateway_id, readings, rate_limit):
    """Note that a gateway was heard, and spend its allowance for ``readings``; the caller commits.

    In a transaction of :func:`.ingest.begin`: batches of one gateway that come at once take turns here.

    The generic cell rate algorithm by the database's clock: one moment a gateway, whatever the load.

    :param rate_limit: readings per minute; 0: any number. A burst of one minute's worth is free, and a batch
        of more than that gets in when nothing is spent.
    :return: seconds to wait when refused, else 0
    """
    cost = readings / rate_limit * 60 if rate_limit else 0.0
    parts = {
        "gateway": gateway_id,
        "now": SQL("(clock_timestamp() AT TIME ZONE 'UTC')"),
        "cost": SQL("make_interval(secs => %s)", cost),
        "burst": SQL("make_interval(secs => %s)", max(60.0, cost)),
    }
    rows = run(
        cursor,
        SQL(
            """
            INSERT INTO farm_sensor_gateway_use AS u (gateway_id, last_seen, busy_until)
            VALUES (%(gateway)s, %(now)s, %(now)s + %(cost)s)
            ON CONFLICT (gateway_id) DO UPDATE SET
                last_seen = EXCLUDED.last_seen,
                busy_until = GREATEST(u.busy_until, EXCLUDED.last_seen) + %(cost)s
            WHERE GREATEST(u.busy_until, EXCLUDED.last_seen) + %(cost)s <= EXCLUDED.last_seen + %(burst)s
            RETURNING 0
            """,
            **parts,
        ),
    )
    if rows:
        return 0
    [(wait,)] = run(
        cursor,
        SQL(
            """
            SELECT EXTRACT(epoch FROM busy_until + %(cost)s - %(burst)s - %(now)s)::float
              FROM farm_sensor_gateway_use WHERE gateway_id = %(gateway)s
            """,
            **parts,
        ),
    )
    return max(1.0, wait)
