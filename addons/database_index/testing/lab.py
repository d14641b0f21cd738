"""A scratch database with a table of visits, and connections to it."""

import contextlib

import psycopg2
import psycopg2.extensions
import psycopg2.sql
from odoo.tools import SQL

from ..engine import catalogue, deploy
from ..engine.connection import Patience, Session
from ..engine.declaration import Index
from ..engine.sql import run

#: for tests: gives up soon
HASTY = Patience(tries=2, wait_s=0.3, quiet_s=0.3, old_s=0.2, quick_tries=3, turn_s=0.2)
TABLES = """
    CREATE TABLE visit (id serial PRIMARY KEY, animal integer, at timestamp, kind text, note text);
    INSERT INTO visit (animal, at, kind, note)
    SELECT n % 500, timestamp '2025-01-01' + n * interval '1 minute', 'k' || n % 3, md5(n::text)
      FROM generate_series(1, 5000) n;
    CREATE TABLE reading (id bigserial, at timestamp NOT NULL, value integer) PARTITION BY RANGE (at);
    CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    CREATE TABLE reading_2 PARTITION OF reading FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')
      PARTITION BY RANGE (at);
    CREATE TABLE reading_2_a PARTITION OF reading_2 FOR VALUES FROM ('2025-02-01') TO ('2025-02-10');
    CREATE TABLE reading_2_b PARTITION OF reading_2 FOR VALUES FROM ('2025-02-10') TO ('2025-03-01');
    CREATE TABLE reading_default PARTITION OF reading DEFAULT;
    INSERT INTO reading (at, value)
    SELECT timestamp '2025-01-01' + n * interval '1 hour', n FROM generate_series(1, 2000) n;
    ANALYZE;
"""


def visits(name, *keys, table="visit", **facts):
    """An index of the lab's table."""
    return Index(name=name, table=table, keys=keys, purpose="for tests", rejected=facts.pop("rejected", ""),
                 query=facts.pop("query", "SELECT"), **facts)  # fmt: skip


def by_name(*indexes, addon="lab"):
    """Declarations as :func:`..engine.deploy.deploy` takes them."""
    return {one.name: (one, addon) for one in indexes}


class Lab:
    """:param dsn: psycopg2's keywords of the server; the database is ``name``"""

    def __init__(self, dsn, name):
        self.dsn = {key: found for key, found in dsn.items() if key not in ("dbname", "database") and found}
        self.name = name

    def create(self):  # pylint: disable=method-required-super
        self.drop()
        self._server("CREATE DATABASE {} TEMPLATE template0")
        return self

    def drop(self):
        self._server("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _server(self, statement):
        cnx = psycopg2.connect(dbname="postgres", **self.dsn)
        cnx.autocommit = True
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute(psycopg2.sql.SQL(statement).format(psycopg2.sql.Identifier(self.name)))

    def connect(self, autocommit=False):
        """A connection in REPEATABLE READ, as Odoo's, or in autocommit."""
        cnx = psycopg2.connect(dbname=self.name, **self.dsn)
        if autocommit:
            cnx.autocommit = True
        else:
            cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
        return cnx

    def session(self):
        """A session as a deployment uses it."""
        return Session(lambda: psycopg2.connect(dbname=self.name, **self.dsn))

    def do(self, statement, *parameters):
        """Execute and commit; return the rows."""
        cnx = self.connect(autocommit=True)
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else None

    def clear(self):
        """The lab's tables, new, without any index, and an empty catalogue."""
        self.do(
            "DROP SCHEMA IF EXISTS database_index CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        )
        self.do("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
        self.do(TABLES)
        with self.session() as session, session.transaction() as cursor:
            catalogue.install(cursor)

    def deploy(self, *indexes, patience=HASTY, **options):
        with self.session() as session:
            return deploy.deploy(session, by_name(*indexes), patience, **options)

    def verify(self, *indexes):
        """``{name: state}``"""
        with self.session() as session:
            return {one.name: one.state for one in deploy.verify(session, by_name(*indexes))}

    def rollback(self, patience=HASTY, **options):
        with self.session() as session:
            return deploy.rollback(session, patience, **options)

    def indexes(self):
        """``{name: valid}`` of all indexes in ``public``."""
        with self.session() as session, session.transaction() as cursor:
            return dict(
                run(
                    cursor,
                    SQL(
                        "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid ="
                        " i.indexrelid"
                        " WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1"
                    ),
                )
            )
