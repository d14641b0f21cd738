"""Check foreign keys once at the end of a bulk load instead of row by row.

PostgreSQL checks a foreign key with one query for each row and key: three quarters of the whole load,
measured. Set
at the end,
the same keys are checked by one join each. All of it happens inside the load's transaction: nobody else
ever sees a table without its keys, and a row that breaks one fails the whole load,
as it would have row by row.
CHECK, UNIQUE and exclusion constraints and all triggers stay in place throughout.
"""

from collections import defaultdict
from contextlib import contextmanager

from odoo.tools import SQL


@contextmanager
def checked_at_end(cr, tables):
    """Take the foreign keys off the tables within the block and put the very same ones back after it."""
    cr.execute(
        SQL(
            """SELECT r.relname, c.conname, pg_get_constraintdef(c.oid)
                 FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
                WHERE c.contype = 'f' AND c.conparentid = 0 AND r.relkind = 'r'
                  AND r.relnamespace = current_schema()::regnamespace AND r.relname = ANY(%s)
                ORDER BY r.relname, c.conname""",
            list(tables),
        )
    )
    keys = defaultdict(list)
    for table, name, definition in cr.fetchall():
        keys[table].append((name, definition))
    for table, found in keys.items():
        drops = [SQL("DROP CONSTRAINT %s", SQL.identifier(name)) for name, _definition in found]
        cr.execute(SQL("ALTER TABLE %s %s", SQL.identifier(table), SQL(", ").join(drops)))
    yield
    # an error before this line rolls the transaction back, keys included
    for table, found in keys.items():
        adds = [
            # the definition is PostgreSQL's own text
            SQL("ADD CONSTRAINT %s %s", SQL.identifier(name), SQL(definition.replace("%", "%%")))
            for name, definition in found
        ]
        cr.execute(SQL("ALTER TABLE %s %s", SQL.identifier(table), SQL(", ").join(adds)))
