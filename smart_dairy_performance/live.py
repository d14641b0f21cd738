"""Tells open dashboards that something changed: plain Python, one :class:`Announcer` a server process.

A writer only notes (dashboard, company) in its transaction; after the commit the note is put into a set. A
thread of its own, never the writer, sends what has gathered: at most one message for each dashboard and
company in :data:`INTERVAL` seconds. A rollback notes nothing. A process that ends in between loses what it
had not sent yet: the next change, or the next look at the dashboard, makes that good.
"""

import logging
import threading
import time

_logger = logging.getLogger(__name__)

INTERVAL = 3.0  # seconds
# Changes of one moment (an order and its lines, a delivery and its invoice) go out together.
GATHER = 0.5
CHANNEL = "smart_dairy_performance.dashboard"
TYPE = "smart_dairy_performance.changed"


class Announcer:
    """Gathers topics and hands them to ``send(topics)`` in a thread.

    :param send: called with a sorted list of topics (any hashable); may raise, the topics are then lost
    :param interval: seconds between two messages of one topic; ``gather``: before the first one
    """

    def __init__(self, send, interval=INTERVAL, gather=GATHER):
        self.send = send
        self.interval = interval
        self.gather = gather
        self.lock = threading.Lock()
        self.pending = set()
        self.sent = {}
        self.timer = None

    def note(self, topics):
        """Remember ``topics``; costs a set union, and a timer's start now and then."""
        with self.lock:
            self.pending.update(topics)
            if self.timer is None and self.pending:
                self._start(self._delay())

    def _delay(self):
        now = time.monotonic()
        return max(
            self.gather,
            min(self.sent.get(topic, -self.interval) for topic in self.pending) + self.interval - now,
        )

    def _start(self, delay):
        self.timer = threading.Timer(delay, self._flush)
        self.timer.daemon = True
        self.timer.name = "smart_dairy_performance.live"
        self.timer.start()

    def _flush(self):
        now = time.monotonic()
        with self.lock:
            self.sent = {topic: at for topic, at in self.sent.items() if now - at < self.interval}
            due = self.pending - self.sent.keys()
            self.pending -= due
            self.sent.update(dict.fromkeys(due, now))
            self.timer = None
            if self.pending:
                self._start(self._delay())
        if due:
            try:
                self.send(sorted(due))
            except Exception:
                # the writer is long gone, and nobody waits for it: the next one refreshes the dashboards
                _logger.warning("Could not announce changes of the dashboards", exc_info=True)
