"""The short form of the soak of the ingest: half a minute in which server and bridge are killed in turn."""

import os
import re
import subprocess
import sys

from odoo_process import ROOT, odoo_server


def test_nothing_lost_and_nothing_twice():
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/soak_ingest.py", "--seconds", "25", "--config", odoo_server.CONF],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **odoo_server.environment()},
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "Nothing lost, nothing twice." in done.stdout
    found = re.search(
        r"^([\d,]+) readings acknowledged, .*; (\d+) kills of the server, (\d+) of the bridge, (\d+) of all",
        done.stdout,
        re.M,
    )
    acknowledged, *kills = (int(number.replace(",", "")) for number in found.groups())
    assert acknowledged > 5000 and min(kills) >= 1, done.stdout
