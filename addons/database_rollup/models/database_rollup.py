import logging
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg2.errors
from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.lru import LRU

from ..engine import cover, deploy, fold, grace, planner
from ..engine.errors import BusyError, NotCoveredError, NotDeployedError, QuestionError, RollupError
from ..engine.question import Question
from ..engine.sql import own, run
from .rollup_domain import Inexpressible, dimension_columns, express

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a question gave.

    :param columns: names of the rows' columns
    :param rows: list of tuples, in no order unless one was asked for
    :param groups: number of rows there would be without ``limit``: grouped by customer, the number of
        different customers
    :param source: ``'rollup'``, or ``'base'``: read from the source tables
    :param reason: why not from the rollup; empty otherwise
    """

    columns: tuple
    rows: list
    source: str
    reason: str
    groups: int

    def dicts(self):
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


#: statements are put together from hundreds of parts; the questions of a page are the same all day
_statements = LRU(512)


def _statement(rollup, question, dirty):
    """:func:`..engine.planner.answer`, remembered: it depends on nothing else."""
    key = rollup.prefix, question, dirty
    found = _statements.get(key)
    if found is None:
        found = _statements[key] = planner.answer(rollup, question, dirty=dirty)
    return found


class DatabaseRollup(models.Model):
    """The deployed rollups, for the administrator; and the way to ask them, for other addons.

    The table behind it is a view of the engine's own state, so that nothing is said twice.
    """

    _name = "database.rollup"
    _description = "Rollup"
    _auto = False
    _rec_name = "title"
    _order = "name"

    name = fields.Char(readonly=True)
    title = fields.Char(readonly=True)
    ready = fields.Boolean(readonly=True)
    prefix = fields.Char(string="Objects", readonly=True, help="What the names of its tables begin with")
    folds = fields.Integer(readonly=True)
    folded_at = fields.Datetime(string="Last Folded", readonly=True)
    fold_seconds = fields.Float(string="Last Fold Took (s)", digits=(16, 3), readonly=True)
    verified_at = fields.Datetime(string="Last Verified", readonly=True)
    wrong = fields.Text(string="Wrong Buckets", readonly=True)
    is_wrong = fields.Boolean(readonly=True)
    state = fields.Selection(
        [
            ("fresh", "Fresh"),
            ("dirty", "Partly dirty"),
            ("building", "Being built"),
            ("broken", "Triggers missing"),
            ("changed", "To be deployed again"),
            ("gone", "No longer declared"),
        ],
        compute="_compute_freshness",
    )
    notes = fields.Integer(compute="_compute_freshness", help="Notes of writers that wait to be folded")
    dirty_days = fields.Char(compute="_compute_freshness", help="Days that are read from the source tables")
    lag = fields.Float(string="Lag (s)", compute="_compute_freshness", help="Age of the oldest note")
    size = fields.Float(string="Size (MB)", compute="_compute_freshness")
    rows = fields.Integer(compute="_compute_freshness", help="PostgreSQL's estimate")
    held_back = fields.Char(compute="_compute_held_back", help="The transaction that folding waits for")

    def init(self):
        deploy.install(self.env.cr)
        tools.drop_view_if_exists(self.env.cr, self._table)
        run(
            self.env.cr,
            SQL(
                """
                CREATE VIEW %s AS
                SELECT id, name, title, ready, prefix, folds, fold_seconds, wrong, wrong <> '' AS is_wrong,
                       folded_at AT TIME ZONE 'UTC' AS folded_at,
                       verified_at AT TIME ZONE 'UTC' AS verified_at
                  FROM %s
                """,
                SQL.identifier(self._table),
                own("state"),
            ),
        )

    @api.depends("name")
    def _compute_freshness(self):
        declared = {rollup.name: rollup for rollup in self._declared_rollups()}
        for record in self:
            rollup = declared.get(record.name)
            record.update(dict.fromkeys(("notes", "lag", "size", "rows"), 0) | {"dirty_days": ""})
            if rollup is None or record.prefix != rollup.prefix:
                record.state = "gone" if rollup is None else "changed"
                continue
            found = fold.freshness(self.env.cr, rollup)
            record.notes, record.lag = found["notes"], found["lag"]
            record.size, record.rows = found["bytes"] / 1e6, found["rows"]
            days = found["dirty_days"]
            record.dirty_days = self.env._("all") if days is None else str(days)
            try:
                state = deploy.inspect(self.env.cr, rollup)
            except NotDeployedError:  # a source column is gone
                state = "broken"
            if state == "ready":
                state = "building" if days is None else "dirty" if days else "fresh"
            record.state = state

    @api.depends("name")
    def _compute_held_back(self):
        blockers = grace.blockers(self.env.cr)
        text = False
        if blockers:
            pid, seconds, application = blockers[0]
            text = self.env._(
                "process %(pid)s (%(application)s), for %(seconds)s s",
                pid=pid,
                application=application or "?",
                seconds=round(seconds or 0),
            )
        self.held_back = text

    # ------------------------------------------------------------
    # DECLARING
    # ------------------------------------------------------------

    @api.model
    def _declared_rollups(self):
        """Return the declared rollups, a tuple. Addons extend it with theirs."""
        return ()

    @api.model
    def _rollup(self, name):
        for rollup in self._declared_rollups():
            if rollup.name == name:
                return rollup
        raise RollupError(
            f"rollup {name!r} is not declared; declared are "
            + (", ".join(r.name for r in self._declared_rollups()) or "none")
        )

    # ------------------------------------------------------------
    # ASKING
    # ------------------------------------------------------------

    @api.model
    def _ask(
        self,
        name,
        first,
        last,
        domain=(),
        by=(),
        grain=None,
        measures=(),
        order=(),
        limit=None,
        use_rollup=True,
        base=True,
        periods=(),
        within=None,
        parts=False,
        conditions=None,
        standing=None,
    ):
        """Answer a question under the user's access rights, companies and record rules.

        :param name: of the rollup
        :param first: first day (date); ``last``: last day, included; days are those of the rollup's zone
        :param domain: on the rollup's model; conditions on fields of dimensions are answered by the rollup
        :param by, grain, measures, order, limit: see :class:`..engine.question.Question`
        :param use_rollup: False asks the source tables, for comparison
        :param base: False leaves the source tables alone: where the rollup cannot answer there are no rows,
            and the caller, who has a statement of its own, reads ``reason``
        :param periods: pairs of days within ``first`` and ``last``, see there
        :param within: function that gets the answer's SELECT as :class:`~odoo.tools.SQL` and returns a
            statement around it, whose rows the answer then has
        :param parts: with ``within``: spares adding up what that does, see there
        :param conditions: a dict that remembers, from question to question of this user in this transaction,
            what a domain without lists is as SQL
        :param standing: of :meth:`_standing`, for several questions of a page
        :return: :class:`Answer`, exact in the transaction's snapshot, its own writes included
        :raises AccessError: the user may not read one of the rollup's models
        :raises UserError: the question names something that the rollup does not have
        """
        rollup = self._rollup(name)
        self._check_rollup_access(rollup)
        question = Question(
            first,
            last,
            tuple(measures),
            tuple(by),
            grain,
            order=tuple(tuple(pair) for pair in order),
            limit=limit,
            periods=tuple(tuple(pair) for pair in periods),
            parts=parts,
            floats=not parts,
        )
        try:
            planner.check(rollup, question)
        except QuestionError as error:
            raise UserError(str(error)) from error
        self.env.flush_all()
        reason = "" if use_rollup else "asked for"
        if use_rollup and rollup.prefix not in self._deployed_prefixes():
            reason = f"rollup {rollup.name} is not deployed yet"
        if not reason:
            try:
                where, pinned = self._remembered_condition(rollup, Domain(domain), conditions)
                dirty = standing and standing.get(name)
                sql = _statement(rollup, replace(question, where=where, pinned=pinned), dirty)
            except Inexpressible as error:
                reason = f"not a condition on dimensions: {error}"
            except NotCoveredError as error:
                reason = str(error)
        if reason and not base:
            return Answer(planner.columns(rollup, question), [], "base", reason, 0)
        if reason:
            sql = planner.base(rollup, question, self._base_condition(rollup, Domain(domain)))
        rows = run(self.env.cr, within(sql) if within else sql)
        groups = len(rows)
        if limit and not within:
            groups = rows[0][-1] if rows else 0
            rows = [row[:-1] for row in rows]
        return Answer(planner.columns(rollup, question), rows, "base" if reason else "rollup", reason, groups)

    @api.model
    def _standing(self, names):
        """The dirty days of rollups: what statements of a page need not each find out themselves.

        It holds until this transaction writes to a source table; all its statements see one snapshot.

        :return: {name: dirty days}, of those that are deployed
        """
        self.env.flush_all()
        rollups = [r for r in map(self._rollup, names) if r.prefix in self._deployed_prefixes()]
        if not rollups:
            return {}
        (row,) = run(self.env.cr, cover.standing(rollups))
        found = ((rollup.name, cover.dirty_of(text)) for rollup, text in zip(rollups, row, strict=True))
        return {name: dirty for name, dirty in found if dirty is not None}

    @api.model
    def _check_rollup_access(self, rollup):
        for name in (rollup.model, *(secured.model for secured in rollup.secured)):
            self.env[name].check_access("read")

    @api.model
    def _remembered_condition(self, rollup, domain, conditions):
        if conditions is None:
            return self._dimension_condition(rollup, domain)
        key = rollup.name, domain
        try:
            found = conditions.get(key)
        except TypeError:  # the domain has a list: it can be no key
            return self._dimension_condition(rollup, domain)
        if found is None:
            found = conditions[key] = self._dimension_condition(rollup, domain)
        return found

    @api.model
    def _dimension_condition(self, rollup, domain):
        """The domain and the user's rules as SQL on dimensions, and which of these they hold to one value."""
        paths, pinned = dimension_columns(rollup), set()
        parts = [express(domain, self.env[rollup.model], paths, pinned)]
        if not self.env.su:
            rules = self.env["ir.rule"]
            for name, prefix in self._ruled(rollup):
                parts.append(
                    express(rules._compute_domain(name, "read"), self.env[name], paths, pinned, prefix)
                )
        return SQL("(%s)", SQL(" AND ").join(parts)), tuple(sorted(pinned))

    @api.model
    def _ruled(self, rollup):
        return ((rollup.model, ""), *((s.model, f"{s.path}.") for s in rollup.secured))

    @api.model
    def _base_condition(self, rollup, domain):
        """The same on the source tables: ids that the ORM would find."""
        found = [(rollup.alias, self.env[rollup.model], domain)]
        found += [(s.alias, self.env[s.model], Domain.TRUE) for s in rollup.secured]
        return SQL(" AND ").join(
            SQL(
                "%s IN %s",
                SQL.identifier(alias, "id"),
                model.with_context(active_test=False)._search(condition).subselect(),
            )
            for alias, model, condition in found
        )

    @api.model
    @tools.ormcache()
    def _deployed_prefixes(self):
        return frozenset(prefix for (prefix,) in run(self.env.cr, SQL("SELECT prefix FROM %s", own("state"))))

    # ------------------------------------------------------------
    # KEEPING
    # ------------------------------------------------------------

    @contextmanager
    def _transaction(self):
        """A cursor in a transaction of its own, committed at the end."""
        with self.env.registry.cursor() as cr:
            yield cr

    @api.model
    def _cron_maintain(self):
        """Deploy what is declared, drop what no longer is, and fold. Ends when nothing may be folded."""
        declared = self._declared_rollups()
        # from here on this transaction must not run: folding would wait for it
        self.env["ir.cron"]._commit_progress(remaining=len(declared))
        self._drop_undeclared(declared)
        failed = []
        for rollup in declared:
            try:
                self._deploy_rollup(rollup)
            except (psycopg2.errors.LockNotAvailable, psycopg2.errors.SerializationFailure) as error:
                _logger.info("Rollup %s is deployed later: %s", rollup.name, error)
                failed.append(rollup.name)
            except (RollupError, psycopg2.Error):
                _logger.exception("Rollup %s cannot be deployed", rollup.name)
                failed.append(rollup.name)
        noted = self._noted(rollup for rollup in declared if rollup.name not in failed)
        graces = max((rollup.graces for rollup in noted), default=0)
        grace.wait_graces(self._transaction, graces and graces + 1, seconds=10)
        left = 0
        for number, rollup in enumerate(noted, 1):
            seconds = self.env["ir.cron"]._commit_progress(1, remaining=len(noted) - number + left)
            left += self._fold_rollup(rollup, min(seconds, 60))
        self.env["ir.cron"]._commit_progress(remaining=left)

    @api.model
    def _drop_undeclared(self, declared):
        names = {rollup.name for rollup in declared}
        with self._transaction() as cr:
            gone = [name for name in deploy.deployed_names(cr) if name not in names]
        for name in gone:
            try:
                deploy.drop_online(self._transaction, name)
                _logger.info("Rollup %s is no longer declared: dropped", name)
            except psycopg2.errors.LockNotAvailable as error:
                _logger.info("Rollup %s is dropped later: %s", name, error)
        if gone:
            self._tell_everyone()

    @api.model
    def _tell_everyone(self):
        """Other processes remember which rollups there are."""
        self.env.registry.clear_cache()
        self.env.registry.signal_changes()

    @api.model
    def _deploy_rollup(self, rollup):
        if deploy.deploy(self._transaction, rollup):
            _logger.info("Rollup %s is deployed; its days are folded in the background", rollup.name)
            self._tell_everyone()

    @api.model
    def _deploy_here(self):
        """Deploy within this transaction: for a post_init_hook, and for tests.

        Locks the source tables until the transaction ends; their days are live until the cron folds them.
        """
        for rollup in self._declared_rollups():
            if deploy.deploy_here(self.env.cr, rollup):
                self.env.registry.clear_cache()

    @api.model
    def _noted(self, rollups):
        """Those of the rollups that have notes."""
        with self._transaction() as cr:
            return [rollup for rollup in rollups if fold.freshness(cr, rollup)["notes"]]

    @api.model
    def _fold_rollup(self, rollup, seconds):
        """Fold for at most about so long; return whether more waits."""
        try:
            folds, more = fold.fold_all(self._transaction, rollup, seconds)
        except (BusyError, NotDeployedError, psycopg2.errors.SerializationFailure) as error:
            _logger.info("Rollup %s is folded later: %s", rollup.name, error)
            return False
        except psycopg2.Error:
            _logger.exception("Rollup %s cannot be folded; its dirty days are read live", rollup.name)
            return False
        if folds:
            _logger.debug("Rollup %s: %s folds", rollup.name, folds)
        return more
