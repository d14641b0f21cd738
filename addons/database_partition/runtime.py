"""From Odoo's configuration to the engine: connections and the folder of archives."""

from pathlib import Path

import psycopg2
from odoo.sql_db import connection_info_for
from odoo.tools import config

from .engine import catalogue
from .engine.connection import Session

FOLDER = "database_partition.folder"


def session(database):
    """A session of the engine on a connection of its own, never Odoo's."""
    name, info = connection_info_for(database)
    if "dsn" in info:
        return Session(lambda: psycopg2.connect(**info))
    info.pop("database", None)
    info["application_name"] = "database_partition"
    return Session(lambda: psycopg2.connect(dbname=name, **info))


def install(database):
    """Create the engine's catalogue, committed at once: its own connections must see it during an install."""
    with session(database) as work, work.transaction() as cursor:
        if not catalogue.installed(cursor):
            catalogue.install(cursor)


def archive_folder(work, database):
    """Where this database's archives are: the system parameter, or ``partitions/<database>`` in the data
    folder.

    :param work: a session
    """
    with work.transaction() as cursor:
        cursor.execute("SELECT value FROM public.ir_config_parameter WHERE key = %s", [FOLDER])
        row = cursor.fetchone()
    if row and row[0]:
        return Path(row[0]) / database
    return Path(config["data_dir"]) / "partitions" / database


def installed_sets(work):
    """Sets in the catalogue, or None where the addon is not installed."""
    with work.transaction() as cursor:
        return catalogue.sets(cursor) if catalogue.installed(cursor) else None
