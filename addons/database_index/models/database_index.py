import logging
from contextlib import contextmanager

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import runtime
from ..engine import deploy, stored, tasks
from ..engine.errors import IndexRefusal
from .ir_cron import want_work

_logger = logging.getLogger(__name__)


class DatabaseIndex(models.Model):
    """Declared indexes, read from the engine's catalogue and PostgreSQL's statistics."""

    _name = "database.index"
    _description = "Declared Index"
    _auto = False
    _order = "table_name, name"

    name = fields.Char("Index", readonly=True)
    table_name = fields.Char("Table", readonly=True)
    addon = fields.Char(readonly=True, help="The addon that declares it")
    stored = fields.Boolean("Declared Here", readonly=True, help="By an administrator, who can take it back")
    state = fields.Selection(
        [
            ("valid", "Deployed"),
            ("missing", "Missing"),
            ("invalid", "Interrupted"),
            ("changed", "Changed"),
            ("successor", "Half Replaced"),
            ("elsewhere", "Another One Serves"),
            ("rejected", "Rejected"),
            ("absent", "No Such Table"),
            ("extension", "Extension Missing"),
            ("impossible", "Impossible"),
            ("taken", "Name Taken"),
            ("undeclared", "No Longer Declared"),
            ("put off", "Put Off"),
            ("stopped", "Stopped"),
        ],
        readonly=True,
        help="As of the last deployment or verification",
    )
    message = fields.Char("What to Do", readonly=True)
    purpose = fields.Char(readonly=True)
    query = fields.Char("Serves", readonly=True, help="The call whose statements it serves")
    rejected = fields.Text("Why Not", readonly=True, help="The plan or the write cost that condemned it")
    statement = fields.Text("SQL", readonly=True)
    deployed = fields.Boolean(readonly=True, help="Made by a deployment; a rollback drops exactly these")
    deployed_at = fields.Datetime(readonly=True)
    seconds = fields.Float("Build (s)", digits=(16, 1), readonly=True)
    size_mb = fields.Float("Size (MB)", digits=(16, 1), readonly=True)
    scans = fields.Float(digits=(16, 0), readonly=True, help="Since the statistics were reset")

    def init(self):
        """A view with one row a declaration; an index on a partitioned table is its partitions' sum."""
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_index")
        self.env.cr.execute(
            """
            CREATE VIEW database_index AS
            SELECT i.id, i.name, i.relation AS table_name, i.addon,
                   EXISTS (SELECT FROM database_index.declared d WHERE d.name = i.name) AS stored,
                   i.state, i.message, i.purpose, i.query,
                   i.rejected, i.statement, i.body IS NOT NULL AS deployed,
                   i.deployed_at AT TIME ZONE 'UTC' AS deployed_at, COALESCE(i.seconds, 0) AS seconds,
                   p.size_mb, p.scans
              FROM database_index.index i CROSS JOIN LATERAL (
                SELECT COALESCE(sum(pg_relation_size(c.oid)), 0)::numeric / 1048576 AS size_mb,
                       COALESCE(sum(pg_stat_get_numscans(c.oid)), 0)::numeric AS scans
                  FROM pg_class c
                 WHERE c.oid = to_regclass('public.' || quote_ident(i.name))
                    OR c.oid IN (SELECT relid FROM pg_partition_tree(
                        to_regclass('public.' || quote_ident(i.name))))) p
            """
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_verify_all(self):
        """Compare every declaration with the database now."""
        self._check_administrator()
        wrong = [one for one in self._verify() if one.failed]
        if wrong:
            message = self.env._("%(count)s indexes want a deployment or a decision.", count=len(wrong))
            return self._notify(message, "warning")
        return self._notify(self.env._("Every declared index is as it should be."), "success")

    def action_operate(self):
        """Open the preview of the operation in the context, for this index or for all of them."""
        return self._open_preview(self.name if len(self) == 1 else False)

    @api.model
    def _open_preview(self, name):
        self._check_administrator()
        return {
            "type": "ir.actions.act_window",
            "name": name or self.env._("Indexes"),
            "res_model": "database.index.action",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_name": name,
                "default_operation": self.env.context.get("index_operation", "deploy"),
            },
        }

    def action_stop(self):
        """End the build that runs now."""
        self._check_administrator()
        with self._session() as work:
            tasks.stop(work)
        return self._notify(self.env._("Stopped. What is finished stays; deploying again goes on."))

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("Indexes are for administrators."))

    @contextmanager
    def _session(self):
        """The engine's session on this database; its refusals as errors for the user."""
        try:
            with runtime.session(self.env.cr.dbname) as work:
                yield work
        except IndexRefusal as error:
            raise UserError(str(error)) from error
        except psycopg2.OperationalError as error:
            raise UserError(str(error).strip().splitlines()[0]) from error

    @api.model
    def _declarations(self):
        return runtime.declarations(self.env.registry)

    @api.model
    def _declare(self, facts):
        """Keep an administrator's declaration, see :func:`..engine.stored.read`; return its name."""
        self._check_administrator()
        with self._session() as work:
            name = stored.declare(work, facts, self.env.user.login, self._declarations()).name
        _logger.info("Index %s declared by %s", name, self.env.user.login)
        return name

    @api.model
    def _declared(self, facts):
        """Whether this declaration was made."""
        return bool(self.search_count([("name", "=", stored.name_of(facts)), ("stored", "=", True)]))

    @api.model
    def _verify(self):
        """Compare, note what was found, and return the outcomes."""
        declarations = self._declarations()
        with self._session() as work:
            outcomes = deploy.verify(work, declarations)
            deploy.remember(work, declarations, outcomes)
        self.invalidate_model()
        return outcomes

    @api.model
    def _preview(self, operation, name=None):
        """The statements that an operation would send, as a list of texts."""
        self._check_administrator()
        with self._session() as work:
            return tasks.preview(work, self._declarations(), operation, name)

    @api.model
    def _ask(self, operation, name=None):
        """Have an operation done in the background, after this transaction; return the task's id.

        A concurrent build waits for every older transaction: it must not run within one.
        """
        self._check_administrator()
        with self._session() as work, work.transaction() as cursor:
            task = tasks.ask(cursor, operation, name, self.env.user.login)
        self.env.ref("database_index.cron_maintain").sudo()._trigger()
        _logger.info("%s of %s asked for by %s", operation, name or "all indexes", self.env.user.login)
        return task

    @api.model
    def _cron_maintain(self):
        """Have the queue worked off and the declarations deployed, once the scheduler's transaction ended."""
        want_work(self.env.cr.dbname, self._declarations())

    def _notify(self, message, kind="info"):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
