"""What the method cache costs a writer: confirming orders of 5 lines with it and without it, in one run.

Three copies of one database with sale, stock and ``method_cache``: one in which Odoo takes the addon for not
installed, one as it is, one in which statement triggers on the orders' tables tell the cache of raw SQL, too.
Every round confirms one order in each, in random order, commit included. Ratios are of whole confirmations,
the median of all rounds.
"""

import gc
import logging
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devtools import databases, odoo_server, odoo_source

PLAIN, CACHED, WATCHED = (f"smart_dairy_bench_{name}" for name in ("plain", "cached", "watched"))
MORE = {CACHED: "more with the cache", WATCHED: "more with triggers, too"}
WARM = 10  # orders that are confirmed before the clock counts


def measure(config, rounds):
    """Return ``[(what, percent more than without the cache)]``."""
    odoo = odoo_source.find()
    try:
        databases.clone(databases.BASE, CACHED)
        odoo_server.install(odoo, CACHED, ["method_cache"])
        databases.clone(CACHED, WATCHED)
        databases.clone(CACHED, PLAIN)
        databases.psql(PLAIN, "UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'method_cache'")
        times = _confirm(config, rounds)
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


def _confirm(config, rounds):
    """Return ``{database: [seconds of each round]}``."""
    import odoo
    from odoo import api
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["-c", config, "--log-level=critical", "--workers=0"], setup_logging=True)
    logging.disable(logging.WARNING)
    registries = {name: Registry(name) for name in (PLAIN, CACHED, WATCHED)}
    assert "method.cache" not in registries[PLAIN] and "method.cache" in registries[CACHED]
    ids = {}
    for name, registry in registries.items():
        with registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            if name == WATCHED:
                for model in ("sale.order", "sale.order.line"):
                    env["method.cache"].watch_table(model)
            product = env["product.product"].create({"name": "Milk", "list_price": 2, "is_storable": True})
            partner = env["res.partner"].create({"name": "Retailer"})
            orders = env["sale.order"].create(
                [
                    {"partner_id": partner.id, "order_line": [(0, 0, {"product_id": product.id})] * 5}
                    for _ in range(rounds + WARM)
                ]
            )
            ids[name] = orders.ids
    times = {name: [] for name in registries}
    order = list(registries)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + WARM):
            random.shuffle(order)
            for name in order:
                with registries[name].cursor() as cr:
                    env = api.Environment(cr, api.SUPERUSER_ID, {})
                    start = time.perf_counter()
                    env["sale.order"].browse(ids[name].pop()).action_confirm()
                    cr.commit()
                    if number >= WARM:
                        times[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return times
