"""What the cache keeps in PostgreSQL: one row that names its life, a sequence, a ledger and a trigger."""

# The timeline tells a promoted standby from the primary that it replaced: both count on from the same ids.
IDENTITY = """(SELECT s.system_identifier::text || '.' || d.oid || '.'
                || CASE WHEN pg_is_in_recovery() THEN '?'
                        ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END
           FROM pg_control_system() s, pg_database d WHERE d.datname = current_database())"""

WHO = f"SELECT {IDENTITY}"

CREATE = """
CREATE TABLE IF NOT EXISTS method_cache_life (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    uuid text NOT NULL,
    generation bigint NOT NULL,
    store text NOT NULL,
    identity text NOT NULL
);
COMMENT ON TABLE method_cache_life IS 'Which store the method cache uses, and since which generation';
CREATE SEQUENCE IF NOT EXISTS method_cache_generation;
CREATE TABLE IF NOT EXISTS method_cache_owed (
    xid bigint NOT NULL,
    model text NOT NULL,
    PRIMARY KEY (xid, model)
);
COMMENT ON TABLE method_cache_owed IS 'Writers that the method cache''s store has not been told of yet';
INSERT INTO method_cache_life (uuid, generation, store, identity)
     SELECT gen_random_uuid()::text, last_value, 'off', %(identity)s FROM method_cache_generation
ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION method_cache_touch(VARIADIC models text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO method_cache_owed (xid, model)
         SELECT pg_current_xact_id()::text::bigint, unnest(models)
    ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION method_cache_touch(text[]) IS 'Declare a change of these models';
CREATE OR REPLACE FUNCTION method_cache_touch_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO method_cache_owed (xid, model)
         SELECT pg_current_xact_id()::text::bigint, unnest(TG_ARGV)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
""".replace("%(identity)s", IDENTITY)

DROP = """
DROP FUNCTION IF EXISTS method_cache_touch_trigger() CASCADE;
DROP FUNCTION IF EXISTS method_cache_touch(text[]);
DROP TABLE IF EXISTS method_cache_owed, method_cache_life;
DROP SEQUENCE IF EXISTS method_cache_generation;
"""

READ = """
SELECT pg_current_snapshot()::text, pg_is_in_recovery(), uuid, generation, store, identity,
       (SELECT array_agg(model || ' ' || xid) FROM method_cache_owed),
       pg_current_xact_id_if_assigned()::text::bigint
  FROM method_cache_life"""

WRITE = """
SAVEPOINT method_cache_log;
SELECT pg_current_xact_id()::text, pg_current_snapshot()::text, uuid, generation, store, identity,
       (SELECT last_value FROM method_cache_generation)
  FROM method_cache_life"""

OWE = "SELECT method_cache_touch(VARIADIC %s)"

# A transaction without an id has written nothing: by far the cheapest way to know.
HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"

OWN = "SELECT model FROM method_cache_owed WHERE xid = pg_current_xact_id_if_assigned()::text::bigint"

FORGET_OWN = "DELETE FROM method_cache_owed WHERE xid = %s"

TRIGGERS = """
SELECT DISTINCT arg FROM pg_trigger t
  JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname = 'method_cache_touch_trigger',
       unnest(string_to_array(encode(t.tgargs, 'escape'), '\\000')) arg
 WHERE arg <> ''"""


def next_generation(cursor, store=None, identity=None):
    """Start a new generation in the cursor's transaction: no entry of an earlier one is used after commit.

    The row's lock makes the sequence exact; ``setval``, unlike ``nextval``, is replicated exactly. Another
    ``identity`` gets another uuid too: copies of one database count on from the same generation.
    """
    cursor.execute("SELECT FROM method_cache_life FOR UPDATE")
    cursor.execute("SELECT setval('method_cache_generation', last_value + 1) FROM method_cache_generation")
    (generation,) = cursor.fetchone()
    cursor.execute(
        """
        UPDATE method_cache_life l
           SET generation = %s, store = COALESCE(%s, l.store), identity = new.identity,
               uuid = CASE WHEN l.identity = new.identity THEN l.uuid ELSE gen_random_uuid()::text END
          FROM (SELECT COALESCE(%s, identity) AS identity FROM method_cache_life) new
        """,
        (generation, store, identity),
    )
    return generation
