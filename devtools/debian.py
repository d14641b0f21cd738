"""Debian packages: install what is missing, or say exactly what to install when we may not."""

import os
import shutil
import subprocess
from pathlib import Path

from .console import Failure, step
from .shell import run

#: package → a file that shows it is there (any one of them)
SERVE = {
    "python3-venv": ["/usr/lib/python3*/ensurepip/__init__.py"],
    "postgresql-15": ["/usr/lib/postgresql/1[5-9]/bin/postgres"],
    "redis-server": ["/usr/bin/redis-server"],
    "libmagic1": ["/usr/lib/*/libmagic.so.1"],
    "ca-certificates": ["/etc/ssl/certs/ca-certificates.crt"],
}
TEST = {
    "chromium": ["/usr/bin/chromium"],
    "pgbouncer": ["/usr/sbin/pgbouncer"],
    "mosquitto": ["/usr/sbin/mosquitto"],
    "haproxy": ["/usr/sbin/haproxy"],
    "fonts-noto-core": ["/usr/share/fonts/truetype/noto/NotoSansBengali-Regular.ttf"],
    "postgresql-15-hypopg": ["/usr/share/postgresql/1[5-9]/extension/hypopg.control"],
    "nodejs": ["/usr/bin/node", "/usr/bin/nodejs"],
}


def missing(packages):
    return [
        name
        for name, files in packages.items()
        if not any(any(Path("/").glob(pattern.lstrip("/"))) for pattern in files)
    ]


def as_root():
    """The prefix that runs a command as root, or None when there is no way without asking for a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    if shutil.which("sudo") and os.isatty(0):
        return ["sudo"]
    return None


def install(packages):
    """Install those of `packages` that are not there."""
    wanted = missing(packages)
    if not wanted:
        return
    by_hand = f"install them, then run the same command again: apt-get install {' '.join(wanted)}"
    prefix = as_root()
    if prefix is None or not shutil.which("apt-get"):
        why = (
            "this user is neither root nor allowed to use sudo"
            if prefix is None
            else "there is no apt-get here"
        )
        raise Failure(f"Debian packages are missing: {' '.join(wanted)}", why, by_hand)
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Debian packages {' '.join(wanted)}"):
        run(
            "apt-get update", [*prefix, "apt-get", "-q", "update"], log="apt", remedy=by_hand, env=environment
        )
        command = [*prefix, "apt-get", "-q", "-y", "--no-install-recommends", "install", *wanted]
        run("apt-get install", command, log="apt", remedy=by_hand, env=environment)
