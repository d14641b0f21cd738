"""A small business in plain PostgreSQL: companies in time zones, orders, lines, products; and milk by day.

``SALES`` joins six tables, ``MILK`` none; together they use every feature of a declaration.
"""

import contextlib

import psycopg2
import psycopg2.extensions
import psycopg2.sql

from ..engine import deploy
from ..engine.declaration import (
    Avg,
    Count,
    CountDaily,
    CountDistinct,
    Cut,
    Dimension,
    Join,
    Max,
    Min,
    Rollup,
    Sum,
)

TABLES = """
CREATE TABLE partner (id integer PRIMARY KEY, tz text);
CREATE TABLE company (id integer PRIMARY KEY, partner_id integer NOT NULL REFERENCES partner);
CREATE TABLE category (id integer PRIMARY KEY, name text);
CREATE TABLE product (id integer PRIMARY KEY, category_id integer);
CREATE TABLE orders (
    id serial PRIMARY KEY, company_id integer NOT NULL REFERENCES company, customer integer, seller integer,
    date_order timestamp, state text NOT NULL DEFAULT 'draft', note text
);
CREATE TABLE line (
    id serial PRIMARY KEY, order_id integer NOT NULL REFERENCES orders ON DELETE CASCADE,
    product_id integer REFERENCES product, quantity double precision, amount numeric, note text
);
CREATE TABLE milk (
    id serial PRIMARY KEY, farm integer, day date NOT NULL, kg double precision, cow integer,
    session integer NOT NULL DEFAULT 1
);
CREATE INDEX ON line (order_id);
CREATE INDEX ON line (product_id);
CREATE INDEX ON orders (date_order);
CREATE INDEX ON milk (day);
INSERT INTO partner VALUES (1, 'Asia/Dhaka'), (2, 'Europe/Paris'), (3, 'Asia/Kathmandu'), (4, NULL);
INSERT INTO company VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO category SELECT g, 'category ' || g FROM generate_series(1, 3) g;
INSERT INTO product SELECT g, 1 + g % 3 FROM generate_series(1, 6) g;
"""

SALES = Rollup(
    name="sales",
    table="line",
    alias="l",
    joins=(
        Join("o", "orders", "o.id = l.order_id"),
        Join("p", "product", "p.id = l.product_id", left=True),
        Join("k", "category", "k.id = p.category_id", left=True),
        Join("co", "company", "co.id = o.company_id"),
        Join("cp", "partner", "cp.id = co.partner_id"),
    ),
    time="o.date_order",
    zone="cp.tz",
    where=("o.state = 'sale'", "l.quantity <> 0"),
    dimensions=(
        Dimension("company", "o.company_id"),
        Dimension("seller", "o.seller"),
        Dimension("category", "k.name"),
    ),
    measures=(
        Count("lines"),
        Count("priced", "l.amount"),
        Sum("amount", "l.amount"),
        Sum("quantity", "l.quantity"),
        Min("smallest", "l.amount"),
        Max("largest", "l.amount"),
        Avg("average", "l.amount"),
        CountDistinct("customers", "o.customer"),
    ),
    levels=("day", "dekad", "month", "quarter", "year"),
    cuts=(
        Cut(("company",)),
        Cut(("company", "seller"), ("lines", "amount", "customers")),
        Cut(("company", "seller", "category")),
    ),
)

ORDERS = Rollup(
    name="orders",
    table="orders",
    alias="o",
    joins=(
        Join("co", "company", "co.id = o.company_id"),
        Join("cp", "partner", "cp.id = co.partner_id"),
    ),
    time="o.date_order",
    zone="cp.tz",
    where=("o.state = 'sale'",),
    dimensions=(Dimension("company", "o.company_id"), Dimension("customer", "o.customer")),
    measures=(Count("orders"),),
)

COW = "100 * COALESCE(m.farm, 0) + m.cow"

MILK = Rollup(
    name="milk",
    table="milk",
    alias="m",
    time="m.day",
    timestamp=False,
    dimensions=(Dimension("farm", "m.farm"), Dimension("session", "m.session")),
    measures=(
        Count("records"),
        Sum("kg", "m.kg"),
        Max("most", "m.kg"),
        # each farm numbers its own: no cow is on two farms
        CountDaily("cow_days", f"CASE WHEN m.kg > 0 THEN {COW} END", within=("farm",)),
        CountDistinct("cows", COW),
    ),
    levels=("day", "dekad", "month"),
    cuts=(Cut(("farm",)), Cut(("farm", "session"), ("records", "kg", "cow_days"))),
)

ROLLUPS = (SALES, ORDERS, MILK)


class Lab:
    """A scratch database with the sample's tables, and connections to it.

    :param dsn: psycopg2's keywords of the server; the database is ``name``
    """

    def __init__(self, dsn, name):
        self.dsn = {key: value for key, value in dsn.items() if key not in ("dbname", "database") and value}
        self.name = name

    def build(self, rollups=ROLLUPS, **options):
        """Create the database anew, with these rollups deployed (``rules`` may lack some)."""
        with self._server() as cursor:
            database = psycopg2.sql.Identifier(self.name)
            cursor.execute(psycopg2.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
            cursor.execute(psycopg2.sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
        with self.transaction() as cursor:
            cursor.execute(TABLES)
            deploy.install(cursor)
        for rollup in rollups:
            deploy.deploy(self.transaction, rollup, **options)
        return self

    def drop(self):
        with self._server() as cursor:
            cursor.execute(
                psycopg2.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                    psycopg2.sql.Identifier(self.name)
                )
            )

    def connect(self, autocommit=False):
        """A connection in REPEATABLE READ, as Odoo's, or in autocommit."""
        cnx = psycopg2.connect(dbname=self.name, **self.dsn)
        if autocommit:
            cnx.autocommit = True
        else:
            cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
        return cnx

    @contextlib.contextmanager
    def transaction(self):
        """A cursor in a REPEATABLE READ transaction of its own, committed at the end."""
        cnx = self.connect()
        try:
            with cnx.cursor() as cursor:
                yield cursor
            cnx.commit()
        finally:
            cnx.close()

    @contextlib.contextmanager
    def _server(self):
        cnx = psycopg2.connect(dbname="postgres", **self.dsn)
        cnx.autocommit = True
        try:
            with cnx.cursor() as cursor:
                yield cursor
        finally:
            cnx.close()
