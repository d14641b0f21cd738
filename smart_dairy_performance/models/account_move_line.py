from collections import defaultdict
from datetime import date, timedelta
from math import fsum

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..asking import Asking, FromBase
from ..dependencies import RECEIVABLES
from ..guards import check_group, companies_of, compared_period, grain_of, steps_info
from ..names import partner_names
from ..queries import receivables
from ..queries.periods import PeriodError, business_day, today
from ..rollups.receivables import ROLLUPS
from ..scope import currency_info, headline_companies, rounder, scope_of, today_of

CUSTOMERS = 15
EXPECTED_DAYS = 30
GROUPS = ("account.group_account_readonly", "account.group_account_invoice")


class AccountMoveLine(models.Model):
    """All that the receivables dashboard shows, in a constant number of statements."""

    _inherit = "account.move.line"

    # ------------------------------------------------------------
    # CALLED BY CLIENTS
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=RECEIVABLES, today=True)
    def get_receivables_dashboard(self, date_from, date_to, company_id=None, compare="previous", grain=None):
        """Return what customers owe at the end of ``date_to``, and how it came to that in the period; cached.

        Posted items on receivable accounts, in their company's currency, by accounting date; payments and
        credit notes that are not matched yet count as negative amounts. A past day's position takes back what
        was matched after it. Currencies are never added: the figures are the headline currency's.

        :param date_from: first business day (date, ISO string or UTC moment); ``date_to``: last, included
        :param company_id: one of the selected companies; default all
        :param compare: with the 'previous' period of the same length, or with the same dates a 'year' ago
        :param grain: of the trend: 'day', 'dekad' (a third of a month) or 'month'; default by the length
        :return: dict: ``summary`` (open, overdue, invoiced, dso (days or ``None``), customers,
            overdue_customers), ``buckets`` (name, items, amount), ``customers`` (id, name, items, open,
            overdue, days_late), ``expected`` (amount by due day from ``date_to`` on), ``trend`` (owed at the
            end of each step, by its first day), ``grain``, ``steps`` ([first, last day] of each),
            ``previous`` (summary less its customers, trend, steps, date_from, date_to),
            ``by_currency``, ``currency``, ``domains``, ``date_from``, ``date_to``, ``today``, ``source``
            ('rollup' or 'base') and ``source_reason``
        :raises AccessError: users without accounting access, foreign companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._receivables_scope(date_from, date_to, company_id)
        before = compared_period(self.env, scope["period"], compare)
        asking = Asking(self.env, *(rollup.name for rollup in ROLLUPS))
        grain = grain_of(self.env, scope["period"], grain)
        data, previous = self._receivables_figures(asking, scope, before, grain)
        return {
            **data,
            **asking.origin,
            "grain": grain,
            "previous": previous,
            "domains": {
                "invoices": list(self._receivables_invoices(scope)),
                "items": list(
                    self._receivables_items(scope, scope["period"].last, headline_companies(scope))
                ),
            },
            "currency": currency_info(scope["currency"]),
            "today": scope["today"].isoformat(),
        }

    @api.model
    @api.readonly
    def get_receivables_today(self, company_id=None):
        """Return the present business day (ISO) of the chosen or current company."""
        check_group(self.env, *GROUPS)
        return today_of(self.env, companies_of(self.env, company_id))

    @api.model
    @api.readonly
    def get_receivables_domain(self, as_of, company_id=None, buckets=None, partner_id=None, due_date=None):
        """Return the domain of the journal items that were open at the end of a day.

        :param as_of: business day; ``company_id`` as in :meth:`get_receivables_dashboard`
        :param buckets: only those (names of :data:`..queries.receivables.BUCKETS`)
        :param partner_id: only that customer's (false: without customer); ``due_date``: only those due
            that day
        :raises UserError: an unknown bucket
        """
        scope = self._receivables_scope(as_of, as_of, company_id)
        last = scope["period"].last
        unknown = set(buckets or ()) - set(receivables.BUCKETS)
        if unknown:
            raise UserError(
                self.env._(
                    "%(value)s is not a due bucket: choose among %(known)s.",
                    value=", ".join(map(str, sorted(unknown))),
                    known=", ".join(receivables.BUCKETS),
                )
            )
        if due_date:
            try:
                due_date = business_day(due_date, "UTC")
            except PeriodError:
                raise UserError(self.env._("%(value)s is not a due date.", value=repr(due_date)))
        domain = self._receivables_items(scope, last, headline_companies(scope))
        if partner_id is not None:
            domain &= Domain("partner_id", "=", partner_id or False)
        statement = SQL(
            "SELECT o.id FROM (%s) o WHERE %s AND %s",
            receivables.open_items(self._receivables_select(domain, last), last),
            SQL("%s IN %s", receivables.bucket_case(last), tuple(buckets)) if buckets else SQL("TRUE"),
            SQL("o.due = %s", due_date) if due_date else SQL("TRUE"),
        )
        return [("id", "in", [id_ for (id_,) in self.env.execute_query(statement)])]

    # ------------------------------------------------------------
    # SCOPE AND DOMAINS
    # ------------------------------------------------------------

    @api.model
    def _receivables_scope(self, date_from, date_to, company_id):
        check_group(self.env, *GROUPS)
        scope = scope_of(self.env, date_from, date_to, company_id)
        scope["today"] = today(scope["head"]._business_tz(), fields.Datetime.now())
        return scope

    @api.model
    def _receivables_items(self, scope, last, companies):
        """Domain of the posted receivable items dated ``last`` or earlier, matched or not."""
        return (
            Domain("account_type", "=", "asset_receivable")
            & Domain("parent_state", "=", "posted")
            & Domain("company_id", "in", companies)
            & Domain("date", "<=", fields.Date.to_string(last))
        )

    @api.model
    def _receivables_invoices(self, scope):
        """Domain of the invoices, receipts and credit notes that the period's sales consist of."""
        period = scope["period"]
        return (
            Domain("move_type", "in", ("out_invoice", "out_refund", "out_receipt"))
            & Domain("state", "=", "posted")
            & Domain("company_id", "in", headline_companies(scope))
            & Domain("invoice_date", ">=", fields.Date.to_string(period.first))
            & Domain("invoice_date", "<=", fields.Date.to_string(period.last))
        )

    # ------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------

    @api.model
    def _receivables_select(self, domain, last):
        """SELECT of the readable items in ``domain`` that may have been open at the end of ``last``, for
        :func:`..queries.receivables.open_items`: those with a residual, and those matched later.
        """
        later = SQL("(SELECT u.item FROM (%s) u)", receivables.matched_later(last))
        selects = []
        for with_residual in (True, False):
            query = self._search(domain)
            column = {
                name: self._field_to_sql(query.table, name, query)
                for name in ("id", "company_id", "partner_id", "date_maturity", "date", "amount_residual")
            }
            # in these words: an index holds the items with a residual
            query.add_where(
                SQL("%s <> 0", column["amount_residual"])
                if with_residual
                else SQL("%s = 0 AND %s IN %s", column["amount_residual"], column["id"], later)
            )
            selects.append(
                query.select(
                    SQL("%s AS id", column["id"]),
                    SQL("%s AS company_id", column["company_id"]),
                    SQL("%s AS partner_id", column["partner_id"]),
                    SQL("COALESCE(%s, %s) AS due", column["date_maturity"], column["date"]),
                    SQL("%s AS residual", column["amount_residual"]),
                )
            )
        return SQL(" UNION ALL ").join(selects)

    @api.model
    def _receivables_figures(self, asking, scope, before, grain):
        """The figures of the scope's period, and of the period ``before``.

        :param asking: :class:`~..asking.Asking`; where it cannot answer the records themselves are read
        """
        try:
            parts = self._receivables_from_rollups(asking, scope, before, grain)
        except FromBase:
            parts = self._receivables_from_items(scope, before, grain)
        position, former, sums, changes = parts
        period, currency, headline = scope["period"], scope["currency"], headline_companies(scope)
        own = [row for row in position.buckets if row[0] in headline]
        now = (
            fsum(amount for _company, _name, _items, amount in own),
            fsum(amount for _company, name, _items, amount in own if name != "not_due"),
        )
        data, previous = (
            {
                "summary": self._receivables_summary(one, *amounts, invoiced, currency),
                "trend": self._receivables_trend(one.steps(grain), currency, of_steps, amounts[0]),
                "steps": steps_info(one.steps(grain)),
                "date_from": one.first.isoformat(),
                "date_to": one.last.isoformat(),
            }
            for one, amounts, invoiced, of_steps in zip(
                (period, before), (now, former), sums, changes, strict=True
            )
        )
        data["summary"] |= {"customers": position.owing, "overdue_customers": position.late}
        data |= {
            "buckets": self._receivables_buckets(own, currency),
            "customers": self._receivables_customers(position.customers, currency),
            "expected": [
                {"date": day.isoformat(), "items": items, "amount": currency.round(amount)}
                for day, items, amount in position.days
            ],
            "by_currency": self._receivables_by_currency(scope, position.buckets),
        }
        return data, previous

    @api.model
    def _receivables_summary(self, period, owed, overdue, invoiced, currency):
        dso = receivables.days_sales_outstanding(owed, invoiced, period.days)
        return {
            "open": currency.round(owed),
            "overdue": currency.round(overdue),
            "invoiced": currency.round(invoiced),
            "dso": None if dso is None else round(dso, 1),
        }

    @api.model
    def _receivables_from_items(self, scope, before, grain):
        """Parts of the figures from the records themselves.

        :return: :class:`~..queries.receivables.Position` at the end of the period; what was owed and overdue
            at the end of the period ``before``; invoiced in each of the two; of each {first day of a step:
            change of what is owed}
        """
        headline = headline_companies(scope)
        position = self._receivables_position(scope, scope["period"].last, scope["companies"].ids, CUSTOMERS)
        former = self._receivables_position(scope, before.last, headline)
        owed = (
            fsum(amount for _company, _name, _items, amount in former.buckets),
            fsum(amount for _company, name, _items, amount in former.buckets if name != "not_due"),
        )
        changes = [
            receivables.by_step(self._receivables_changes(dict(scope, period=period)), period.steps(grain))
            for period in (scope["period"], before)
        ]
        sums = [self._receivables_invoiced(dict(scope, period=one)) for one in (scope["period"], before)]
        return position, owed, sums, changes

    @api.model
    def _receivables_position(self, scope, last, companies, customers=0):
        """The :class:`~..queries.receivables.Position` from the items; details with ``customers`` only."""
        items = receivables.open_items(
            self._receivables_select(self._receivables_items(scope, last, companies), last), last
        )
        until = last + timedelta(days=EXPECTED_DAYS) if customers else None
        statement = receivables.position(items, last, headline_companies(scope), until, customers)
        return receivables.Position.of_rows(self.env.execute_query(statement))

    @api.model
    def _receivables_buckets(self, rows, currency):
        items, amounts = defaultdict(int), defaultdict(list)
        for _company, name, count, amount in rows:
            items[name] += count
            amounts[name].append(amount)
        return [
            {"name": name, "items": items[name], "amount": currency.round(fsum(amounts[name]))}
            for name in receivables.BUCKETS
        ]

    @api.model
    def _receivables_by_currency(self, scope, rows):
        amounts = defaultdict(float)
        for company, _name, _items, amount in rows:
            amounts[scope["currencies"][company]] += amount
        currencies = self.env["res.currency"].browse({*amounts, scope["currency"].id})
        return [
            {"currency": currency_info(currency), "open": currency.round(amounts[currency.id])}
            for currency in currencies
        ]

    @api.model
    def _receivables_customers(self, rows, currency):
        names = partner_names(self.env, [row[0] for row in rows if row[0]])
        customers = [
            {
                "id": key or False,
                "name": names[key] if key else self.env._("Without customer"),
                "items": items,
                "open": currency.round(amount),
                "overdue": currency.round(overdue),
                "days_late": late or 0,
            }
            for key, items, amount, overdue, late in rows
        ]
        return sorted(customers, key=lambda row: (-row["overdue"], -row["open"], row["id"]))

    @api.model
    def _receivables_trend(self, steps, currency, changes, owed):
        """What is owed at the end of each step, back from ``owed`` on the last; dated by its first day."""
        days = [step.first for step in steps]
        rounded = rounder(currency)
        return [
            {"date": date.isoformat(day), "amount": rounded(amount)}
            for day, amount in zip(days, receivables.shape_balance(changes, days, owed), strict=True)
        ]

    @api.model
    def _receivables_changes(self, scope):
        """{day: change of what is owed} on the days of the period that have any."""
        period = scope["period"]
        items = self._receivables_items(scope, period.last, headline_companies(scope))
        query = self._search(items & Domain("date", ">=", fields.Date.to_string(period.first)))
        items = query.select(
            SQL("%s AS date", self._field_to_sql(query.table, "date", query)),
            SQL("%s AS balance", self._field_to_sql(query.table, "balance", query)),
        )
        return dict(self.env.execute_query(receivables.balance_by_day(items)))

    @api.model
    def _receivables_invoiced(self, scope):
        """Posted sales of the period with taxes, less credit notes, in the company's currency."""
        ((amount,),) = self.env["account.move"]._read_group(
            self._receivables_invoices(scope), aggregates=["amount_total_signed:sum"]
        )
        return amount or 0.0
