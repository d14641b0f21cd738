"""Running Odoo as a person does, from the command line, in databases of the test server."""

import contextlib
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devtools import databases, odoo_server, odoo_source, paths, servers  # noqa: E402


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
    """The lines of a log that an administrator would have to look at, those of docutils included."""
    return [line for line in log.splitlines() if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line)]


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


@contextlib.contextmanager
def serving(database, log_path):
    """Odoo serving one database; yields its address, stops it at the end."""
    port = paths.free_port(8100)
    address = f"http://{paths.HOST}:{port}"
    arguments = ["-d", database, "--db-filter", f"^{database}$", "--http-port", port, "--max-cron-threads", 0]
    command = odoo_server.command(odoo_source.find(), "server", *arguments)

    def answers():
        try:
            return urllib.request.urlopen(f"{address}/web/login", timeout=20).status == 200
        except OSError:
            return False

    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**os.environ, **odoo_server.environment()},
        )
        try:
            servers.wait_for(answers, "Odoo", log_path, process, seconds=120)
            yield address
        finally:
            process.terminate()
            process.wait(30)
