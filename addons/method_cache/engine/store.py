"""What a store answers, and what every store can do."""

import secrets
from abc import ABC, abstractmethod
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


class Store(ABC):
    """Interface of ``RedisStore`` and ``MemoryStore``.

    Every method raises :class:`~.errors.StoreUnavailable` when the store does not answer in time. ``ns`` is
    the name space (database, life, generation), ``models`` the sorted names of the logs.
    """

    lease_ms = 5000
    most_ids = 64  # a log is pruned when it holds more

    @staticmethod
    def nonce():
        return secrets.token_hex(8)

    @abstractmethod
    def lookup(self, ns, key, models, snapshot, known="", lease="", previous=False, owed=()):
        """Return the :class:`Answer` for a reader with ``snapshot``.

        :param known: token of the copy that the caller holds (answered by SAME instead of the payload)
        :param lease: token under which the caller would compute; empty: the caller will not store
        :param previous: an outdated payload will do while somebody else computes
        :param owed: ``(model, id)`` of writers that the reader saw in the database's ledger
        """

    @abstractmethod
    def store(self, ns, key, models, snapshot, token, flag, payload, ttl_ms, cost, lease=""):
        """Keep a payload computed in ``snapshot``, and end the lease; return 1 if it was kept."""

    @abstractmethod
    def abandon(self, ns, key, lease):
        """End a lease without a value."""

    @abstractmethod
    def renew(self, ns, leases):
        """Prolong ``[(key, lease), …]``."""

    @abstractmethod
    def log(self, ns, models, xid, sight):
        """Log ``xid`` as a writer of ``models``; ids visible in the snapshot ``sight`` may be pruned."""

    @abstractmethod
    def set_floor(self, ns, models, births, floor, suspects):
        """Open new logs for use: every writer before them is below ``floor`` or among ``suspects``."""

    @abstractmethod
    def wait(self, ns, token, seconds):
        """Return when the holder of the lease ``token`` is done, or after ``seconds``."""

    @abstractmethod
    def flush(self, ns):
        """Delete every entry and log of the name space; return how many keys went."""

    @abstractmethod
    def forget(self, life):
        """Delete all that a database ever kept here; its name spaces begin with ``life``."""

    @abstractmethod
    def add_stats(self, ns, deltas):
        """Add ``{field: number}`` to the counters shared by all processes."""

    @abstractmethod
    def read_stats(self, ns):
        """Return the shared counters as ``{field: number}``."""

    @abstractmethod
    def info(self, ns):
        """Return a dict about the store for people: name, version, used_bytes, entries."""

    def settle(self, seconds):
        """After a failure: learn within ``seconds`` whether the store answers; return it."""
        return True

    @abstractmethod
    def close(self):
        """Release connections and threads."""


__all__ = ["Answer", "Store", "protocol"]
