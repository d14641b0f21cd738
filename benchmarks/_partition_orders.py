"""What keeping ``sale_order_partitioned`` costs a writer: confirming orders of 5 lines with its triggers and
without them, in one run.

Two copies of the database with every addon; in one the triggers are dropped. The figure is the median of
the rounds' ratios.
"""

import statistics

import _orders

from devtools import databases

WITHOUT, WITH = "smart_dairy_bench_orders_without", "smart_dairy_bench_orders_with"


def measure(config, rounds):
    """Percent that a confirmation takes more with the copy."""
    from odoo.addons.smart_dairy_performance.partitions.keep import TRIGGERS

    try:
        for name in (WITHOUT, WITH):
            databases.clone(databases.TESTS, name)
        for trigger in TRIGGERS:
            databases.psql(WITHOUT, f"DROP TRIGGER {trigger} ON sale_order")
        times = _orders.confirm(config, (WITHOUT, WITH), rounds, settle=_settle)
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


def _settle(name):
    """Let the copy hold every order, as it does in service."""
    from odoo.addons.database_partition import runtime
    from odoo.addons.smart_dairy_performance.partitions import settle

    with runtime.session(name) as work:
        settle.fill(work)
        settle.settle(work)
