"""Confirming orders of 5 lines in several databases of one server, side by side.

Every round confirms one order in each database, in random order, commit included, so that a slow moment of
the machine falls on all alike; ratios of a round are what counts.
"""

import gc
import logging
import random
import time

WARM = 10  # orders that are confirmed before the clock counts


def confirm(config, names, rounds, prepare=None, settle=None):
    """Return ``{database: [seconds of each round]}``.

    :param prepare: called with (database, env) before the orders are made
    :param settle: called with a database after its orders were committed, before the clock counts
    """
    import odoo
    from odoo import api
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["-c", config, "--log-level=critical", "--workers=0"], setup_logging=True)
    logging.disable(logging.WARNING)
    registries = {name: Registry(name) for name in names}
    ids = {}
    for name, registry in registries.items():
        with registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            if prepare:
                prepare(name, env)
            product = env["product.product"].create({"name": "Milk", "list_price": 2, "is_storable": True})
            partner = env["res.partner"].create({"name": "Retailer"})
            orders = env["sale.order"].create(
                [
                    {"partner_id": partner.id, "order_line": [(0, 0, {"product_id": product.id})] * 5}
                    for _ in range(rounds + WARM)
                ]
            )
            ids[name] = orders.ids
        if settle:
            settle(name)
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
        logging.disable(logging.NOTSET)
    return times
