from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine import clock, create, maintain
from odoo.addons.database_partition.engine.words import translated
from odoo.exceptions import UserError

from .readings import READINGS


def post_init_hook(env):
    """Make the partitions at once: the first reading may come before the scheduled action."""
    with runtime.session(env.cr.dbname) as work:
        report = maintain.maintain(work, READINGS, clock.now(), None, steps=("premake",))
    if report.failed:
        raise UserError("; ".join(translated(text, env.lang) for text in report.failed))


def uninstall_hook(env):
    """Take the readings away, as Odoo takes the sensors; archive files stay."""
    create.undeploy(env.cr, READINGS)
