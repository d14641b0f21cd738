import logging

from markupsafe import Markup
from odoo import api, fields, models

from .. import runtime
from ..engine import alerts

_logger = logging.getLogger(__name__)


class DatabaseMonitorAlert(models.Model):
    """What somebody should know of, open as long as it lasts."""

    _name = "database.monitor.alert"
    _description = "Database Alert"
    _auto = False
    _order = "raised_at desc, id desc"
    _rec_name = "text"

    kind = fields.Char(readonly=True)
    text = fields.Text("What", readonly=True)
    severity = fields.Selection([("warning", "Look"), ("error", "Act")], readonly=True)
    raised_at = fields.Datetime("Since", readonly=True)
    seen_at = fields.Datetime("Last Seen", readonly=True)
    ended_at = fields.Datetime("Ended", readonly=True)

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_monitor_alert")
        self.env.cr.execute(
            """
            CREATE VIEW database_monitor_alert AS
            SELECT id, kind, text, severity, raised_at AT TIME ZONE 'UTC' AS raised_at,
                   seen_at AT TIME ZONE 'UTC' AS seen_at, ended_at AT TIME ZONE 'UTC' AS ended_at
              FROM database_monitor.alert
            """
        )

    @api.model
    def _cron_watch(self):
        """Every five minutes: raise, keep and end alerts; tell administrators of new ones."""
        runtime.KEEPER.flush(self.env.cr.dbname)
        self._judge()

    @api.model
    def _watch_indexes(self):
        """Hourly: bloated indexes, where the addon `database_index` is installed and can tell."""
        if "database.index" in self.env:
            # pylint: disable=import-outside-toplevel
            from odoo.addons.database_index.engine import health

            def bloat(cursor):
                found = health.bloated(cursor, health.indexes(cursor), health.Limits())
                return [alerts.Alert("index_bloat", one.index, f"{one.text}: {one.fix}") for one in found]

            self._judge({bloat: ("index_bloat",)})

    @api.model
    def _judge(self, sources=None):
        with runtime.session(self.env.cr.dbname) as work, work.transaction() as cursor:
            raised, over = alerts.judge(cursor, sources)
        for one in raised:
            _logger.warning("%s: %s", one.kind, one.text)
        for kind, _key, text in over:
            _logger.info("%s is over: %s", kind, text)
        self._notify(raised)

    @api.model
    def _notify(self, raised):
        """One activity for each administrator and run, where the addon `mail` is installed."""
        if not raised or "mail.activity" not in self.env:
            return
        group = self.env.ref("base.group_system")
        users = self.env["res.users"].search([("all_group_ids", "in", group.ids), ("share", "=", False)])
        note = Markup("<br/>").join(one.text for one in raised)  # escapes the texts
        for user in users:
            user.partner_id.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("%(count)s alerts of the database", count=len(raised)),
                note=note,
                user_id=user.id,
            )
