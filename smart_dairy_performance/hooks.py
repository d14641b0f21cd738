from .dependencies import WATCHED
from .partitions import keep


def post_init_hook(env):
    """Deploy the rollups: their days are read live until the scheduled job has folded them."""
    env["database.rollup"]._deploy_here()


def uninstall_hook(env):
    """Leave Odoo's tables as they were."""
    for name in WATCHED:
        env["method.cache"].unwatch_table(name)
    keep.uninstall(env.cr)
