"""Small helpers around :class:`odoo.tools.SQL`, for plain psycopg2 cursors and Odoo's alike."""

from odoo.tools import SQL

SCHEMA = "database_rollup"


def trusted(text):
    """A declaration's expression as SQL. Never for what a user wrote."""
    return SQL(text.replace("%", "%%"))


def own(name):
    """One of the engine's objects, by name."""
    return SQL.identifier(SCHEMA, name)


def commas(parts):
    return SQL(", ").join(parts)


def all_of(terms):
    return SQL(" AND ").join(terms) if terms else SQL("TRUE")


def text(sql):
    """The text of a statement without parameters, as PostgreSQL is to read it (for function bodies)."""
    if sql.params:
        raise ValueError(f"parameters {sql.params!r} cannot stand in a function's body")
    return sql.code % ()


def run(cursor, sql):
    """Execute; return the rows, or None where there are none to return."""
    if sql.params:
        cursor.execute(sql.code, sql.params)
    else:
        cursor.execute(text(sql))
    return cursor.fetchall() if cursor.description else None
