"""The short form of the soak of index deployment: kills, time-outs and stops while people write."""

import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).resolve().parent.parent / "benchmarks" / "soak_index_deploy.py"


def test_interrupted_deployments_converge():
    done = subprocess.run(
        [sys.executable, SOAK, "--disturbances", "20", "--seed", "3"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "soak index_deploy: ok" in done.stdout
