"""Odoo's configuration for this checkout, its command line, and the demo server in the background."""

import configparser
import os
import subprocess
import urllib.request
from pathlib import Path

from . import servers
from .console import step
from .paths import DATA_DIR, HOST, LOCAL, LOG, PYTHON, ROOT, alive, free_port, read_state, remember, secret
from .shell import run

CONF = LOCAL / "odoo.conf"
LINKS = LOCAL / "addons"


def addons_path(odoo):
    """Odoo's own addons, then this repository: as the addon `smart_dairy` whatever the checkout is called."""
    LINKS.mkdir(exist_ok=True)
    link = LINKS / "smart_dairy"
    if not link.is_symlink() or Path(os.readlink(link)) != ROOT:
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
    return [*odoo.addons, LINKS, link, link / "addons"]


def write_configuration(odoo):
    """`.local/odoo.conf`: the root's `odoo.conf` with this machine's addresses, folders and worker count."""
    server = servers.pg_settings()
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "odoo.conf")
    if not parser.has_section("options"):
        parser.add_section("options")
    local = {
        "addons_path": ",".join(str(path) for path in addons_path(odoo)),
        "data_dir": DATA_DIR,
        "db_host": server["host"],
        "db_port": server["port"],
        "db_user": server["user"],
        "admin_passwd": secret("admin_passwd"),
        "http_interface": HOST,
        # one threaded process: it also serves the websocket, which prefork workers leave to a reverse proxy
        "workers": 0,
        "proxy_mode": False,
        "db_maxconn": 32,
        "dbfilter": "",
        "logfile": "",
        "with_demo": False,
    }
    if server["ours"]:
        local["db_password"] = secret("pg_password")
    for key, value in local.items():
        parser.set("options", key, str(value))
    for key in ("db_name", "db_replica_host", "db_replica_port", "gevent_port", "pidfile"):
        parser.remove_option("options", key)
    CONF.touch(mode=0o600)
    with CONF.open("w") as target:
        parser.write(target)
    return CONF


def command(odoo, name, *arguments):
    """The command line of one of Odoo's sub-commands; our own need the addons path before their name."""
    path = ",".join(str(folder) for folder in addons_path(odoo))
    return [PYTHON, odoo.program, f"--addons-path={path}", *name.split(), "-c", CONF, *arguments]


def environment():
    return {**servers.pg_environment(), "SMART_DAIRY_REDIS_URL": servers.redis_url(), "PYTHONUNBUFFERED": "1"}


def install(odoo, database, modules, *, update=False, now=None, log="install"):
    """Install modules in a database, with the loading of modules on the progress bar.

    With `update` those that are installed already are updated: an update of one reaches what depends on it
    and never what it depends on, so name them all.
    """

    def on_line(line):
        if now and "odoo.modules.loading: Loading module " in line:
            name, _sep, place = line.partition("Loading module ")[2].partition(" (")
            done, _sep, total = place.partition("/")
            now.update(int(done), int(total.split(")")[0]), name)

    names = ",".join(modules)
    arguments = ["-d", database, "-i", names, *(["-u", names] if update else [])]
    run(
        f"{'updating' if update else 'installing'} {', '.join(modules)} in {database}",
        command(odoo, "server", *arguments, "--stop-after-init", "--no-http"),
        log=log,
        env=environment(),
        on_line=on_line,
        remedy=f"read .local/log/{log}.log from the first ERROR on",
    )


#: what the login page, the web client and its charts load
BUNDLES = (
    "web.assets_frontend_minimal",
    "web.assets_frontend",
    "web.assets_frontend_lazy",
    "web.assets_web",
    "web.chartjs_lib",
)
WARM = """
for name in {names!r}:
    bundle = env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)
    bundle.js(), bundle.css()
env.cr.commit()
"""


def warm(odoo, database, *more):
    """Make the web client's scripts and styles beforehand, so that no first visitor waits for them."""
    run(
        f"making the scripts and styles of {database}",
        command(odoo, "shell", "-d", database, "--no-http"),
        log="assets",
        env=environment(),
        remedy="read .local/log/assets.log",
        text=WARM.format(names=[*BUNDLES, *more]),
    )


def stop():
    servers.stop("odoo_pid", "Odoo")


def url():
    return f"http://{HOST}:{read_state().get('odoo_port')}"


def login_page_answers():
    if not alive(read_state().get("odoo_pid")):
        return False
    try:
        with urllib.request.urlopen(f"{url()}/web/login", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def start(odoo, database):
    """Start Odoo in the background on a free port from 8069 up and wait for its login page."""
    if login_page_answers():
        return
    with step("Odoo") as now:
        port = free_port(8069)
        log = LOG / "odoo.log"
        arguments = ["-d", database, "--db-filter", f"^{database}$", "--http-port", str(port)]
        with log.open("ab") as out:
            process = subprocess.Popen(
                [str(part) for part in command(odoo, "server", *arguments)],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=LOCAL,
                env={**os.environ, **environment()},
            )
        remember(odoo_port=port, odoo_pid=process.pid)
        servers.wait_for(login_page_answers, "Odoo", log, process, seconds=120)
        now.note = f"port {port}"
