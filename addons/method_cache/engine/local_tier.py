"""The process-local tier: parsed values, each used only after the store has vouched for it."""

import threading
import time
from collections import OrderedDict

from .codec import copier, decode

# Python objects take several times the room of their JSON.
_SWELL = 6


class LocalTier:
    """An LRU of at most ``max_bytes`` (estimated); thread-safe."""

    def __init__(self, max_bytes=32 * 2**20, clock=time.monotonic):
        self.max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries = OrderedDict()  # (ns, key): _Kept
        self.bytes = 0

    def token(self, ns, key):
        """Return the token of the entry to ask the store about, '' if there is none."""
        kept = self._entries.get((ns, key))
        return kept.token if kept else ""

    def put(self, ns, key, token, flag, payload, ttl_ms, seen, cost):
        """Keep a payload, valid for the snapshot that ``seen`` names; parsed when first asked for."""
        kept = _Kept(token, flag, payload, self._clock() + ttl_ms / 1000, seen, cost)
        if kept.size > self.max_bytes / 4:
            return
        with self._lock:
            self._drop((ns, key))
            self._entries[ns, key] = kept
            self.bytes += kept.size
            while self.bytes > self.max_bytes:
                self._drop(next(iter(self._entries)))

    def same(self, ns, key, token, ttl_ms, seen):
        """Return ``(True, copy)`` of the entry that the store has just vouched for."""
        with self._lock:
            kept = self._entries.get((ns, key))
            if not kept or kept.token != token:
                return False, None
            kept.until = self._clock() + ttl_ms / 1000
            kept.seen = seen
            self._entries.move_to_end((ns, key))
        return True, kept.value()

    def seen(self, ns, key, seen):
        """Return ``(True, copy, cost)`` if the entry is known to be valid for exactly this snapshot."""
        kept = self._entries.get((ns, key))
        if kept and kept.seen == seen and kept.until > self._clock():
            return True, kept.value(), kept.cost
        return False, None, 0

    def clear(self):
        with self._lock:
            self._entries.clear()
            self.bytes = 0

    def __len__(self):
        return len(self._entries)

    def _drop(self, key):
        if kept := self._entries.pop(key, None):
            self.bytes -= kept.size


class _Kept:
    """A payload until it is first asked for, then a maker of fresh copies."""

    __slots__ = ("cost", "make", "raw", "seen", "size", "token", "until")

    def __init__(self, token, flag, payload, until, seen, cost):
        self.token, self.until, self.seen, self.cost = token, until, seen, cost
        self.size = len(payload) * _SWELL + 1000
        self.raw = (flag, payload)
        self.make = None

    def value(self):
        make, raw = self.make, self.raw
        if make is None:
            make = self.make = copier(decode(*raw))
            self.raw = None
        return make()
