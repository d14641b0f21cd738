"""What a dashboard of moments and money is asked about: companies, time zones, the period, the currency."""

from collections import defaultdict
from functools import partial

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL, float_round

from .guards import check_internal, companies_of, parse_period
from .queries.periods import today

#: what :func:`currency_info` and rounding read
CURRENCY = ("name", "symbol", "position", "rounding", "decimal_places")


def head_of(env, companies):
    """The company whose currency and time zone lead: the current one if it is reported on."""
    return env.company if env.company in companies else companies[:1]


def warm(companies):
    """Put into memory what dashboards need of companies, their partners and currencies, in one statement.

    The ORM takes three, and two of the tables have a hundred columns. What is already in memory, written but
    not yet flushed, stays.
    """
    env = companies.env
    rows = env.execute_query(
        SQL(
            """
            SELECT c.id, c.partner_id, c.currency_id, p.tz, u.name, u.symbol, u.position, u.rounding,
                   u.decimal_places
              FROM res_company c
              JOIN res_partner p ON p.id = c.partner_id
              JOIN res_currency u ON u.id = c.currency_id
             WHERE c.id IN %s
            """,
            companies._ids,
        )
    )
    for company_id, partner_id, currency_id, *values in rows:
        of_record = (
            (env["res.company"], company_id, ("partner_id", "currency_id"), (partner_id, currency_id)),
            (env["res.partner"], partner_id, ("tz",), values[:1]),
            (env["res.currency"], currency_id, CURRENCY, values[1:]),
        )
        for model, id_, names, known in of_record:
            for name, value in zip(names, known, strict=True):
                model._fields[name]._insert_cache(model.browse(id_), [value])


def today_of(env, companies):
    """The present business day (ISO) of the leading company."""
    head = head_of(env, companies)
    warm(head)
    return today(head._business_tz(), fields.Datetime.now()).isoformat()


def scope_of(env, date_from, date_to, company_id=None):
    """Check who asks, and for what.

    :return: dict: ``period`` (:class:`~.queries.periods.Period`), ``companies``, ``head`` (recordsets),
        ``currency`` (of the head), ``currencies`` ({company id: currency id}), ``zones`` ({time zone: [ids]})
    :raises AccessError: portal and public users, companies that are not selected
    :raises UserError: dates that are none, or the wrong way round
    """
    check_internal(env)
    companies = companies_of(env, company_id)
    head = head_of(env, companies).sudo()
    warm(companies)
    zones = defaultdict(list)
    for company in companies.sudo():
        zones[company._business_tz()].append(company.id)
    return {
        "period": parse_period(env, date_from, date_to, head._business_tz()),
        "companies": companies,
        "head": head,
        "currency": head.currency_id,
        "currencies": {company.id: company.sudo().currency_id.id for company in companies},
        "zones": dict(zones),
    }


def headline_companies(scope):
    """Ids of the companies whose currency is the headline's: only their amounts may be added."""
    return [id_ for id_, currency in scope["currencies"].items() if currency == scope["currency"].id]


def moments(scope, name, headline=False):
    """Domain of records whose moment ``name`` lies in the period, each by its own company's business day.

    :param headline: only of companies in the headline currency
    """
    parts = []
    for tz, ids in scope["zones"].items():
        if headline:
            ids = [id_ for id_ in ids if scope["currencies"][id_] == scope["currency"].id]
        if ids:
            start, end = scope["period"].utc_range(tz)
            parts.append(
                Domain("company_id", "in", ids)
                & Domain(name, ">=", fields.Datetime.to_string(start))
                & Domain(name, "<", fields.Datetime.to_string(end))
            )
    return Domain.OR(parts)


def rounder(currency):
    """``currency.round`` as a function that is quick for hundreds of amounts.

    Away from the middle between two cents every way of rounding gives the same; near it Odoo's decides.
    """
    digits, rounding = currency.decimal_places, currency.rounding
    scale = 10**digits
    exactly = partial(float_round, precision_rounding=rounding)
    if rounding * scale != 1:  # to five cents, say
        return exactly

    def rounded(amount):
        if abs(amount) * scale > 1e12 or 0.49 < amount * scale % 1 < 0.51:
            return exactly(amount)
        return round(amount, digits) + 0.0  # never -0.0

    return rounded


def currency_info(currency):
    """What a client needs to write an amount: id, name, symbol, position, decimal_places."""
    return {
        "id": currency.id,
        "name": currency.name,
        "symbol": currency.symbol,
        "position": currency.position,
        "decimal_places": currency.decimal_places,
    }
