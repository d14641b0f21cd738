"""Folding within a test's own transaction, whose snapshot sees all that it wrote and nobody else's writes."""

from odoo.addons.database_rollup.engine import fold, objects
from odoo.tools import SQL


def fold_here(env):
    """Compute every day of every rollup and take the notes away: from here on the rollups' tables answer."""
    env.flush_all()
    for rollup in env["database.rollup"]._declared_rollups():
        fold.compute(env.cr, rollup, "1990-01-01", "2060-01-01")
        env.cr.execute(SQL("DELETE FROM %s", objects.log(rollup)))
        env.cr.execute(SQL("SELECT set_config(%s, '', true)", objects.rollup_memory(rollup)))


def dirty_days(env, name):
    """Number of days that a rollup reads live; ``None``: all of them."""
    rollup = env["database.rollup"]._rollup(name)
    return fold.freshness(env.cr, rollup)["dirty_days"]
