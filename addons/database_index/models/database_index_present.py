from odoo import fields, models

from .. import runtime
from ..engine.health import Limits


class DatabaseIndexPresent(models.Model):
    """Every index of the database, whoever made it, and those that were dropped from here."""

    _name = "database.index.present"
    _description = "Index"
    _auto = False
    _order = "size_mb desc, name"

    name = fields.Char("Index", readonly=True)
    table_name = fields.Char("Table", readonly=True)
    method = fields.Char(readonly=True)
    definition = fields.Text(readonly=True)
    size_mb = fields.Float("Size (MB)", digits=(16, 2), readonly=True)
    scans = fields.Float(
        digits=(16, 0), readonly=True, help="Since the statistics were reset, on this server"
    )
    state = fields.Selection(
        [
            ("active", "Active"),
            ("unread", "Not Read Yet"),
            ("unused", "Unused"),
            ("guard", "Guards Rows"),
            ("invalid", "Invalid"),
            ("dropped", "Dropped"),
        ],
        readonly=True,
        help="Unused: no scan in seven days or more of counting. Guards Rows: unique or a constraint's",
    )
    deployed = fields.Boolean(readonly=True, help="Made by a deployment; a rollback drops exactly these")
    droppable = fields.Boolean(readonly=True)
    dropped_at = fields.Datetime(readonly=True)

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_index_present")
        self.env.cr.execute(
            """
            CREATE VIEW database_index_present AS
            SELECT q.*,
                   q.state NOT IN ('guard', 'dropped') AND NOT q.deployed AND NOT q.part AS droppable
              FROM (
                SELECT c.oid::bigint AS id, c.relname::varchar AS name, t.relname::varchar AS table_name,
                       am.amname::varchar AS method, pg_get_indexdef(c.oid) AS definition,
                       pg_relation_size(c.oid)::numeric / 1048576 AS size_mb,
                       pg_stat_get_numscans(c.oid)::numeric AS scans,
                       CASE WHEN NOT i.indisvalid THEN 'invalid'
                            WHEN i.indisunique OR i.indisreplident OR EXISTS (
                                SELECT FROM pg_constraint k WHERE k.conindid = c.oid) THEN 'guard'
                            WHEN pg_stat_get_numscans(c.oid) > 0 THEN 'active'
                            WHEN (SELECT COALESCE(stats_reset, pg_postmaster_start_time())
                                    FROM pg_stat_database WHERE datname = current_database())
                                 > now() - interval '%s days' THEN 'unread'
                            ELSE 'unused' END AS state,
                       EXISTS (SELECT FROM database_index.index d
                                WHERE d.name = c.relname AND d.body IS NOT NULL) AS deployed,
                       c.relispartition AS part, NULL::timestamp AS dropped_at
                  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                  JOIN pg_class t ON t.oid = i.indrelid
                  JOIN pg_am am ON am.oid = c.relam
                 WHERE t.relnamespace = 'public'::regnamespace AND c.relkind = 'i' AND t.relpersistence <> 't'
                UNION ALL
                SELECT -d.id, d.name, d.relation, '', d.definition, 0, 0, 'dropped', false, false,
                       d.dropped_at AT TIME ZONE 'UTC'
                  FROM database_index.dropped d
                 WHERE to_regclass('public.' || quote_ident(d.name)) IS NULL) q
            """,
            [Limits.days],
        )

    def action_operate(self):
        """Open the preview of the operation in the context, for this index."""
        self.ensure_one()
        return self.env["database.index"]._open_preview(self.name)
