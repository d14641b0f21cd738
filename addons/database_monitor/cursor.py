"""The place at Odoo's cursor where every statement passes: how long it took, and now and then who asked."""

import functools
import logging
import random
import re
import time

from odoo.service.server import thread_local
from odoo.sql_db import Cursor
from odoo.tools import SQL
from psycopg2.errors import IntegrityError, RaiseException

from . import runtime
from .engine import origin
from .engine.histogram import GOAL
from .engine.n_plus_one import Watch
from .engine.recorder import RECORDER, key_of

_logger = logging.getLogger(__name__)
#: the function that raised, in what PostgreSQL tells of the context
RAISED = re.compile(r"PL/pgSQL function ([\w.\"]+)\(")


def stand_at_the_cursor():
    """Time every call of ``Cursor.execute``, and watch a sample of cursors; harmless when done already.

    ``query_hooks`` of Odoo's threads would do, but for each thread anew, and its profiler owns them. What
    takes time below the cursor (``copy_expert``, fetching) is not seen.
    """
    if hasattr(Cursor, "_monitor_watch"):
        return
    original, clock, known = Cursor.execute, time.perf_counter, RECORDER.known

    @functools.wraps(original)
    def execute(self, query, params=None, log_exceptions=True):
        start = clock()
        try:
            return original(self, query, params, log_exceptions)
        except (IntegrityError, RaiseException) as error:
            _note_refusal(self.dbname, error)
            raise
        finally:
            seconds = clock() - start
            text = query.code if query.__class__ is SQL else query
            try:
                known[self.dbname][text](seconds)
            except (KeyError, TypeError):
                _meet(self.dbname, text, seconds)
            if seconds >= GOAL:
                _note_origin(self.dbname, text, seconds)
            if self._monitor_watch is not None:
                _see(self, text, query.params if query.__class__ is SQL else params)

    init, close, every, draw = Cursor.__init__, Cursor._close, RECORDER.every, random.random

    @functools.wraps(init)
    def begin(self, pool, dbname, dsn):
        init(self, pool, dbname, dsn)
        sample = every.get(dbname)
        if sample and draw() * sample < 1:
            self._monitor_watch = Watch()

    @functools.wraps(close)
    def end(self, leak=False):
        if self._monitor_watch is not None:
            _look_back(self)
        return close(self, leak)

    Cursor._monitor_watch = None
    Cursor.__init__, Cursor._close, Cursor.execute = begin, end, execute


def _spared(note):
    """What goes wrong in the monitor must never be the request's: it is logged."""

    @functools.wraps(note)
    def spared(*arguments):
        try:
            note(*arguments)
        except Exception:
            _logger.exception("the database monitor lost a note")

    return spared


@_spared
def _note_refusal(database, error):
    """A constraint refused a write, or a trigger a change: their names, no values."""
    told = error.diag
    if isinstance(error, IntegrityError):
        name = told.constraint_name or told.column_name or "(unnamed)"
        RECORDER.note_refusal(database, ("constraint", told.table_name or "(unknown)", name))
    elif function := RAISED.search(told.context or ""):
        RECORDER.note_refusal(database, ("trigger", "", function.group(1)))


@_spared
def _see(cursor, text, params):
    """Let a sampled request's watch see a statement; a watch that fails is given up."""
    watch, cursor._monitor_watch = cursor._monitor_watch, None
    watch.see(text, params, cursor.rowcount)
    cursor._monitor_watch = watch


@_spared
def _look_back(cursor):
    """At the end of a sampled request, note what it asked record by record."""
    watch, cursor._monitor_watch = cursor._monitor_watch, None
    if found := watch.findings():
        RECORDER.note_repeated(cursor.dbname, found, origin.route())


@_spared
def _meet(database, text, seconds):
    """A text for the first time, or one that is remembered by its beginning only."""
    if not isinstance(text, (str, bytes)):
        text = "(composed with psycopg2.sql)"
    key = key_of(text)
    if record := RECORDER.known.get(database, {}).get(key):
        record(seconds)
        return
    RECORDER.shape(database, text).waiting.append(seconds)
    if seconds < GOAL:
        _note_origin(database, text, seconds)
    runtime.KEEPER.start()


@_spared
def _note_origin(database, text, seconds):
    """The model, the route and the line that a first or slow call came from."""
    if not isinstance(text, (str, bytes)):
        return
    route = origin.route()
    called = getattr(thread_local, "rpc_model_method", "") or ""
    if not called and route.startswith("/web/dataset/call_"):
        called = route.rpartition("/")[2]
    RECORDER.note_origin(RECORDER.shape(database, text), (called, route, origin.asker()), seconds)
