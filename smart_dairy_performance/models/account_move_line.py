from collections import defaultdict
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..dependencies import RECEIVABLES
from ..guards import check_group, companies_of, compared_period
from ..queries import receivables
from ..queries.periods import PeriodError, business_day, today
from ..scope import currency_info, head_of, headline_companies, scope_of

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
    def get_receivables_dashboard(self, date_from, date_to, company_id=None, compare="previous"):
        """Return what customers owe at the end of ``date_to``, and how it came to that in the period; cached.

        Posted items on receivable accounts, in their company's currency, by accounting date; payments and
        credit notes that are not matched yet count as negative amounts. A past day's position takes back what
        was matched after it. Currencies are never added: the figures are the headline currency's.

        :param date_from: first business day (date, ISO string or UTC moment); ``date_to``: last, included
        :param company_id: one of the selected companies; default all
        :param compare: with the 'previous' period of the same length, or with the same dates a 'year' ago
        :return: dict: ``summary`` (open, overdue, invoiced, dso (days or ``None``), customers,
            overdue_customers), ``buckets`` (name, items, amount), ``customers`` (id, name, items, open,
            overdue, days_late), ``expected`` (amount by due day from ``date_to`` on), ``trend`` (owed at the
            end of each day), ``previous`` (summary, trend, date_from, date_to), ``by_currency``,
            ``currency``, ``domains``, ``date_from``, ``date_to``, ``today``
        :raises AccessError: users without accounting access, foreign companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._receivables_scope(date_from, date_to, company_id)
        before = compared_period(self.env, scope["period"], compare)
        data = self._receivables_figures(scope)
        previous = self._receivables_figures(dict(scope, period=before), details=False)
        return {
            **data,
            "previous": {key: previous[key] for key in ("summary", "trend", "date_from", "date_to")},
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
        head = head_of(self.env, companies_of(self.env, company_id))
        return today(head.sudo()._business_tz(), fields.Datetime.now()).isoformat()

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
            receivables.open_items(self._receivables_select(domain), last),
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
    def _receivables_select(self, domain):
        """SELECT of the readable items in ``domain``, for :func:`..queries.receivables.open_items`."""
        query = self._search(domain)
        column = {
            name: self._field_to_sql(query.table, name, query)
            for name in ("id", "company_id", "partner_id", "date_maturity", "date", "amount_residual")
        }
        return query.select(
            SQL("%s AS id", column["id"]),
            SQL("%s AS company_id", column["company_id"]),
            SQL("%s AS partner_id", column["partner_id"]),
            SQL("COALESCE(%s, %s) AS due", column["date_maturity"], column["date"]),
            SQL("%s AS residual", column["amount_residual"]),
        )

    @api.model
    def _receivables_figures(self, scope, details=True):
        """The figures of one period; ``details`` with customers and expected payments."""
        period, currency = scope["period"], scope["currency"]
        headline = headline_companies(scope)
        until = period.last + timedelta(days=EXPECTED_DAYS) if details else None
        items = receivables.open_items(
            self._receivables_select(self._receivables_items(scope, period.last, scope["companies"].ids)),
            period.last,
        )
        rows = defaultdict(list)
        for kind, *row in self.env.execute_query(
            receivables.position(items, period.last, headline, until, CUSTOMERS)
        ):
            rows[kind].append(row)
        invoiced = self._receivables_invoiced(scope)
        buckets = self._receivables_buckets(rows["bucket"], headline, currency)
        owed = sum(row[3] for row in rows["bucket"] if row[0] in headline)
        overdue = sum(row[3] for row in rows["bucket"] if row[0] in headline and row[1] != "not_due")
        ((_company, _key, owing, _amount, late, _days),) = rows["owing"]
        dso = receivables.days_sales_outstanding(owed, invoiced, period.days)
        data = {
            "summary": {
                "open": currency.round(owed),
                "overdue": currency.round(overdue),
                "invoiced": currency.round(invoiced),
                "dso": None if dso is None else round(dso, 1),
                "customers": owing,
                "overdue_customers": int(late),
            },
            "buckets": buckets,
            "trend": self._receivables_trend(scope, owed),
            "date_from": period.first.isoformat(),
            "date_to": period.last.isoformat(),
        }
        if details:
            data["customers"] = self._receivables_customers(rows["customer"], currency)
            data["expected"] = [
                {"date": row[1], "items": row[2], "amount": currency.round(row[3])}
                for row in sorted(rows["day"], key=lambda row: row[1])
            ]
            data["by_currency"] = self._receivables_by_currency(scope, rows["bucket"])
        return data

    @api.model
    def _receivables_buckets(self, rows, headline, currency):
        items, amounts = defaultdict(int), defaultdict(float)
        for company, name, count, amount, *_rest in rows:
            if company in headline:
                items[name] += count
                amounts[name] += amount
        return [
            {"name": name, "items": items[name], "amount": currency.round(amounts[name])}
            for name in receivables.BUCKETS
        ]

    @api.model
    def _receivables_by_currency(self, scope, rows):
        amounts = defaultdict(float)
        for company, _name, _items, amount, *_rest in rows:
            amounts[scope["currencies"][company]] += amount
        currencies = self.env["res.currency"].browse({*amounts, scope["currency"].id})
        return [
            {"currency": currency_info(currency), "open": currency.round(amounts[currency.id])}
            for currency in currencies
        ]

    @api.model
    def _receivables_customers(self, rows, currency):
        # sudo: the journal item shows its customer's name to whoever may read the item
        partners = self.env["res.partner"].sudo().browse([int(row[1]) for row in rows if row[1]])
        names = {partner.id: partner.display_name for partner in partners}
        customers = [
            {
                "id": int(key) if key else False,
                "name": names[int(key)] if key else self.env._("Without customer"),
                "items": items,
                "open": currency.round(amount),
                "overdue": currency.round(overdue),
                "days_late": late or 0,
            }
            for _company, key, items, amount, overdue, late in rows
        ]
        return sorted(customers, key=lambda row: (-row["overdue"], -row["open"], row["id"]))

    @api.model
    def _receivables_trend(self, scope, owed):
        """What is owed at the end of each day, back from ``owed`` on the last: only the period is read."""
        period, currency = scope["period"], scope["currency"]
        items = self._receivables_items(scope, period.last, headline_companies(scope))
        query = self._search(items & Domain("date", ">=", fields.Date.to_string(period.first)))
        items = query.select(
            SQL("%s AS date", self._field_to_sql(query.table, "date", query)),
            SQL("%s AS balance", self._field_to_sql(query.table, "balance", query)),
        )
        days = [period.first + timedelta(days=i) for i in range(period.days)]
        rows = self.env.execute_query(receivables.balance_by_day(items))
        return [
            {"date": date.isoformat(day), "amount": currency.round(amount)}
            for day, amount in zip(days, receivables.shape_balance(rows, days, owed), strict=True)
        ]

    @api.model
    def _receivables_invoiced(self, scope):
        """Posted sales of the period with taxes, less credit notes, in the company's currency."""
        ((amount,),) = self.env["account.move"]._read_group(
            self._receivables_invoices(scope), aggregates=["amount_total_signed:sum"]
        )
        return amount or 0.0
