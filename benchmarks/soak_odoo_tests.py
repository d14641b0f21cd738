"""Odoo's own tests of `sale` and `stock`, without the suite and with it: ours may make none of them redder.

A handful fail on Debian's package whoever is installed; `tests/odoo_baseline.txt` keeps them. Two runs; exit
status 1 when a test fails with the suite that passes without, or when one is not run any more.
"""

import argparse
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from odoo_process import Database, databases, run_odoo  # noqa: E402

BASELINE = ROOT / "tests" / "odoo_baseline.txt"
MODULES = ["sale", "stock"]


def outcome(template, name):
    """(tests run, names of failed ones, seconds) of one run in a clone of a template."""
    started = time.monotonic()
    with Database(template, name) as database:
        tags = ",".join(f"/{module}" for module in MODULES)
        _code, log = run_odoo(
            "server", "-d", database.name, "-u", ",".join(MODULES), "--test-tags", tags,
            "--stop-after-init", "--http-port", "8957", "--log-level", "test", timeout=3000,
        )  # fmt: skip
    run = set(re.findall(r": Starting (\w+\.\w+)", log))
    failed = set(re.findall(r"(?:ERROR|FAIL): (?:Subtest )?(\w+\.\w+)", log))
    return run, failed, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="not used: both runs make their own")
    parser.add_argument("--config", help="not used: the set-up's own")
    parser.add_argument("--write-baseline", action="store_true", help="replace tests/odoo_baseline.txt")
    options = parser.parse_args()
    print("Odoo's own tests of sale and stock, twice; about 25 minutes", flush=True)
    without = outcome(databases.BASE, "smart_dairy_odoo_without")
    having = outcome(databases.TESTS, "smart_dairy_odoo_with")
    print(f"{'':24}{'tests':>8}{'failed':>8}{'seconds':>9}")
    for title, (run, failed, seconds) in (("Odoo alone", without), ("Odoo with the suite", having)):
        print(f"{title:24}{len(run):>8}{len(failed):>8}{seconds:>9.0f}")
    if options.write_baseline:
        BASELINE.write_text("\n".join(sorted(without[1])) + "\n")
    known = set(BASELINE.read_text().split())
    redder = having[1] - without[1]
    gone = without[0] - having[0]
    for title, names in (("fails only with the suite", redder), ("not run with the suite", gone)):
        print(f"{title}: {', '.join(sorted(names)) or 'none'}")
    print(f"fails alone, yet not in the baseline: {', '.join(sorted(without[1] - known)) or 'none'}")
    return 1 if redder or gone else 0


if __name__ == "__main__":
    sys.exit(main())
