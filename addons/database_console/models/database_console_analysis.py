import logging
import time
from datetime import datetime, timedelta, timezone

import psycopg2
from odoo import api, fields, models
from odoo.addons.database_monitor import runtime
from odoo.addons.database_monitor.engine import analyze

_logger = logging.getLogger(__name__)
#: seconds between two notes of how far it is
EVERY = 1.0
#: analyses that are remembered
KEPT = 20


class DatabaseConsoleAnalysis(models.Model):
    """Looking for indexes that the workload wants: asked for, done in the background, with its progress."""

    _name = "database.console.analysis"
    _description = "Analysis of the Workload"
    _order = "id desc"

    login = fields.Char("Asked by", readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="waiting",
    )
    share = fields.Float("Progress", readonly=True, help="0 to 1")
    done_at = fields.Datetime(readonly=True)
    message = fields.Char(readonly=True)

    @api.model
    def _ask(self):
        """Have the workload analyzed in the background; return the analysis that is or will be running."""
        waiting = self.sudo().search([("state", "in", ("waiting", "running"))], limit=1)
        waiting = waiting or self.sudo().create({"login": self.env.user.login})
        self.env.ref("database_console.cron_analyze").sudo()._trigger()
        return waiting

    @api.model
    def _cron_analyze(self):
        """Do what was asked for, also what a killed process began; once a day unasked.

        How far it is is committed on cursors of its own: this one's transaction is the scheduler's.
        """
        one = self.search([("state", "in", ("waiting", "running"))], order="id", limit=1)
        number = one.id or self._begin()
        last = 0.0

        def tell(share):
            nonlocal last
            if time.monotonic() - last >= EVERY:
                last = time.monotonic()
                self._note(number, {"state": "running", "share": share})

        self._note(number, {"state": "running", "share": 0})
        now = datetime.now(timezone.utc)
        try:
            runtime.KEEPER.flush(self.env.cr.dbname)
            with runtime.session(self.env.cr.dbname) as work:
                found, advices, failed = analyze.analyze(
                    work, now - timedelta(hours=24), now + timedelta(hours=1), tell=tell
                )
        except psycopg2.Error as error:
            reason = str(error).strip().splitlines()[0]
            _logger.warning("the workload was not analyzed: %s", reason)
            self._note(number, {"state": "failed", "done_at": fields.Datetime.now(), "message": reason})
            return
        message = self.env._(
            "%(statements)s statements, %(advices)s indexes advised, %(failed)s could not be planned",
            statements=len(found),
            advices=len(advices),
            failed=len(failed),
        )
        self._note(
            number, {"state": "done", "share": 1, "done_at": fields.Datetime.now(), "message": message}
        )

    def _begin(self):
        with self.env.registry.cursor() as cr:
            mine = self.with_env(self.env(cr=cr))
            mine.search([], offset=KEPT).unlink()
            return mine.create({"login": self.env.user.login}).id

    def _note(self, number, values):
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr)).browse(number).write(values)
