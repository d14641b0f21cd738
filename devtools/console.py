"""What a person sees of the set-up: steps with their time, a progress bar, failures with a remedy."""

import contextlib
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

BAR_WIDTH = 24


class Failure(Exception):
    """A step that cannot go on: what failed, why, and what to do about it."""

    def __init__(self, what, why, remedy):
        super().__init__(what)
        self.what, self.why, self.remedy = what, why, remedy

    def __str__(self):
        why = str(self.why).strip().replace("\n", "\n            ")
        return f"\n  failed: {self.what}\n  why:    {why}\n  remedy: {self.remedy}\n"


class Step:
    """One running step; `update` redraws its line on a terminal and stays silent elsewhere."""

    def __init__(self, title):
        self.title, self.started, self.note = title, time.monotonic(), ""
        # steps side by side each print whole lines: two bars cannot share one
        self.live = sys.stdout.isatty() and threading.current_thread() is threading.main_thread()
        print(f"  {title} …", end="" if self.live else "\n", flush=True)

    def update(self, done, total, label=""):
        if self.live and total:
            filled = min(BAR_WIDTH, round(BAR_WIDTH * done / total))
            bar = "█" * filled + "░" * (BAR_WIDTH - filled)
            print(f"\r\033[K  {self.title} … {bar} {done}/{total} {label[:40]}", end="", flush=True)

    def finish(self, word):
        seconds = time.monotonic() - self.started
        head = "\r\033[K  " if self.live else "  "
        note = f" ({self.note})" if self.note else ""
        print(f"{head}{self.title}: {word}{note}, {seconds:.1f} s", flush=True)


@contextlib.contextmanager
def step(title):
    """Announce a step, time it, and say so when it fails."""
    current = Step(title)
    try:
        yield current
    except BaseException:
        current.finish("FAILED")
        raise
    current.finish("done")


def together(*tasks):
    """Run independent steps side by side; returns their results, or raises the first failure."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]
