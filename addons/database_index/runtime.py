"""From Odoo's configuration to the engine: connections, and what a database's addons declare."""

import psycopg2
from odoo.sql_db import connection_info_for

from .engine import catalogue
from .engine.connection import Session
from .engine.declaration import declared


def session(database):
    """A session of the engine on a connection of its own, never Odoo's."""
    name, info = connection_info_for(database)
    if "dsn" in info:
        return Session(lambda: psycopg2.connect(**info))
    info.pop("database", None)
    info["application_name"] = "database_index"
    return Session(lambda: psycopg2.connect(dbname=name, **info))


def install(database):
    """Create the engine's catalogue, committed at once: its own connections must see it during an install."""
    with session(database) as work, work.transaction() as cursor:
        catalogue.install(cursor)


def declarations(registry):
    """``{name: (Index, addon)}`` of what the installed addons declare."""
    return declared(set(registry._init_modules))
