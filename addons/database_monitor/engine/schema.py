"""What is kept, in a schema of its own."""

SCHEMA = "database_monitor"

TABLES = """
CREATE SCHEMA IF NOT EXISTS database_monitor;
CREATE TABLE IF NOT EXISTS database_monitor.shape (
    id bigint PRIMARY KEY, text text NOT NULL, first_seen timestamptz NOT NULL DEFAULT now()
);
-- durations at Odoo's cursor, one row an hour; buckets as in engine/histogram.py: {"bucket": calls}
CREATE TABLE IF NOT EXISTS database_monitor.latency (
    hour timestamptz NOT NULL, shape bigint NOT NULL, calls bigint NOT NULL, total double precision NOT NULL,
    maximum double precision NOT NULL, buckets jsonb NOT NULL, PRIMARY KEY (hour, shape)
);
-- where first and slow calls came from
CREATE TABLE IF NOT EXISTS database_monitor.origin (
    shape bigint NOT NULL, model text NOT NULL, route text NOT NULL, place text NOT NULL,
    calls bigint NOT NULL, slowest double precision NOT NULL, last_seen timestamptz NOT NULL,
    PRIMARY KEY (shape, model, route, place)
);
CREATE TABLE IF NOT EXISTS database_monitor.snapshot (
    id serial PRIMARY KEY, taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    baseline boolean NOT NULL DEFAULT false, note text, latency jsonb, metrics jsonb NOT NULL,
    statements jsonb, tables jsonb, indexes jsonb, missing jsonb NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX IF NOT EXISTS snapshot_baseline ON database_monitor.snapshot (baseline) WHERE baseline;
CREATE TABLE IF NOT EXISTS database_monitor.n_plus_one (
    id serial PRIMARY KEY, place text NOT NULL, shape bigint NOT NULL, text text NOT NULL, cure text NOT NULL,
    route text NOT NULL, requests bigint NOT NULL, most integer NOT NULL, first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL, UNIQUE (place, shape)
);
CREATE TABLE IF NOT EXISTS database_monitor.advice (
    id serial PRIMARY KEY, made_at timestamptz NOT NULL DEFAULT now(), "table" text NOT NULL,
    definition text NOT NULL, gain double precision NOT NULL, seconds double precision NOT NULL,
    bytes bigint NOT NULL, write double precision, tried text NOT NULL, statements jsonb NOT NULL,
    declaration jsonb
);
-- came later; an ALTER waits for the installing transaction, even where there is nothing to do
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'database_monitor.advice'::regclass
                      AND attname = 'declaration') THEN
        ALTER TABLE database_monitor.advice ADD COLUMN declaration jsonb;
    END IF;
END $$;
-- what constraints and triggers refused, by hour; names only, no values
CREATE TABLE IF NOT EXISTS database_monitor.refusal (
    hour timestamptz NOT NULL, kind text NOT NULL, relation text NOT NULL, name text NOT NULL,
    calls bigint NOT NULL, PRIMARY KEY (hour, kind, relation, name)
);
CREATE TABLE IF NOT EXISTS database_monitor.alert (
    id serial PRIMARY KEY, kind text NOT NULL, key text NOT NULL, text text NOT NULL,
    severity text NOT NULL, raised_at timestamptz NOT NULL, seen_at timestamptz NOT NULL, ended_at timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS alert_open ON database_monitor.alert (kind, key) WHERE ended_at IS NULL;
"""

#: statements at Odoo's cursor between two moments, slowest in total first; quantiles as Histogram.quantile
STATEMENTS = """
CREATE OR REPLACE FUNCTION database_monitor.statements(since timestamptz, until timestamptz)
RETURNS TABLE (shape bigint, calls bigint, total double precision, maximum double precision,
               under_goal double precision, p50 double precision, p90 double precision, p99 double precision)
LANGUAGE sql STABLE AS $body$
    WITH whole AS (
        SELECT l.shape, sum(l.calls)::bigint AS calls, sum(l.total) AS total, max(l.maximum) AS maximum
          FROM database_monitor.latency l WHERE l.hour >= since AND l.hour < until GROUP BY l.shape),
    bucket AS (
        SELECT l.shape, b.key::integer AS number, sum(b.value::bigint) AS calls
          FROM database_monitor.latency l, jsonb_each_text(l.buckets) b
         WHERE l.hour >= since AND l.hour < until GROUP BY 1, 2),
    ranked AS (
        SELECT b.shape, b.number, b.calls, sum(b.calls) OVER (PARTITION BY b.shape ORDER BY b.number) AS upto
          FROM bucket b),
    quantile AS (
        SELECT r.shape, sum(r.calls) FILTER (WHERE r.number < 0) AS under,
               min(r.number) FILTER (WHERE r.upto >= ceil(0.50 * w.calls)) AS b50,
               min(r.number) FILTER (WHERE r.upto >= ceil(0.90 * w.calls)) AS b90,
               min(r.number) FILTER (WHERE r.upto >= ceil(0.99 * w.calls)) AS b99
          FROM ranked r JOIN whole w USING (shape) GROUP BY r.shape)
    SELECT w.shape, w.calls, w.total, w.maximum, (COALESCE(q.under, 0) / w.calls)::double precision,
           LEAST(0.05 * 2 ^ ((q.b50 + 0.5) / 8), w.maximum)::double precision,
           LEAST(0.05 * 2 ^ ((q.b90 + 0.5) / 8), w.maximum)::double precision,
           LEAST(0.05 * 2 ^ ((q.b99 + 0.5) / 8), w.maximum)::double precision
      FROM whole w JOIN quantile q USING (shape) ORDER BY w.total DESC
$body$;
"""


def install(cursor):
    """Create what is kept; harmless when it stands."""
    cursor.execute(TABLES)
    cursor.execute(STATEMENTS)


def installed(cursor):
    cursor.execute("SELECT to_regclass('database_monitor.alert') IS NOT NULL")
    return cursor.fetchone()[0]


def uninstall(cursor):
    cursor.execute("DROP SCHEMA IF EXISTS database_monitor CASCADE")
