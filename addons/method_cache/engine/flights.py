"""Threads of one process that want the same key take turns: the second finds what the first brought."""

import threading


class Flights:
    """A lock for each key that is wanted at this moment; keys that nobody wants take no memory."""

    def __init__(self):
        self.lock = threading.Lock()
        self.wanted = {}  # key: [lock, how many want it]

    def turn(self, key, seconds):
        """Return a context manager: wait for one's turn, but at most ``seconds``; then go on in any case."""
        return Turn(self, key, seconds)

    def __len__(self):
        return len(self.wanted)


class Turn:
    """What :meth:`Flights.turn` returns; on a hit it is entered once a call, hence no generator."""

    __slots__ = ("flight", "flights", "key", "mine", "seconds")

    def __init__(self, flights, key, seconds):
        self.flights, self.key, self.seconds = flights, key, seconds

    def __enter__(self):
        with self.flights.lock:
            self.flight = flight = self.flights.wanted.setdefault(self.key, [threading.Lock(), 0])
            flight[1] += 1
        self.mine = flight[0].acquire(blocking=False) or (
            self.seconds > 0 and flight[0].acquire(timeout=self.seconds)
        )
        return self

    def __exit__(self, *_exception):
        if self.mine:
            self.flight[0].release()
        with self.flights.lock:
            self.flight[1] -= 1
            if not self.flight[1]:
                del self.flights.wanted[self.key]

    def crowded(self):
        """Return whether anybody else wants the key now."""
        return self.flight[1] > 1
