"""Where things are. Everything the set-up makes lives under `.local/`, which git ignores."""

import json
import os
import secrets
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
LOG = LOCAL / "log"
STATE = LOCAL / "state.json"
VENV = LOCAL / "venv"
PYTHON = VENV / "bin" / "python"
DATA_DIR = LOCAL / "odoo-data"
DEMO_DB = "smart_dairy"
HOST = "127.0.0.1"


def ensure_local():
    """Make `.local/` and its sub-folders; harmless when they stand."""
    for folder in (LOCAL, LOG, DATA_DIR):
        folder.mkdir(parents=True, exist_ok=True)


def read_state():
    """What earlier runs remembered: ports, process ids, fingerprints."""
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def remember(**values):
    """Add values to the remembered state; None forgets a key. One rename, so a kill leaves a whole file."""
    state = {**read_state(), **values}
    fresh = STATE.with_suffix(".tmp")
    fresh.write_text(json.dumps({k: v for k, v in state.items() if v is not None}, indent=1, sort_keys=True))
    fresh.chmod(0o600)
    fresh.replace(STATE)


def secret(name):
    """A random password made once and kept in `.local/` (mode 600)."""
    state = read_state()
    if name not in state:
        remember(**{name: secrets.token_urlsafe(18)})
    return read_state()[name]


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(first):
    """The first free TCP port of the loopback address from `first` upwards."""
    return next(port for port in range(first, first + 500) if is_free(port))


def alive(pid):
    """Whether a process we remembered still runs."""
    if not pid:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
