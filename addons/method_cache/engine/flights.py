"""Threads of one process that want the same key take turns: the second finds what the first brought."""

import contextlib
import threading


class Flights:
    """A lock for each key that is wanted at this moment; keys that nobody wants take no memory."""

    def __init__(self):
        self._lock = threading.Lock()
        self._wanted = {}  # key: [lock, how many want it]

    @contextlib.contextmanager
    def turn(self, key, seconds):
        """Wait for one's turn, but at most ``seconds``; then go on in any case.

        Gives a function that says whether anybody else wants the key now.
        """
        with self._lock:
            flight = self._wanted.setdefault(key, [threading.Lock(), 0])
            flight[1] += 1
        mine = flight[0].acquire(timeout=seconds) if seconds > 0 else flight[0].acquire(blocking=False)
        try:
            yield lambda: flight[1] > 1
        finally:
            if mine:
                flight[0].release()
            with self._lock:
                flight[1] -= 1
                if not flight[1]:
                    del self._wanted[key]

    def __len__(self):
        return len(self._wanted)
