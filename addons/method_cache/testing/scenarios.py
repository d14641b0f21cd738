"""Interleavings written down: for each rule of the protocol, the one that goes wrong without it.

Every scenario takes a ``Lab`` and returns True if a transaction was given a value that the database would
not have given it. ``RULE_OF`` says which rule forbids it. Plain connections, no Odoo: run by the tests and by
``benchmarks/soak_cache.py --mutate``.
"""

import contextlib
import time

import psycopg2
import psycopg2.extensions

from ..engine import schema
from ..engine.cache import Cache, Settings
from ..engine.protocol import RULES
from ..engine.snapshot import Snapshot
from ..engine.store_redis import RedisStore
from ..engine.transaction import Transaction


class Connection(psycopg2.extensions.connection):
    """A plain connection that can carry attributes, as Odoo's does."""


class Session:
    """One transaction after another on one connection of one process (one ``Cache``)."""

    def __init__(self, lab, cache, dsn=None):
        self.lab, self.cache = lab, cache
        self.cnx = lab.connect(dsn=dsn)
        self.txn = Transaction(self.cnx, cache)

    def sql(self, query):
        with self.cnx.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0] if cursor.description else None

    def begin(self):
        """Fix the snapshot now."""
        self.sql("SELECT 1")

    def truth(self):
        return self.sql("SELECT v FROM method_cache_lab")

    def read(self, compute=None, wait=0.0):  # pylint: disable=method-required-super
        return self.txn.get("lab", "key", ("lab",), 60, compute or self.truth, wait=wait)

    def stale(self):
        """Read, and return whether the answer differs from this transaction's own truth."""
        return self.read() != self.truth()

    def write(self):  # pylint: disable=method-required-super
        self.txn.touch("lab")
        self.sql("UPDATE method_cache_lab SET v = v + 1")

    def commit(self):
        self.txn.before_commit()
        self.done()

    def done(self):
        """End without logging."""
        self.cnx.commit()
        self.txn.end()
        self.txn = Transaction(self.cnx, self.cache)

    def rollback(self):
        self.cnx.rollback()
        self.txn.end()
        self.txn = Transaction(self.cnx, self.cache)


class Lab:
    """A table, a Redis and as many sessions as a scenario asks for.

    :param dsn: libpq keywords of a database with the cache's schema; the lab creates a table of its own
    :param link: has ``url``; ``command(*words)`` runs a Redis command
    :param fresh: make the table anew
    """

    def __init__(self, dsn, link, rules=RULES, fresh=True):
        self.dsn, self.link, self.rules = dsn, link, rules
        self._open = contextlib.ExitStack()
        self.cnx = self.connect(autocommit=True)
        if fresh:
            with self.cnx.cursor() as cursor:
                cursor.execute(schema.CREATE)
                cursor.execute(
                    "DROP TABLE IF EXISTS method_cache_lab; CREATE TABLE method_cache_lab (v bigint)"
                )
                cursor.execute("INSERT INTO method_cache_lab VALUES (0); DELETE FROM method_cache_owed")
                schema.next_generation(cursor)  # nobody was told of the new table
        self.cache().claim()

    def connect(self, autocommit=False, dsn=None):
        cnx = psycopg2.connect(connection_factory=Connection, **(dsn or self.dsn))
        if autocommit:
            cnx.autocommit = True
        else:
            cnx.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_REPEATABLE_READ)
        self._open.callback(cnx.close)
        return cnx

    def cache(self):
        """A process's cache."""
        settings = Settings(url=self.link.url, timeout=1.0)
        cache = Cache("lab", lambda: self.connect(autocommit=True), lambda _cnx: settings, self.rules)
        self._open.callback(cache.close)
        return cache

    def session(self, cache=None, standby=None):
        """:param standby: libpq keywords, for a session that reads there."""
        return Session(self, cache or self.cache(), standby)

    def cut_off(self, session):
        """This process alone cannot reach Redis any more, and does not get it back."""
        session.begin()
        session.txn._open()
        session.rollback()
        for store in session.cache._by_id.values():
            store.breaker._probe = _fail
            store.breaker.trip("cut off by the scenario")

    def lose(self, kind="w"):
        """Redis forgets all keys of a kind (w logs, e entries)."""
        for key in self.keys(kind):
            self.link.command("DEL", key)

    def keys(self, kind):
        return list(self.link.command("KEYS", f"*}}:{kind}*") or ())

    def trigger(self):
        with self.cnx.cursor() as cursor:
            cursor.execute(
                "CREATE TRIGGER touch AFTER UPDATE ON method_cache_lab"
                " FOR EACH STATEMENT EXECUTE FUNCTION method_cache_touch_trigger('lab')"
            )

    def warm(self, session):
        """Store a value, and return when it is served; AssertionError if it never is."""
        for _ in range(500):
            computed = []

            def compute(computed=computed):
                computed.append(True)
                return session.truth()

            session.read(compute)
            session.done()
            if not computed:
                return
            time.sleep(0.01)
        raise AssertionError("nothing comes from the cache")

    def close(self, keep=False):
        self._open.close()  # sessions first: they hold locks
        if keep:
            return
        with contextlib.closing(self.connect(autocommit=True)) as cnx, cnx.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS method_cache_lab")


def _fail():
    raise OSError("cut off")


def slow_filler(lab):
    """A reader computes, is paused, a writer commits, the reader stores the old value."""
    filler, writer, reader = lab.session(), lab.session(), lab.session()
    lab.warm(reader)
    lab.lose("e")

    def paused():
        value = filler.truth()
        writer.write()
        writer.commit()
        return value

    filler.read(paused)
    filler.done()
    return reader.stale()


def old_entry(lab):
    """An entry from before a commit, a reader from after it."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    writer.write()
    writer.commit()
    return reader.stale()


def old_reader(lab):
    """An entry from after a commit, a reader from before it: it must not see the future either."""
    writer, reader, old = lab.session(), lab.session(), lab.session()
    lab.warm(reader)
    old.begin()
    writer.write()
    writer.commit()
    lab.lose("e")
    reader.read()
    reader.done()
    return old.stale()


def running_writer(lab):
    """The writer's id is below the filler's xmax, but the writer was still running then."""
    filler, writer, other, reader = (lab.session() for _ in range(4))
    lab.warm(reader)
    lab.lose("e")
    writer.write()
    other.sql("CREATE TABLE IF NOT EXISTS method_cache_lab_other ()")
    other.sql("DROP TABLE method_cache_lab_other")
    other.done()  # lifts xmax over the writer's id
    filler.read()
    filler.done()
    writer.commit()
    return reader.stale()


def told_too_late(lab):
    """The log is written after the commit: in between, readers are given the old value."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    writer.write()
    if "log-before-commit" in lab.rules:
        writer.txn.before_commit()
    writer.cnx.commit()
    return reader.stale()


def lost_log(lab):
    """Redis evicts a log but not the entries computed against it."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    writer.write()
    writer.commit()
    lab.lose("w")
    for _ in range(2):  # the log is begun anew, and opened
        if reader.stale():
            return True
        reader.done()
    return reader.stale()


def lost_while_opening(lab):
    """A new log is lost, with a writer in it, before it is opened; another is begun in its place."""
    filler, writer, other, reader = (lab.session() for _ in range(4))
    for session in (writer, other, reader):
        session.begin()
        session.txn._open()
        session.rollback()
    opened = filler.cache.now

    def interrupted():
        answer = opened()
        writer.write()
        writer.commit()
        lab.lose("w")
        view = other.txn._open()
        view.store.lookup(view.ns, "another", ("lab",), view.snapshot)
        return answer

    filler.cache.now = interrupted
    filler.read()
    filler.done()
    return reader.stale()


def old_filler_new_log(lab):
    """The log is lost with a writer in it; a filler whose snapshot is older stores into the new log."""
    filler, writer, reader = lab.session(), lab.session(), lab.session()
    lab.warm(reader)
    filler.begin()
    writer.write()
    writer.commit()
    lab.lose("w")
    lab.lose("e")
    filler.read()
    filler.done()
    return reader.stale()


def restarted(lab):
    """Redis comes back with what it had saved before the last write."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    lab.link.command("SAVE")
    writer.write()
    writer.commit()
    lab.link.restart()
    fresh = lab.session()
    return fresh.stale()


def pruned(lab):
    """A log forgets a writer while a reader still depends on it."""
    writer, reader, old = lab.session(), lab.session(), lab.session()
    lab.warm(reader)
    writer.write()
    writer.commit()
    old.begin()  # sees the first write, not the following
    RedisStore.most_ids, before = 4, RedisStore.most_ids
    try:
        for _ in range(6):
            writer.write()
            writer.commit()
    finally:
        RedisStore.most_ids = before
    return old.stale()


def unreachable(lab):
    """The writer cannot reach Redis; everybody else can."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    lab.cut_off(writer)
    writer.write()
    writer.commit()
    return reader.stale()


def raw_sql(lab):
    """Raw SQL from outside, behind the statement trigger."""
    reader = lab.session()
    lab.trigger()
    lab.warm(reader)
    with lab.cnx.cursor() as cursor:
        cursor.execute("UPDATE method_cache_lab SET v = v + 1")
    return reader.stale()


def own_write(lab):
    """The transaction itself has written: the cache knows nothing of that."""
    reader = lab.session()
    lab.warm(reader)
    reader.write()
    return reader.stale()


def own_write_stored(lab):
    """A value computed in the middle of a transaction that is rolled back later."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    lab.lose("e")
    writer.write()
    writer.read()
    writer.rollback()
    return reader.stale()


def new_settings(lab):
    """The writer still knows the old generation when others already read from the new one."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    writer.begin()  # sees the old generation
    with lab.cnx.cursor() as cursor:
        cursor.execute("BEGIN")
        schema.next_generation(cursor)
        cursor.execute("COMMIT")
    lab.warm(reader)
    writer.write()
    writer.commit()
    return reader.stale()


def killed_after_commit(lab):
    """The writer dies right after its commit: it owes nothing."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    writer.write()
    writer.txn.before_commit()
    writer.cnx.commit()
    writer.cnx.close()
    return reader.stale()


def killed_before_commit(lab):
    """The writer dies between log and commit: its id is logged and never commits."""
    writer, reader = lab.session(), lab.session()
    lab.warm(reader)
    writer.write()
    writer.txn.before_commit()
    writer.cnx.close()
    return reader.stale() or lab.session().stale()


def flushed(lab):
    """FLUSHALL between a write and the next read, and a filler in flight."""
    filler, writer, reader = lab.session(), lab.session(), lab.session()
    lab.warm(reader)

    def paused():
        value = filler.truth()
        writer.write()
        writer.commit()
        lab.link.command("FLUSHALL")
        return value

    lab.lose("e")
    filler.read(paused)
    filler.done()
    stale = reader.stale()
    reader.done()
    return stale or reader.stale()


# Which broken rules each scenario must notice.
RULE_OF = {
    slow_filler: ("compare-window",),
    old_entry: ("compare-window",),
    old_reader: ("compare-window",),
    running_writer: ("compare-running",),
    told_too_late: ("log-before-commit",),
    lost_log: ("new-floor",),
    lost_while_opening: ("birth",),
    old_filler_new_log: ("new-floor",),
    restarted: ("life",),
    pruned: ("prune-floor",),
    unreachable: ("owe", "pay"),
    raw_sql: ("pay",),
    own_write: ("own-writes",),
    own_write_stored: ("own-writes",),
    new_settings: ("generation",),
    killed_after_commit: (),
    killed_before_commit: (),
    flushed: (),
}


def lagging(store, ns="lagging"):
    """A standby whose snapshot leaves open whether a logged writer had ended: the entry must not be used.

    Runs on snapshots made up here, so it needs no replica; returns True if the answer would be wrong.
    """
    primary = Snapshot.parse("100:110:")
    store.lookup(ns, "k", ("m",), primary)
    answer = store.lookup(ns, "k", ("m",), primary)
    store.set_floor(ns, ("m",), answer.birth.split(","), 50, ())
    answer = store.lookup(ns, "k", ("m",), primary)
    store.log(ns, ("m",), 105, primary)
    store.store(ns, "k", ("m",), Snapshot.parse("100:110:105"), "t", "p", b"1", 60000, 1.0)
    standby = Snapshot.parse("104:107:", standby=True)
    return store.lookup(ns, "k", ("m",), standby).kind in (1, 2)
