from odoo import fields, models

from .. import runtime


class DatabaseIndexTask(models.Model):
    """What was asked for, and the build that runs now."""

    _name = "database.index.task"
    _description = "Index Task"
    _auto = False
    _order = "id desc"

    operation = fields.Selection(
        [
            ("deploy", "Deploy"),
            ("rollback", "Roll Back"),
            ("reindex", "Rebuild"),
            ("drop", "Drop"),
            ("restore", "Restore"),
            ("withdraw", "Take Back"),
        ],
        readonly=True,
    )
    name = fields.Char("Index", readonly=True, help="Empty: all of them")
    login = fields.Char("Asked by", readonly=True)
    asked_at = fields.Datetime(readonly=True)
    done_at = fields.Datetime(readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        readonly=True,
    )
    message = fields.Char(readonly=True)
    phase = fields.Char(readonly=True, help="What PostgreSQL is doing now")
    progress = fields.Float(readonly=True, help="Of this phase, in percent")

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_index_task")
        self.env.cr.execute(
            """
            CREATE VIEW database_index_task AS
            WITH build AS (
                SELECT format('%s: %s', t.relname, p.phase) AS phase,
                       100.0 * CASE WHEN p.blocks_total > 0 THEN p.blocks_done::float / p.blocks_total
                                    WHEN p.tuples_total > 0 THEN p.tuples_done::float / p.tuples_total
                               END AS share
                  FROM pg_stat_progress_create_index p JOIN pg_class t ON t.oid = p.relid
                 WHERE p.datname = current_database() LIMIT 1),
            first AS (SELECT min(id) AS id FROM database_index.task WHERE done_at IS NULL)
            SELECT t.id, t.operation, t.name, t.login, t.asked_at AT TIME ZONE 'UTC' AS asked_at,
                   t.done_at AT TIME ZONE 'UTC' AS done_at, t.message,
                   CASE WHEN t.done_at IS NULL AND b.phase IS NOT NULL THEN 'running'
                        WHEN t.done_at IS NULL THEN 'waiting'
                        WHEN t.failed THEN 'failed' ELSE 'done' END AS state,
                   b.phase, CASE WHEN t.done_at IS NOT NULL AND NOT t.failed THEN 100
                                 ELSE COALESCE(b.share, 0) END AS progress
              FROM database_index.task t LEFT JOIN first f ON f.id = t.id
              LEFT JOIN build b ON f.id IS NOT NULL
            """
        )

    def action_stop(self):
        """End the build that runs now."""
        return self.env["database.index"].action_stop()
