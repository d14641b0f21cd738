"""``with detect_n_plus_one():`` for development and tests, and the sample of production's requests."""

import contextlib
import threading

from .engine.n_plus_one import THRESHOLD, Watch


class NPlusOneError(AssertionError):
    """A block asked record by record; the text lists place, count, statement and cure."""


@contextlib.contextmanager
def detect_n_plus_one(threshold=THRESHOLD, *, fail=True):
    """Watch the statements of this thread, on whatever cursor.

    Yields the list of :class:`~.engine.n_plus_one.Finding`, filled when the block ends.

    :param threshold: repetitions from which a place counts
    :param fail: raise :class:`NPlusOneError` when something is found
    """
    thread = threading.current_thread()
    watch, found = Watch(threshold), []

    def see(cursor, query, params, _start, _seconds):
        watch.see(query, params, cursor.rowcount)

    # as Odoo's profiler does; Odoo gives the hook text and parameters apart
    hooks = thread.__dict__.setdefault("query_hooks", [])
    hooks.append(see)
    try:
        yield found
    finally:
        hooks.remove(see)
        found += watch.findings()
    if found and fail:
        raise NPlusOneError("\n".join(map(str, found)))
