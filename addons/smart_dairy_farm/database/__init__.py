"""What the database itself keeps, so that raw SQL cannot break it: extension, functions, triggers.

The triggers are statement-level with transition tables: a COPY of half a million rows fires each once. Every
refusal is a ``check_violation`` naming its rule as the constraint, so the ORM can word it for the user.
"""

from odoo.tools import SQL, file_open

CREATED_EXTENSION = "smart_dairy_farm.created_btree_gist"
FUNCTIONS = (
    "farm_refuse",
    "farm_milk_announce",
    "farm_milk_decide",
    "farm_milk_forget_marks",
    "farm_animal_check_pedigree",
    "farm_animal_after_insert",
    "farm_animal_after_update",
    "farm_milk_record_keep_rules",
    "farm_lactation_apply",
    "farm_treatment_apply",
    "farm_treatment_after_insert",
    "farm_treatment_after_update",
    "farm_treatment_refuse_delete",
)
TABLES = ("farm_milk_mark", "farm_milk_latch")


def create_extension(cr):
    """Exclusion constraints on (animal, period) need btree_gist, a trusted extension since PostgreSQL 13."""
    cr.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")
    if cr.fetchone():
        return
    cr.execute("CREATE EXTENSION btree_gist")
    cr.execute(
        SQL(
            "INSERT INTO ir_config_parameter (key, value) VALUES (%s, 'True') ON CONFLICT (key) DO NOTHING",
            CREATED_EXTENSION,
        )
    )


def install(cr, *names):
    """Create or replace the functions and triggers of ``database/<name>.sql``."""
    for name in names:
        with file_open(f"smart_dairy_farm/database/{name}.sql") as script:
            cr.execute(script.read())


def drop_objects(env):
    """Remove what dropping the models' tables would leave: the tables of ``turns.sql``, functions, and the
    extension when nothing else uses it.

    The foreign keys among our own tables go first: Odoo deletes reference data (breeds, drugs) before it
    drops the tables that still point to it.
    """
    cr = env.cr
    tables = {model._table for model in env.values() if model._original_module == "smart_dairy_farm"}
    cr.execute(
        SQL(
            """SELECT conrelid::regclass::text, conname FROM pg_constraint
                WHERE contype = 'f' AND conrelid::regclass::text = ANY(%(tables)s)
                  AND confrelid::regclass::text = ANY(%(tables)s)""",
            tables=list(tables),
        )
    )
    for table, constraint in cr.fetchall():
        cr.execute(
            SQL("ALTER TABLE %s DROP CONSTRAINT %s", SQL.identifier(table), SQL.identifier(constraint))
        )
    for table in TABLES:
        cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier(table)))
    for function in FUNCTIONS:
        cr.execute(SQL("DROP FUNCTION IF EXISTS %s CASCADE", SQL.identifier(function)))
    cr.execute(SQL("DELETE FROM ir_config_parameter WHERE key = %s RETURNING id", CREATED_EXTENSION))
    if not cr.fetchone():
        return
    for table in ("farm_pen_stay", "farm_lactation"):
        cr.execute(
            SQL(
                "ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s",
                SQL.identifier(table),
                SQL.identifier(f"{table}_no_overlap"),
            )
        )
    cr.execute(
        """
        SELECT count(*)
          FROM pg_depend used
          JOIN pg_depend member ON member.objid = used.refobjid AND member.classid = used.refclassid
          JOIN pg_extension ext ON ext.oid = member.refobjid AND member.refclassid = 'pg_extension'::regclass
         WHERE ext.extname = 'btree_gist' AND member.deptype = 'e' AND used.deptype IN ('n', 'a')
           AND NOT EXISTS (SELECT FROM pg_depend own
                            WHERE own.classid = used.classid AND own.objid = used.objid
                              AND own.refclassid = 'pg_extension'::regclass AND own.deptype = 'e')
           AND used.classid IN ('pg_class'::regclass, 'pg_constraint'::regclass)
        """
    )
    if not cr.fetchone()[0]:
        cr.execute("DROP EXTENSION IF EXISTS btree_gist")
