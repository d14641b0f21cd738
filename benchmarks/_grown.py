"""A demo dairy multiplied inside PostgreSQL: hundreds of thousands of orders, a cooperative's herd.

``odoo dairy_demo`` makes every document with care, some tens of thousands a minute. To measure on millions
of rows, a clone of its database gets each order, delivery, invoice and payment again, and each farm with
its pens, animals and their records, under new ids. Foreign keys inside a group of tables are moved along,
which the catalogue tells; what has to be unique gets a suffix.
"""

import contextlib
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from psycopg2.sql import SQL, Composable, Identifier, Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devtools import commands, databases, odoo_server, servers

#: documents of the trade, without stock_move_line and links between documents, which no dashboard reads
TRADE = (
    "sale_order",
    "sale_order_line",
    "stock_picking",
    "stock_move",
    "account_move",
    "account_move_line",
    "account_payment",
    "account_partial_reconcile",
    "account_full_reconcile",
)
HERD = (
    "farm_farm",
    "farm_barn",
    "farm_pen",
    "farm_animal",
    "farm_lactation",
    "farm_animal_tag",
    "farm_health_record",
    "farm_treatment",
    "farm_milk_record",
)
#: tables that hold the customer whom variants multiply, and the id that decides which variant
CUSTOMER = {
    "sale_order": ("id", ("partner_id", "partner_invoice_id", "partner_shipping_id")),
    "account_move": ("id", ("partner_id", "commercial_partner_id", "partner_shipping_id")),
    "account_move_line": ("move_id", ("partner_id",)),
}
#: what must stay unique, as SQL over ``{row}`` and the number of the copy ``{k}``
UNIQUE = {
    ("sale_order", "name"): "{row}.name || '/' || {k}",
    ("stock_picking", "name"): "{row}.name || '/' || {k}",
    ("account_move", "name"): "{row}.name || '/' || {k}",
    ("farm_farm", "name"): "{row}.name || ' ' || {k}",
    ("farm_farm", "code"): "{row}.code || {k}",
    ("farm_animal", "ear_tag"): "{row}.ear_tag || '-' || {k}",
    ("farm_animal", "rfid_tag"): "(100 + {k}) || substr({row}.rfid_tag, 4)",
    ("farm_animal_tag", "value"): "CASE {row}.tag_type WHEN 'rfid'"
    " THEN (100 + {k}) || substr({row}.value, 4) ELSE {row}.value || '-' || {k} END",
}
VARIANTS = 5
#: a demo database of its own: nobody else is connected to it
SEED = "smart_dairy_bench"


@dataclass(frozen=True)
class Size:
    """How large: orders, animals present, and for how many days back milk is daily (before: test days)."""

    orders: int
    animals: int
    daily_milk: int = 90
    name: str = field(default="")


def ensure(odoo, size):
    """Build the database of a size, or bring the one that stands up to the sources; return its name.

    Its comment says what it was made of.
    """
    name = f"{SEED}_grown_{size.name}"
    sources = databases.source_fingerprint()
    if databases.exists(name):
        with connection(name) as cursor:
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
            )
            was, _sep, of = (cursor.fetchone()[0] or "").partition(" of sources ")
        if was == str(size):
            if of != sources:
                addons = ["smart_dairy", *databases.suite_addons()]
                odoo_server.install(odoo, name, addons, update=True)
                _remember(name, f"{size} of sources {sources}")
            return name
    commands.build_demo(odoo, SEED)
    databases.clone(SEED, name)
    with connection(name) as cursor:
        grow(cursor, size)
        cursor.connection.commit()
        cursor.connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
    _remember(name, f"{size} of sources {sources}")
    return name


def _remember(name, text):
    with connection(name) as cursor:
        cursor.execute(SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(name), Literal(text)))
        cursor.connection.commit()


@contextlib.contextmanager
def connection(database):
    settings = servers.pg_environment()
    cnx = psycopg2.connect(
        dbname=database,
        host=settings["PGHOST"],
        port=settings["PGPORT"],
        user=settings["PGUSER"],
        password=settings.get("PGPASSWORD"),
    )
    try:
        with cnx.cursor() as cursor:
            yield cursor
    finally:
        cnx.close()


def grow(cursor, size):
    """Multiply a demo dairy to a :class:`Size`, in the cursor's transaction."""
    present = _count(cursor, "farm_animal", "status = 'active' AND active")
    # before the last weeks milk is weighed on one day a month, as milk control does
    only = {
        "farm_milk_record": SQL(
            "(r.record_date >= CURRENT_DATE - {} OR EXTRACT(day FROM r.record_date) = 15)"
        ).format(Literal(size.daily_milk))
    }
    _group(cursor, HERD, present, size.animals, only)
    _customers(cursor)
    _group(cursor, TRADE, _count(cursor, "sale_order", "TRUE"), size.orders)


def _count(cursor, table, where):
    cursor.execute(SQL("SELECT count(*) FROM {} WHERE {}").format(Identifier(table), SQL(where)))
    return cursor.fetchone()[0]


def _customers(cursor):
    """Copies of each customer, so that a larger trade has more of them than a smaller one's demo."""
    cursor.execute(
        "CREATE TEMPORARY TABLE grown_customer AS SELECT DISTINCT partner_id AS id FROM sale_order"
    )
    cursor.execute("SELECT max(id) FROM res_partner")
    (span,) = cursor.fetchone()
    cursor.execute("CREATE TEMPORARY TABLE grown_span AS SELECT %s AS partner", [span])
    columns = _columns(cursor, "res_partner")
    for k in range(1, VARIANTS + 1):
        own = {
            "id": SQL("r.id + {}").format(Literal(k * span)),
            "commercial_partner_id": SQL("r.id + {}").format(Literal(k * span)),
            "complete_name": SQL("r.complete_name || {}").format(Literal(f" {k}")),
            "name": SQL("r.name || {}").format(Literal(f" {k}")),
        }
        _insert(cursor, "res_partner", columns, own, SQL("r.id IN (SELECT id FROM grown_customer)"))
    cursor.execute("SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner))")


def _columns(cursor, table):
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' ORDER BY attnum",
        [table],
    )
    return [name for (name,) in cursor.fetchall()]


def _insert(cursor, table, columns, own, where):
    def value(name) -> Composable:
        return own.get(name, SQL("r.{}").format(Identifier(name)))

    cursor.execute(
        SQL("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} r WHERE {where}").format(
            table=Identifier(table),
            columns=SQL(", ").join(map(Identifier, columns)),
            values=SQL(", ").join(map(value, columns)),
            where=where,
        )
    )


def _group(cursor, tables, have, want, only=None):
    """Copy all rows of ``tables`` until there are at least ``want`` instead of ``have``."""
    spans = {}
    for table in tables:
        cursor.execute(SQL("SELECT COALESCE(max(id), 0) FROM {}").format(Identifier(table)))
        spans[table] = cursor.fetchone()[0]
    links = _links(cursor, tables)
    with _bare(cursor, tables):
        for table in tables:
            columns = _columns(cursor, table)
            where = SQL("r.id <= {}").format(Literal(spans[table]))
            if only and table in only:
                where = SQL("{} AND {}").format(where, only[table])
            for k in range(1, math.ceil(want / have)):
                _insert(cursor, table, columns, _moved(table, k, spans, links, columns), where)
            cursor.execute(
                SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}").format(
                    Literal(table), Identifier(table)
                )
            )


def _moved(table, k, spans, links, columns):
    """``{column: SQL}`` of what differs in copy ``k`` of a table's rows."""
    own = {"id": SQL("r.id + {}").format(Literal(k * spans[table]))}
    for column, target in links.get(table, {}).items():
        own[column] = SQL("r.{} + {}").format(Identifier(column), Literal(k * spans[target]))
    for (name, column), text in UNIQUE.items():
        if name == table and column in columns:
            own[column] = SQL(text.format(row="r", k=k))
    decides, holders = CUSTOMER.get(table, ("id", ()))
    for column in holders:
        if column in columns:
            own[column] = SQL(
                "CASE WHEN r.{c} IN (SELECT id FROM grown_customer)"
                " THEN r.{c} + (SELECT partner FROM grown_span) * (1 + r.{d} % {v}) ELSE r.{c} END"
            ).format(c=Identifier(column), d=Identifier(decides), v=Literal(VARIANTS))
    return own


def _links(cursor, tables):
    """``{table: {column: table it refers to}}`` of the foreign keys inside a group."""
    cursor.execute(
        """
        SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text
          FROM pg_constraint c
          JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         WHERE c.contype = 'f' AND c.conrelid::regclass::text = ANY(%(t)s)
           AND c.confrelid::regclass::text = ANY(%(t)s)
        """,
        {"t": list(tables)},
    )
    found = {}
    for table, column, target in cursor.fetchall():
        found.setdefault(table, {})[column] = target
    return found


@contextlib.contextmanager
def _bare(cursor, tables):
    """Tables without triggers, foreign key checks and secondary indexes while they are filled."""
    cursor.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid)
          FROM pg_index i
         WHERE i.indrelid::regclass::text = ANY(%s) AND NOT i.indisprimary
           AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        [list(tables)],
    )
    indexes = cursor.fetchall()
    for name, _definition, _comment in indexes:
        cursor.execute(SQL("DROP INDEX {}").format(SQL(name)))
    cursor.execute(
        """
        SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled
          FROM pg_trigger t
         WHERE t.tgrelid::regclass::text = ANY(%s) AND t.tgenabled <> 'D' AND NOT t.tgisinternal
        """,
        [list(tables)],
    )
    triggers = cursor.fetchall()
    for table in tables:
        cursor.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(table)))
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
    yield
    cursor.execute("SET LOCAL session_replication_role = origin")
    for table, name, enabled in triggers:
        how = SQL("ENABLE ALWAYS TRIGGER" if enabled == "A" else "ENABLE TRIGGER")
        cursor.execute(SQL("ALTER TABLE {} {} {}").format(Identifier(table), how, Identifier(name)))
    for name, definition, comment in indexes:
        cursor.execute(SQL(definition))
        if comment:  # an update of Odoo's looks there for what an index was declared as
            cursor.execute(SQL("COMMENT ON INDEX {} IS {}").format(SQL(name), Literal(comment)))
