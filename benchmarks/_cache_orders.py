"""What the method cache costs a writer: confirming orders of 5 lines with it and without it, in one run.

Three copies of one database with sale, stock and ``method_cache``: one in which Odoo takes the addon for not
installed, one as it is, one in which statement triggers on the orders' tables tell the cache of raw SQL, too.
Ratios are of whole confirmations, the median of all rounds.
"""

import statistics
import sys
from pathlib import Path

import _orders

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devtools import databases, odoo_server, odoo_source

PLAIN, CACHED, WATCHED = (f"smart_dairy_bench_{name}" for name in ("plain", "cached", "watched"))
MORE = {CACHED: "more with the cache", WATCHED: "more with triggers, too"}


def measure(config, rounds):
    """Return ``[(what, percent more than without the cache)]``."""
    odoo = odoo_source.find()
    try:
        databases.clone(databases.BASE, CACHED)
        odoo_server.install(odoo, CACHED, ["method_cache"])
        databases.clone(CACHED, WATCHED)
        databases.clone(CACHED, PLAIN)
        databases.psql(PLAIN, "UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'method_cache'")
        times = _orders.confirm(config, (PLAIN, CACHED, WATCHED), rounds, _prepare)
    finally:
        from odoo.sql_db import close_all

        close_all()
        for name in (PLAIN, CACHED, WATCHED):
            databases.drop(name)
    plain = times.pop(PLAIN)
    print(
        f"confirming an order of 5 lines: {statistics.median(plain) * 1000:.1f} ms without, {rounds} rounds"
    )
    return [
        (
            MORE[name],
            (statistics.median(mine / base for mine, base in zip(found, plain, strict=True)) - 1) * 100,
        )
        for name, found in times.items()
    ]


def _prepare(name, env):
    assert ("method.cache" in env) == (name != PLAIN), f"{name} is not what is to be measured"
    if name == WATCHED:
        for model in ("sale.order", "sale.order.line"):
            env["method.cache"].watch_table(model)
