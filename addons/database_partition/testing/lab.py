"""A scratch database with a partition set of readings, and connections to it."""

import contextlib
from datetime import datetime, timezone

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from ..engine import create
from ..engine.connection import Patience, Session
from ..engine.declaration import PartitionSet

NOW = datetime(2025, 6, 15, 12, tzinfo=timezone.utc)
READINGS = PartitionSet(
    table="reading",
    key="at",
    key_type="timestamp",
    interval="month",
    columns="id bigserial, sensor integer, at timestamp NOT NULL, value double precision, note text,"
    " day date GENERATED ALWAYS AS (at::date) STORED, PRIMARY KEY (id, at)",
    indexes=("(at)", "(sensor, at)"),
    premake=2,
    history=2,
    retention=4,
)


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
            cursor.execute(sql.SQL(statement).format(sql.Identifier(self.name)))

    def connect(self, autocommit=False):
        """A connection in REPEATABLE READ, as Odoo's, or in autocommit."""
        cnx = psycopg2.connect(dbname=self.name, **self.dsn)
        if autocommit:
            cnx.autocommit = True
        else:
            cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
        return cnx

    def session(self):
        """A session as maintenance uses it."""
        return Session(lambda: psycopg2.connect(dbname=self.name, **self.dsn))

    def do(self, statement, *parameters):
        """Execute and commit; return the rows."""
        cnx = self.connect(autocommit=True)
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else None

    def clear(self):
        """Remove every table of a set and the catalogue."""
        self.do(
            "DROP SCHEMA IF EXISTS database_partition CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA "
            "public"
        )

    def deploy(self, declared=READINGS, now=NOW, **options):
        with self.session() as session:
            create.deploy(session, declared, now, Patience(), **options)

    def insert(self, *instants, table="reading"):
        """One row at each instant (text, UTC)."""
        statement = sql.SQL("INSERT INTO {} (sensor, at, value) VALUES (1, %s, 1.5)")
        statement = statement.format(sql.Identifier(table))
        for instant in instants:
            self.do(statement, instant)
