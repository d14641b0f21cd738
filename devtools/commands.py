"""The commands of the Makefile."""

import ast
import os
import shutil
import subprocess
import sys
import time

from . import databases, debian, odoo_server, odoo_source, python_env, servers
from .console import Failure, step, together
from .paths import DEMO_DB, LOCAL, LOG, PYTHON, ROOT, ensure_local, read_state, remember

LOGINS = "manager / manager   (also: owner, vet, worker, sales; administrator: admin / admin)"


def set_up(test=False):
    """Everything up to running servers; returns the Odoo in use. Done steps are not done again."""
    ensure_local()
    wanted = dict(debian.SERVE)
    if os.environ.get("SMART_DAIRY_PGHOST"):
        wanted.pop("postgresql-15")
    if os.environ.get("SMART_DAIRY_REDIS_URL"):
        wanted.pop("redis-server")
    debian.install({**wanted, **(debian.TEST if test else {})})
    odoo, _none = together(odoo_source.ensure, lambda: python_env.ensure(test))
    python_env.link_odoo(odoo)
    servers.ensure_postgres()
    servers.ensure_redis()
    odoo_server.write_configuration(odoo)
    return odoo


def demo():
    """Build and start the demo dairy; print where it is."""
    started = time.monotonic()
    print("Smart Dairy: a running demo (two to six minutes the first time, seconds afterwards)")
    odoo = set_up()
    build_demo(odoo)
    odoo_server.start(odoo, DEMO_DB)
    print(f"\n  Smart Dairy runs at  {odoo_server.url()}   (ready after {time.monotonic() - started:.0f} s)")
    print(f"  login / password     {LOGINS}")
    print("  stop                 make stop      start again: make demo      remove everything: make clean\n")


def build_demo(odoo, database=DEMO_DB, scale=1):
    """The demo database: all addons, then the generated dairy; updated when the sources changed since."""
    mark = databases.source_fingerprint()
    seen = read_state().get(f"demo:{database}")
    if seen and databases.exists(database):
        if seen != mark:
            odoo_server.stop()
            with step("the demo database: update to the changed sources") as now:
                odoo_server.install(
                    odoo, database, ["smart_dairy", *databases.suite_addons()], update=True, now=now
                )
            remember(**{f"demo:{database}": mark})
        return
    databases.ensure_base(odoo)
    odoo_server.stop()
    with step("the demo database: all addons") as now:
        databases.clone(databases.BASE, database)
        odoo_server.install(odoo, database, ["smart_dairy", *databases.suite_addons()], now=now)
    # before the load and not beside it: a load locks the tables that every other session begins by reading
    with step("scripts and styles of the web client"):
        odoo_server.warm(odoo, database)
    animals = round(800 * float(scale))
    print(f"  the demo dairy: {animals} animals, two years of milk, health and sales", flush=True)
    command = odoo_server.command(odoo, "dairy_demo", "-d", database, "--scale", str(scale))
    code = subprocess.call([str(p) for p in command], env={**os.environ, **odoo_server.environment()})
    if code:
        raise Failure(
            "making the demo dairy", f"dairy_demo ended with {code}", "see the lines above; then run again"
        )
    remember(**{f"demo:{database}": mark})


def stop():
    """Stop everything this checkout started."""
    odoo_server.stop()
    servers.stop("redis_pid", "Redis")
    servers.stop("pg_pid", "PostgreSQL")


def clean():
    """Stop, then remove everything under .local/."""
    if LOCAL.exists():
        stop()
        with step("removing .local/"):
            shutil.rmtree(LOCAL)


def logs():
    """The end of every log, then Odoo's as it grows."""
    for path in sorted(LOG.glob("*.log")):
        print(f"==> {path.relative_to(ROOT)}\n{path.read_text(errors='replace')[-1500:]}\n")
    if sys.stdout.isatty() and (LOG / "odoo.log").exists():
        subprocess.call(["tail", "-n", "0", "-f", LOG / "odoo.log"])


def interactive(program):
    """Replace this process by an interactive one on the demo database."""
    odoo = set_up()
    if not databases.exists(DEMO_DB):
        raise Failure(f"there is no database {DEMO_DB}", "the demo was not built yet", "make demo")
    os.environ.update(odoo_server.environment())
    if program == "psql":
        command = [servers.pg_bin() / "psql", DEMO_DB]
    else:
        command = odoo_server.command(odoo, "shell", "-d", DEMO_DB, "--no-http")
    os.execv(command[0], [str(part) for part in command])


def lint():
    """Ruff, pylint-odoo, OCA's checks and well-formedness over the whole tree."""
    ensure_local()
    debian.install({**debian.TEST, "python3-venv": debian.SERVE["python3-venv"]})
    odoo, _none = together(odoo_source.ensure, lambda: python_env.ensure(test=True))
    python_env.link_odoo(odoo)
    return subprocess.call([str(PYTHON), "-m", "devtools.lint"], cwd=ROOT)


def measurement(kind, name, scale):
    """Run `benchmarks/<name>.py` or `benchmarks/soak_<name>.py` on the demo data; its exit status is ours."""
    prefix = "soak_" if kind == "soak" else ""
    scripts = {
        path.stem.removeprefix(prefix): path
        for path in (ROOT / "benchmarks").glob(f"{prefix}*.py")
        if kind == "soak" or not path.stem.startswith(("soak_", "_"))
    }
    if name not in scripts:
        known = ", ".join(sorted(scripts))
        print(f"make {kind}: NAME={name!r} is not a measurement; one of: {known}", file=sys.stderr)
        return 2
    odoo = set_up(test=True)
    database = DEMO_DB if scale in ("", "1") else f"{DEMO_DB}_x{scale.replace('.', '_')}"
    needs = needs_of(scripts[name])
    if needs == "demo":
        build_demo(odoo, database, scale or 1)
    elif needs == "tests":
        databases.ensure_tests(odoo)
    command = [PYTHON, scripts[name], "--database", database, "--config", odoo_server.CONF]
    return subprocess.call([str(p) for p in command], cwd=ROOT, env={**os.environ, **test_environment(odoo)})


def needs_of(script):
    """What a measurement declares in `NEEDS`: "demo" (the default), "tests" (the templates) or "servers"."""
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NEEDS":
            return ast.literal_eval(node.value)
    return "demo"


def test_environment(odoo):
    """What the suite's own tests need to find the servers and Odoo."""
    return {
        **odoo_server.environment(),
        "ODOO_HOME": str(odoo_home(odoo)),
        "PYTHONPATH": str(ROOT / "devtools" / "pytest_plugins"),
    }


def odoo_home(odoo):
    return odoo_source.UNPACKED if odoo_source.UNPACKED in odoo.python_path.parents else odoo.python_path


def test(arguments):
    """Every test: each addon's in a clone of the installed database, then those of the suite as a whole."""
    started = time.monotonic()
    odoo = set_up(test=True)
    databases.ensure_tests(odoo)
    database = "smart_dairy_pytest"
    with step("a fresh clone for the tests"):
        databases.clone(databases.TESTS, database)
    environment = {**os.environ, **test_environment(odoo)}
    codes = []
    own = [str(PYTHON), "-m", "pytest", "-p", "no:odoo", "--durations=5", "-q"]
    in_odoo = [
        str(PYTHON), "-m", "pytest", "-p", "addon_names", f"--odoo-config={odoo_server.CONF}",
        f"--odoo-database={database}", "--odoo-http", "--odoo-log-level=error", "--durations=15", "-q",
    ]  # fmt: skip
    if arguments:
        codes.append(subprocess.call([*in_odoo, *arguments], cwd=ROOT, env=environment))
    else:
        tests = [folder / "tests" for folder in databases.addon_folders()]
        folders = [str(path.relative_to(ROOT)) for path in tests if path.is_dir()]
        print("\n== tests of the addons, inside Odoo", flush=True)
        codes.append(subprocess.call([*in_odoo, *folders], cwd=ROOT, env=environment))
        print("\n== tests of the suite as a whole", flush=True)
        codes.append(subprocess.call([*own, "tests"], cwd=ROOT, env=environment))
    databases.drop(database)
    print(f"make test: {time.monotonic() - started:.0f} s", flush=True)
    return max(codes)
