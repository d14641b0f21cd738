"""Odoo's own tests of `sale` and `stock`, without the suite and with it: ours may make none of them redder.

A handful fail on Debian's package whoever is installed; `tests/odoo_baseline.txt` keeps them. Each part runs
twice, side by side, in clones of two templates; exit status 1 when a test fails with the suite that passes
without, when one is not run any more, or when a part did not end.
"""

import argparse
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from odoo_process import Database, databases, run_odoo  # noqa: E402

NEEDS = "tests"  # what `make soak` prepares
BASELINE = ROOT / "tests" / "odoo_baseline.txt"
#: each computes thousands of taxes in Python and again in a browser: half an hour alone
SLOW = ["TestTaxesTaxTotalsSummarySale", "TestTaxesDownPaymentSale", "TestTaxesGlobalDiscountSale"]
#: (title, module, tags of the tests, most seconds)
PARTS = [
    ("sale", "sale", ",".join(["/sale", *(f"-/sale:{name}" for name in SLOW)]), 900),
    ("stock", "stock", "/stock", 1500),
    *((f"sale: {name}", "sale", f"/sale:{name}", 1800) for name in SLOW),
]


class Outcome:
    """The tests of one part on one database: those run, those failed, and whether it came to its end."""

    def __init__(self, template, name, port, part):
        started = time.monotonic()
        _title, module, tags, most = part
        with Database(template, name) as database:
            try:
                _code, log = run_odoo(
                    "server", "-d", database.name, "-u", module, "--test-tags", tags, "--stop-after-init",
                    "--http-port", str(port), "--log-level", "test", timeout=most,
                )  # fmt: skip
            except subprocess.TimeoutExpired as late:
                log = b"".join(filter(None, (late.stdout, late.stderr))).decode(errors="replace")
        self.seconds = time.monotonic() - started
        self.run = set(re.findall(r": Starting (\w+\.\w+)", log))
        self.failed = set(re.findall(r"(?:ERROR|FAIL): (?:Subtest )?(\w+\.\w+)", log))
        self.ended = bool(re.search(r"\d+ failed, \d+ error\(s\) of \d+ tests", log))

    def row(self):
        ended = "" if self.ended else "  NOT ENDED"
        return f"{len(self.run):>7}{len(self.failed):>8}{self.seconds:>8.0f}{ended}"


def both(part, index):
    """One part without and with the suite, at the same time: one core each."""
    with ThreadPoolExecutor(2) as pool:
        alone = pool.submit(Outcome, databases.BASE, f"smart_dairy_odoo_without_{index}", 8957, part)
        suite = pool.submit(Outcome, databases.TESTS, f"smart_dairy_odoo_with_{index}", 8958, part)
        return alone.result(), suite.result()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="not used: all runs make their own")
    parser.add_argument("--config", help="not used: the set-up's own")
    parser.add_argument("--part", help="only the parts whose title begins so")
    parser.add_argument("--write-baseline", action="store_true", help="replace tests/odoo_baseline.txt")
    options = parser.parse_args()
    parts = [part for part in PARTS if part[0].startswith(options.part or "")]
    if not parts:
        parser.error(f"--part {options.part!r}: no such part; one of {', '.join(part[0] for part in PARTS)}")
    if options.write_baseline and options.part:
        parser.error("--write-baseline needs all parts: leave --part out")
    bound = sum(part[-1] for part in parts)
    print(f"Odoo's own tests, with and without the suite side by side; at most {bound // 60} min", flush=True)
    print(f"{'':40}{'Odoo alone':>15}{'':>8}{'with the suite':>23}")
    print(f"{'':40}{'tests':>7}{'failed':>8}{'s':>8}{'tests':>8}{'failed':>8}{'s':>8}", flush=True)
    failed, redder, gone, cut = set(), set(), set(), []
    for index, part in enumerate(parts):
        alone, suite = both(part, index)
        print(f"{part[0]:40}{alone.row()} {suite.row()}", flush=True)
        failed |= alone.failed
        redder |= suite.failed - alone.failed
        gone |= alone.run - suite.run
        cut += [part[0]] if not (alone.run and alone.ended and suite.ended) else []
    if options.write_baseline:
        BASELINE.write_text("\n".join(sorted(failed)) + "\n")
    known = set(BASELINE.read_text().split())
    for title, names in (
        ("fails only with the suite", redder),
        ("not run with the suite", gone),
        ("did not come to its end", cut),
        ("fails alone, yet not in the baseline", failed - known),
    ):
        print(f"{title}: {', '.join(sorted(names)) or 'none'}")
    return 1 if redder or gone or cut else 0


if __name__ == "__main__":
    sys.exit(main())
