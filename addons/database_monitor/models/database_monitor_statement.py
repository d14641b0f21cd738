from datetime import datetime, timedelta, timezone

from odoo import fields, models

from .. import runtime
from ..engine import analyze


class DatabaseMonitorStatement(models.Model):
    """Shapes of statements, as Odoo's cursors saw them in the last 24 hours; milliseconds."""

    _name = "database.monitor.statement"
    _description = "Statement"
    _auto = False
    _order = "total desc, id"
    _rec_name = "text"

    text = fields.Text("Statement", readonly=True, help="Without the values")
    calls = fields.Float(digits=(16, 0), readonly=True)
    total = fields.Float("Total (s)", digits=(16, 2), readonly=True)
    mean = fields.Float("Mean (ms)", digits=(16, 2), readonly=True, aggregator=None)
    p50 = fields.Float("P50 (ms)", digits=(16, 2), readonly=True, aggregator=None)
    p90 = fields.Float("P90 (ms)", digits=(16, 2), readonly=True, aggregator=None)
    p99 = fields.Float("P99 (ms)", digits=(16, 2), readonly=True, aggregator=None)
    maximum = fields.Float("Max (ms)", digits=(16, 2), readonly=True, aggregator="max")
    under_goal = fields.Float("Under 50 ms (%)", digits=(16, 2), readonly=True, aggregator=None)
    rows = fields.Float(
        "Rows a Call", digits=(16, 1), readonly=True, aggregator=None,
        help="By pg_stat_statements, since it was last reset; empty where it is missing",
    )  # fmt: skip
    cache_hit = fields.Float(
        "Cache Hit (%)", digits=(16, 1), readonly=True, aggregator=None,
        help="Blocks found in the shared buffers, by pg_stat_statements; empty where it is missing",
    )  # fmt: skip
    told = fields.Boolean("Told by pg_stat_statements", readonly=True)
    model = fields.Char(readonly=True, help="Model and method that were called, for the most calls noted")
    route = fields.Char(readonly=True, help="Path of the request, numbers left out")
    place = fields.Char(readonly=True, help="Line of Python that asked")
    plan = fields.Text("Generic Plan", compute="_compute_plan", help="By EXPLAIN; nothing is executed")
    findings = fields.Text(compute="_compute_plan")

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_monitor_statement")
        self.env.cr.execute(
            """
            CREATE VIEW database_monitor_statement AS
            WITH latest AS (
                SELECT statements FROM database_monitor.snapshot WHERE statements IS NOT NULL
                 ORDER BY taken_at DESC LIMIT 1),
            told AS (
                SELECT key::bigint AS shape, (value->>'rows')::numeric / (value->>'calls')::numeric AS rows,
                       100 * (value->>'hit')::numeric
                           / NULLIF((value->>'hit')::numeric + (value->>'read')::numeric, 0) AS cache_hit
                  FROM latest, jsonb_each(statements))
            SELECT s.shape AS id, t.text, s.calls::numeric, s.total::numeric,
                   (1000 * s.total / s.calls)::numeric AS mean, (1000 * s.p50)::numeric AS p50,
                   (1000 * s.p90)::numeric AS p90, (1000 * s.p99)::numeric AS p99,
                   (1000 * s.maximum)::numeric AS maximum, (100 * s.under_goal)::numeric AS under_goal,
                   told.rows, told.cache_hit, told.shape IS NOT NULL AS told, o.model, o.route, o.place
              FROM database_monitor.statements(now() - interval '24 hours', now()) s
              JOIN database_monitor.shape t ON t.id = s.shape
              LEFT JOIN told ON told.shape = s.shape
              LEFT JOIN LATERAL (
                SELECT * FROM database_monitor.origin WHERE shape = s.shape
                 ORDER BY calls * slowest DESC LIMIT 1) o ON true
            """
        )

    def _compute_plan(self):
        now = datetime.now(timezone.utc)
        with runtime.session(self.env.cr.dbname) as work, work.transaction(10, undo=True) as cursor:
            found, told = analyze.slowest(cursor, now - timedelta(hours=24), now, most=100000)
            known = {one.id: one for one in found}
            for record in self:
                one = known.get(record.id)
                if one:
                    analyze.explain(cursor, one, told)
                record.plan = one and (one.plan or one.failed)
                record.findings = one and "\n".join(finding.text for finding in one.findings)
