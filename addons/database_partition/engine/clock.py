"""The one clock of maintenance, which tests and rehearsals can move."""

import contextlib
from datetime import datetime, timezone

_moved = []


def now():
    """The time at which maintenance believes to be, aware and in UTC."""
    return _moved[-1] if _moved else datetime.now(timezone.utc)


@contextlib.contextmanager
def moved(instant):
    """Let it be ``instant`` (aware) until the end of the block."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone; say tzinfo=timezone.utc")
    _moved.append(instant.astimezone(timezone.utc))
    try:
        yield
    finally:
        _moved.pop()
