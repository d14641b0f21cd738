from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine import clock, maintain
from odoo.addons.database_rollup.engine import deploy
from odoo.exceptions import UserError

from .engine.hours import HOURS
from .readings import READINGS


def post_init_hook(env):
    """Make the partitions and the rollup at once: the first reading may come before the scheduled actions."""
    with runtime.session(env.cr.dbname) as work:
        report = maintain.maintain(work, READINGS, clock.now(), None, steps=("premake",))
    if report.failed:
        raise UserError("; ".join(report.failed))
    if deploy.deploy_here(env.cr, HOURS):
        env.registry.clear_cache()
