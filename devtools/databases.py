"""Databases of the private server: templates built once, clones made from them in seconds."""

import ast
import hashlib
import os
import shutil

from . import odoo_server, servers
from .console import step
from .paths import DATA_DIR, ROOT, read_state, remember
from .shell import output, run

#: what a dairy runs from Odoo itself; the suite is installed on top
BASE_MODULES = [
    "sale_management",
    "sale_stock",
    "purchase_stock",
    "stock_account",
    "product_expiry",
    "account",
    "contacts",
]
BASE = "smart_dairy_base"
TESTS = "smart_dairy_tests"


def program(name, *arguments):
    run(
        f"{name} {' '.join(arguments)}",
        [servers.pg_bin() / name, *arguments],
        log="postgresql-client",
        env=servers.pg_environment(),
        remedy="see the log of PostgreSQL: `make logs`",
    )


def addon_folders():
    """The folders of the suite's installable addons, the umbrella's (the root) left out."""
    manifests = sorted([*ROOT.glob("*/__manifest__.py"), *ROOT.glob("addons/*/__manifest__.py")])
    return [path.parent for path in manifests if ast.literal_eval(path.read_text()).get("installable", True)]


def suite_addons():
    """Names of the suite's addons that a database gets, in no order (Odoo sorts by dependency)."""
    return [folder.name for folder in addon_folders() if not folder.name.startswith("test_")]


def source_fingerprint():
    """Changes whenever anything that an installed database depends on changes."""
    digest = hashlib.sha256()
    wanted = {".py", ".xml", ".csv", ".po", ".pot", ".js", ".scss", ".json"}
    skipped = {".local", "tests", "docs", "devtools", "benchmarks", "deploy", ".git", "__pycache__"}
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if path.suffix in wanted and not skipped & set(parts):
            digest.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def exists(name):
    return name in psql("postgres", "SELECT string_agg(datname, ' ') FROM pg_database").split()


def psql(database, statement):
    """What one statement answers, as text: a line a row, columns separated by |."""
    command = [servers.pg_bin() / "psql", "-XAtqc", statement, database]
    return output(command, env={**os.environ, **servers.pg_environment()})


def drop(name):
    program("dropdb", "--if-exists", "--force", name)
    shutil.rmtree(DATA_DIR / "filestore" / name, ignore_errors=True)


def clone(template, name):
    """A copy of a database with its filestore: without the files a clone would serve no script."""
    drop(name)
    program("createdb", "-T", template, name)
    files = DATA_DIR / "filestore" / template
    if files.exists():
        shutil.copytree(files, DATA_DIR / "filestore" / name)


def ensure_base(odoo):
    """A template with Odoo's own modules; built once for each Odoo."""
    mark = f"{odoo.python_path}:{','.join(BASE_MODULES)}"
    if read_state().get("base") == mark and exists(BASE):
        return
    with step("database with Odoo's sale, stock, account and purchase") as now:
        drop(BASE)
        odoo_server.install(odoo, BASE, BASE_MODULES, now=now)
        remember(base=mark)


def ensure_tests(odoo):
    """A template with the whole suite, for the tests to clone; rebuilt when a source file changed."""
    ensure_base(odoo)
    mark = source_fingerprint()
    if read_state().get("tests") == mark and exists(TESTS):
        return
    with step("database for the tests, with the whole suite") as now:
        clone(BASE, TESTS)
        names = [folder.name for folder in addon_folders()]
        odoo_server.install(odoo, TESTS, ["smart_dairy", *names], now=now)
        odoo_server.warm(odoo, TESTS, "web.assets_tests")
        remember(tests=mark)
