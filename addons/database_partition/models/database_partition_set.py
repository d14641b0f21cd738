import logging
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .. import runtime
from ..engine import catalogue, clock, create, maintain, operations
from ..engine.connection import IGNORED, Patience
from ..engine.declaration import INTERVALS, PartitionSet, declared
from ..engine.errors import PartitionError
from ..engine.findings import findings
from ..engine.words import translated

_logger = logging.getLogger(__name__)


class DatabasePartitionSet(models.Model):
    """Partition sets, read from the engine's catalogue."""

    _name = "database.partition.set"
    _description = "Partition Set"
    _auto = False
    _order = "name"

    name = fields.Char("Table", readonly=True)
    title = fields.Char(readonly=True)
    key = fields.Char(readonly=True, help="The column that decides to which partition a row belongs")
    interval = fields.Selection(
        [(one, one.capitalize()) for one in INTERVALS], readonly=True, help="What one partition holds"
    )
    zone = fields.Char("Time Zone", readonly=True)
    premake = fields.Integer(
        "Created Ahead", readonly=True, help="Intervals to have ready after the current one"
    )
    retention = fields.Integer(
        readonly=True, help="Intervals kept before the current one; 0 keeps everything"
    )
    archive = fields.Boolean(
        "Archived", readonly=True, help="Old partitions are archived before they are dropped"
    )
    drop_confirmed = fields.Boolean(
        "May Be Dropped Unarchived", readonly=True, help="An administrator confirmed it for this set"
    )
    partition_ids = fields.One2many("database.partition", "set_id", readonly=True)
    partition_count = fields.Integer("Partitions", readonly=True)
    rows_estimate = fields.Float("Rows (Estimate)", digits=(16, 0), readonly=True)
    size_mb = fields.Float("Size (MB)", digits=(16, 1), readonly=True)
    run_at = fields.Datetime("Last Run", readonly=True)
    success_at = fields.Datetime("Last Success", readonly=True)
    state = fields.Selection(
        [("ok", "In Order"), ("warning", "Look"), ("error", "Act")], compute="_compute_findings"
    )
    findings = fields.Text(compute="_compute_findings")

    def init(self):
        """A view with one row a set of the catalogue; times in UTC."""
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_partition_set")
        self.env.cr.execute(
            """
            CREATE VIEW database_partition_set AS
            SELECT s.id, s.name, d->>'title' AS title, d->>'key' AS key, d->>'interval' AS interval,
                   d->>'zone' AS zone, (d->>'premake')::integer AS premake,
                   COALESCE((d->>'retention')::integer, 0) AS retention, (d->>'archive')::boolean AS archive,
                   s.drop_confirmed_at IS NOT NULL AS drop_confirmed,
                   s.run_at AT TIME ZONE 'UTC' AS run_at, s.success_at AT TIME ZONE 'UTC' AS success_at,
                   p.partition_count, p.rows_estimate, p.size_mb
              FROM database_partition.set s CROSS JOIN LATERAL (SELECT s.declaration) x(d)
              CROSS JOIN LATERAL (
                SELECT count(*) AS partition_count,
                       COALESCE(sum(GREATEST(c.reltuples, 0)), 0)::numeric AS rows_estimate,
                       COALESCE(sum(pg_total_relation_size(c.oid)), 0)::numeric / 1048576 AS size_mb
                  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = to_regclass('public.' || quote_ident(s.name))) p
            """
        )

    @api.depends_context("lang")
    def _compute_findings(self):
        now = clock.now()
        with self._session() as work, work.transaction() as cursor:
            known = {one.name: one for one in catalogue.sets(cursor)}
            for record in self:
                found = findings(cursor, known[record.name], now) if record.name in known else []
                record.findings = "\n".join(translated(one.text, self.env.lang) for one in found)
                worst = found[0].severity if found else "ok"
                record.state = worst

    @contextmanager
    def _session(self):
        """The engine's session on this database; its refusals as errors for the user."""
        try:
            with runtime.session(self.env.cr.dbname) as work:
                yield work
        except PartitionError as error:
            raise UserError(error.translated(self.env.lang)) from error

    def _declaration(self):
        self.ensure_one()
        self.env.cr.execute(
            SQL("SELECT declaration::text FROM database_partition.set WHERE name = %s", self.name)
        )
        return PartitionSet.from_json(self.env.cr.fetchone()[0])

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("Partitions are for administrators."))

    @api.private
    def deploy(self, partition_set):
        """Put a declared set into this database, on a connection of its own: it stays if the caller rolls
        back.

        For the hooks of the addon that declares it, and for :class:`database.partition.view`.

        :raises UserError: a table of that name stands and is not partitioned as declared
        """
        self._ignored()
        with self._session() as work:
            create.deploy(work, partition_set, clock.now(), Patience())

    def _ignored(self):
        """Our own transaction reads no table of a set from here on: nobody need wait for it."""
        self.env.cr.execute("SELECT set_config('application_name', %s, true)", [IGNORED])

    def _preview(self, operation, partition=None):
        """The exact statements that an operation would send, as a list of texts."""
        self._check_administrator()
        one = self._declaration()
        with self._session() as work, work.transaction() as cursor:
            return operations.preview(cursor, one, operation, clock.now(), partition)

    def _perform(self, operation, partition=None, confirmed=False):
        """Run an operation on a connection of its own; return texts that say what was done, in English."""
        self._check_administrator()
        one = self._declaration()
        self._ignored()
        with self._session() as work:
            folder = runtime.archive_folder(work, self.env.cr.dbname)
            done = operations.perform(work, one, operation, clock.now(), folder, partition, confirmed)
        _logger.info(
            "%s of %s by %s: %s", operation, one.name, self.env.user.login, "; ".join(done) or "nothing to do"
        )
        self.invalidate_model()
        return done

    def action_operate(self):
        """Open the preview of the operation in the context."""
        self.ensure_one()
        self._check_administrator()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Partitions of %s", self.title or self.name),
            "res_model": "database.partition.action",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_set_id": self.id,
                "default_operation": self.env.context.get("partition_operation", "maintain"),
                "default_partition": self.env.context.get("partition_name", False),
            },
        }

    @api.model
    def _cron_maintain(self):
        """Maintain every set, each on its own, and say in the log what needs an administrator."""
        addons = set(self.env.registry._init_modules)
        cron = self.env["ir.cron"]
        with self._session() as work:
            folder = runtime.archive_folder(work, self.env.cr.dbname)
            with work.transaction() as cursor:
                known = {one.name: one for one in catalogue.sets(cursor)}
            known |= {one.name: one for one in declared(addons)}
            # ends this transaction: a snapshot of ours must not hold up our own draining
            left = cron._commit_progress(remaining=len(known))
            for number, one in enumerate(known.values(), 1):
                self._maintain(work, one, folder)
                left = cron._commit_progress(1, remaining=len(known) - number)
                if not left:
                    break

    @api.private
    def _maintain(self, work, one, folder):
        now = clock.now()
        try:
            create.deploy(work, one, now, Patience())
            report = maintain.maintain(work, one, now, folder)
        except PartitionError as error:
            _logger.warning("partitions: %s", error)
            return
        for line in report.done:
            _logger.info("partitions of %s: %s", one.name, line)
        with work.transaction() as cursor:
            for found in findings(cursor, one, now):
                _logger.warning("partitions: %s", found.text)
