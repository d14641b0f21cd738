from .dependencies import WATCHED


def post_init_hook(env):
    """Have the dashboards' rollups at once; their days are read live until the scheduled job folds them."""
    env["database.rollup"]._deploy_here()


def uninstall_hook(env):
    """Leave Odoo's tables as they were."""
    for name in WATCHED:
        env["method.cache"].unwatch_table(name)
