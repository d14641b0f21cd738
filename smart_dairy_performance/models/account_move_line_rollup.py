from datetime import timedelta
from functools import partial
from math import fsum

from odoo import api, models

from ..asking import spans
from ..queries import receivables
from ..queries.periods import ONE_DAY, Period
from ..scope import headline_companies
from .account_move_line import CUSTOMERS, EXPECTED_DAYS


class AccountMoveLine(models.Model):
    """The receivables dashboard from rollups (docs/decisions/0011)."""

    _inherit = "account.move.line"

    # what the rollup of open items, the position of a day and its horizon look for
    _receivable_due_idx = models.Index(
        "(COALESCE(date_maturity, date)) WHERE parent_state = 'posted' AND amount_residual <> 0"
    )

    @api.model
    def _receivables_from_rollups(self, asking, scope, before):
        """Parts of the figures, as ``_receivables_from_items`` gives them.

        :raises FromBase: the rollups cannot answer this user
        """
        own = partial(asking.demand, domain=[("company_id", "in", headline_companies(scope))])
        last = scope["period"].last
        due_from, due_to, first, later = self._receivables_horizon(scope, last)
        if later:
            asking.reasons[f"items were matched or entered after {last}"] = True
            position = self._receivables_position(scope, last, scope["companies"].ids, CUSTOMERS)
        else:
            position = self._receivables_position_of_sums(asking, scope, own, due_from, due_to)
        former = self._receivables_former(scope, own, first, before.last)
        sums = [
            own("invoiced", one, measures=("amount",)).rows[0][0] or 0.0 for one in (scope["period"], before)
        ]
        changes = {}
        for span in spans(scope["period"], before):
            changes |= dict(own("receivable_items", span, grain="day", measures=("amount",)).rows)
        return position, former, sums, changes

    @api.model
    def _receivables_horizon(self, scope, last):
        """The row of :func:`..queries.receivables.horizon`."""
        self.env.flush_all()
        (row,) = self.env.execute_query(receivables.horizon(last, scope["companies"].ids))
        return row

    @api.model
    def _receivables_position_of_sums(self, asking, scope, own, due_from, due_to):
        last, headline = scope["period"].last, headline_companies(scope)
        due, owed, overdue = [], [], []
        if due_from:
            whole = Period(due_from, due_to)
            due = asking.demand(
                "receivable_open",
                whole,
                domain=[("company_id", "in", scope["companies"].ids)],
                by=("company",),
                grain="day",
                measures=("items", "amount"),
            ).rows
            owed = own("receivable_open", whole, by=("customer",), measures=("items", "amount")).rows
        if due_from and due_from < last:
            overdue = own(
                "receivable_open",
                Period(due_from, min(due_to, last - ONE_DAY)),
                by=("customer",),
                measures=("amount", "oldest"),
            ).rows
        until = last + timedelta(days=EXPECTED_DAYS)
        return receivables.Position.of_sums(due, owed, overdue, last, headline, until, CUSTOMERS)

    @api.model
    def _receivables_former(self, scope, own, first, last):
        """(owed, overdue) at the end of a past day: all items up to it less all that was matched up to it."""
        if not first or first > last:
            return 0.0, 0.0
        period = Period(first, last)
        items = own("receivable_items", period, by=("due",), measures=("amount",)).rows
        matched = own(
            "receivable_matched",
            period,
            by=("due",),
            measures=("amount",),
            domain=[("debit_move_id.company_id", "in", headline_companies(scope))],
        ).rows
        signed = [*items, *((due, -amount) for due, amount in matched)]
        return fsum(amount for _due, amount in signed), fsum(amount for due, amount in signed if due < last)
