from contextlib import contextmanager

import psycopg2
from odoo import api, models
from odoo.addons.database_index.engine import stored, tasks
from odoo.addons.database_monitor import runtime as monitor
from odoo.exceptions import AccessError, UserError

from ..engine import figures, parameters, reading, recommendations
from ..engine.errors import ConsoleRefusal

#: pages of other addons that the console leads to, where they are installed
LINKS = (
    "database_partition.action_database_partition_set",
    "method_cache.action_method_cache_page",
    "database_rollup.action_database_rollup",
    "database_monitor.action_database_monitor_snapshot",
    "database_monitor.action_database_monitor_alert",
    "database_index.action_database_index_task",
)


class DatabaseConsole(models.AbstractModel):
    """What the console's pages and the API ask, and what they have done; for administrators only."""

    _name = "database.console"
    _description = "Database Console"

    @api.model
    def overview(self):
        """Headline figures, curves, open alerts, replication and the pages to go on to."""
        self._check_administrator()
        with self._monitor() as cursor:
            found = {
                "tiles": figures.tiles(cursor),
                "trends": figures.trends(cursor),
                "replication": figures.metrics.PARTS["replication"](cursor),
            }
        alerts = self.env["database.monitor.alert"].search([("ended_at", "=", False)], limit=20)
        links = [(name, self.env.ref(name, raise_if_not_found=False)) for name in LINKS]
        found["alerts"] = alerts.read(["kind", "text", "severity", "raised_at"])
        found["links"] = [{"action": name, "name": one.name} for name, one in links if one]
        return found

    @api.model
    def indexes(self, asked=None):
        """A page of the database's indexes: ``{"total": int, "items": [dict]}``.

        :param asked: values of :data:`.reading.INDEXES` by name, as texts or numbers
        :raises UserError: one of them will not do
        """
        self._check_administrator()
        return self._page(reading.indexes, reading.INDEXES, asked)

    @api.model
    def queries(self, asked=None):
        """A page of the statements of the last 24 hours, as :meth:`indexes`."""
        self._check_administrator()
        return self._page(reading.queries, reading.QUERIES, asked)

    @api.model
    def plan(self, number):
        """Generic plan and findings of a statement: ``{"plan": str, "findings": str}``; none is executed."""
        self._check_administrator()
        one = self.env["database.monitor.statement"].browse(int(number)).exists()
        if not one:
            raise UserError(
                self.env._("Statement %s was not asked in the last 24 hours; reload the page.", number)
            )
        return {"plan": one.plan or "", "findings": one.findings or ""}

    @api.model
    def recommendations(self, asked=None):
        """A page of what is recommended, as :meth:`indexes`; and what was taken over before."""
        self._check_administrator()
        values = self._read(recommendations.RECOMMENDATIONS, asked)
        total, found = recommendations.asked_for(self._recommended(), values)
        taken = self.env["database.index"].search([("stored", "=", True)])
        return {
            "total": total,
            "items": [one.to_json() for one in found],
            "taken": taken.read(["name", "purpose", "state"]),
        }

    @api.model
    def preview(self, operation, name):
        """The statements that an operation on an index would send; none is executed.

        :param operation: one of :data:`.tasks.SINGLE`
        """
        self._check_administrator()
        self._known(name, operation)
        return self.env["database.index"]._preview(operation, name)

    @api.model
    def operate(self, operation, name):
        """Have it done in the background, as :meth:`preview` shows it; return the task's id."""
        self.preview(operation, name)
        return self._waiting(operation, name) or self.env["database.index"]._ask(operation, name)

    @api.model
    def preview_recommendation(self, key):
        """The statements that would be sent if a recommendation were followed; none is executed."""
        self._check_administrator()
        one = self._recommendation(key)
        if one.operation != "declare":
            return self.preview(one.operation, one.name)
        with self.env["database.index"]._session() as work:
            declared = {one.name: (stored.read(one.declaration), stored.OWNER)}
            return tasks.preview(work, declared, "deploy", one.name)

    @api.model
    def follow(self, key):
        """Do in the background what a recommendation says; return the task's id."""
        self._check_administrator()
        one = self._recommendation(key)
        if one.operation != "declare":
            return self.operate(one.operation, one.name)
        page = self.env["database.index"]
        return page._ask("deploy", page._declare(one.declaration))

    @api.model
    def analyze(self):
        """Have the workload of the last 24 hours analyzed in the background."""
        self._check_administrator()
        return self.env["database.console.analysis"]._ask().id

    @api.model
    def work(self):
        """What goes on in the background, and what ended last: ``[{name, state, share, message, …}]``."""
        self._check_administrator()
        found = [
            {
                "key": f"task-{one.id}",
                "operation": one.operation,
                "name": one.name or "",
                "state": one.state,
                "share": one.progress / 100,
                "message": one.phase or one.message or "",
            }
            for one in self.env["database.index.task"].search([], limit=5)
        ]
        found += [
            {
                "key": f"analysis-{one.id}",
                "operation": "analyze",
                "name": "",
                "state": one.state,
                "share": one.share,
                "message": one.message or "",
            }
            for one in self.env["database.console.analysis"].search([], limit=1)
        ]
        return found

    # ------------------------------------------------------------
    # HELPERS
    # ------------------------------------------------------------

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("The database console is for administrators."))

    @contextmanager
    def _monitor(self):
        """A cursor of our own that sees what was committed; PostgreSQL's errors as errors for the user."""
        try:
            with monitor.session(self.env.cr.dbname) as work, work.transaction(undo=True) as cursor:
                yield cursor
        except psycopg2.OperationalError as error:
            raise UserError(str(error).strip().splitlines()[0]) from error

    def _recommended(self):
        with self._monitor() as cursor:
            return recommendations.recommendations(cursor)

    def _recommendation(self, key):
        for one in self._recommended():
            if one.key == key and one.operation:
                return one
        raise UserError(
            self.env._("Recommendation %s does not stand any longer, or is for a person; reload.", key)
        )

    def _read(self, known, asked):
        try:
            return parameters.read(known, [(name, str(one)) for name, one in (asked or {}).items()])
        except ConsoleRefusal as error:
            raise UserError(error.message) from error

    def _page(self, source, known, asked):
        total, items = source(self.env, self._read(known, asked))
        return {"total": total, "items": items}

    def _known(self, name, operation):
        """:raises UserError: that operation cannot be done on an index of that name"""
        if operation not in tasks.SINGLE:
            known = ", ".join(tasks.SINGLE)
            raise UserError(self.env._("Operation %(operation)s is unknown; take one of %(known)s.",
                                       operation=operation, known=known))  # fmt: skip
        state = "=" if operation == "restore" else "!="
        # what an administrator declared may not have been built yet
        if operation != "withdraw" and not self._present([("name", "=", name), ("state", state, "dropped")]):
            raise UserError(self.env._("Index %s is not there for this; take one that the list shows.", name))

    def _present(self, domain):
        return self.env["database.index.present"].search(domain, limit=1)

    def _waiting(self, operation, name):
        """The id of a task that will do just this; None where there is none."""
        open_ones = [
            ("operation", "=", operation),
            ("name", "=", name),
            ("state", "in", ("waiting", "running")),
        ]
        return self.env["database.index.task"].search(open_ones, order="id", limit=1).id or None
