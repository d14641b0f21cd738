import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import runtime
from ..engine import keep, report, snapshot
from ..engine.errors import MonitorError

_logger = logging.getLogger(__name__)
DAYS = "database_monitor.days"


class DatabaseMonitorSnapshot(models.Model):
    """Figures of the whole database at one moment."""

    _name = "database.monitor.snapshot"
    _description = "Database Snapshot"
    _auto = False
    _order = "taken_at desc, id desc"
    _rec_name = "taken_at"

    taken_at = fields.Datetime("Taken", readonly=True)
    baseline = fields.Boolean(
        readonly=True, help="Later ones are compared with it; retention leaves it alone"
    )
    note = fields.Char(readonly=True)
    calls = fields.Float("Calls in 24 Hours", digits=(16, 0), readonly=True)
    under_goal = fields.Float("Under 50 ms (%)", digits=(16, 2), compute="_compute_figures")
    p50 = fields.Float("P50 (ms)", digits=(16, 2), compute="_compute_figures")
    p90 = fields.Float("P90 (ms)", digits=(16, 2), compute="_compute_figures")
    p99 = fields.Float("P99 (ms)", digits=(16, 2), compute="_compute_figures")
    cache_hit = fields.Float("Cache Hit (%)", digits=(16, 2), readonly=True, aggregator=None)
    connections = fields.Integer(readonly=True)
    size_mb = fields.Float("Size (MB)", digits=(16, 1), readonly=True, aggregator="max")
    missing = fields.Text("Not Measured", readonly=True)
    comparison = fields.Text("Compared with the Baseline", compute="_compute_comparison")

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_monitor_snapshot")
        self.env.cr.execute(
            """
            CREATE VIEW database_monitor_snapshot AS
            SELECT id, taken_at AT TIME ZONE 'UTC' AS taken_at, baseline, note,
                   (SELECT sum(value::bigint) FROM jsonb_each_text(latency->'buckets')) AS calls,
                   100 * (metrics#>>'{database,blks_hit}')::numeric
                       / NULLIF((metrics#>>'{database,blks_hit}')::numeric
                                + (metrics#>>'{database,blks_read}')::numeric, 0) AS cache_hit,
                   (metrics#>>'{connections,here}')::integer AS connections,
                   (metrics#>>'{database,bytes}')::numeric / 1048576 AS size_mb,
                   (SELECT string_agg(value, E'\\n') FROM jsonb_array_elements_text(missing)) AS missing
              FROM database_monitor.snapshot
            """
        )

    def _compute_figures(self):
        for record in self:
            latency = snapshot.load(self.env.cr, record.id).latency
            record.under_goal = 100 * (latency.under_goal() or 0)
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
                record[name] = 1000 * (latency.quantile(share) or 0)

    def _compute_comparison(self):
        baseline = self.search([("baseline", "=", True)], limit=1)
        for record in self:
            if not baseline or record == baseline:
                record.comparison = False
                continue
            before, after = (snapshot.load(self.env.cr, one.id) for one in (baseline, record))
            figures, changed = snapshot.compare(before, after)
            lines = [f"{name}: {_shown(old)} → {_shown(new)}" for name, old, new in figures if old != new]
            lines += [
                f"{1000 * old:.1f} → {1000 * new:.1f} ms × {calls}: {text[:200]}"
                for text, _calls, old, calls, new in changed[:10]
            ]
            record.comparison = "\n".join(lines) or False

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("The database monitor is for administrators."))

    def action_take(self):
        """Take a snapshot now."""
        self._check_administrator()
        runtime.KEEPER.flush(self.env.cr.dbname)
        with runtime.session(self.env.cr.dbname) as work, work.transaction() as cursor:
            snapshot.take(cursor, self.env.user.login)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_pin(self):
        """Make this snapshot the baseline."""
        self.ensure_one()
        self._check_administrator()
        try:
            with runtime.session(self.env.cr.dbname) as work, work.transaction() as cursor:
                snapshot.pin(cursor, self.id)
        except MonitorError as error:
            raise UserError(str(error)) from error
        self.invalidate_model()

    def action_report(self):
        """The optimization report since the baseline: a PDF where one can be made, else a page."""
        self.ensure_one()
        self._check_administrator()
        name = self.env.cr.dbname
        try:
            with runtime.session(name) as work, work.transaction() as cursor:
                before, after = (snapshot.load(cursor, which) for which in ("baseline", self.id))
                found = report.build(cursor, before, after, name)
        except MonitorError as error:
            raise UserError(str(error)) from error
        try:
            content, suffix, kind = report.pdf(found), "pdf", "application/pdf"
        except MonitorError as error:
            _logger.info("the report is a page: %s", error)
            content, suffix, kind = report.page(found).encode(), "html", "text/html"
        made = self.env["ir.attachment"].create(
            {"name": f"database_{name}_{found.after:%Y-%m-%d}.{suffix}", "raw": content, "mimetype": kind}
        )
        return {"type": "ir.actions.act_url", "url": f"/web/content/{made.id}?download=true"}

    @api.model
    def _cron_snapshot(self):
        """Hourly: keep what this process saw, take a snapshot, forget what is too old."""
        runtime.KEEPER.flush(self.env.cr.dbname)
        days = self._days()
        with runtime.session(self.env.cr.dbname) as work:
            with work.transaction() as cursor:
                snapshot.take(cursor)
            with work.transaction() as cursor:
                keep.forget(cursor, days)
        self.env["database.monitor.alert"]._watch_indexes()

    @api.model
    def _days(self):
        """Days that figures are kept: the system parameter ``database_monitor.days``, 30 without it."""
        found = self.env["ir.config_parameter"].sudo().get_param(DAYS) or "30"
        if not found.isdigit() or not int(found):
            raise UserError(
                self.env._("System parameter %(name)s is %(value)r: write days as a whole number, 1 or more.",
                           name=DAYS, value=found)
            )  # fmt: skip
        return int(found)


def _shown(value):
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
