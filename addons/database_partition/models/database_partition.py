from odoo import fields, models

from .. import runtime


class DatabasePartition(models.Model):
    """Attached partitions, tables taken out, and what is in archives only."""

    _name = "database.partition"
    _description = "Partition"
    _auto = False
    _order = "set_id, lower desc, name"

    name = fields.Char("Table", readonly=True)
    set_id = fields.Many2one("database.partition.set", readonly=True)
    state = fields.Selection(
        [
            ("attached", "Attached"),
            ("default", "Default"),
            ("detached", "Detached"),
            ("archived", "Archived, Dropped"),
        ],
        readonly=True,
    )
    lower = fields.Char("From", readonly=True, help="First moment, in UTC")
    upper = fields.Char("To", readonly=True, help="First moment that does not belong to it, in UTC")
    rows_estimate = fields.Float("Rows (Estimate)", digits=(16, 0), readonly=True)
    size_mb = fields.Float(
        "Size (MB)", digits=(16, 1), readonly=True, help="With its indexes; of an archive, the file"
    )
    bloat_estimate = fields.Float(
        "Bloat (%, Estimate)", digits=(16, 0), readonly=True, aggregator=None,
        help="What rows of average width would not need of the table, by PostgreSQL's statistics, without "
        "indexes. Empty before the first ANALYZE.",
    )  # fmt: skip
    archived_at = fields.Datetime("Last Archive", readonly=True)
    archive_file = fields.Char(readonly=True)
    archive_rows = fields.Float("Rows in the Archive", digits=(16, 0), readonly=True)
    held = fields.Boolean(readonly=True, help="Restored: retention leaves it alone until it is released")

    def init(self):
        """A view of tables by their oid, and archives above every oid."""
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_partition")
        self.env.cr.execute(
            """
            CREATE VIEW database_partition AS
            WITH last AS (
                SELECT DISTINCT ON (name, relation) * FROM database_partition.archive
                 ORDER BY name, relation, id DESC),
            tables AS (
                SELECT c.oid, c.relname::text AS relation, s.id AS set_id, s.name AS set_name,
                       CASE WHEN pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT' THEN 'default' ELSE 'attached'
                        END AS state,
                       regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                    'FROM \\(''?([^'']*)''?\\) TO \\(''?([^'']*)''?\\)') AS bounds
                  FROM database_partition.set s
                  JOIN pg_inherits i ON i.inhparent = to_regclass('public.' || quote_ident(s.name))
                  JOIN pg_class c ON c.oid = i.inhrelid
                UNION ALL
                SELECT c.oid, d.relation, s.id, s.name, 'detached',
                       ARRAY[(d.lower AT TIME ZONE 'UTC')::text, (d.upper AT TIME ZONE 'UTC')::text]
                  FROM database_partition.detached d JOIN database_partition.set s USING (name)
                  JOIN pg_class c ON c.oid = to_regclass('public.' || quote_ident(d.relation))),
            listed AS (
            SELECT t.oid::bigint AS id, t.relation AS name, t.set_id, t.state, t.bounds[1] AS lower,
                   t.bounds[2] AS upper, GREATEST(c.reltuples, 0)::numeric AS rows_estimate,
                   pg_total_relation_size(t.oid)::numeric / 1048576 AS size_mb,
                   -- a row has a header of 24 bytes and a pointer of 4, and begins at a multiple of 8
                   CASE WHEN c.relpages > 0 AND c.reltuples >= 0 AND w.width IS NOT NULL THEN
                       GREATEST(0, 100 * (1 - ceil(c.reltuples * (28 + ceil(w.width / 8) * 8)
                                / (current_setting('block_size')::numeric - 24)) / c.relpages))::numeric
                   END AS bloat_estimate,
                   a.archived_at AT TIME ZONE 'UTC' AS archived_at, a.file AS archive_file,
                   a.rows::numeric AS archive_rows, COALESCE(a.held, false) AS held
              FROM tables t JOIN pg_class c ON c.oid = t.oid
              CROSS JOIN LATERAL (
                SELECT sum(avg_width * (1 - null_frac))::numeric AS width FROM pg_stats
                 WHERE schemaname = 'public' AND tablename = t.relation AND NOT inherited) w
              LEFT JOIN last a ON a.name = t.set_name AND a.relation = t.relation
            UNION ALL
            SELECT 5000000000 + a.id, a.relation, s.id, 'archived', (a.lower AT TIME ZONE 'UTC')::text,
                   (a.upper AT TIME ZONE 'UTC')::text, 0, a.bytes::numeric / 1048576, NULL,
                   a.archived_at AT TIME ZONE 'UTC', a.file, a.rows::numeric, a.held
              FROM last a JOIN database_partition.set s USING (name)
             WHERE a.dropped_at IS NOT NULL AND a.restored_at IS NULL)
            -- midnight goes without saying
            SELECT id, name, set_id, state, regexp_replace(lower, ' 00:00:00([+]00)?$', '') AS lower,
                   regexp_replace(upper, ' 00:00:00([+]00)?$', '') AS upper, rows_estimate, size_mb,
                   bloat_estimate, archived_at, archive_file, archive_rows, held
              FROM listed
            """
        )

    def action_operate(self):
        """Open the preview of the operation in the context for this partition."""
        self.ensure_one()
        return self.set_id.with_context(partition_name=self.name).action_operate()
