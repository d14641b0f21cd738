"""One :class:`~.engine.cache.Cache` per process and database, set up from Odoo's configuration."""

import os
import threading

import psycopg2
import psycopg2.extensions
from odoo.sql_db import connection_info_for
from odoo.tools import config

from .engine.cache import Cache, Settings
from .engine.transaction import Transaction

_caches = {}
_lock = threading.Lock()

# A value in the environment or in odoo.conf wins over the settings page: passwords then stay out of the
# database.
URL_VARIABLE = "METHOD_CACHE_REDIS_URL"


class _Connection(psycopg2.extensions.connection):
    """A plain connection that can carry attributes."""


def cache_of(dbname):
    """Return this process's cache of a database."""
    key = (os.getpid(), dbname)
    cache = _caches.get(key)
    if cache is None:
        with _lock:
            cache = _caches.get(key)
            if cache is None:
                cache = _caches[key] = Cache(dbname, lambda: connect(dbname), load)
    return cache


def transaction_of(cr):
    """Return the cache's view of the transaction that a cursor is in."""
    cnx = cr._cnx
    state = cnx._method_cache
    if not state:
        state = cnx._method_cache = Transaction(cnx, cache_of(cr.dbname))
    return state


def connect(dbname):
    """Return an autocommit connection to the primary, outside Odoo's pool and transactions."""
    _name, info = connection_info_for(dbname)
    cnx = psycopg2.connect(connection_factory=_Connection, **info)
    cnx.autocommit = True
    return cnx


def forced_url():
    return os.environ.get(URL_VARIABLE) or config.get("method_cache_redis_url") or ""


def load(cnx):
    """Return the :class:`Settings` as the connection's transaction sees them (not the cached parameters)."""
    with cnx.cursor() as cursor:
        cursor.execute("SELECT key, value FROM ir_config_parameter WHERE key LIKE 'method\\_cache.%'")
        found = dict(cursor.fetchall())

    def number(name, default):
        try:
            return float(found.get(f"method_cache.{name}") or default)
        except ValueError:
            return default

    return Settings(
        url=forced_url() or (found.get("method_cache.redis_url") or "").strip(),
        enabled=found.get("method_cache.off") not in ("True", "1"),
        alone=not config["workers"],
        timeout=number("timeout_ms", 3) / 1000,
        max_value=int(number("max_value_kb", 1024) * 1024),
        local_bytes=int(number("local_mb", 32) * 2**20),
        default_ttl=number("default_ttl", 300),
    )
