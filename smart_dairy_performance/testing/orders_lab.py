"""A scratch database with a bare ``sale_order`` and its partitioned copy, for tests, benchmark and soak."""

from datetime import datetime, timezone

from odoo.addons.database_partition.engine import bounds, create, maintain
from odoo.addons.database_partition.engine.connection import Patience
from odoo.addons.database_partition.engine.sql import run
from odoo.addons.database_partition.testing.lab import Lab
from odoo.tools import SQL
from psycopg2 import sql

from ..partitions import keep, settle, verify
from ..partitions.orders import COLUMNS, ORDERS, VIEW

NOW = datetime(2025, 6, 15, 12, tzinfo=timezone.utc)
QUICK = Patience(tries=5, waits=2, grace_s=0.5)


class OrdersLab(Lab):
    """A lab whose orders are kept as Odoo's are; amounts and dates as small as tests need them."""

    def clear(self):
        super().clear()
        kinds = sql.SQL(", ").join(
            sql.SQL("{} " + kind.removesuffix(" NOT NULL")).format(sql.Identifier(name))
            for name, kind in COLUMNS.items()
            if name != "id"
        )
        self.do(
            sql.SQL(
                "DROP SCHEMA IF EXISTS {schema} CASCADE;"
                "CREATE TABLE sale_order (id serial PRIMARY KEY, {kinds}, note text);"
                "CREATE TABLE res_company (id integer PRIMARY KEY, currency_id integer);"
                "INSERT INTO res_company VALUES (1, 1)"
            ).format(schema=sql.Identifier(ORDERS.table), kinds=kinds)
        )

    def install(self, folder, now=NOW):
        """Deploy table and triggers; the copy is not filled yet."""
        with self.session() as work:
            create.deploy(work, ORDERS, now, QUICK)
            report = maintain.maintain(work, ORDERS, now, folder, QUICK)
            assert report.good, report.failed
            with work.transaction() as cursor:
                keep.install(cursor, bounds.floor(ORDERS, now).replace(tzinfo=None))
                run(cursor, SQL("DROP VIEW IF EXISTS %s", SQL.identifier("public", VIEW)))
                run(cursor, SQL("CREATE VIEW %s AS %s", SQL.identifier("public", VIEW), keep.query()))

    def fill(self, **options):
        with self.session() as work:
            settle.prepare(work, QUICK)
            return settle.fill(work, **options)

    def settle(self, **options):
        with self.session() as work:
            return settle.settle(work, **options)

    def refresh(self, now=NOW):
        with self.session() as work:
            return settle.refresh(work, now)

    def verify(self, mend=False):
        with self.session() as work:
            return verify.verify(work, mend)

    def status(self):
        with self.session() as work, work.transaction() as cursor:
            return settle.status(cursor)

    def order(self, when, amount=10, cursor=None):
        """Insert an order; return its id."""
        statement = (
            "INSERT INTO sale_order (date_order, company_id, partner_id, state, amount_total)"
            " VALUES (%s, 1, 1, 'draft', %s) RETURNING id"
        )
        if cursor is None:
            return self.do(statement, when, amount)[0][0]
        cursor.execute(statement, (when, amount))
        return cursor.fetchone()[0]
