"""The table, its columns, and what stands beside it."""

from functools import partial

from odoo.addons.database_partition import PartitionSet, declare
from odoo.addons.database_partition.engine.words import Text
from odoo.tools import SQL

#: what the engine here says, for translation
_lt = partial(Text, "smart_dairy_performance")

#: columns of ``sale_order``, with the same types there
COLUMNS = {
    "id": "integer NOT NULL",
    "date_order": "timestamp NOT NULL",
    "name": "varchar",
    "company_id": "integer",
    "partner_id": "integer",
    "user_id": "integer",
    "team_id": "integer",
    "warehouse_id": "integer",
    "state": "varchar",
    "invoice_status": "varchar",
    "currency_id": "integer",
    "currency_rate": "numeric",
    "amount_untaxed": "numeric",
    "amount_tax": "numeric",
    "amount_total": "numeric",
}

ORDERS = declare(
    PartitionSet(
        table="sale_order_partitioned",
        title="Sales orders by month",
        key="date_order",
        interval="month",
        columns=", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        + ", PRIMARY KEY (id, date_order)",
        indexes=("(partner_id, date_order)", "(state, date_order)"),
        premake=12,
        history=12,
        retention=24,
        archive=True,
    ),
    "smart_dairy_performance",
)

#: the schema of what the copy needs for itself; ``DROP SCHEMA … CASCADE`` takes the triggers too
SCHEMA = ORDERS.table
VIEW = "sale_order_partitioned_view"
SOURCE = SQL.identifier("public", "sale_order")
COPY = SQL.identifier("public", ORDERS.table)


def own(name):
    """One of the copy's own objects."""
    return SQL.identifier(SCHEMA, name)


def columns(alias=None):
    """The columns in their order, for a select list."""
    return SQL(", ").join(SQL.identifier(alias, name) if alias else SQL.identifier(name) for name in COLUMNS)


def kept(alias):
    """Condition: the row's month is one that the copy holds."""
    return SQL(
        "EXISTS (SELECT FROM %s k WHERE %s >= k.lower AND (k.upper IS NULL OR %s < k.upper))",
        own("kept"),
        SQL.identifier(alias, "date_order"),
        SQL.identifier(alias, "date_order"),
    )
