"""The method cache under its auditor: a minute of soak, and every rule of its protocol broken in turn."""

import re
import subprocess
import sys

from scratch_servers import ROOT


def soak(*arguments):
    """Run the soak test; return what it printed, AssertionError with that when it found something."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/soak_cache.py", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def test_sixty_seconds_without_a_stale_value():
    printed = soak("--seconds", "60")
    found = {
        name.strip(): int(number.replace(",", ""))
        for name, number in re.findall(r"^([a-z ]+?) +([\d,]+)$", printed, re.M)
    }
    assert found["stale"] == 0
    assert found["reads"] > 10_000 and found["hits"] > 1000 and found["writes"] > 100, printed
    assert found["standby reads"] > 1000 and found["standby hits"] > 0, printed


def test_every_broken_rule_is_noticed():
    assert "every broken rule was noticed" in soak("--mutate")
