"""Progress of the build on standard error: one line a step, with its time."""

import sys
import time
from contextlib import contextmanager


class Progress:
    """Prints steps. On a terminal a bar moves within the line; in a log each step is one line."""

    WIDTH = 24

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.times = {}
        self._title = None
        self._drawn = -1

    @contextmanager
    def step(self, title):
        start = time.monotonic()
        self._title, self._drawn = title, -1
        self.advance(0.0)
        yield self
        seconds = self.times[title] = time.monotonic() - start
        self._title = None
        lead = "\r" if self.live else ""
        self.stream.write(f"{lead}{title:<34} [{'#' * self.WIDTH}] {seconds:6.1f} s\n")
        self.stream.flush()

    def advance(self, fraction):
        """Draw the share done of the running step, 0 to 1."""
        filled = int(fraction * self.WIDTH)
        if self.live and self._title and filled != self._drawn:
            self._drawn = filled
            self.stream.write(f"\r{self._title:<34} [{'#' * filled}{'.' * (self.WIDTH - filled)}]")
            self.stream.flush()
