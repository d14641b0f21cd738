"""Running Odoo as a person does, from the command line, in databases of the test server."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devtools import databases, odoo_server, odoo_source  # noqa: E402


def run_odoo(name, *arguments, timeout=900):
    """One of Odoo's sub-commands; returns (exit status, everything it printed)."""
    command = odoo_server.command(odoo_source.find(), name, *arguments)
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=ROOT,
        env={**os.environ, **odoo_server.environment()},
    )
    return done.returncode, done.stdout + done.stderr


def complaints(log):
    """The lines of a log that an administrator would have to look at."""
    return [
        line
        for line in log.splitlines()
        if any(f" {word} " in line for word in ("WARNING", "ERROR", "CRITICAL"))
    ]


class Database:
    """A clone of a template, dropped at the end."""

    def __init__(self, template, name):
        self.template, self.name = template, name

    def __enter__(self):
        databases.clone(self.template, self.name)
        return self

    def __exit__(self, *_exception):
        databases.drop(self.name)

    def value(self, statement):
        return databases.psql(self.name, statement)

    def rows(self, statement):
        return set(self.value(statement).splitlines())
