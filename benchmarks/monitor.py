"""What timing every statement costs: Odoo's own work with the cursor timed and not timed, turn by turn.

    make bench NAME=monitor

Each turn runs the same work on both sides, in changing order. Timing waits for nothing, so what it costs is
processor time: the overhead is the median over the turns of the difference in this process's processor time
(the keeping thread's included), as a share of the time that the work takes plain. The elapsed times stand
beside it; on a machine with other work they swing by more. *Watched* is what one of the requests sampled
for N+1 costs more; *overhead* has them in it, as many as there are by default. The bar: at most 1 % on each
kind of Odoo's work.
"""

import argparse
import contextlib
import gc
import random
import statistics
import sys
import time

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

BAR = 0.01


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--seconds", type=float, default=150, help="in all (default 150)")
    return parser.parse_args()


@contextlib.contextmanager
def environment(options):
    argv = ["--config", options.config, "--database", options.database, "--no-http", "--log-level", "warn"]
    config.parse_config(argv, setup_logging=True)
    with Registry(options.database).cursor(readonly=False) as cr:
        yield odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
        cr.rollback()


def works(env):
    """Odoo's work, each a function without arguments, of some ten to some hundred statements."""
    ids = env["res.partner"].search([], limit=80).ids
    menus = env["ir.ui.menu"].search([], limit=40).ids

    def lists():
        env.invalidate_all()
        env["res.partner"].web_search_read(
            [], {"name": {}, "country_id": {"fields": {"display_name": {}}}}, limit=80
        )
        env["ir.module.module"].web_search_read([], {"name": {}, "state": {}}, limit=80)

    def forms():
        for id_ in ids[:20]:
            env.invalidate_all()
            env["res.partner"].browse(id_).web_read(
                {"name": {}, "child_ids": {"fields": {"name": {}}}, "category_id": {}, "user_ids": {}}
            )

    def loops():
        for id_ in ids + menus:
            env["res.partner"].search_count([("parent_id", "=", id_)])

    def writes():
        with env.cr.savepoint():
            made = env["res.partner.category"].create([{"name": f"Tag {i}"} for i in range(20)])
            for one in made:
                one.name += "!"
                env.flush_all()
            made.unlink()

    return {"lists": lists, "forms": forms, "search_count in a loop": loops, "writes": writes}


def timed(work):
    start, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - processor


def compare(work, sides, seconds):
    """Medians of the seconds plain and timed, and the differences of processor time, timed and watched.

    :param sides: functions that switch to plain, timed, and timed and watched for N+1
    """
    took = [[], [], []]
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(took[0]) < 20:
        for side in random.sample((0, 1, 2), 3):
            sides[side]()
            took[side].append(timed(work))
    elapsed = [statistics.median(one for one, _processor in side) for side in took]
    more = [[ours[1] - plain[1] for plain, ours in zip(took[0], side, strict=True)] for side in took[1:]]
    return elapsed[0], elapsed[1], *more


def middle_range(values):
    """Median and its 95 % range, by order statistics (Conover, Practical Nonparametric Statistics)."""
    ordered, n = sorted(values), len(values)
    reach = round(0.98 * n**0.5)
    return statistics.median(ordered), ordered[max(0, n // 2 - reach)], ordered[min(n - 1, n // 2 + reach)]


def main():
    options = arguments()
    random.seed(6)
    missed = []
    with environment(options) as env:
        # here and not above: the configuration has to be read first
        from odoo.addons.database_monitor.engine.n_plus_one import Watch
        from odoo.addons.database_monitor.runtime import KEEPER, SAMPLED
        from odoo.sql_db import Cursor

        ours = Cursor.execute
        original = ours.__wrapped__

        def side(execute, watch):
            def switch():
                Cursor.execute = execute
                env.cr._monitor_watch = watch and Watch()

            return switch

        sides = side(original, False), side(ours, None), side(ours, True)
        todo = works(env)
        for work in todo.values():
            work()  # warms what is remembered
        heads = ("plain ms", "timed ms", "statements", "turns", "watched", "overhead")
        print(f"{'':26}" + "".join(f"{head:>11}" for head in heads) + "   95 % range")
        gc.disable()
        share = options.seconds / (len(todo) + 1)
        for title, work in todo.items():
            before = env.cr.sql_log_count
            work()
            statements = env.cr.sql_log_count - before
            plain, with_ours, differences, watched = compare(work, sides, share)
            more = statistics.median(watched) / plain
            middle, low, high = (
                one / plain * (1 - 1 / SAMPLED) + more / SAMPLED for one in middle_range(differences)
            )
            reached = middle <= BAR
            print(
                f"{title:26}{plain * 1000:11.2f}{with_ours * 1000:11.2f}{statements:11}{len(differences):11}"
                f"{more:11.1%}{middle:11.2%}   {low:+.2%} … {high:+.2%}" + ("" if reached else "  MISSED")
            )
            missed += [] if reached else [title]
            gc.collect()

        def shortest():
            for _turn in range(200):
                env.cr.execute("SELECT 1")

        plain, with_ours, differences, _watched = compare(shortest, sides, share)
        cost = statistics.median(differences) / 200 * 1e6
        print(
            f"\nOne SELECT 1: {plain / 200 * 1e6:.1f} µs plain, {with_ours / 200 * 1e6:.1f} µs timed; "
            f"{cost:.2f} µs of processor time more (no bar: nothing that Odoo asks is as short)"
        )
        sides[1]()
        start = time.perf_counter()
        KEEPER.fold()
        KEEPER.flush(env.cr.dbname)
        print(f"Keeping what is left, beside everybody's way: {(time.perf_counter() - start) * 1000:.1f} ms")
    print(f"\nBar: at most {BAR:.0%} on each kind of work.")
    print(f"Missed: {', '.join(missed)}" if missed else "All bars reached.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
