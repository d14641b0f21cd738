"""Counters per method, collected in the process and added to the store now and then."""

import threading
from collections import defaultdict

# hit_*: where the value came from; bypass_*: why the method computed without the cache.
COUNTERS = (
    "hit_same",  # valid for the very snapshot: no round trip
    "hit_local",  # local copy, vouched for by the store
    "hit_store",
    "hit_previous",  # an outdated value, where the caller allowed it
    "miss",
    "outdated",  # misses that found an entry of an earlier state
    "waited",  # calls that waited for another's computation
    "stored",
    "too_large",
    "failed",  # computations that raised
    "bypass_wrote",  # the transaction had written to a dependency
    "bypass_down",  # the store was away
    "bypass_young",  # the log was younger than the snapshot
    "bypass_off",
    "seconds_computing",
    "seconds_saved",
    "bytes_stored",
)
HITS = ("hit_same", "hit_local", "hit_store", "hit_previous")


class Stats:
    """Thread-safe counters ``{(method, counter): number}``."""

    def __init__(self):
        self._lock = threading.Lock()
        self._pending = defaultdict(float)
        self.totals = defaultdict(float)

    def add(self, method, counter, value=1):
        with self._lock:
            self._pending[method, counter] += value
            self.totals[method, counter] += value

    def take(self):
        """Return and clear what has not been sent yet, as ``{'method|counter': number}``."""
        with self._lock:
            taken, self._pending = self._pending, defaultdict(float)
        return {f"{method}|{counter}": value for (method, counter), value in taken.items()}

    def put_back(self, taken):
        with self._lock:
            for name, value in taken.items():
                self._pending[tuple(name.rsplit("|", 1))] += value

    def fields(self):
        """Return this process's totals in the form of :meth:`Store.read_stats`."""
        with self._lock:
            return {f"{method}|{counter}": value for (method, counter), value in self.totals.items()}


def table(fields):
    """Return ``{method: {counter: number, 'calls', 'hits', 'hit_rate'}}`` of ``{'method|counter': n}``."""
    methods = defaultdict(lambda: dict.fromkeys(COUNTERS, 0.0))
    for name, value in fields.items():
        method, _, counter = name.rpartition("|")
        if counter in COUNTERS:
            methods[method][counter] += value
    for counters in methods.values():
        hits = sum(counters[name] for name in HITS)
        calls = hits + counters["miss"] + sum(v for name, v in counters.items() if name.startswith("bypass_"))
        counters.update(hits=hits, calls=calls, hit_rate=hits / calls if calls else 0.0)
    return dict(methods)


def prometheus(fields, gauges):
    """Return the text exposition format of the counters and of ``{name: (help, value)}`` gauges."""
    lines = []
    for counter in COUNTERS:
        found = {m: c[counter] for m, c in table(fields).items() if c[counter]}
        name = f"method_cache_{counter}_total"
        lines.append(f"# TYPE {name} counter")
        lines += [
            f'{name}{{method="{_label(method)}"}} {value:.10g}' for method, value in sorted(found.items())
        ]
    for name, (text, value) in gauges.items():
        lines += [f"# HELP method_cache_{name} {text}", f"# TYPE method_cache_{name} gauge"]
        lines.append(f"method_cache_{name} {value:.10g}")
    return "\n".join(lines) + "\n"


def _label(text):
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
