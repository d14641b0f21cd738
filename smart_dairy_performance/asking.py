"""Several questions to rollups, and whether they had to be answered from the source tables."""

from .queries.periods import ONE_DAY, Period


class FromBase(Exception):
    """A rollup cannot answer, and the dashboard has a statement of its own that reads the records."""


class Asking:
    """Asks ``database.rollup`` as the user of ``env`` and remembers why a rollup could not answer.

    :param use_rollup: False asks the source tables, for comparison
    """

    def __init__(self, env, use_rollup=True):
        self.rollups = env["database.rollup"]
        self.use_rollup = use_rollup
        self.reasons = {}  # a dict keeps the order

    def ask(self, name, period, **question):
        """The rollup's answer for the days of ``period``; see ``database.rollup._ask``."""
        answer = self.rollups._ask(name, period.first, period.last, use_rollup=self.use_rollup, **question)
        if answer.source != "rollup":
            self.reasons[answer.reason] = True
        return answer

    def demand(self, name, period, **question):
        """The rollup's answer, never that of the source tables.

        :raises FromBase: the user's rules or the rollup's cuts do not let it answer
        """
        answer = self.rollups._ask(
            name, period.first, period.last, use_rollup=self.use_rollup, base=False, **question
        )
        if answer.source != "rollup":
            self.reasons[answer.reason] = True
            raise FromBase(answer.reason)
        return answer

    @property
    def origin(self):
        """``source`` ('rollup', or 'base': of one figure at least) and ``source_reason``, for the payload."""
        return {"source": "base" if self.reasons else "rollup", "source_reason": "; ".join(self.reasons)}


def spans(period, before=None):
    """The periods to ask for what is given by day: one where ``before`` ends as ``period`` begins."""
    if before is None:
        return (period,)
    if before.last + ONE_DAY == period.first:
        return (Period(before.first, period.last),)
    return (before, period)
