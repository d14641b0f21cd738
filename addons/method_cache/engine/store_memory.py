"""The embedded store: the protocol of :mod:`.protocol` inside one process, for its threads."""

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from .protocol import BYPASS, COMPUTE, HIT, PREVIOUS, PRIVATE, SAME, WAIT
from .snapshot import UNKNOWN_FLOOR, Snapshot, covers, differ
from .store import Answer, Store


@dataclass
class _Log:
    birth: str
    floor: int
    ids: set = field(default_factory=set)


@dataclass
class _Entry:
    snapshot: Snapshot
    token: str
    flag: str
    payload: bytes
    until: float
    cost: float


class MemoryStore(Store):
    """Keeps at most ``max_bytes`` of payloads; the least recently used go first."""

    name = "embedded"

    def __init__(self, max_bytes=64 * 2**20, clock=time.monotonic):
        self.max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._bell = threading.Condition(self._lock)
        self._logs = {}  # (ns, model): _Log
        self._entries = OrderedDict()  # (ns, key): _Entry
        self._leases = {}  # (ns, key): (token, snapshot, until)
        self._stats = {}  # ns: {field: number}
        self._bytes = 0

    def lookup(self, ns, key, models, snapshot, known="", lease="", previous=False, owed=()):
        with self._lock:
            now = self._clock()
            logs, fresh = [], []
            for model, xid in owed:
                if log := self._logs.get((ns, model)):
                    log.ids.add(xid)
            for i, model in enumerate(models):
                log = self._logs.get((ns, model))
                if log is None:
                    log = self._logs[ns, model] = _Log("h:" + self.nonce(), UNKNOWN_FLOOR)
                logs.append(log)
                if log.floor == UNKNOWN_FLOOR:
                    fresh.append(i)
            birth = ",".join(log.birth for log in logs)
            if not all(covers(log.ids, log.floor, snapshot) for log in logs):
                return Answer(BYPASS, birth, tuple(fresh))
            entry = self._entries.get((ns, key))
            if entry and entry.until <= now:
                self._drop((ns, key))
                entry = None
            if entry and all(
                covers(log.ids, log.floor, entry.snapshot) and not differ(log.ids, entry.snapshot, snapshot)
                for log in logs
            ):
                self._entries.move_to_end((ns, key))
                left = math.ceil((entry.until - now) * 1000)
                if entry.token == known:
                    return Answer(SAME, token=known, ttl=left, cost=entry.cost)
                return Answer(HIT, "", (), entry.token, entry.flag, entry.payload, left, entry.cost)
            outdated = entry is not None
            if not lease:
                return Answer(PRIVATE, birth, outdated=outdated)
            held = self._leases.get((ns, key))
            if held and held[2] > now:
                token, theirs, _until = held
                if not any(differ(log.ids, theirs, snapshot) for log in logs):
                    if previous and entry:
                        return Answer(PREVIOUS, flag=entry.flag, payload=entry.payload)
                    return Answer(WAIT, token=token, outdated=outdated)
                if theirs.xmax >= snapshot.xmax:
                    return Answer(PRIVATE, birth, outdated=True)
            self._leases[ns, key] = (lease, snapshot, now + self.lease_ms / 1000)
            return Answer(COMPUTE, birth, outdated=outdated)

    def store(self, ns, key, models, snapshot, token, flag, payload, ttl_ms, cost, lease=""):
        with self._lock:
            self._release(ns, key, lease)
            logs = [self._logs.get((ns, model)) for model in models]
            if any(log is None or not covers(log.ids, log.floor, snapshot) for log in logs):
                return 0
            entry = self._entries.get((ns, key))
            if entry and entry.snapshot.xmax > snapshot.xmax:
                return 2
            self._drop((ns, key))
            until = self._clock() + ttl_ms / 1000
            self._entries[ns, key] = _Entry(snapshot, token, flag, payload, until, cost)
            self._bytes += len(payload)
            while self._bytes > self.max_bytes and self._entries:
                self._drop(next(iter(self._entries)))
            return 1

    def abandon(self, ns, key, lease):
        with self._lock:
            self._release(ns, key, lease)

    def renew(self, ns, leases):
        with self._lock:
            for key, lease in leases:
                held = self._leases.get((ns, key))
                if held and held[0] == lease:
                    self._leases[ns, key] = (*held[:2], self._clock() + self.lease_ms / 1000)

    def log(self, ns, models, xid, sight):
        with self._lock:
            for model in models:
                log = self._logs.get((ns, model))
                if log is None:
                    continue
                log.ids.add(xid)
                count = len(log.ids)
                if count > self.most_ids * 8 or (count > self.most_ids and log.floor == UNKNOWN_FLOOR):
                    del self._logs[ns, model]
                elif count > self.most_ids:
                    log.ids = {i for i in log.ids if i >= sight.xmax} | sight.xip | {xid}
                    log.floor = max(log.floor, sight.xmax)

    def set_floor(self, ns, models, births, floor, suspects):
        with self._lock:
            for model, birth in zip(models, births, strict=True):
                log = self._logs.get((ns, model))
                if log and log.birth == birth and log.floor == UNKNOWN_FLOOR:
                    log.floor = floor
                    log.ids.update(suspects)

    def wait(self, ns, token, seconds):
        deadline = self._clock() + seconds
        with self._lock:
            while any(held[0] == token for held in self._leases.values()):
                left = deadline - self._clock()
                if left <= 0 or not self._bell.wait(left):
                    return

    def flush(self, ns):
        with self._lock:
            gone = [key for key in self._entries if key[0] == ns]
            for key in gone:
                self._drop(key)
            for key in [key for key in self._logs if key[0] == ns]:
                del self._logs[key]
            return len(gone)

    def forget(self, life):
        for ns in {ns for ns, _key in [*self._entries, *self._logs] if ns.startswith(f"{life}.")}:
            self.flush(ns)
        with self._lock:
            self._stats.pop(life, None)

    def add_stats(self, ns, deltas):
        with self._lock:
            total = self._stats.setdefault(ns, {})
            for name, value in deltas.items():
                total[name] = total.get(name, 0) + value

    def read_stats(self, ns):
        with self._lock:
            return dict(self._stats.get(ns, {}))

    def info(self, ns):
        with self._lock:
            return {
                "name": "embedded",
                "version": "",
                "used_bytes": self._bytes,
                "entries": sum(key[0] == ns for key in self._entries),
            }

    def close(self):
        with self._lock:
            self._entries.clear()
            self._logs.clear()
            self._bytes = 0

    def _drop(self, key):
        if entry := self._entries.pop(key, None):
            self._bytes -= len(entry.payload)

    def _release(self, ns, key, lease):
        held = self._leases.get((ns, key))
        if held and held[0] == lease:
            del self._leases[ns, key]
        self._bell.notify_all()
