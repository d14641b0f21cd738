"""The triggers that keep the copy, in the writer's own transaction, and the view that reads it.

A writer changes the copy of an order only if its snapshot sees that copy *settled*: there, and without a
note. Otherwise it leaves a note, and :mod:`settle` makes the copy good after its commit. The view takes
noted orders, and those not filled yet, from ``sale_order`` itself.
"""

from odoo.addons.database_partition.engine import create
from odoo.addons.database_partition.engine.sql import run, value
from odoo.tools import SQL

from .orders import COPY, ORDERS, SCHEMA, SOURCE, columns, kept, own

#: trigger: (event, transition tables)
TRIGGERS = {
    "sale_order_partitioned_insert": ("INSERT", "NEW TABLE AS come"),
    "sale_order_partitioned_update": ("UPDATE", "OLD TABLE AS gone NEW TABLE AS come"),
    "sale_order_partitioned_delete": ("DELETE", "OLD TABLE AS gone"),
    "sale_order_partitioned_truncate": ("TRUNCATE", ""),
}

TABLES = (
    # orders whose copy cannot be relied on, and why where that is worth telling
    "CREATE TABLE IF NOT EXISTS sale_order_partitioned.note (id integer NOT NULL, reason text)",
    "CREATE INDEX IF NOT EXISTS note_id ON sale_order_partitioned.note (id)",
    # while the copy is filled: orders with larger ids are not in it, or (unless fresh) not reliably
    """
    CREATE TABLE IF NOT EXISTS sale_order_partitioned.unfilled (
        after integer NOT NULL, fresh boolean NOT NULL DEFAULT false
    )""",
    # months that the copy holds: from some day on, and those restored from archives
    """
    CREATE TABLE IF NOT EXISTS sale_order_partitioned.kept (
        lower timestamp PRIMARY KEY, upper timestamp
    )""",
    """
    CREATE TABLE IF NOT EXISTS sale_order_partitioned.state (
        one boolean PRIMARY KEY DEFAULT true CHECK (one), filled_at timestamptz, verified_at timestamptz,
        compared bigint, differed bigint
    )""",
    "INSERT INTO sale_order_partitioned.state DEFAULT VALUES ON CONFLICT DO NOTHING",
)


def install(cursor, lower):
    """Put everything into the database, triggers included; harmless where it stands.

    Takes a lock on ``sale_order`` that waits for writers only where a trigger is missing.

    :param cursor: psycopg2's or Odoo's
    :param lower: first moment that the copy holds, naive UTC
    """
    run(cursor, SQL("CREATE SCHEMA IF NOT EXISTS %s", SQL.identifier(SCHEMA)))
    for statement in TABLES:
        run(cursor, SQL(statement))
    if not value(cursor, SQL("SELECT count(*) FROM %s", own("kept"))):
        run(cursor, SQL("INSERT INTO %s VALUES (%s)", own("kept"), lower))
    run(cursor, function())
    if missing_triggers(cursor):
        for statement in triggers():
            run(cursor, statement)
        # nobody who wrote before can still be at it: what is there now is to be filled
        run(cursor, SQL("DELETE FROM %s", own("unfilled")))
        fresh = SQL("INSERT INTO %s SELECT 0, NOT EXISTS (SELECT FROM %s)", own("unfilled"), COPY)
        run(cursor, fresh)


def missing_triggers(cursor):
    """Whether changes of orders could pass unseen."""
    there = SQL(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.sale_order'::regclass"
        " AND tgenabled <> 'D' AND tgname IN %s",
        tuple(TRIGGERS),
    )
    return value(cursor, there) < len(TRIGGERS)


def uninstall(cursor):
    """Take the copy out of the database, with its triggers; files of its archives stay."""
    run(cursor, SQL("DROP SCHEMA IF EXISTS %s CASCADE", SQL.identifier(SCHEMA)))
    create.undeploy(cursor, ORDERS)


def triggers():
    """Statements that (re)create the triggers."""
    for name, (event, tables) in TRIGGERS.items():
        yield SQL("DROP TRIGGER IF EXISTS %s ON %s", SQL.identifier(name), SOURCE)
        yield SQL(
            "CREATE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %s()",
            SQL.identifier(name),
            SQL(event),
            SOURCE,
            SQL("REFERENCING " + tables) if tables else SQL(),
            own("keep"),
        )


def function():
    """Statement: the trigger function.

    Only the months that a statement touches are planned and locked: their bounds are parameters, and every
    plan is made for them. Whatever fails inside fails for the copy alone; the order is written, and noted.
    """
    return SQL(
        """
        CREATE OR REPLACE FUNCTION %(keep)s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog SET plan_cache_mode = force_custom_plan AS $keep$
        DECLARE
            changed integer[]; settled integer[]; done integer[]; low timestamp; high timestamp;
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                TRUNCATE %(copy)s, %(note)s, %(unfilled)s;
                RETURN NULL;
            END IF;
            BEGIN
                IF TG_OP = 'INSERT' THEN
                    SELECT array_agg(c.id),
                           array_agg(c.id) FILTER (
                               WHERE NOT EXISTS (SELECT FROM %(note)s n WHERE n.id = c.id)
                                 AND NOT EXISTS (SELECT FROM %(unfilled)s u WHERE c.id > u.after))
                      INTO changed, settled FROM come c;
                ELSE
                    IF TG_OP = 'UPDATE' THEN
                        SELECT array_agg(DISTINCT q.id), min(q.date_order), max(q.date_order)
                          INTO changed, low, high
                          FROM ((SELECT %(columns)s FROM gone EXCEPT SELECT %(columns)s FROM come) UNION ALL
                                (SELECT %(columns)s FROM come EXCEPT SELECT %(columns)s FROM gone)) q;
                    ELSE
                        SELECT array_agg(g.id), min(g.date_order), max(g.date_order)
                          INTO changed, low, high FROM gone g;
                    END IF;
                    IF changed IS NULL THEN
                        RETURN NULL;
                    END IF;
                    WITH removed AS (
                        DELETE FROM %(copy)s c USING gone g
                         WHERE c.id = g.id AND c.date_order = g.date_order AND g.id = ANY (changed)
                           AND c.date_order >= low AND c.date_order <= high
                           AND NOT EXISTS (SELECT FROM %(note)s n WHERE n.id = c.id)
                        RETURNING c.id)
                    SELECT array_agg(r.id) INTO settled FROM removed r;
                    done := settled;
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    WITH added AS (
                        INSERT INTO %(copy)s (%(columns)s)
                        SELECT %(columns)s FROM come c WHERE c.id = ANY (settled) AND %(kept)s
                        ON CONFLICT DO NOTHING RETURNING id)
                    SELECT array_agg(a.id) INTO done FROM added a;
                END IF;
                IF COALESCE(cardinality(done), 0) < COALESCE(cardinality(changed), 0) THEN
                    INSERT INTO %(note)s (id)
                    SELECT i FROM unnest(changed) i EXCEPT SELECT i FROM unnest(done) i;
                END IF;
            EXCEPTION WHEN OTHERS THEN
                IF TG_OP <> 'DELETE' THEN
                    INSERT INTO %(note)s SELECT c.id, SQLERRM FROM come c;
                END IF;
                IF TG_OP <> 'INSERT' THEN
                    INSERT INTO %(note)s SELECT g.id, SQLERRM FROM gone g;
                END IF;
            END;
            RETURN NULL;
        END $keep$
        """,
        keep=own("keep"),
        copy=COPY,
        note=own("note"),
        unfilled=own("unfilled"),
        columns=columns(),
        kept=kept("c"),
    )


def query():
    """The view's query: the copy where it is settled, the orders themselves where it is not.

    Amounts in the company's currency use the order's own rate, as Odoo's sales analysis does. ``OFFSET 0``
    makes PostgreSQL begin with the (mostly empty) lists.
    """
    more = SQL(
        "q.id AS order_id, y.currency_id AS company_currency_id,"
        " q.amount_untaxed / COALESCE(NULLIF(q.currency_rate, 0), 1) AS company_untaxed,"
        " q.amount_total / COALESCE(NULLIF(q.currency_rate, 0), 1) AS company_total"
    )
    # each list is looked up once a query, whatever number of rows that reads
    settled = SQL(
        """
        c.id <= COALESCE((SELECT min(u.after) FROM %(unfilled)s u), 2147483647)
        AND c.id NOT IN (SELECT n.id FROM %(note)s n)
        AND (c.date_order >= (SELECT max(k.lower) FROM %(kept)s k WHERE k.upper IS NULL)
             OR c.date_order <@ (SELECT range_agg(tsrange(k.lower, k.upper)) FROM %(kept)s k
                                  WHERE k.upper IS NOT NULL))
        """,
        unfilled=own("unfilled"),
        note=own("note"),
        kept=own("kept"),
    )
    return SQL(
        """
        SELECT %(of_all)s, %(more)s FROM (
            SELECT %(of_copy)s FROM %(copy)s c WHERE %(settled)s
            UNION ALL
            SELECT %(of_source)s FROM (
                SELECT DISTINCT n.id FROM %(note)s n
                 WHERE NOT EXISTS (SELECT FROM %(unfilled)s u WHERE n.id > u.after)) n
             CROSS JOIN LATERAL (SELECT %(columns)s FROM %(source)s o WHERE o.id = n.id OFFSET 0) s
             WHERE %(kept_s)s
            UNION ALL
            SELECT %(of_source)s FROM %(unfilled)s u
             CROSS JOIN LATERAL (SELECT %(columns)s FROM %(source)s o WHERE o.id > u.after OFFSET 0) s
             WHERE %(kept_s)s) q
          LEFT JOIN public.res_company y ON y.id = q.company_id
        """,
        columns=columns(),
        of_all=columns("q"),
        of_copy=columns("c"),
        of_source=columns("s"),
        more=more,
        copy=COPY,
        source=SOURCE,
        note=own("note"),
        unfilled=own("unfilled"),
        settled=settled,
        kept_s=kept("s"),
    )
