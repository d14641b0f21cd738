"""Tells, now and then, that something changed: plain Python, one :class:`Announcer` a purpose and process.

Whoever changes something only notes a topic; a thread of its own, never the writer, sends what has gathered.
A process that ends in between loses what it had not sent yet: what listens must look for itself now and then.
"""

import logging
import threading
import time

_logger = logging.getLogger(__name__)


class Announcer:
    """Gathers topics and hands them to ``send(topics)`` in a thread.

    :param send: called with a sorted list of topics (any hashable); may raise, the topics are then lost
    :param name: of the thread, and of what could not be sent in the log
    :param interval: seconds between two messages of one topic
    :param gather: seconds before the first one: changes of one moment go out together
    """

    def __init__(self, send, name, interval, gather=0.5):
        self.send = send
        self.name = name
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
        self.timer.name = self.name
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
                # the writer is long gone, and nobody waits for it: the next one makes it good
                _logger.warning("%s: could not announce what changed", self.name, exc_info=True)
