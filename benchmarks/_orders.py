"""The same piece of work in several databases of one server, side by side: orders of 5 lines are confirmed.

Every round does it once in each database, in random order, commit included, so that a slow moment of the
machine falls on all alike; ratios of a round are what counts.
"""

import gc
import logging
import random
import time

WARM = 10  # rounds before the clock counts


def confirm(config, names, rounds, prepare=None, settle=None):
    """Confirm an order of 5 lines in each round; return ``{database: [seconds of each round]}``.

    :param prepare: called with (database, env) before the orders are made
    :param settle: called with a database after its orders were committed, before the clock counts
    """

    def begin(name, env):
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
        return orders.ids

    return in_turn(
        config,
        names,
        rounds,
        begin,
        lambda env, ids: env["sale.order"].browse(ids.pop()).action_confirm(),
        settle,
    )


def in_turn(config, names, rounds, begin, work, settle=None):
    """Do ``work`` in each database in each round; return ``{database: [seconds of each round]}``.

    :param begin: called with (database, env) once, and committed; what it returns is given to ``work``
    :param work: called with (env, what ``begin`` returned), and committed
    :param settle: called with a database after its beginning was committed, before the clock counts
    """
    import odoo
    from odoo import api
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["-c", config, "--log-level=critical", "--workers=0"], setup_logging=True)
    logging.disable(logging.WARNING)
    registries = {name: Registry(name) for name in names}
    begun = {}
    for name, registry in registries.items():
        with registry.cursor() as cr:
            begun[name] = begin(name, api.Environment(cr, api.SUPERUSER_ID, {}))
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
                    work(env, begun[name])
                    cr.commit()
                    if number >= WARM:
                        times[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
        logging.disable(logging.NOTSET)
    return times
