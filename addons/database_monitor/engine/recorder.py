"""What this process's statements took, in memory, until it is kept.

The way of a statement through here is one look into a dictionary and one append to a list: its text leads
to the list of its shape's durations. Sorting them into buckets is done by the keeper's thread
(:mod:`..runtime`).
"""

import threading
from dataclasses import dataclass, field

from .histogram import Histogram
from .shapes import identity, normalise

#: a longer text is known by its beginning alone
LONG_TEXT = 4000
BEGINNING = 600
#: texts, and shapes, of one database that are remembered before memory is cleared
MOST = 5000
#: origins of one shape that are told apart between two flushes
MOST_ORIGINS = 20
#: places of N+1, and refusing constraints, that are told apart between two flushes
MOST_REPEATED = 200


@dataclass
class Shape:
    """One shape of one database: durations not yet sorted, and where first and slow calls came from."""

    text: str
    id: int
    waiting: list = field(default_factory=list)
    origins: dict = field(default_factory=dict)


#: statements with a name of their own each time
NAMED = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")


def key_of(text):
    """What a text is remembered by. ``execute_values`` gives bytes, with the rows in them."""
    if isinstance(text, bytes):
        return text[:BEGINNING].partition(b"VALUES")[0]
    if text.startswith(NAMED):
        return text.partition(' "')[0] + ' "?"'
    return text[:BEGINNING] if len(text) > LONG_TEXT else text


class Recorder:
    """Durations by shape, by database.

    ``known`` is read without a lock, by everybody: ``known[database][text](seconds)`` records a call.
    ``every`` says for each database how many requests are watched for N+1: one in that many, none with 0.
    """

    def __init__(self):
        # reentrant: collecting garbage may close a forgotten cursor while this thread is here
        self.lock = threading.RLock()
        self.known = {}  # the cursor holds it: cleared, never replaced
        self.shapes = {}
        self.repeated = {}
        self.refused = {}
        self.every = {}

    def forget(self):
        """Start anew: after a fork, what the parent has not kept yet stays the parent's."""
        self.lock = threading.RLock()
        self.known.clear()
        self.shapes.clear()
        self.repeated.clear()
        self.refused.clear()

    def shape(self, database, text):
        """The shape of a text, remembered from here on."""
        key = key_of(text)
        shown = normalise(key.decode(errors="replace") if isinstance(key, bytes) else key)
        if isinstance(key, bytes):
            shown += " VALUES …"
        with self.lock:
            known = self.known.setdefault(database, {})
            shapes = self.shapes.setdefault(database, {})
            if len(known) >= MOST:
                known.clear()
            found = shapes.get(shown)
            if found is None:
                if len(shapes) >= MOST:
                    shown = "(other statements)"
                found = shapes.setdefault(shown, Shape(shown, identity(shown)))
            known[key] = found.waiting.append
        return found

    def note_origin(self, shape, origin, seconds):
        """Remember where a call came from.

        :param origin: ``(model, route, place)``
        """
        with self.lock:
            if origin in shape.origins or len(shape.origins) < MOST_ORIGINS:
                calls, slowest = shape.origins.get(origin, (0, 0.0))
                shape.origins[origin] = (calls + 1, max(slowest, seconds))

    def note_refusal(self, database, name):
        """Count what was refused.

        :param name: ``(constraint or trigger, relation, name)``
        """
        with self.lock:
            mine = self.refused.setdefault(database, {})
            if name in mine or len(mine) < MOST_REPEATED:
                mine[name] = mine.get(name, 0) + 1

    def drain_refused(self, database):
        """Take out ``{(kind, relation, name): times}`` of a database."""
        with self.lock:
            return self.refused.pop(database, {})

    def note_repeated(self, database, findings, route):
        """Remember what a sampled request asked record by record.

        :param findings: of :class:`.n_plus_one.Watch`
        """
        with self.lock:
            mine = self.repeated.setdefault(database, {})
            for one in findings:
                key = one.place, one.shape
                if key in mine or len(mine) < MOST_REPEATED:
                    requests, most, _cure, _route = mine.get(key, (0, 0, "", ""))
                    mine[key] = (requests + 1, max(most, one.count), one.cure, route)

    def drain_repeated(self, database):
        """Take out ``{(place, shape): (requests, most in one, cure, route)}`` of a database."""
        with self.lock:
            return self.repeated.pop(database, {})

    def drain(self):
        """Take out what was recorded: ``{database: {(id, text): (Histogram, origins)}}``.

        Taking a slice and deleting it are each one step to other threads, which only append.
        """
        with self.lock:
            shapes = {database: list(found.values()) for database, found in self.shapes.items()}
            origins = {id(one): one.origins for found in shapes.values() for one in found}
            for found in shapes.values():
                for one in found:
                    one.origins = {}
            crowded = [database for database, found in shapes.items() if len(found) >= MOST]
            for database in crowded:
                # a call that is on its way to its list just now goes uncounted; nothing else does
                self.known[database], self.shapes[database] = {}, {}
        taken = {}
        for database, found in shapes.items():
            for one in found:
                count = len(one.waiting)
                if not count:
                    continue
                durations = one.waiting[:count]
                del one.waiting[:count]
                histogram = Histogram()
                histogram.add(durations)
                taken.setdefault(database, {})[one.id, one.text] = (histogram, origins[id(one)])
        return taken


def merge(into, taken):
    """Add what :meth:`Recorder.drain` gave to what an earlier one gave."""
    for database, found in taken.items():
        mine = into.setdefault(database, {})
        for key, (histogram, origins) in found.items():
            if key not in mine:
                mine[key] = (histogram, origins)
                continue
            mine[key][0].merge(histogram)
            for origin, (calls, slowest) in origins.items():
                had = mine[key][1].get(origin, (0, 0.0))
                mine[key][1][origin] = (had[0] + calls, max(had[1], slowest))


#: this process's
RECORDER = Recorder()
