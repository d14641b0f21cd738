"""A circuit breaker with one background thread per process and store.

The thread does what a request must never wait for: reconnecting, renewing leases, sending statistics,
clearing the ledger.
"""

import logging
import threading
import time

_logger = logging.getLogger(__name__)


class Breaker:
    """Open after the first failure; closed again by the first probe that succeeds.

    :param probe: called in the background without arguments; raises while the store is away.
    :param chores: called in the background about every ``interval`` seconds while the store is there.
    """

    def __init__(self, name, probe, chores=None, interval=1.0, slowest=5.0):
        self.name = name
        self.opened = 0  # how often
        self._probe = probe
        self._chores = chores
        self._interval = interval
        self._slowest = slowest
        self._open = False
        self._told = False  # the log has said that the store is away
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._verdict = threading.Event()  # a probe has ended since the circuit opened
        self._stopped = False
        self._thread = None

    @property
    def open(self):
        return self._open

    def start(self):
        """Start the background thread unless it runs."""
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stopped:
                    self._thread = threading.Thread(
                        target=self._run, name=f"method_cache:{self.name}", daemon=True
                    )
                    self._thread.start()

    def trip(self, error):
        """Open the circuit: calls skip the store until a probe succeeds.

        One answer that was late is no news to an administrator; a probe that fails as well is.
        """
        with self._lock:
            if self._open:
                return
            self._open = True
            self._verdict.clear()
            self.opened += 1
            self._quiet_since = time.monotonic()
            self._told = False
        _logger.info("%s: no answer (%s)", self.name, error)
        self.start()
        self._wake.set()

    def settle(self, seconds):
        """Wait for a probe's verdict, at most ``seconds``; return whether the store answers."""
        if self._open:
            self._verdict.wait(seconds)
        return not self._open

    def nudge(self):
        """Let the thread do its chores now."""
        self.start()
        self._wake.set()

    def stop(self):
        self._stopped = True
        self._wake.set()

    def _run(self):
        pause = self._interval
        while not self._stopped:
            self._wake.wait(pause)
            self._wake.clear()
            if self._stopped:
                return
            if not self._open:
                pause = self._interval
                if self._chores:
                    try:
                        self._chores()
                    except Exception as error:  # the thread must live, whatever a chore meets
                        _logger.debug("%s: chores postponed: %s", self.name, error)
                continue
            try:
                self._probe()
            except Exception as error:
                pause = min(self._slowest, 0.1 if pause == self._interval else pause * 2)
                self._verdict.set()
                level = logging.DEBUG if self._told else logging.WARNING
                self._told = True
                _logger.log(level, "%s: away (%s); methods compute until it is back", self.name, error)
                continue
            with self._lock:
                self._open = False
                self._verdict.set()
            pause = self._interval
            _logger.info("%s: back after %.1f s", self.name, time.monotonic() - self._quiet_since)
