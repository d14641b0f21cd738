from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import runtime
from ..engine import analyze


class DatabaseMonitorAdvice(models.Model):
    """Indexes that the workload of the last 24 hours wants, as the last analysis found them."""

    _name = "database.monitor.advice"
    _description = "Index Advice"
    _auto = False
    _order = "seconds desc, id"
    _rec_name = "definition"

    definition = fields.Text("Index", readonly=True, help="The statement that would create it")
    table = fields.Char(readonly=True)
    gain = fields.Float(
        "Expected Gain (%)", digits=(16, 0), readonly=True, aggregator=None,
        help="Of the planner's cost of the statements it serves",
    )  # fmt: skip
    seconds = fields.Float(
        "Seconds a Day", digits=(16, 1), readonly=True, help="What that share of their measured time comes to"
    )
    size_mb = fields.Float("Expected Size (MB)", digits=(16, 1), readonly=True)
    write = fields.Float(
        "Write Cost (%)", digits=(16, 0), readonly=True, aggregator=None,
        help="What inserting a row cost more on the sample; empty where HypoPG was asked",
    )  # fmt: skip
    tried = fields.Char("Tried With", readonly=True)
    statements = fields.Text(
        "Serves", readonly=True, help="Planner's cost before and after, and the statement"
    )
    made_at = fields.Datetime("Found", readonly=True)
    declaration = fields.Json(readonly=True)
    declarable = fields.Boolean(
        compute="_compute_declarable",
        help="The addon `database_index` is installed, and does not declare it yet",
    )

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_monitor_advice")
        self.env.cr.execute(
            """
            CREATE VIEW database_monitor_advice AS
            SELECT id, definition, "table", (100 * gain)::numeric AS gain, seconds::numeric,
                   bytes::numeric / 1048576 AS size_mb, (100 * write)::numeric AS write, tried,
                   made_at AT TIME ZONE 'UTC' AS made_at, declaration,
                   (SELECT string_agg(round((s->>1)::numeric) || ' → ' || round((s->>2)::numeric) || ': '
                                      || (s->>0), E'\\n')
                      FROM jsonb_array_elements(statements) s) AS statements
              FROM database_monitor.advice
            """
        )

    @api.depends("declaration")
    def _compute_declarable(self):
        page = self.env.get("database.index")
        for one in self:
            one.declarable = page is not None and one.declaration and not page._declared(one.declaration)

    def action_declare(self):
        """Declare it, where the addon `database_index` is installed; then the preview of its deployment."""
        self._check_administrator()
        self.ensure_one()
        page = self.env.get("database.index")
        if page is None:
            raise UserError(self.env._("Install the addon database_index: it declares and deploys indexes."))
        if not self.declaration:
            raise UserError(self.env._("This advice is of an older version: analyze anew."))
        return page.with_context(index_operation="deploy")._open_preview(page._declare(self.declaration))

    def action_analyze(self):
        """Look at the statements of the last 24 hours and advise anew."""
        self._check_administrator()
        runtime.KEEPER.flush(self.env.cr.dbname)
        now = datetime.now(timezone.utc)
        with runtime.session(self.env.cr.dbname) as work:
            analyze.analyze(work, now - timedelta(hours=24), now)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("The database monitor is for administrators."))
