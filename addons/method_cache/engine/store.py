"""What a store answers, and what every store can do."""

import secrets
from typing import NamedTuple

from . import protocol


class Answer(NamedTuple):
    """The answer to a lookup; ``kind`` is one of the constants of :mod:`.protocol`."""

    kind: int
    birth: str = ""  # of the logs, as they were when asked (COMPUTE, PRIVATE, BYPASS)
    fresh: tuple = ()  # indexes of logs that still need a floor (BYPASS)
    token: str = ""  # of the entry (HIT, SAME), or of the lease to wait for (WAIT)
    flag: str = ""  # how the payload is encoded (HIT, PREVIOUS)
    payload: bytes = b""
    ttl: int = 0  # milliseconds left (HIT, SAME)
    cost: float = 0.0  # milliseconds that the computation took (HIT, SAME)
    outdated: bool = False  # an entry was there, but not for this snapshot


class Store:
    """Interface of ``RedisStore`` and ``MemoryStore``.

    Every method raises :class:`~.errors.StoreUnavailable` when the store does not answer in time. ``ns`` is
    the name space (database, life, generation), ``models`` the sorted names of the logs.
    """

    lease_ms = 5000
    most_ids = 64  # a log is pruned when it holds more

    @staticmethod
    def nonce():
        return secrets.token_hex(8)

    def lookup(self, ns, key, models, snapshot, known="", lease="", previous=False, owed=()):
        raise NotImplementedError

    def store(self, ns, key, models, snapshot, token, flag, payload, ttl_ms, cost, lease=""):
        raise NotImplementedError

    def abandon(self, ns, key, lease):
        raise NotImplementedError

    def renew(self, ns, leases):
        """Prolong ``[(key, lease), …]``."""
        raise NotImplementedError

    def log(self, ns, models, xid, sight):
        """Log ``xid`` as a writer of ``models``; ids visible in the snapshot ``sight`` may be pruned."""
        raise NotImplementedError

    def set_floor(self, ns, models, births, floor, suspects):
        """Open new logs for use: every writer before them is below ``floor`` or among ``suspects``."""
        raise NotImplementedError

    def wait(self, ns, token, seconds):
        """Return when the holder of the lease ``token`` is done, or after ``seconds``."""
        raise NotImplementedError

    def flush(self, ns):
        """Delete every entry and log of the name space; return how many keys went."""
        raise NotImplementedError

    def add_stats(self, ns, deltas):
        """Add ``{field: number}`` to the counters shared by all processes."""
        raise NotImplementedError

    def read_stats(self, ns):
        raise NotImplementedError

    def info(self, ns):
        """Return a dict about the store for people: name, version, used_bytes, entries."""
        raise NotImplementedError

    def close(self):
        """Release connections and threads."""


__all__ = ["Answer", "Store", "protocol"]
