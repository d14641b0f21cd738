"""What the method cache costs a writer: confirming orders of 5 lines with it and without it, in one run.

Two copies of the set-up's template with sale and stock, both with ``method_cache``; in one, statement
triggers on the orders' tables tell the cache of raw SQL, too. Every round confirms, commit included and in
random order, one order in each, and one with the cache's hooks taken out of the ORM. Ratios are of whole
confirmations, the median of all rounds.
"""

import contextlib
import gc
import logging
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from devtools import databases, odoo_server, odoo_source

CACHED, WATCHED = "smart_dairy_bench_cached", "smart_dairy_bench_watched"
WITHOUT, WITH, TRIGGERS = "without the cache", "more with the cache", "more with triggers, too"
WARM = 10  # orders that are confirmed before the clock counts


def measure(config, rounds):
    """Return ``[(what, percent more than without the cache)]``."""
    odoo = odoo_source.find()
    try:
        databases.clone(databases.BASE, CACHED)
        odoo_server.install(odoo, CACHED, ["method_cache"])
        databases.clone(CACHED, WATCHED)
        times = _confirm(config, rounds)
    finally:
        from odoo.sql_db import close_all

        close_all()
        for name in (CACHED, WATCHED):
            databases.drop(name)
    plain = times.pop(WITHOUT)
    print(
        f"confirming an order of 5 lines: {statistics.median(plain) * 1000:.1f} ms without, {rounds} rounds"
    )
    return [
        (what, (statistics.median(mine / base for mine, base in zip(found, plain, strict=True)) - 1) * 100)
        for what, found in times.items()
    ]


@contextlib.contextmanager
def _hooks_out():
    """Odoo as it is without the addon: its overrides are not called, its patches are not there."""
    from odoo import fields
    from odoo.addons.method_cache.models.base import Base
    from odoo.sql_db import PsycoConnection

    overridden = ("_create", "_write_multi", "unlink", "_update_field_translations")
    mine = {name: Base.__dict__[name] for name in overridden}
    patched = [(PsycoConnection, "commit"), (PsycoConnection, "rollback"), (fields.Many2many, "write_real")]
    patches = [(owner, name, owner.__dict__[name]) for owner, name in patched]
    for name in mine:
        delattr(Base, name)
    for owner, name, function in patches:
        setattr(owner, name, function.__wrapped__)
    try:
        yield
    finally:
        for name, function in mine.items():
            setattr(Base, name, function)
        for owner, name, function in patches:
            setattr(owner, name, function)


def _confirm(config, rounds):
    """Return ``{kind: [seconds of each round]}``."""
    import odoo
    from odoo import api
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["-c", config, "--log-level=critical", "--workers=0"], setup_logging=True)
    logging.disable(logging.WARNING)
    registries = {name: Registry(name) for name in (CACHED, WATCHED)}
    kinds = {
        WITHOUT: (CACHED, _hooks_out),
        WITH: (CACHED, contextlib.nullcontext),
        TRIGGERS: (WATCHED, contextlib.nullcontext),
    }
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
                    for _ in range(2 * (rounds + WARM))
                ]
            )
            ids[name] = orders.ids
    times = {kind: [] for kind in kinds}
    order = list(kinds)
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + WARM):
            random.shuffle(order)
            for kind in order:
                name, hooks = kinds[kind]
                with hooks(), registries[name].cursor() as cr:
                    env = api.Environment(cr, api.SUPERUSER_ID, {})
                    start = time.perf_counter()
                    env["sale.order"].browse(ids[name].pop()).action_confirm()
                    cr.commit()
                    if number >= WARM:
                        times[kind].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return times
