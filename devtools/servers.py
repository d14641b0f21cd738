"""The private PostgreSQL and Redis, on own ports and in own folders; the machine's are never touched.

Existing servers are used when the environment points at them: `SMART_DAIRY_PGHOST`, `SMART_DAIRY_PGPORT`,
`SMART_DAIRY_PGUSER` (password from `PGPASSWORD` or `~/.pgpass`), `SMART_DAIRY_REDIS_URL`.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .console import Failure, step
from .paths import HOST, LOCAL, LOG, ROOT, alive, free_port, read_state, remember, secret
from .shell import run, tail

PG_DATA = LOCAL / "postgresql"
REDIS_DIR = LOCAL / "redis"
#: test and demo clusters may forget the last second after a power cut; nobody's books live here
FAST_AND_LOOSE = """
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 512MB
effective_cache_size = 4GB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
max_connections = 200
jit = off
"""


def pg_bin():
    """The newest installed PostgreSQL of version 15 or later."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise Failure(
            "PostgreSQL is not installed",
            "no /usr/lib/postgresql/*/bin/postgres",
            "apt-get install postgresql-15",
        )
    return found[-1].parent


def as_server_user():
    """How to run a PostgreSQL program: it refuses root.

    As root it runs in a user namespace in which we are `postgres`, so that the cluster may lie below a folder
    that only root can enter; where the kernel allows none, as the user `postgres` itself.
    Returns (command prefix, Popen options).
    """
    if os.geteuid() != 0:
        return [], {}
    account = pwd.getpwnam("postgres")
    prefix = ["unshare", "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}"]
    if shutil.which("unshare") and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
        return prefix, {}
    for folder in (PG_DATA, LOG):
        folder.mkdir(parents=True, exist_ok=True)
    os.chown(PG_DATA, account.pw_uid, account.pw_gid)
    if subprocess.run(["test", "-w", str(PG_DATA)], user="postgres").returncode:
        raise Failure(
            "PostgreSQL cannot reach its folder",
            f"the user postgres may not enter {LOCAL.parent}, and this kernel has no user namespaces",
            "check the project out below /srv or /home, or run as an ordinary user",
        )
    return [], {"user": "postgres"}


def pg_settings():
    """host, port, user of the PostgreSQL in use, and whether it is ours to start and stop."""
    if os.environ.get("SMART_DAIRY_PGHOST"):
        return {
            "host": os.environ["SMART_DAIRY_PGHOST"],
            "port": int(os.environ.get("SMART_DAIRY_PGPORT", 5432)),
            "user": os.environ.get("SMART_DAIRY_PGUSER", "odoo"),
            "ours": False,
        }
    return {"host": HOST, "port": read_state().get("pg_port"), "user": "odoo", "ours": True}


def pg_environment():
    """What libpq programs and the tests need to reach the server in use."""
    server = pg_settings()
    names = {"HOST": server["host"], "PORT": str(server["port"]), "USER": server["user"]}
    settings = {f"{prefix}{k}": v for prefix in ("PG", "SMART_DAIRY_PG") for k, v in names.items()}
    if server["ours"]:
        settings["PGPASSWORD"] = secret("pg_password")
    return settings


def answers(host, port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, int(port))) == 0


def ensure_postgres():
    """Start PostgreSQL unless it answers; create the cluster at first."""
    server = pg_settings()
    if not server["ours"]:
        if not answers(server["host"], server["port"]):
            raise Failure(
                f"no PostgreSQL answers on {server['host']}:{server['port']}",
                "SMART_DAIRY_PGHOST points there",
                "start that server, or unset SMART_DAIRY_PGHOST to use a private one",
            )
        return
    if adopt_postgres(0):
        return
    with alone("postgresql"), step("PostgreSQL, a private server") as now:
        if not adopt_postgres():
            start_postgres(server["port"])
        now.note = f"port {read_state()['pg_port']}"


@contextlib.contextmanager
def alone(name):
    """One process at a time."""
    with (LOCAL / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def postmaster():
    """``(pid, port)`` of the server on our data directory, by its own word (``postmaster.pid``), or None."""
    try:
        pid, folder, _started, port = (PG_DATA / "postmaster.pid").read_text().splitlines()[:4]
        # after a crash the number may be another process's by now
        command = Path(f"/proc/{int(pid)}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):  # none, ended, or not written in full yet
        return None
    return (int(pid), int(port)) if folder in command and alive(pid) else None


def adopt_postgres(seconds=60):
    """Remember the server that runs on our data directory once it answers; False when none runs.

    A busy one takes its time to answer; a second one on the same directory is never the remedy.
    """
    deadline = time.monotonic() + seconds
    while found := postmaster():
        if pg_answers(found[1]):
            remember(pg_pid=found[0], pg_port=found[1])
            return True
        if time.monotonic() > deadline:
            if not seconds:
                return False
            raise Failure(
                f"PostgreSQL runs (process {found[0]}, port {found[1]}) and does not answer",
                f"no answer within {seconds} s",
                "see `make logs`; then `make stop`, and run the same command again",
            )
        time.sleep(0.2)
    return False


def start_postgres(port):
    """Start the server, on this port where it is free; its cluster is made at first."""
    prefix, options = as_server_user()
    if not (PG_DATA / "PG_VERSION").exists():
        create_cluster(prefix, options)
    port = port if port and not answers(HOST, port) else free_port(5470)
    write_local_settings(port)
    with (LOG / "postgresql.log").open("ab") as log:
        process = subprocess.Popen(
            [*prefix, str(pg_bin() / "postgres"), "-D", str(PG_DATA)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            **options,
        )
    wait_for(lambda: adopt_postgres(0), "PostgreSQL", LOG / "postgresql.log", process)


def create_cluster(prefix, options):
    PG_DATA.mkdir(parents=True, exist_ok=True)
    PG_DATA.chmod(0o700)
    password = LOCAL / "pg-password"
    password.write_text(secret("pg_password"))
    password.chmod(0o644 if options else 0o600)
    try:
        command = [
            *prefix,
            pg_bin() / "initdb",
            "-D",
            PG_DATA,
            "-U",
            "odoo",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        command += ["--auth=scram-sha-256", f"--pwfile={password}"]
        remedy = "look at the log; `make clean` starts afresh"
        run("initdb", command, log="postgresql", remedy=remedy, cwd="/", user=options.get("user"))
    finally:
        password.unlink()


def write_local_settings(port):
    """The deployment's own settings first, then what a private server on a shared machine needs otherwise."""
    shared = ROOT / "deploy" / "postgresql" / "postgresql.conf"
    text = f"include = '{shared}'\n" if shared.exists() else ""
    text += FAST_AND_LOOSE
    text += f"port = {port}\nlisten_addresses = '{HOST}'\nunix_socket_directories = ''\n"
    text += f"hba_file = '{PG_DATA}/pg_hba.conf'\nlogging_collector = off\nlog_destination = 'stderr'\n"
    (PG_DATA / "postgresql.conf").write_text(text)


def pg_answers(port):
    command = [pg_bin() / "pg_isready", "-q", "-h", HOST, "-p", port, "-t", 3]
    return subprocess.run([str(part) for part in command]).returncode == 0


def redis_url():
    return os.environ.get("SMART_DAIRY_REDIS_URL") or f"redis://{HOST}:{read_state().get('redis_port')}/0"


def ensure_redis():
    """Start Redis unless it answers or another one is pointed at."""
    state = read_state()
    if os.environ.get("SMART_DAIRY_REDIS_URL"):
        return
    if alive(state.get("redis_pid")) and answers(HOST, state["redis_port"]):
        return
    program = shutil.which("redis-server")
    if not program:
        raise Failure("Redis is not installed", "no redis-server on the PATH", "apt-get install redis-server")
    with step("Redis, a private server") as now:
        REDIS_DIR.mkdir(exist_ok=True)
        port = free_port(6390)
        shared = ROOT / "deploy" / "redis" / "redis.conf"
        command = [program, *([str(shared)] if shared.exists() else [])]
        command += [
            "--port",
            str(port),
            "--bind",
            HOST,
            "--dir",
            str(REDIS_DIR),
            "--daemonize",
            "no",
            "--logfile",
            "",
        ]
        command += ["--requirepass", "", "--maxmemory", "256mb"]
        with (LOG / "redis.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=ROOT
            )
        remember(redis_port=port, redis_pid=process.pid)
        wait_for(lambda: answers(HOST, port), "Redis", LOG / "redis.log", process)
        now.note = f"port {port}"


def wait_for(ready, name, log, process, seconds=60):
    """Wait until a server answers; raise Failure with the end of its log when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            why = "it ended" if process.poll() is not None else f"no answer within {seconds} s"
            raise Failure(
                f"{name} did not start", f"{why}; the end of its log:\n{tail(log)}", "see `make logs`"
            )
        time.sleep(0.1)


def stop(key, name):
    """Stop a server we started and remember that it is gone."""
    pid = read_state().get(key)
    if key == "pg_pid" and (found := postmaster()):
        pid = found[0]  # whatever was remembered
    if alive(pid):
        with step(f"stopping {name}"):
            os.kill(pid, 15 if key != "pg_pid" else 2)
            deadline = time.monotonic() + 30
            while alive(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
            if alive(pid):
                os.kill(pid, 9)
    remember(**{key: None})
