from .dependencies import WATCHED
from .partitions import keep


def uninstall_hook(env):
    """Leave Odoo's tables as they were."""
    for name in WATCHED:
        env["method.cache"].unwatch_table(name)
    keep.uninstall(env.cr)
