"""What soak test and benchmark of the method cache share: servers of their own, tables, and the truth.

A PostgreSQL primary, a standby that lags behind it, and a Redis, all started here and removed at the end.
"""

import contextlib
import sys
import types
from pathlib import Path

import psycopg2
import psycopg2.extensions

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

# The engine knows no Odoo: load it as a package without running the addon's own __init__.
_package = types.ModuleType("method_cache")
_package.__path__ = [str(ROOT / "addons" / "method_cache")]
sys.modules.setdefault("method_cache", _package)

from method_cache.engine import schema  # noqa: E402
from method_cache.testing.redis_server import RedisServer  # noqa: E402
from method_cache.testing.scenarios import Connection  # noqa: E402
from scratch_servers import HOST, SMALL, Scratch, accepts, free_port, until  # noqa: E402

TABLES = "abcdefgh"
RAW = "gh"  # written behind the ORM's back, through the statement trigger
KEYS = 48
ADD = {t: f"UPDATE {t} SET v = v + %s WHERE k = %s" for t in TABLES}  # noqa: S608 our own tables
READ_ONE = {t: f"SELECT '{t}', v FROM {t} WHERE k = %(k)s" for t in TABLES}  # noqa: S608
READ_ALL = " UNION ALL ".join(f"SELECT '{t}', k, v FROM {t}" for t in TABLES)  # noqa: S608


def depends(key):
    """The tables that a key's value is computed from: one, two or three."""
    first, level = key % len(TABLES), key // len(TABLES)
    picked = {TABLES[first]}
    if level >= 2:
        picked.add(TABLES[(first + level) % len(TABLES)])
    if level >= 4:
        picked.add(TABLES[(first + 2 * level + 1) % len(TABLES)])
    return tuple(sorted(picked))


DEPENDS = [depends(key) for key in range(KEYS)]


class World:
    """Use it as a context manager. ``standby=None``: no standby; else it replays so many seconds late."""

    def __init__(self, standby=None):
        self.lag = standby

    def __enter__(self):
        self._open = contextlib.ExitStack()
        try:
            self.scratch = self._open.enter_context(Scratch())
            self.port = self._cluster("primary")
            self.standby_port = self._standby() if self.lag is not None else None
            self.redis = RedisServer()
            self._open.callback(self.redis.close)
            self._tables()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_exception):
        self._open.close()

    def _cluster(self, name):
        data = self.scratch.folder / name
        self.scratch.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8")
        return self._start(data)

    def _standby(self):
        data = self.scratch.folder / "standby"
        self.scratch.run(
            "pg_basebackup", "-D", data, "-h", HOST, "-p", self.port, "-U", "postgres", "-R", "-X", "stream"
        )
        # Queries are never cancelled for the replay's sake: it waits, which is lag too.
        delay = f"{round(self.lag * 1000)}ms"
        return self._start(data, recovery_min_apply_delay=delay, max_standby_streaming_delay="-1")

    def _start(self, data, **more):
        port = free_port()
        settings = SMALL | {
            "port": port, "unix_socket_directories": self.scratch.folder, "synchronous_commit": "off",
            "full_page_writes": "off", "max_connections": 400, "jit": "off", **more,
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.scratch.start(accepts(port), "postgres", "-D", data, *options)
        return port

    def _tables(self):
        with contextlib.closing(self.connect(autocommit=True)) as cnx, cnx.cursor() as cursor:
            cursor.execute(schema.CREATE)
            for t in TABLES:
                cursor.execute(f"CREATE TABLE {t} (k integer PRIMARY KEY, v bigint NOT NULL DEFAULT 0)")
                cursor.execute(f"INSERT INTO {t} SELECT generate_series(0, %s)", [KEYS - 1])
            for t in RAW:
                cursor.execute(
                    f"CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {t}"
                    f" FOR EACH STATEMENT EXECUTE FUNCTION method_cache_touch_trigger('{t}')"
                )
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            (written,) = cursor.fetchone()
        if self.standby_port:
            assert until(lambda: self.replayed(written)), "the standby does not follow"

    def replayed(self, position):
        """Whether the standby has come as far as a position in the primary's log."""
        with contextlib.closing(self.connect(autocommit=True, standby=True)) as cnx, cnx.cursor() as cursor:
            cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s", [position])
            return cursor.fetchone()[0]

    def dsn(self, standby=False):
        port = self.standby_port if standby else self.port
        return {"host": HOST, "port": port, "user": "postgres", "dbname": "postgres"}

    def connect(self, autocommit=False, standby=False):
        """A connection that Odoo would have: REPEATABLE READ, or one of the cache's own (autocommit)."""
        cnx = psycopg2.connect(connection_factory=Connection, **self.dsn(standby))
        if autocommit:
            cnx.autocommit = True
        else:
            cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
        return cnx


def truth(cnx, key):
    """What the database says of one key, in the transaction's snapshot."""
    with cnx.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(READ_ONE[t] for t in DEPENDS[key]), {"k": key})
        return dict(cursor.fetchall())


def truths(cnx):
    """The same of all keys, in one statement."""
    with cnx.cursor() as cursor:
        cursor.execute(READ_ALL)
        rows = {(table, k): v for table, k, v in cursor.fetchall()}
    return {key: {t: rows[t, key] for t in DEPENDS[key]} for key in range(KEYS)}
