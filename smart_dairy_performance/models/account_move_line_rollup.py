from datetime import timedelta
from functools import partial

from odoo import api, models

from ..queries import receivables
from ..queries.periods import EVER, ONE_DAY, Period
from ..scope import headline_companies
from .account_move_line import CUSTOMERS, EXPECTED_DAYS


class AccountMoveLine(models.Model):
    """The receivables dashboard from rollups (docs/decisions/0011)."""

    _inherit = "account.move.line"

    # what the rollup of open items and the position of a past day look for
    _receivable_due_idx = models.Index(
        "(COALESCE(date_maturity, date)) WHERE parent_state = 'posted' AND amount_residual <> 0"
    )

    @api.model
    def _receivables_from_rollups(self, asking, scope, before, grain):
        """Parts of the figures, as ``_receivables_from_items`` gives them.

        :raises FromBase: the rollups cannot answer this user
        """
        own = partial(asking.demand, domain=[("company_id", "in", tuple(headline_companies(scope)))])
        last = scope["period"].last
        former, later = self._receivables_former(asking, scope, last, before.last)
        if later:
            asking.reasons[f"items were matched or entered after {last}"] = True
            position = self._receivables_position(scope, last, scope["companies"].ids, CUSTOMERS)
        else:
            position = self._receivables_position_of_sums(asking, scope, own)
        periods = [scope["period"], before]
        invoiced = dict(own("invoiced", periods, measures=("amount",)).rows)
        sums = [invoiced.get(number) or 0.0 for number in (0, 1)]
        changes = [{}, {}]
        for number, day, amount in own("receivable_items", periods, grain=grain, measures=("amount",)).rows:
            changes[number][max(day, periods[number].first)] = amount
        return position, former, sums, changes

    @api.model
    def _receivables_position_of_sums(self, asking, scope, own):
        last, headline = scope["period"].last, headline_companies(scope)
        due = asking.demand(
            "receivable_open",
            EVER,
            domain=[("company_id", "in", scope["companies"]._ids)],
            by=("company",),
            grain="day",
            measures=("items", "amount"),
        ).rows
        customers = own(
            "receivable_open",
            [Period(EVER.first, last - ONE_DAY), Period(last, EVER.last)],  # overdue, and not
            by=("customer",),
            measures=("items", "amount", "oldest"),
            parts=True,
            within=lambda answer: receivables.customers(answer, last, CUSTOMERS),
        ).rows
        until = last + timedelta(days=EXPECTED_DAYS)
        return receivables.Position.of_sums(due, customers, last, headline, until)

    @api.model
    def _receivables_former(self, asking, scope, last, day):
        """What was owed at the end of a past ``day``: all items up to it less all that was matched up to it.

        :return: (owed, overdue) of the headline's companies; and whether there are items, or any were
            matched, after ``last``, in any company: then present residuals are not those of ``last``
        """
        headline = headline_companies(scope)

        def ask(name, company):
            ((amount, overdue, later),) = asking.demand(
                name,
                [Period(EVER.first, day), Period(last + ONE_DAY, EVER.last)],
                domain=[(company, "in", scope["companies"]._ids)],
                by=("company", "due"),
                measures=("amount",),
                parts=True,
                within=lambda answer: receivables.owed_and_overdue(answer, day, headline),
            ).rows
            return amount, overdue, later

        owed, overdue, entered = ask("receivable_items", "company_id")
        matched, matched_overdue, undone = ask("receivable_matched", "debit_move_id.company_id")
        return (owed - matched, overdue - matched_overdue), entered or undone
