"""What every dashboard method checks before it reads, with the words a person is told when it refuses."""

from odoo.exceptions import AccessError, UserError

from .queries.periods import GRAINS, MAX_DAYS, Period, PeriodError


def check_internal(env):
    """Refuse portal and public users: figures of the whole business are none of theirs.

    Their record rules would leave them their own orders; a dashboard made of those is still not for them.

    :raises AccessError:
    """
    if not env.su and not env.user._is_internal():
        raise AccessError(
            env._("The dashboards are for the dairy's own staff. Ask an administrator for access.")
        )


def companies_of(env, company_id):
    """Return the companies to report on: the chosen one, or all that are selected in the company switcher.

    :param company_id: id, or a false value
    :raises AccessError: the company is not among the user's selected companies
    """
    if not company_id:
        return env.companies
    if isinstance(company_id, bool) or not isinstance(company_id, int):
        raise UserError(
            env._("Company %(value)s is not a company id (a whole number).", value=repr(company_id))
        )
    if company_id not in env.companies.ids:
        raise AccessError(
            env._(
                "Company %(company)s is not among your selected companies. Select it in the company menu.",
                company=company_id,
            )
        )
    return env["res.company"].browse(company_id)


def parse_period(env, date_from, date_to, tz):
    """Return the :class:`Period`, or tell the user what is wrong with the two dates.

    :raises UserError:
    """
    try:
        return Period.parse(date_from, date_to, tz)
    except PeriodError as error:
        if error.reason == "order":
            message = env._(
                "The first day %(first)s is after the last day %(last)s: swap the two dates.",
                first=error.values[0],
                last=error.values[1],
            )
        elif error.reason == "length":
            message = env._(
                "From %(first)s to %(last)s is longer than %(days)s days or outside the years 1900 to 9000: "
                "choose a shorter range.",
                first=error.values[0],
                last=error.values[1],
                days=MAX_DAYS,
            )
        else:
            message = env._(
                "%(value)s is not a date. Write it as year-month-day, for example 2026-03-01.",
                value=repr(error.values[0]),
            )
    raise UserError(message)


def grain_of(env, period, grain):
    """Return the grain of a chart: the chosen one, or one that suits the length of ``period``.

    :raises UserError: an unknown one
    """
    if grain and grain not in GRAINS:
        raise UserError(
            env._(
                "%(value)s is not what a chart can be cut into: choose among %(known)s.",
                value=repr(grain),
                known=", ".join(GRAINS),
            )
        )
    return grain or period.grain


def steps_info(steps):
    """What a client gets to know of a chart's points: [first day, last day] of each, ISO."""
    return [[step.first.isoformat(), step.last.isoformat()] for step in steps]


def compared_period(env, period, compare):
    """Return the :class:`Period` to compare with: the 'previous' one, or the same dates a 'year' ago.

    :raises UserError: any other word
    """
    if compare == "previous":
        return period.previous()
    if compare == "year":
        return period.year_ago()
    raise UserError(env._("%(value)s is not a comparison: choose 'previous' or 'year'.", value=repr(compare)))


def check_group(env, *groups):
    """Let pass who has one of ``groups`` (external ids), as Odoo's own reports of the same records do.

    :raises AccessError:
    """
    if not env.su and not any(env.user.has_group(group) for group in groups):
        names = " / ".join(env.ref(group).sudo().full_name for group in groups)
        raise AccessError(
            env._("These figures are for: %(groups)s. Ask an administrator for access.", groups=names)
        )
