"""Which sensors want somebody's attention: one set-based look at all of them, and the life of what it finds.

A *condition* is one cause (a sensor, barn or farm, and a kind) that is judged now: ``beyond`` is true, false,
or NULL where nobody can know (a silent sensor says nothing about a limit) and in the dead band. What is
beyond for as long as its kind asks for raises an alert. An alert ends when its cause has been gone for the
farm's minutes of calm, so that a value that dances around its limit is one alert. What is unknown does
neither.

Safe beside others like it: unique indexes allow one open alert a cause, and the work wants READ COMMITTED
(under REPEATABLE READ an alert that another evaluation has just raised would be a serialization failure).
"""

from dataclasses import dataclass

from odoo.addons.database_partition.engine.sql import run
from odoo.addons.smart_dairy_farm.figures import climate
from odoo.tools import SQL

from ..readings import READINGS

#: silent for so many expected intervals, a sensor has no data: tags out of reach miss one or two
SILENT_AFTER = 3
#: so few silent sensors are no outage, whatever their share
OUTAGE_LEAST = 5
#: a herd's median is one of at least so many animals
HERD_LEAST = 5
#: how far back the beginning of an excursion is looked for
LOOK_BACK = "1 day"
TABLE = SQL.identifier(READINGS.table)


@dataclass(frozen=True)
class Outcome:
    """Ids of alerts: newly ``raised``, ``resolved`` by themselves, ``woken`` from a snooze that ended."""

    raised: tuple = ()
    resolved: tuple = ()
    woken: tuple = ()

    def __bool__(self):
        return bool(self.raised or self.resolved or self.woken)


# What is known of each sensor now. An animal under treatment raises nothing more: somebody looks after it.
SEEN = """
SELECT s.id, s.farm_id, s.company_id, s.sensor_type, s.unit, s.tank_id, s.expected_interval,
       COALESCE(s.barn_id, p.barn_id) AS barn_id, COALESCE(s.responsible_id, f.manager_id) AS user_id,
       s.threshold_low, s.threshold_high, s.threshold_rate, COALESCE(s.threshold_margin, 0) AS margin,
       s.herd_below, s.herd_above, COALESCE(s.alert_delay, 0) AS delay,
       l."timestamp" AS at, l.value, l.battery::float8 AS battery,
       COALESCE(l."timestamp", s.create_date) AS last,
       COALESCE(l."timestamp" >= q.quiet, false) AS fresh,
       COALESCE(l."timestamp", s.create_date) < q.quiet AS silent,
       COALESCE(a.health_status = 'in_treatment', false) AS spared
  FROM farm_sensor s
  JOIN farm_farm f ON f.id = s.farm_id
  LEFT JOIN farm_sensor_latest l ON l.sensor_id = s.id
  LEFT JOIN farm_animal a ON a.id = s.animal_id
  LEFT JOIN farm_pen p ON p.id = s.pen_id
 CROSS JOIN LATERAL (SELECT %(now)s - make_interval(mins => %(silent_after)s * s.expected_interval)) q(quiet)
 WHERE s.active AND f.active AND (a.id IS NULL OR a.status = 'active') AND %(only)s
"""
HERD = """
SELECT farm_id, sensor_type, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median
  FROM seen WHERE fresh AND NOT spared
   AND (farm_id, sensor_type) IN (
        SELECT farm_id, sensor_type FROM seen WHERE num_nonnulls(herd_below, herd_above) > 0)
 GROUP BY farm_id, sensor_type
HAVING count(*) >= %(herd_least)s
"""
# A tank that its level sensor says is empty is being washed, or about to be filled: its temperature is
# nobody's milk.
TANK = """
SELECT t.id, w."limit" AS warm, w.minutes + f.milking_minutes AS warm_minutes, w.ceiling, w.ceiling_minutes
  FROM farm_tank t JOIN farm_farm f ON f.id = t.farm_id JOIN farm_cooling_law w ON w.id = f.cooling_law_id
 WHERE t.active AND NOT EXISTS (
        SELECT FROM seen e WHERE e.tank_id = t.id AND e.sensor_type = 'tank_level' AND e.fresh
                             AND e.value <= t.empty_level)
"""
# What a value may not be above (side 1) or below (side -1), and for how many minutes it may be all the same.
LIMITS = """
SELECT s.id, s.at, s.value, s.fresh, s.spared, s.margin, s.farm_id, k.kind, k.side, k.bound::float8, k.delay
  FROM seen s
  LEFT JOIN herd h ON h.farm_id = s.farm_id AND h.sensor_type = s.sensor_type
  LEFT JOIN tank t ON t.id = s.tank_id AND s.sensor_type = 'tank_temperature'
 CROSS JOIN LATERAL (VALUES
        ('low', -1, s.threshold_low, s.delay),
        ('high', 1, s.threshold_high, s.delay),
        ('herd_low', -1, (h.median * (100 - s.herd_below) / 100)::numeric, s.delay),
        ('herd_high', 1, (h.median * (100 + s.herd_above) / 100)::numeric, s.delay),
        ('tank_slow', 1, t.warm, t.warm_minutes),
        ('tank_warm', 1, t.ceiling, t.ceiling_minutes)
       ) k(kind, side, bound, delay)
 WHERE k.bound IS NOT NULL
"""
# Within the margin of its limit a value is not beyond, and not calm either. What is calm and has no open
# alert is of no interest: of 100,000 sensors few are left.
JUDGED = """
SELECT * FROM (
    SELECT l.*, (l.id, l.kind) IN (SELECT sensor_id, kind FROM opened) AS opened,
           CASE WHEN NOT fresh THEN NULL WHEN side * (value - bound) > 0 THEN true
                WHEN side * (value - bound) > -margin AND margin > 0 THEN NULL ELSE false END AS beyond
      FROM limits l) j
 WHERE beyond OR opened
"""
OPENED = """
SELECT sensor_id, kind::text AS kind FROM farm_sensor_alert
 WHERE state <> 'resolved' AND sensor_id IS NOT NULL
"""
# The excursion began with the first reading after the last calm one; asked only where an alert may be raised.
LASTING = """
SELECT j.*, COALESCE(x.since, j.at) AS since,
       NOT j.spared AND (j.delay = 0 OR j.at - x.since >= make_interval(mins => j.delay)) AS raises
  FROM judged j
 CROSS JOIN LATERAL (
        SELECT min(r."timestamp") AS since FROM %(table)s r
         WHERE j.beyond AND NOT j.opened
           AND r.sensor_id = j.id AND r.quality <> 'bad' AND r."timestamp" <= j.at
           AND r."timestamp" > COALESCE(
                (SELECT c."timestamp" FROM %(table)s c
                  WHERE c.sensor_id = j.id AND c.quality <> 'bad' AND j.side * (c.value - j.bound) <= 0
                    AND c."timestamp" < j.at AND c."timestamp" > j.at - %(look_back)s::interval
                  ORDER BY c."timestamp" DESC LIMIT 1),
                j.at - %(look_back)s::interval)) x
"""
# Change per hour against the oldest reading of the last hour, or the one before where readings are rarer: two
# neighbours a minute apart would turn every tremble into a change.
RATE = """
SELECT s.id, s.farm_id, CASE WHEN s.fresh THEN
            COALESCE(abs(s.value - b.value) / NULLIF(EXTRACT(epoch FROM s.at - b.at) / 3600, 0)
                     > s.threshold_rate, false) END AS beyond,
       (s.value - b.value) / NULLIF(EXTRACT(epoch FROM s.at - b.at) / 3600, 0)::float8 AS value,
       s.threshold_rate::float8 AS bound, b.at AS since, NOT s.spared AS raises
  FROM seen s
  LEFT JOIN LATERAL (
        SELECT r.value, r."timestamp" AS at FROM %(table)s r
         WHERE r.sensor_id = s.id AND r.quality <> 'bad' AND r."timestamp" < s.at
           AND r."timestamp" >= s.at - GREATEST(
                interval '1 hour', make_interval(mins => s.expected_interval * 3 / 2))
           AND s.fresh
         ORDER BY r."timestamp" LIMIT 1) b ON true
 WHERE s.threshold_rate IS NOT NULL
"""
OUTAGE = """
SELECT s.farm_id, f.company_id, f.manager_id AS user_id, count(*) FILTER (WHERE silent) AS silent,
       ceil(count(*) * f.outage_percent / 100.0) AS bound, max(s.last) AS since,
       count(*) FILTER (WHERE silent) >= GREATEST(%(outage_least)s, ceil(count(*) * f.outage_percent / 100.0))
       AND f.outage_percent > 0 AS beyond
  FROM seen s JOIN farm_farm f ON f.id = s.farm_id
 GROUP BY s.farm_id, f.company_id, f.manager_id, f.outage_percent
"""
CONDITION = """
SELECT c.kind, c.id AS sensor_id, NULL::integer AS barn_id, s.farm_id, s.company_id, s.user_id,
       c.beyond, c.raises,
       c.value, c.bound, c.unit, c.since
  FROM (SELECT kind, id, beyond, raises, value, bound, NULL AS unit, since FROM lasting
         UNION ALL SELECT 'rate', id, beyond, raises, value, bound, NULL, since FROM rate
         UNION ALL SELECT 'silence', s.id, s.silent, NOT COALESCE(o.beyond, false), NULL, NULL, NULL, s.last
                     FROM seen s LEFT JOIN outage o USING (farm_id)
                    WHERE s.silent OR (s.id, 'silence') IN (SELECT sensor_id, kind FROM opened)
         UNION ALL SELECT 'battery', s.id,
                          CASE WHEN s.battery < f.battery_low THEN true
                               WHEN s.battery >= f.battery_good THEN false END,
                          true, s.battery, f.battery_low, %(percent)s, s.at
                     FROM seen s JOIN farm_farm f ON f.id = s.farm_id
                    WHERE s.battery < f.battery_low
                       OR s.battery IS NOT NULL AND (s.id, 'battery') IN (SELECT sensor_id, kind FROM opened)
       ) c JOIN seen s ON s.id = c.id
UNION ALL
SELECT 'thi', NULL, b.id, b.farm_id, b.company_id, f.manager_id, x.thi >= f.thi_threshold, true, x.thi,
       f.thi_threshold, NULL, x.at
  FROM unnest(%(barns)s::integer[], %(thi)s::float8[], %(thi_at)s::timestamp[]) x(id, thi, at)
  JOIN farm_barn b ON b.id = x.id JOIN farm_farm f ON f.id = b.farm_id
UNION ALL
SELECT 'outage', NULL, NULL, farm_id, company_id, user_id, beyond, true, silent, bound, NULL, since
  FROM outage
"""
# What tells causes of one kind apart; an expression on both sides, so that PostgreSQL can join by hash.
CAUSE = "(COALESCE(%(alias)s.sensor_id, 0), COALESCE(%(alias)s.barn_id, 0), %(alias)s.farm_id)"
CONDITIONS = """
seen AS MATERIALIZED (%(seen)s), opened AS MATERIALIZED (%(opened)s),
herd AS MATERIALIZED (%(herd)s), tank AS MATERIALIZED (%(tank)s),
limits AS (%(limits)s), judged AS MATERIALIZED (%(judged)s), lasting AS (%(lasting)s), rate AS (%(rate)s),
outage AS MATERIALIZED (%(outage)s), condition AS MATERIALIZED (%(condition)s)
"""
# An open alert without a condition (sensor archived, limit taken away, animal gone) ends at once: nobody
# judges it.
EVALUATE = """
WITH %(conditions)s,
verdict AS (
    SELECT a.id, c.beyond, c.kind IS NULL AS gone,
           a.snooze_until <= %(now)s AS wakes, COALESCE(a.cleared_at, %(now)s) <= %(now)s - %(calm)s AS calm
      FROM farm_sensor_alert a JOIN farm_farm f ON f.id = a.farm_id
      LEFT JOIN condition c ON c.kind = a.kind AND %(cause_c)s = %(cause_a)s
     WHERE a.state <> 'resolved' AND %(only_alerts)s
       AND (c.kind IS NULL OR c.beyond AND a.cleared_at IS NOT NULL OR a.snooze_until <= %(now)s
            OR c.beyond IS FALSE AND (a.cleared_at IS NULL OR a.cleared_at <= %(now)s - %(calm)s))),
held AS (
    SELECT a.id FROM farm_sensor_alert a JOIN verdict USING (id)
     WHERE a.state <> 'resolved' ORDER BY a.id FOR UPDATE OF a SKIP LOCKED),
changed AS (
    UPDATE farm_sensor_alert a SET
           cleared_at = CASE WHEN v.beyond THEN NULL
                             WHEN v.gone OR v.beyond IS FALSE THEN COALESCE(a.cleared_at, %(now)s)
                             ELSE a.cleared_at END,
           state = CASE WHEN v.gone OR v.beyond IS FALSE AND v.calm THEN 'resolved' WHEN v.wakes THEN 'new'
                        ELSE a.state END,
           resolution = CASE WHEN v.gone THEN 'not_judged' WHEN v.beyond IS FALSE AND v.calm
                             THEN 'by_itself' END,
           resolved_at = CASE WHEN v.gone OR v.beyond IS FALSE AND v.calm THEN %(now)s END,
           snooze_until = CASE WHEN v.wakes THEN NULL ELSE a.snooze_until END,
           announced = a.announced AND NOT (v.gone OR v.beyond IS FALSE AND v.calm
                                             OR COALESCE(v.wakes, false)),
           write_date = %(now)s
      FROM verdict v JOIN held h ON h.id = v.id WHERE a.id = v.id
    RETURNING a.id, a.state, v.wakes),
raised AS (
    INSERT INTO farm_sensor_alert (kind, sensor_id, barn_id, farm_id, company_id, user_id, value,
                                   bound, unit, since, raised_at, state, announced, create_uid, write_uid,
                                   create_date, write_date)
    SELECT c.kind, c.sensor_id, c.barn_id, c.farm_id, c.company_id, c.user_id, c.value, c.bound,
           COALESCE(c.unit, s.unit), COALESCE(c.since, %(now)s), %(now)s, 'new', false, 1, 1, %(now)s, %(now)s
      FROM condition c LEFT JOIN seen s ON s.id = c.sensor_id
     WHERE c.beyond AND c.raises AND NOT EXISTS (
            SELECT FROM farm_sensor_alert o
             WHERE o.state <> 'resolved' AND o.kind = c.kind AND %(cause_o)s = %(cause_c)s)
     ORDER BY c.kind, c.farm_id, c.barn_id, c.sensor_id
    ON CONFLICT DO NOTHING
    RETURNING id)
SELECT 'raised', id FROM raised
UNION ALL SELECT CASE WHEN state = 'resolved' THEN 'resolved' ELSE 'woken' END, id FROM changed
           WHERE state = 'resolved' OR wakes
"""
CLIMATE = """
SELECT x.barn_id, avg(x.value) FILTER (WHERE sensor_type = 'barn_temperature'),
       avg(x.value) FILTER (WHERE sensor_type = 'barn_humidity'), min(x.at)
  FROM (%(seen)s) x
 WHERE x.fresh AND x.barn_id IS NOT NULL AND x.sensor_type IN ('barn_temperature', 'barn_humidity')
 GROUP BY x.barn_id HAVING count(DISTINCT x.sensor_type) = 2
"""


CROSSED = """
SELECT DISTINCT s.farm_id
  FROM (%(seen)s) s
 CROSS JOIN LATERAL (VALUES ('high', s.value > s.threshold_high), ('low', s.value < s.threshold_low)
       ) k(kind, beyond)
 WHERE k.beyond AND s.fresh AND NOT s.spared AND s.delay = 0 AND NOT EXISTS (
        SELECT FROM farm_sensor_alert o
         WHERE o.sensor_id = s.id AND o.kind = k.kind AND o.state <> 'resolved')
 ORDER BY 1
"""


def crossed(cursor, now, farms):
    """Ids of those of the ``farms`` where a sensor's newest reading is beyond its own limit and no alert says
    so.

    A cheap look, for right after readings have come. Limits with a delay are not asked about: they can wait
    for the minute's evaluation.
    """
    return [id_ for (id_,) in run(cursor, SQL(CROSSED, seen=_seen(now, farms)))]


def evaluate(cursor, now, farms=None):
    """Raise, clear, resolve and wake alerts; the caller commits, in READ COMMITTED.

    :param now: UTC datetime without zone, as Odoo's
    :param farms: ids of farms; default all
    :return: :class:`Outcome`
    """
    parts = _parts(cursor, now, farms)
    found = {"raised": [], "resolved": [], "woken": []}
    for what, id_ in run(cursor, SQL(EVALUATE, **parts)):
        found[what].append(id_)
    return Outcome(**{what: tuple(sorted(ids)) for what, ids in found.items()})


def still_beyond(cursor, now, alert_ids):
    """Ids of those open alerts whose cause is there now, or was and cannot be judged now."""
    cursor.execute(
        "SELECT array_agg(DISTINCT farm_id) FROM farm_sensor_alert WHERE id = ANY(%s)", [list(alert_ids)]
    )
    parts = _parts(cursor, now, cursor.fetchone()[0] or [])
    rows = run(
        cursor,
        SQL(
            """
            WITH %(conditions)s
            SELECT a.id FROM farm_sensor_alert a
              JOIN condition c ON c.kind = a.kind AND %(cause_c)s = %(cause_a)s
             WHERE a.id = ANY(%(ids)s) AND (c.beyond OR c.beyond IS NULL AND a.cleared_at IS NULL)
            """,
            ids=list(alert_ids),
            **parts,
        ),
    )
    return {id_ for (id_,) in rows}


def barn_climate(cursor, now, farms=None):
    """What barns' sensors say now, where both kinds do.

    :return: ``{barn id: (°C, % humidity, THI, oldest device time)}``

    Several sensors of a barn are averaged; a silent one is left out.
    """
    return {
        barn: (temperature, humidity, climate.thi(temperature, humidity), at)
        for barn, temperature, humidity, at in run(cursor, SQL(CLIMATE, seen=_seen(now, farms)))
    }


def _seen(now, farms):
    only = SQL("s.farm_id = ANY(%s)", list(farms)) if farms is not None else SQL("true")
    return SQL(SEEN, now=_moment(now), silent_after=SILENT_AFTER, only=only)


def _moment(now):
    return SQL("%s::timestamp", now)


def _parts(cursor, now, farms):
    # compiling this statement takes longer than running it
    cursor.execute("SET LOCAL jit = off")
    barns = sorted(barn_climate(cursor, now, farms).items())
    readings = {"table": TABLE, "look_back": LOOK_BACK}
    conditions = SQL(
        CONDITIONS,
        seen=_seen(now, farms),
        opened=SQL(OPENED),
        herd=SQL(HERD, herd_least=HERD_LEAST),
        tank=SQL(TANK),
        limits=SQL(LIMITS),
        judged=SQL(JUDGED),
        lasting=SQL(LASTING, **readings),
        rate=SQL(RATE, table=TABLE),
        outage=SQL(OUTAGE, outage_least=OUTAGE_LEAST),
        condition=SQL(
            CONDITION,
            percent="%",
            barns=[barn for barn, _known in barns],
            thi=[known[2] for _barn, known in barns],
            thi_at=[known[3] for _barn, known in barns],
        ),
    )
    return {
        "conditions": conditions,
        **{f"cause_{alias}": SQL(CAUSE, alias=SQL.identifier(alias)) for alias in "aco"},
        "now": _moment(now),
        "calm": SQL("make_interval(mins => f.alert_calm_minutes)"),
        "only_alerts": SQL("a.farm_id = ANY(%s)", list(farms)) if farms is not None else SQL("true"),
    }
