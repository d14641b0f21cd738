"""One database transaction's view of the cache: where every rule of the protocol is applied.

Rules (proof in the README):

1. A writer's id is in the log of every model that it wrote to *before* it commits; where the store cannot be
   told, a row in the writer's own transaction says so instead.
2. An entry is used only if no logged id is visible in exactly one of two snapshots: the one that it was
   computed in and the reader's own.
3. A transaction that wrote to a dependency neither reads nor stores until it ends.
"""

import logging
import time

import psycopg2
from psycopg2.extensions import (
    ISOLATION_LEVEL_REPEATABLE_READ,
    ISOLATION_LEVEL_SERIALIZABLE,
    TRANSACTION_STATUS_INERROR,
    TRANSACTION_STATUS_UNKNOWN,
)

from . import schema
from .codec import decode, encode
from .errors import StoreUnavailable
from .protocol import BYPASS, COMPUTE, HIT, PREVIOUS, SAME, WAIT
from .snapshot import Snapshot

_logger = logging.getLogger(__name__)
_ISOLATED = (ISOLATION_LEVEL_REPEATABLE_READ, ISOLATION_LEVEL_SERIALIZABLE)


GRACE = 0.25  # seconds


class View:
    """What the transaction sees, asked once."""

    __slots__ = ("ns", "owed", "seen", "snapshot", "store")

    def __init__(self, snapshot=None, ns="", store=None, owed=None):
        self.snapshot, self.ns, self.store, self.owed = snapshot, ns, store, owed or {}
        if snapshot:
            # What two transactions share only if exactly the same others are visible to both.
            self.seen = snapshot.text if snapshot.exact else object()


class Transaction:
    """State between two ends of transactions on one connection; not thread-safe, like the connection."""

    __slots__ = ("cache", "cnx", "computing", "touched", "view")

    def __init__(self, cnx, cache):
        self.cnx = cnx
        self.cache = cache
        self.touched = set()
        self.view = None
        self.computing = set()

    def touch(self, *models):
        """Note a write: kept until the transaction ends, whatever savepoints are rolled back."""
        self.touched.update(models)

    def wrote(self, models):
        """Return whether this transaction wrote to one of ``models``, raw SQL through triggers included."""
        if "own-writes" not in self.cache.rules:
            return False
        if not self.touched.isdisjoint(models):
            return True
        if not self.cache.triggers.isdisjoint(models):
            with self.cnx.cursor() as cursor:
                cursor.execute(schema.HAS_WRITTEN)
                if cursor.fetchone()[0]:
                    cursor.execute(schema.OWN)
                    self.touched.update(row[0] for row in cursor.fetchall())
            return not self.touched.isdisjoint(models)
        return False

    # Reading

    def get(self, method, key, models, ttl, compute, wait=5.0, previous=False):
        """Return the value of ``key``, from a cache or from ``compute()``.

        :param method: label for the statistics
        :param models: sorted tuple of all dependencies
        :param ttl: seconds
        :param wait: most seconds to wait for another's computation of the same value
        :param previous: accept an outdated value rather than wait
        """
        view = self.view
        if view is None:
            view = self._open()  # which also says what this transaction has written by raw SQL
            wrote = "own-writes" in self.cache.rules and not self.touched.isdisjoint(models)
        else:
            wrote = self.wrote(models)
        if wrote:
            return self._bypass(method, compute, "bypass_wrote")
        store = view.store
        if store is None:
            return self._bypass(method, compute, "bypass_off")
        tier, ns = self.cache.tier, view.ns
        found, value, cost = tier.seen(ns, key, view.seen)
        if found:
            self._saved(method, "hit_same", cost)
            return value
        if key in self.computing:
            return self._ask(method, key, models, ttl, compute, wait, previous)
        # Whoever holds locks must not wait for one who may need them.
        with self.cache.flights.turn((ns, key), 0 if previous or self.touched else wait) as turn:
            found, value, cost = tier.seen(ns, key, view.seen)
            if found:
                self._saved(method, "hit_same", cost)
                return value
            return self._ask(method, key, models, ttl, compute, wait, previous, turn.crowded)

    def _ask(self, method, key, models, ttl, compute, wait, previous, crowded=bool):
        """Ask the store for the value, or compute and store it.

        :param crowded: whether further threads wait for this call
        """
        view, stats, tier = self.view, self.cache.stats, self.cache.tier
        store, ns = view.store, view.ns
        known = tier.token(ns, key)
        lease = store.nonce() if key not in self.computing and key not in self.cache.unstorable else ""
        owed = [(model, xid) for model in models for xid in view.owed.get(model, ())]
        deadline = None
        outdated = opened = False
        patience = 5
        while True:
            try:
                answer = store.lookup(ns, key, models, view.snapshot, known, lease, previous, owed)
                kind = answer.kind
                outdated = outdated or answer.outdated
                if kind == SAME:
                    found, value = tier.same(ns, key, known, answer.ttl, view.seen)
                    if not found:  # evicted a moment ago
                        known = ""
                        continue
                    self._saved(method, "hit_local", answer.cost)
                    return value
                if kind == HIT:
                    tier.put(
                        ns, key, answer.token, answer.flag, answer.payload, answer.ttl, view.seen, answer.cost
                    )
                    self._saved(method, "hit_store", answer.cost)
                    return decode(answer.flag, answer.payload)
                if kind == PREVIOUS:
                    self._saved(method, "hit_previous", 0)
                    return decode(answer.flag, answer.payload)
                if kind == BYPASS:
                    if answer.fresh and not opened:
                        self._floors(view, models, answer)
                        opened = True
                        continue  # nothing may have been written since this snapshot was taken
                    return self._bypass(method, compute, "bypass_young")
                if kind == WAIT and lease:
                    now = time.monotonic()
                    if deadline is None:
                        deadline = now + wait
                        stats.add(method, "waited")
                    if now < deadline and not self.touched:
                        store.wait(ns, answer.token, deadline - now)
                    else:
                        lease = ""
                    continue
            except StoreUnavailable:
                # Who waits anyhow, or computes for many, also waits to hear if the store is really away.
                worth = crowded() if deadline is None else time.monotonic() < deadline
                if patience and worth and not self.touched and store.settle(GRACE):
                    patience -= 1
                    continue
                return self._bypass(method, compute, "bypass_down")
            stats.add(method, "miss")
            if outdated:
                stats.add(method, "outdated")
            return self._fill(method, key, models, ttl, compute, lease if kind == COMPUTE else "")

    def _fill(self, method, key, models, ttl, compute, lease):
        view, cache = self.view, self.cache
        store, ns = view.store, view.ns
        self.computing.add(key)
        if lease:
            cache.leases[key] = (store, ns, lease)
        start = time.perf_counter()
        stored = False
        try:
            value = compute()
            cost = (time.perf_counter() - start) * 1000
            cache.stats.add(method, "seconds_computing", cost / 1000)
            if self.view is not view or self.wrote(models):  # it committed, or wrote
                return value
            flag, payload = encode(value, method)
            if len(payload) > cache.max_value:
                cache.unstorable.add(key)
                cache.stats.add(method, "too_large")
                return value
            token = store.nonce()
            ttl_ms = int(ttl * 1000)
            stored = True
            kept = store.store(ns, key, models, view.snapshot, token, flag, payload, ttl_ms, cost, lease)
            if kept == 1:
                cache.stats.add(method, "stored")
                cache.stats.add(method, "bytes_stored", len(payload))
                cache.tier.put(ns, key, token, flag, payload, ttl_ms, view.seen, cost)
            return value
        except StoreUnavailable:
            return value
        except BaseException:
            cache.stats.add(method, "failed")
            raise
        finally:
            self.computing.discard(key)
            cache.leases.pop(key, None)
            if lease and not stored:
                try:
                    store.abandon(ns, key, lease)
                except StoreUnavailable as error:
                    _logger.debug("lease of %s left to expire: %s", method, error)

    def _bypass(self, method, compute, reason):
        self.cache.stats.add(method, reason)
        start = time.perf_counter()
        try:
            return compute()
        finally:
            self.cache.stats.add(method, "seconds_computing", time.perf_counter() - start)

    def _saved(self, method, counter, cost):
        self.cache.stats.add(method, counter)
        if cost:
            self.cache.stats.add(method, "seconds_saved", cost / 1000)

    def _open(self):
        """Ask the database what this transaction sees."""
        self.view = view = View()
        if self.cnx.autocommit or self.cnx.isolation_level not in _ISOLATED:
            return view  # every statement would see something else
        self.cache.hello(self.cnx)
        with self.cnx.cursor() as cursor:
            cursor.execute(schema.READ)
            row = cursor.fetchone()
        if row is None:
            return view
        text, standby, uuid, generation, store, identity, owed, own = row
        if not self.cache.same_database(self.cnx, standby, identity):
            return view
        found = self.cache.store_of(self.cnx, generation, store)
        if found is None:
            return view
        debts = {}
        for debt in (owed or ()) if "pay" in self.cache.rules else ():
            model, xid = debt.rsplit(" ", 1)
            debts.setdefault(model, []).append(int(xid))
            if int(xid) == own:
                self.touched.add(model)
        if debts:
            self.cache.debts_seen()
        self.view = View(Snapshot.parse(text, standby), f"mc:{uuid}.{generation}", found, debts)
        return self.view

    def _floors(self, view, models, answer):
        """Open new logs for use. Writers that an earlier log knew and that is lost have either ended by now,
        or still run: those are in the log from the start."""
        births = answer.birth.split(",")
        now, fresh = self.cache.now()
        suspects = now.xip.union(range(now.xmax, fresh))
        at = answer.fresh
        view.store.set_floor(view.ns, [models[i] for i in at], [births[i] for i in at], now.xmax, suspects)

    # Writing

    def before_commit(self):
        """Log this transaction as a writer. Called when nothing but COMMIT is left to do; never raises for
        the store's sake."""
        cache, cnx = self.cache, self.cnx
        if not self.touched or cnx.info.transaction_status in (
            TRANSACTION_STATUS_INERROR,
            TRANSACTION_STATUS_UNKNOWN,
        ):
            return
        with cnx.cursor() as cursor:
            try:
                if not cache.knows(cnx):
                    cursor.execute("SAVEPOINT method_cache_log")
                    cache.hello(cnx)
                cursor.execute(schema.WRITE)
                row = cursor.fetchone()
                if row is None:
                    return
                xid, sight, uuid, generation, store_id, identity, current = row
                current_settings = generation == current or "generation" not in cache.rules
                known_database = cache.same_database(cnx, False, identity)
                if known_database and current_settings and store_id == "off":
                    return
                models = set(self.touched)
                if cache.triggers:
                    cursor.execute(schema.OWN)
                    models.update(row[0] for row in cursor.fetchall())
                if known_database and current_settings:
                    store = cache.store_of(cnx, generation, store_id)
                    if store is not None and self._log(
                        store, f"mc:{uuid}.{generation}", models, int(xid), Snapshot.parse(sight)
                    ):
                        if cache.triggers:
                            cursor.execute(schema.FORGET_OWN, [xid])
                        return
                if "owe" in cache.rules:
                    cursor.execute(schema.OWE, [sorted(models)])
            except psycopg2.errors.UndefinedTable:  # the addon has just been uninstalled
                cursor.execute("ROLLBACK TO SAVEPOINT method_cache_log")
            except psycopg2.Error:
                _logger.exception("the method cache could not note a write to %s", sorted(self.touched))
                if not cnx.closed:
                    cursor.execute("ROLLBACK TO SAVEPOINT method_cache_log")

    def end(self):
        """The transaction is over: whatever was known about it must not be used again."""
        self.view = None
        self.touched.clear()

    def _log(self, store, ns, models, xid, sight):
        try:
            store.log(ns, sorted(models), xid, sight)
        except StoreUnavailable:
            return False
        return True
