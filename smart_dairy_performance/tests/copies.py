"""Many records from one, by SQL: a thousand orders in milliseconds, to count statements on."""

from odoo.tools import SQL


def copy_rows(record, parents=None, count=1, **values):
    """Insert copies of ``record``'s row; return the new records.

    :param parents: ``(field, ids)``: one copy a parent; without it ``count`` copies
    :param values: SQL expressions for columns; ``n`` is the number of the copy, from 1
    """
    env = record.env
    env.flush_all()
    names = [
        row[0]
        for row in env.execute_query(
            SQL(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema"
                " AND table_name = %s AND column_name != 'id' AND is_generated = 'NEVER'",
                record._table,
            )
        )
    ]
    field, ids = parents or (None, range(count))
    columns = [
        SQL("copy.parent") if name == field else values.get(name, SQL.identifier("original", name))
        for name in names
    ]
    rows = env.execute_query(
        SQL(
            "INSERT INTO %(table)s (%(names)s) SELECT %(columns)s FROM %(table)s AS original,"
            " unnest(%(ids)s) WITH ORDINALITY AS copy(parent, n) WHERE original.id = %(id)s RETURNING id",
            table=SQL.identifier(record._table),
            names=SQL(", ").join(map(SQL.identifier, names)),
            columns=SQL(", ").join(columns),
            ids=list(ids),
            id=record.id,
        )
    )
    return record.browse(row[0] for row in rows)
