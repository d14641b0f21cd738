"""The short form of the soak of partitions: five years in half a minute, maintenance killed on the way."""

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).resolve().parent.parent / "benchmarks" / "soak_partitions.py"


def test_five_years_go_by_unnoticed():
    done = subprocess.run(
        [sys.executable, SOAK, "--seconds", "30", "--database", "smart_dairy_pytest"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "soak partitions: ok" in done.stdout
