"""The place at Odoo's cursor where every statement passes: how long it took, and now and then who asked."""

import functools
import time

from odoo.service.server import thread_local
from odoo.sql_db import Cursor
from odoo.tools import SQL

from . import runtime
from .engine import origin
from .engine.histogram import GOAL
from .engine.recorder import RECORDER, key_of


def stand_at_the_cursor():
    """Time every call of ``Cursor.execute``; harmless when done already.

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
                self._monitor_watch.see(
                    text, query.params if query.__class__ is SQL else params, self.rowcount
                )

    Cursor._monitor_watch = None
    Cursor.execute = execute


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


def _note_origin(database, text, seconds):
    """The model, the route and the line that a first or slow call came from."""
    if not isinstance(text, (str, bytes)):
        return
    route = origin.route()
    called = getattr(thread_local, "rpc_model_method", "") or ""
    if not called and route.startswith("/web/dataset/call_"):
        called = route.rpartition("/")[2]
    RECORDER.note_origin(RECORDER.shape(database, text), (called, route, origin.asker()), seconds)
