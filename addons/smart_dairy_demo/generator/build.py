"""The whole run: one transaction, so a database is either untouched or complete."""

import sys
import time

import psycopg2
from odoo import api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tools import mute_logger

from .business import build_business
from .company import activate_languages, create_users, set_up_company
from .context import Context, months_before
from .errors import DemoError
from .farms import build_herd
from .progress import Progress
from .rollups import all_days_noted_at_end
from .sensors import build_sensors

MARK = "smart_dairy_demo.built"
NEEDED = ("smart_dairy_farm", "sale_management", "sale_stock", "stock_account", "account", "purchase_stock")


def open_registry(name):
    """The registry of a database that is ready to be filled; `DemoError` otherwise."""
    try:
        cr = db_connect(name).cursor()
    except psycopg2.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise DemoError(f"cannot open database {name!r}: {reason}") from error
    with cr:
        check_ready(cr)
    return Registry(name)


def check_ready(cr):
    """Raise `DemoError` unless the database holds the addons needed, and no demo dairy yet."""
    name = cr.dbname
    cr.execute("SELECT to_regclass('ir_module_module')")
    if not cr.fetchone()[0]:
        raise DemoError(f"database {name!r} holds no Odoo; install smart_dairy in it first")
    cr.execute(
        "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s)", [list(NEEDED)]
    )
    missing = set(NEEDED) - {module for (module,) in cr.fetchall()}
    if missing:
        raise DemoError(f"database {name!r} lacks {', '.join(sorted(missing))}; install with -i first")
    cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [MARK])
    if row := cr.fetchone():
        raise DemoError(
            f"database {name!r} already holds the demo dairy ({row[0]});"
            " to rebuild, drop it, create it again and install the addons"
        )


def build(options):
    """Build what the command's options ask for and report it on standard error."""
    start = time.monotonic()
    progress = Progress()
    with progress.step("Loading the registry"):
        registry = open_registry(options.database)
    with registry.cursor() as cr:
        env = api.Environment(cr, api.SUPERUSER_ID, {"tracking_disable": True})
        context = Context(
            env=env,
            seed=options.seed,
            scale=options.scale,
            first=months_before(options.until, options.months),
            until=options.until,
            progress=progress,
            languages=tuple(options.languages),
        )
        counts = generate(context)
        env["ir.config_parameter"].set_param(
            MARK,
            f"seed {options.seed}, scale {options.scale:g}, {options.months} months until {options.until}",
        )
        with progress.step("Commit"):
            env.flush_all()
            cr.commit()  # pylint: disable=invalid-commit
    registry.signal_changes()
    _report(counts, context, time.monotonic() - start)


@mute_logger("odoo.addons.base.models.ir_sequence")
def generate(ctx):
    """Fill the database of the context. Returns the number of rows by table."""
    with all_days_noted_at_end(ctx.env):
        with ctx.progress.step("Company and people"):
            activate_languages(ctx)
            set_up_company(ctx)
            users = create_users(ctx)
        counts = build_herd(ctx, users)
        if "farm.sensor" in ctx.env:
            counts += build_sensors(ctx)
        return counts + build_business(ctx, users)


def _report(counts, ctx, seconds):
    rows = sum(counts.values())
    write = sys.stderr.write
    write(f"{rows:,} rows from {ctx.first} to {ctx.until} in {seconds:.1f} s\n")
    logins = ", ".join(login for login, _name, _roles in ctx.scenario["users"] if not login[-1].isdigit())
    write(f"Logins (password = login; for a demo only): {logins}\n")
