"""A scratch database with the monitor's schema, beside Odoo's."""

import contextlib

import psycopg2
import psycopg2.sql

from ..engine import schema
from ..engine.connection import Session


class Lab:
    """:param dsn: psycopg2's keywords of the server; the database is ``name``"""

    def __init__(self, dsn, name):
        self.dsn = {key: found for key, found in dsn.items() if key not in ("dbname", "database") and found}
        self.name = name

    def create(self):  # pylint: disable=method-required-super
        self.drop()
        self._server("CREATE DATABASE {} TEMPLATE template0")
        with self.session() as work, work.transaction() as cursor:
            schema.install(cursor)
        return self

    def drop(self):
        self._server("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _server(self, statement):
        cnx = psycopg2.connect(dbname="postgres", **self.dsn)
        cnx.autocommit = True
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute(psycopg2.sql.SQL(statement).format(psycopg2.sql.Identifier(self.name)))

    def connect(self):
        """A connection in a transaction."""
        return psycopg2.connect(dbname=self.name, **self.dsn)

    def session(self):
        """A session as the engine uses it."""
        return Session(self.connect)

    def do(self, statement, *parameters):
        """Execute and commit; return the rows."""
        cnx = self.connect()
        cnx.autocommit = True
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else None
