"""Load without noting, statement by statement, which days of which rollup change: all of them do.

PostgreSQL plans a trigger's look along the joins once a session, when the tables are still empty, and keeps
to it while they grow to millions of rows.
"""

from contextlib import contextmanager


@contextmanager
def all_days_noted_at_end(env):
    """Take the triggers of all rollups off within the block; after it put them back and note every day.

    In the load's transaction: nobody sees the tables without them, and an error takes all of it back.
    """
    if "database.rollup" not in env:
        yield
        return
    # only there when the addon is installed
    from odoo.addons.database_rollup.engine import deploy, objects

    rollups = [
        rollup
        for rollup in env["database.rollup"]._declared_rollups()
        if deploy.inspect(env.cr, rollup) == "ready"
    ]
    for rollup in rollups:
        for alias in objects.watched(rollup):
            deploy.detach(env.cr, rollup, alias)
    yield
    env.flush_all()
    for rollup in rollups:
        for alias in objects.watched(rollup):
            deploy.attach(env.cr, rollup, alias)
        deploy.mark_dirty(env.cr, rollup)
