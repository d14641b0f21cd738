"""What keeping ``sale_order_partitioned`` costs a writer: confirming orders of 5 lines with its triggers and
without them, in one run.

Two copies of the database with every addon; in one the triggers are dropped. Every round confirms one order
in each, in random order, commit included; the figure is the median of the rounds' ratios.
"""

import gc
import logging
import random
import statistics
import time

from devtools import databases

WITHOUT, WITH = "smart_dairy_bench_orders_without", "smart_dairy_bench_orders_with"
WARM = 10  # orders that are confirmed before the clock counts


def measure(config, rounds):
    """Percent that a confirmation takes more with the copy."""
    from odoo.addons.smart_dairy_performance.partitions.keep import TRIGGERS

    try:
        for name in (WITHOUT, WITH):
            databases.clone(databases.TESTS, name)
        for trigger in TRIGGERS:
            databases.psql(WITHOUT, f"DROP TRIGGER {trigger} ON sale_order")
        times = _confirm(rounds)
    finally:
        from odoo.sql_db import close_all

        close_all()
        for name in (WITHOUT, WITH):
            databases.drop(name)
    pairs = zip(times[WITH], times[WITHOUT], strict=True)
    print(
        f"confirmation: {statistics.median(times[WITHOUT]) * 1000:.1f} ms without the copy, {rounds} rounds"
    )
    return (statistics.median(mine / base for mine, base in pairs) - 1) * 100


def _confirm(rounds):
    """``{database: [seconds of each round]}``"""
    from odoo import api
    from odoo.addons.database_partition import runtime
    from odoo.addons.smart_dairy_performance.partitions import settle
    from odoo.modules.registry import Registry

    logging.disable(logging.WARNING)
    registries = {name: Registry(name) for name in (WITHOUT, WITH)}
    ids = {}
    for name, registry in registries.items():
        with registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            product = env["product.product"].create({"name": "Milk", "list_price": 2, "is_storable": True})
            partner = env["res.partner"].create({"name": "Retailer"})
            lines = [(0, 0, {"product_id": product.id})] * 5
            orders = env["sale.order"].create(
                [{"partner_id": partner.id, "order_line": lines} for _ in range(rounds + WARM)]
            )
            ids[name] = orders.ids
        with runtime.session(name) as work:
            settle.fill(work)
            settle.settle(work)
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
