"""From Odoo's configuration to the engine: connections, and the thread that keeps what this process saw."""

import atexit
import logging
import os
import threading

import psycopg2
from odoo.sql_db import connection_info_for

from .engine import keep, schema
from .engine.connection import Session
from .engine.recorder import RECORDER, merge

_logger = logging.getLogger(__name__)

#: seconds between sorting into buckets, and between writing to the database
FOLD, FLUSH = 5, 60
#: times that a database may not be reached before what it is owed is forgotten (it may have been dropped)
PATIENCE = 60
#: system parameter: one request in so many is watched for N+1, 0 for none; and how many without it
SAMPLE, SAMPLED = "database_monitor.sample_every", 100


def session(database):
    """A session of the engine on a connection of its own, never Odoo's."""
    name, info = connection_info_for(database)
    if "dsn" in info:
        return Session(lambda: psycopg2.connect(**info))
    info.pop("database", None)
    info["application_name"] = "database_monitor"
    return Session(lambda: psycopg2.connect(dbname=name, connect_timeout=5, **info))


def install(database):
    """Create the schema, committed at once: own connections must see it during an install."""
    with session(database) as work, work.transaction() as cursor:
        schema.install(cursor)


def sample_every(cursor):
    """One request in how many is watched for N+1 (:data:`SAMPLE`); 0 where the parameter is no number."""
    cursor.execute("SELECT value FROM public.ir_config_parameter WHERE key = %s", [SAMPLE])
    row = cursor.fetchone()
    if row is None:
        return SAMPLED
    return int(row[0]) if row[0] and row[0].isdigit() else 0


class Keeper:
    """Sorts and writes what this process's cursors recorded, beside everybody's way.

    A process that is killed loses at most the last :data:`FLUSH` seconds; a database that cannot be reached
    is written to later; one without the addon costs a question a minute.
    """

    def __init__(self):
        self.sorted = {}
        self.failed = {}
        self.thread = None
        self.lock = threading.Lock()
        self.writing = threading.Lock()

    def start(self):
        """Start the thread unless it runs."""
        if self.thread is None:
            with self.lock:
                if self.thread is None:
                    self.thread = threading.Thread(target=self._run, name="database_monitor", daemon=True)
                    self.thread.start()

    def forget(self):
        """After a fork: the parent's thread is not ours, nor is what it has not written yet."""
        RECORDER.forget()
        self.__init__()

    def _run(self):
        stop = threading.Event()
        while True:
            for _turn in range(FLUSH // FOLD):
                stop.wait(FOLD)
                self.fold()
            self.flush()

    def fold(self):
        with self.lock:
            merge(self.sorted, RECORDER.drain())

    def flush(self, *databases):
        """Write to the given databases, or to all; what could not be written stays for the next time."""
        with self.writing:
            self.fold()
            with self.lock:
                names = databases or list(self.sorted)
                taken = {name: self.sorted.pop(name) for name in names if name in self.sorted}
            for name, found in taken.items():
                try:
                    with session(name) as work, work.transaction() as cursor:
                        if schema.installed(cursor):
                            keep.write(cursor, found)
                            if repeated := RECORDER.drain_repeated(name):
                                keep.write_repeated(cursor, repeated)
                            if refused := RECORDER.drain_refused(name):
                                keep.write_refused(cursor, refused)
                            RECORDER.every[name] = sample_every(cursor)
                    self.failed.pop(name, None)
                except psycopg2.Error as error:
                    self._put_back(name, found, str(error).strip())

    def _put_back(self, name, found, reason):
        self.failed[name] = self.failed.get(name, 0) + 1
        if self.failed[name] > PATIENCE:
            _logger.warning("statements of %s are lost, it was not reached for so long: %s", name, reason)
            return
        _logger.info("statements of %s are written later: %s", name, reason)
        with self.lock:
            merge(self.sorted, {name: found})


KEEPER = Keeper()
os.register_at_fork(after_in_child=KEEPER.forget)
atexit.register(KEEPER.flush)
