"""What the soak tests share: processes with counters of their own, a tormentor, the loop over both, options.

No process shares its counters, so a killed one can hold nobody's lock and spoil nobody's numbers.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time


class Crew:
    """Processes that run ``work(number, counters, stop)``; ``counters`` is an array, one number a name.

    :param names: of the counters
    """

    def __init__(self, size, names, work):
        self.names, self._work = names, work
        self.stop = multiprocessing.Event()
        self._arrays = []
        self.workers = [self._spawn(number) for number in range(size)]

    def _spawn(self, number):
        own = multiprocessing.Array("q", len(self.names), lock=False)
        self._arrays.append(own)
        process = multiprocessing.Process(target=self._work, args=(number, own, self.stop), daemon=True)
        process.start()
        return process

    def totals(self):
        return {name: sum(array[i] for array in self._arrays) for i, name in enumerate(self.names)}

    def replace(self, at):
        """Kill one, and let another take its place."""
        self.workers[at].kill()
        self.workers[at].join()
        self.workers[at] = self._spawn(at)

    def check(self):
        if any(worker.exitcode not in (None, -signal.SIGKILL) for worker in self.workers):
            sys.exit("a worker died of an error of its own")

    def end(self):
        self.stop.set()
        for worker in self.workers:
            worker.join(5)
            if worker.is_alive():
                worker.kill()
                worker.join()


class Tormentor:
    """Does one of ``actions`` at a time; ``done`` counts them."""

    actions = ()

    def __init__(self, options, crew):
        self.rng = random.Random(options.seed)
        self.crew = crew
        self.done = {}

    def act(self):
        name = self.rng.choice(self.actions)
        self.done[name] = self.done.get(name, 0) + 1
        getattr(self, name)()

    @contextlib.contextmanager
    def paused(self):
        """Somebody stands still meanwhile."""
        victim = self.rng.choice(self.crew.workers)
        os.kill(victim.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(victim.pid, signal.SIGCONT)

    def pause(self):
        with self.paused():
            time.sleep(self.rng.random() * 0.3)

    def kill(self):
        self.crew.replace(self.rng.randrange(len(self.crew.workers)))

    def __str__(self):
        return ", ".join(f"{number} {what}" for what, number in sorted(self.done.items()))


def run(options, crew, tormentor, reads, bad, line):
    """Let the crew work and be tormented until ``options.seconds`` or ``options.reads`` are over.

    :param reads, bad: counters' totals as a dict → how many audited reads, how many wrong ones; with
        ``options.first`` the first wrong one ends it
    :param line: totals → text for the progress lines
    :return: seconds
    """
    start = time.monotonic()
    next_line = start + 10
    try:
        while True:
            time.sleep(options.calm * random.random())
            now = time.monotonic()
            found = crew.totals()
            if reads(found) >= options.reads or now - start > options.seconds:
                break
            if options.first and bad(found):
                break
            if now > next_line and not options.first:
                print(f"  {now - start:5.0f} s  {line(found)}", flush=True)
                next_line = now + 30
            crew.check()
            tormentor.act()
        return time.monotonic() - start
    finally:
        crew.end()


def parser(description, rules, seconds, reads):
    """The options that all soak tests have."""
    found = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found.add_argument("--seconds", type=float, default=seconds, help="stop after this long at the latest")
    found.add_argument("--reads", type=int, default=reads, help="stop after so many audited reads")
    found.add_argument("--calm", type=float, default=1.5, help="most seconds between two torments")
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--without", nargs="*", default=[], choices=sorted(rules), help="break these rules")
    found.add_argument("--mutate", action="store_true", help="break every rule in turn")
    found.add_argument(
        "--random", action="store_true", help="with --mutate: wait for the soak to notice, too"
    )
    found.add_argument("--first", action="store_true", help="stop at the first wrong answer")
    return found


def table(found):
    """The counters as lines."""
    return "\n".join([f"{'what':<16}{'number':>12}", *(f"{what:<16}{n:>12,}" for what, n in found.items())])


def mutate_scenarios(rule_of, play, words=("wrong", "right")):
    """Play each interleaving with all rules, and without each that it needs; return how many surprised.

    :param play: ``(scenario, rule or None)`` → whether an answer was wrong
    """
    surprises = 0
    for scenario, broken in rule_of.items():
        for rule in (None, *broken):
            wrong = play(scenario, rule)
            surprises += wrong != bool(rule)
            print(
                f"{scenario.__name__:<42}{'without ' + rule if rule else 'all rules':<28}"
                f"{words[not wrong]}{'' if wrong == bool(rule) else '   <- unexpected'}",
                flush=True,
            )
    return surprises


def mutate_at_random(options, rules, soak):
    """Soak without each rule, with more torments; return how many went unnoticed in ``options.seconds`` each.

    :param soak: ``options`` → whether it noticed, the number of audited reads, seconds
    """
    missed = 0
    options.first, options.calm = True, options.calm / 3
    for rule in options.without or sorted(rules):
        options.without = [rule]
        noticed, reads, seconds = soak(options)
        missed += not noticed
        print(
            f"soak without {rule:<20}{'noticed' if noticed else 'MISSED'} after {seconds:5.1f} s,"
            f" {reads:>8,} reads",
            flush=True,
        )
    return missed
