"""The virtual environment under `.local/venv`: what `requirements.txt` pins, and Odoo importable."""

import hashlib
import sys
from pathlib import Path

from .console import step
from .paths import PYTHON, ROOT, VENV, read_state, remember
from .shell import run

REMEDY = "check that pip reaches its package index (`pip download wheel`), then run the same command again"
LISTS = ("requirements.txt", "requirements-dev.txt")


def wanted_lists(test):
    return [name for name in LISTS if (ROOT / name).exists() and (test or name == "requirements.txt")]


def fingerprint(lists):
    digest = hashlib.sha256(sys.version.encode())
    for name in lists:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()[:16]


def ensure(test=False):
    """Create the environment and install what is pinned; nothing to do while the pins stay as they are."""
    lists = wanted_lists(test)
    mark = fingerprint(lists)
    if PYTHON.exists() and mark in (read_state().get("python"), read_state().get("python_dev")):
        return
    with step(f"Python packages of {' and '.join(lists)}") as now:
        if not PYTHON.exists():
            run(
                "python3 -m venv",
                [base_python(), "-m", "venv", VENV],
                log="pip",
                remedy="apt-get install python3-venv",
            )
        done = 0
        names = [name for list_name in lists for name in pinned(ROOT / list_name)]

        def on_line(line):
            nonlocal done
            if line.startswith(("Collecting ", "Requirement already")):
                done += 1
                now.update(min(done, len(names)), len(names), line.split()[1])

        # the lists are complete, so pip need not resolve; modules compile when they are first imported
        command = [PYTHON, "-m", "pip", "install", "--no-deps", "--no-compile"]
        command += ["--disable-pip-version-check", "--progress-bar=off"]
        for name in lists:
            command += ["-r", ROOT / name]
        run("pip install", command, log="pip", remedy=REMEDY, on_line=on_line)
    remember(**{"python_dev" if test else "python": mark})


def pinned(path):
    return [line.split("==")[0] for line in path.read_text().splitlines() if "==" in line and line[0] != "#"]


def base_python():
    """Debian's interpreter where there is one: a user's own Python may be replaced under the environment."""
    return next(p for p in ("/usr/bin/python3", sys.executable) if Path(p).exists())


def link_odoo(odoo):
    """Make `import odoo` work in the environment."""
    folder = next((VENV / "lib").glob("python3.*/site-packages"))
    (folder / "odoo.pth").write_text(f"{odoo.python_path}\n")
