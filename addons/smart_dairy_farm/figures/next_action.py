"""What to do next with an animal: one ordered list, the most urgent first.

Plain Python: an :class:`AnimalState` of dates and statuses goes in, :class:`NextAction` come out; the texts
and their translation belong to whoever shows them. The intervals are a herd's policy (:class:`HerdPolicy`),
with the usual defaults (voluntary waiting period 60 days, pregnancy check from day 32, dry period 60 days).
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

#: urgency: 0 = today, milk safety or animal at risk; 1 = due now; 2 = coming soon; 3 = information
SAFETY, DUE, SOON, INFO = range(4)


@dataclass(frozen=True)
class HerdPolicy:
    """Intervals in days, set per farm."""

    voluntary_waiting_days: int = 60
    pregnancy_check_days: int = 32
    dry_period_days: int = 60
    notice_days: int = 14
    gestation_days: int = 280
    first_service_days: int = 425  # 14 months
    overdue_calving_days: int = 7
    colostrum_days: int = 5  # the day of calving is the first


@dataclass(frozen=True)
class AnimalState:
    """What is known of an animal on ``today``; None is unknown."""

    today: date
    present: bool = True
    female: bool = True
    birth_date: date | None = None
    parity: int = 0
    milking: bool = False  # in a lactation and not dry
    calving_date: date | None = None  # last calving
    milk_withdrawal_until: date | None = None
    meat_withdrawal_until: date | None = None
    reproduction_status: str = "open"
    health_status: str = "healthy"
    last_insemination: date | None = None
    due_date: date | None = None  # calving; else counted from the last insemination
    open_cases: int = 0
    last_milk_date: date | None = None


@dataclass(frozen=True)
class NextAction:
    """``code`` names the text, ``params`` fill it; ``when`` is the day it falls on, if any."""

    code: str
    urgency: int
    when: date | None = None
    params: dict = field(default_factory=dict)


def due_date(insemination, gestation_days):
    """Expected calving: insemination plus the breed's gestation."""
    return insemination + timedelta(days=gestation_days) if insemination else None


def next_actions(state, policy=None):
    """Return the actions for ``state`` as a list of :class:`NextAction`, most urgent first, then by date.

    An animal that left the herd has none.
    """
    policy = policy or HerdPolicy()
    if not state.present:
        return []
    actions = [*_health(state, policy), *_milk(state)]
    if state.female:
        actions += _reproduction(state, policy)
    return sorted(actions, key=lambda action: (action.urgency, action.when or date.max, action.code))


def _health(state, policy):
    colostrum = state.calving_date and state.calving_date + timedelta(days=policy.colostrum_days - 1)
    if state.milking and colostrum and colostrum >= state.today:
        yield NextAction("colostrum", SAFETY, colostrum)
    until = state.milk_withdrawal_until
    if state.milking and until and until >= state.today:
        days = (until - state.today).days
        code = "milk_withdrawal_today" if days == 0 else "milk_withdrawal"
        yield NextAction(code, SAFETY, until, {"days": days})
    until = state.meat_withdrawal_until
    if until and until >= state.today:
        yield NextAction("meat_withdrawal", INFO, until, {"days": (until - state.today).days})
    if state.health_status == "to_be_culled":
        yield NextAction("to_be_culled", DUE)
    elif state.health_status == "suspicious":
        yield NextAction("examine", DUE, state.today)
    if state.open_cases:
        yield NextAction("open_cases", DUE, state.today, {"count": state.open_cases})


def _milk(state):
    """A milking cow without a record for three days: somebody forgot her, or a meter is silent."""
    if not state.milking:
        return
    last = state.last_milk_date or state.calving_date
    silent = (state.today - last).days if last else 0
    if silent >= 3:
        code = "no_milk_record" if state.last_milk_date else "no_milk_record_yet"
        yield NextAction(code, DUE, state.today, {"days": silent})


def _reproduction(state, policy):
    status = state.reproduction_status
    if status == "do_not_breed":
        return []
    if status == "pregnant":
        return _pregnant(state, policy)
    if status == "inseminated" and state.last_insemination:
        check = state.last_insemination + timedelta(days=policy.pregnancy_check_days)
        days = (check - state.today).days
        if days <= 0:
            return [NextAction("pregnancy_check_due", DUE, check, {"days": -days})]
        return [NextAction("pregnancy_check_soon", SOON, check, {"days": days})]
    return _open(state, policy)


def _pregnant(state, policy):
    due = state.due_date or due_date(state.last_insemination, policy.gestation_days)
    if not due:
        return [NextAction("due_date_unknown", INFO)]
    days = (due - state.today).days
    if days < -policy.overdue_calving_days:
        return [NextAction("calving_overdue", SAFETY, due, {"days": -days})]
    if days <= 0:
        return [NextAction("calving_due", DUE, due, {"days": -days})]
    if days <= policy.notice_days:
        actions = [NextAction("calving_soon", SOON, due, {"days": days})]
    else:
        actions = [NextAction("calving", INFO, due, {"days": days})]
    if state.milking:
        dry = due - timedelta(days=policy.dry_period_days)
        left = (dry - state.today).days
        if left <= 0:
            actions.append(NextAction("dry_off_due", DUE, dry, {"days": -left}))
        else:
            actions.append(
                NextAction("dry_off", SOON if left <= policy.notice_days else INFO, dry, {"days": left})
            )
    return actions


def _open(state, policy):
    if state.parity and state.calving_date:
        wait_end = state.calving_date + timedelta(days=policy.voluntary_waiting_days)
        open_days = (state.today - state.calving_date).days
        if state.today < wait_end:
            left = (wait_end - state.today).days
            return [NextAction("waiting_period", INFO, wait_end, {"days": left})]
        return [NextAction("inseminate", DUE, state.today, {"days": open_days})]
    if not state.parity and state.birth_date:
        ready = state.birth_date + timedelta(days=policy.first_service_days)
        left = (ready - state.today).days
        if left <= 0:
            return [
                NextAction(
                    "inseminate_heifer", DUE, ready, {"months": (state.today - state.birth_date).days // 30}
                )
            ]
        if left <= policy.notice_days:
            return [NextAction("heifer_ready_soon", SOON, ready, {"days": left})]
    return []
