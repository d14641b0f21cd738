"""One database's cache in one process: its store, its local tier, its counters."""

import hashlib
import logging
import os
import threading
import uuid
from dataclasses import dataclass

import psycopg2

from . import protocol, schema
from .breaker import Breaker
from .errors import StoreUnavailable
from .flights import Flights
from .local_tier import LocalTier
from .snapshot import Snapshot
from .stats import Stats
from .store_memory import MemoryStore
from .store_redis import RedisStore

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """``url`` empty means the embedded store, which only a single process may use (``alone``)."""

    url: str = ""
    enabled: bool = True
    alone: bool = True
    timeout: float = 0.003
    max_value: int = 2**20
    local_bytes: int = 32 * 2**20
    embedded_bytes: int = 64 * 2**20
    default_ttl: float = 300


class Cache:
    """:param connect: returns a new autocommit psycopg2 connection to the primary
    :param load: ``load(cnx)`` returns :class:`Settings` as the connection's transaction sees them
    """

    def __init__(self, name, connect, load, rules=protocol.RULES):
        self.name = name
        self.rules = rules
        self.stats = Stats()
        self.settings = Settings()
        self.tier = LocalTier()
        self.flights = Flights()
        self.triggers = frozenset()
        self.leases = {}  # key: (store, ns, lease) being computed here
        self.unstorable = set()
        self.max_value = self.settings.max_value
        self._connect = connect
        self._load = load
        self._lock = threading.RLock()
        self._stores = {}  # generation: (what the settings want, Store or None)
        self._by_id = {}  # store id: Store
        self._token = uuid.uuid4().hex[:16]
        self._owner = None  # connection whose advisory lock says that this process holds the embedded store
        self._debts = False
        self._ns = None
        self._pid = os.getpid()
        self._chores_of = None
        self._warned = set()

    # Which store

    def wanted(self, settings):
        """Return the id of the store that the settings ask for."""
        if not settings.enabled:
            return "off"
        if settings.url:
            return "redis:" + hashlib.sha256(settings.url.encode()).hexdigest()[:16]
        return f"memory:{self._token}" if settings.alone else "off"

    def store_of(self, cnx, generation, store_id):
        """Return the Store of a generation that a transaction sees, None where it is another's."""
        known = self._stores.get(generation)
        if known is None:
            with self._lock:
                known = self._stores.get(generation) or self._configure(cnx, generation)
        wanted, store = known
        if wanted != store_id:
            if store_id != "off" and wanted != "off":
                self._once(
                    ("store", store_id),
                    "another process uses %s for the method cache, this one %s",
                    store_id,
                    wanted,
                )
            return None
        return store

    def _configure(self, cnx, generation):
        settings = self._load(cnx)
        with cnx.cursor() as cursor:
            cursor.execute(schema.TRIGGERS)
            self.triggers = frozenset(row[0] for row in cursor.fetchall())
        wanted = self.wanted(settings)
        store = self._by_id.get(wanted)
        if store is None and wanted != "off":
            if settings.url:
                store = RedisStore(settings.url, settings.timeout, self.rules, self._chores)
                breaker = store.breaker
            else:
                store = MemoryStore(settings.embedded_bytes)
                breaker = self._chores_of or Breaker("method cache", lambda: None, self._chores)
                self._chores_of = breaker
            self._by_id[wanted] = store
            breaker.start()
        elif store is not None and settings.url:
            store.set_timeout(settings.timeout)
        self.settings = settings
        self.max_value = settings.max_value
        self.tier.max_bytes = settings.local_bytes
        self.unstorable.clear()
        known = self._stores[generation] = (wanted, store)
        for old in sorted(self._stores)[:-4]:
            del self._stores[old]
        return known

    def claim(self):
        """Make the store that this process's settings ask for the current one; return its id.

        The embedded store is claimed only when no other process holds it.
        """
        cnx = self._connect()
        try:
            settings = self._load(cnx)
            wanted = self.wanted(settings)
            identity = self._identity(cnx)
            with cnx.cursor() as cursor:
                if wanted.startswith("memory:") and not self._own(cnx):
                    self._once("owner", "another process holds the embedded store of %s: off here", self.name)
                    return "off"
                cursor.execute("BEGIN; SET LOCAL lock_timeout = '2s'")
                cursor.execute("SELECT store, identity FROM method_cache_life FOR UPDATE")
                row = cursor.fetchone()
                if row and row != (wanted, identity):
                    schema.next_generation(cursor, wanted, identity)
                cursor.execute("COMMIT")
            return wanted
        finally:
            if cnx is not self._owner:
                cnx.close()

    def _own(self, cnx):
        if self._owner is not None and not self._owner.closed:
            return True
        with cnx.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(hashtext('method_cache.embedded'), 0)")
            if cursor.fetchone()[0]:
                self._owner = cnx
                return True
        return False

    # Which database

    @staticmethod
    def knows(cnx):
        """Return whether the connection's database has been identified; a standby may become another."""
        return not cnx.__dict__.get("_method_cache_identity", "?").endswith("?")

    def hello(self, cnx):
        """Learn, once a connection, which database this really is."""
        if not self.knows(cnx):
            cnx._method_cache_identity = self._identity(cnx)

    def _identity(self, cnx):
        with cnx.cursor() as cursor:
            cursor.execute(schema.WHO)
            return cursor.fetchone()[0]

    def same_database(self, cnx, standby, identity):
        """Return whether the cache's life belongs to this very database; starts a new life if not.

        A restored copy, a promoted standby: transaction ids start anew or branch off there.
        """
        mine = cnx._method_cache_identity
        if mine == identity or standby:
            return True
        if not mine.endswith("?") and "?" not in identity:
            _logger.info(
                "%s: the database is another one than before (%s, was %s)", self.name, mine, identity
            )
            self.new_generation(identity=mine)
        return False

    def new_generation(self, store=None, identity=None):
        """Make every entry unreachable, now and in one transaction of its own."""
        cnx = self._connect()
        try:
            with cnx.cursor() as cursor:
                cursor.execute("BEGIN; SET LOCAL lock_timeout = '2s'")
                schema.next_generation(cursor, store, identity)
                cursor.execute("COMMIT")
        finally:
            cnx.close()

    def now(self):
        """Return ``(snapshot, id)`` as of this moment: the id is above every id assigned before."""
        cnx = self._connect()
        try:
            with cnx.cursor() as cursor:
                cursor.execute("SELECT pg_current_snapshot()::text, pg_current_xact_id()::text::bigint")
                text, xid = cursor.fetchone()
                return Snapshot.parse(text), xid
        finally:
            cnx.close()

    # In the background

    def debts_seen(self):
        """A reader saw rows in the ledger: clear them soon."""
        self._debts = True

    def _chores(self):
        by_store = {}
        for key, (store, ns, lease) in list(self.leases.items()):
            by_store.setdefault((id(store), ns), (store, ns, []))[2].append((key, lease))
        for store, ns, leases in by_store.values():
            store.renew(ns, leases)
        if self._debts:
            self._debts = False
            self.clear_ledger()
        self.send_stats()

    def current(self):
        """Return ``(store or None, name space)`` as of now, on a connection of its own."""
        cnx = self._connect()
        try:
            return self._current(cnx)
        finally:
            cnx.close()

    def _current(self, cnx):
        with cnx.cursor() as cursor:
            cursor.execute("SELECT uuid, generation, store FROM method_cache_life")
            life, generation, store_id = cursor.fetchone()
        return self.store_of(cnx, generation, store_id), f"mc:{life}.{generation}", store_id, life

    def send_stats(self):
        taken = self.stats.take()
        if not taken:
            return
        try:
            store, _ns, _id, life = self.current()
            if store is None:
                raise StoreUnavailable("off")
            store.add_stats(f"mc:{life}", taken)
        except (StoreUnavailable, psycopg2.Error):
            self.stats.put_back(taken)

    def clear_ledger(self, most=5000):
        """Tell the store of the writers in the ledger and delete their rows; return how many."""
        cnx = self._connect()
        try:
            with cnx.cursor() as cursor:
                # One snapshot for rows and generation: else a row could be told to a generation that is over.
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                store, ns, store_id, _life = self._current(cnx)
                if store is None and store_id != "off":
                    cursor.execute("ROLLBACK")
                    return 0  # another process's business
                cursor.execute(
                    "SELECT xid, model FROM method_cache_owed ORDER BY xid LIMIT %s FOR UPDATE SKIP LOCKED",
                    [most],
                )
                rows = cursor.fetchall()
                writers = {}
                for xid, model in rows:
                    writers.setdefault(xid, []).append(model)
                if store is not None and writers:
                    cursor.execute("SELECT pg_current_snapshot()::text")
                    sight = Snapshot.parse(cursor.fetchone()[0])
                    for xid, models in writers.items():
                        store.log(ns, sorted(models), xid, sight)
                for xid, models in writers.items():
                    cursor.execute(
                        "DELETE FROM method_cache_owed WHERE xid = %s AND model = ANY(%s)", [xid, models]
                    )
                cursor.execute(
                    "SELECT 1 FROM method_cache_life, method_cache_generation WHERE generation <> last_value"
                )
                stray = cursor.fetchone()
                cursor.execute("COMMIT")
            if stray:  # somebody began a new generation and rolled back, or is about to commit
                self.new_generation()
            return len(rows)
        finally:
            cnx.close()

    def _once(self, what, message, *args):
        if what not in self._warned:
            self._warned.add(what)
            _logger.warning(message, *args)

    def close(self):
        for store in self._by_id.values():
            store.close()
        if self._chores_of:
            self._chores_of.stop()
        if self._owner is not None:
            self._owner.close()
