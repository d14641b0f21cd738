"""Small helpers around :class:`odoo.tools.SQL`, for plain psycopg2 cursors and Odoo's alike."""

from odoo.tools import SQL

SCHEMA = "database_index"


def trusted(text):
    """A declaration's SQL. Never for what a user wrote."""
    return SQL(text.replace("%", "%%"))


def own(name):
    """One of the engine's objects, by name."""
    return SQL.identifier(SCHEMA, name)


def relation(name):
    """A table or an index of ``public``, where Odoo's are."""
    return SQL.identifier("public", name)


def commas(parts):
    return SQL(", ").join(parts)


def text(sql):
    """The text of a statement without parameters, as PostgreSQL is to read it."""
    if sql.params:
        raise ValueError(f"parameters {sql.params!r} cannot stand in this statement")
    return sql.code % ()


def run(cursor, sql):
    """Execute; return the rows, or None where there are none to return."""
    if sql.params:
        cursor.execute(sql.code, sql.params)
    else:
        cursor.execute(text(sql))
    return cursor.fetchall() if cursor.description else None


def value(cursor, sql):
    """The one value of a statement; None without a row."""
    rows = run(cursor, sql)
    return rows[0][0] if rows else None
