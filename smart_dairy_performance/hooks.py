from .dependencies import WATCHED
from .partitions import keep


def post_init_hook(env):
    """Deploy the rollups, whose days are read live until they are folded; have the months of orders made."""
    env["database.rollup"]._deploy_here()
    # not here: this transaction has looked into the table, and would be in the way
    env.ref("database_partition.cron_maintain")._trigger()


def uninstall_hook(env):
    """Leave Odoo's tables as they were."""
    for name in WATCHED:
        env["method.cache"].unwatch_table(name)
    keep.uninstall(env.cr)
