"""Real servers in a scratch folder, on ports chosen at run time, from the files of deploy/; removed again.

PostgreSQL and PgBouncer refuse to run as root; then all of it runs as the user postgres.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devtools.servers import pg_bin  # noqa: E402

HOST = "127.0.0.1"
# Quotes and backslashes: the scripts of deploy/ have to cope with any password.
SECRETS = {
    "ODOO_DB_PASSWORD": "o\"d'o\\o $1",
    "POSTGRES_PASSWORD": "superuser",
    "REPLICATION_PASSWORD": "rep'li\"ca",
    "REDIS_PASSWORD": 're"d\\is',
}
# what was asked of the pool (S1-41)
POOL = {
    "pool_mode": "transaction", "default_pool_size": "50", "min_pool_size": "10", "reserve_pool_size": "25",
    "reserve_pool_timeout": "5", "max_client_conn": "1000", "max_db_connections": "100",
    "server_connect_timeout": "15", "server_idle_timeout": "600", "server_lifetime": "3600",
    "client_login_timeout": "60", "query_wait_timeout": "120", "log_connections": "1",
    "log_disconnections": "1", "log_pooler_errors": "1", "stats_period": "60", "auth_type": "scram-sha-256",
}  # fmt: skip
#: whatever the machine, these tests take little memory and little time
SMALL = {
    "listen_addresses": HOST, "shared_buffers": "64MB", "maintenance_work_mem": "64MB", "wal_buffers": "1MB",
    "min_wal_size": "64MB", "wal_keep_size": "0", "huge_pages": "off", "fsync": "off",
}  # fmt: skip


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Scratch:
    """A folder with a copy of deploy/, and the servers that run in it. Use it as a context manager."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="smart_dairy_"))
        self.deploy = Path(shutil.copytree(ROOT / "deploy", self.folder / "deploy"))
        self.processes = []
        self.user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        for path in (self.folder, *self.folder.rglob("*")):
            self.give(path)
        return self

    def __exit__(self, *_exception):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder)

    def give(self, path):
        if self.user:
            shutil.chown(path, **self.user)

    def options(self, environment):
        path = os.pathsep.join((str(pg_bin()), "/usr/sbin", os.environ["PATH"]))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {
            **self.user, "cwd": self.folder, "stdin": subprocess.DEVNULL,
            "env": {**inherited, "PATH": path, "LC_ALL": "C.UTF-8", **environment},
        }  # fmt: skip

    def run(self, *command, **environment):
        """A program that ends by itself; its output. AssertionError with the output when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **self.options(environment),
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self, ready, *command, seconds=30, **environment):
        """A server; returns when `ready()` is true and raises with its log when it ends or takes too long."""
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=output, stderr=output, **self.options(environment)
            )
        self.processes.append(process)
        deadline = time.monotonic() + seconds
        while not ready():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
        return log


def until(condition, seconds=20):
    """Wait for a condition; its value, or the last false one."""
    deadline = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


def connect(port, database, user, password, autocommit=True):
    connection = psycopg2.connect(
        host=HOST, port=port, dbname=database, user=user, password=password, connect_timeout=10
    )
    connection.autocommit = autocommit
    return connection


def rows(connection, statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def accepts(port, user="postgres", database="postgres", password=""):
    """Whether a PostgreSQL or PgBouncer lets one in."""

    def ready():
        try:
            connect(port, database, user, password).close()
        except psycopg2.OperationalError:
            return False
        return True

    return ready
