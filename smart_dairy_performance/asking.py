"""Several questions to rollups, and whether they had to be answered from the source tables."""

from .queries.periods import Period


class FromBase(Exception):
    """A rollup cannot answer, and the dashboard has a statement of its own that reads the records."""


class Asking:
    """Asks ``database.rollup`` as the user of ``env`` and remembers why a rollup could not answer.

    It lives for one page: nothing is written while it asks.

    :param names: of the rollups that will be asked
    :param use_rollup: False asks the source tables, for comparison
    """

    def __init__(self, env, *names, use_rollup=True):
        self.names = names
        self.standing = None
        self.rollups = env["database.rollup"]
        self.use_rollup = use_rollup
        self.reasons = {}  # a dict keeps the order
        self.conditions = {}

    def ask(self, name, days, **question):
        """The rollup's answer for the days of a period. See ``database.rollup._ask``.

        :param days: a :class:`~.queries.periods.Period`; or a list of them: the answer then begins with the
            column ``period``, the number in the list
        """
        if isinstance(days, list):
            question["periods"] = [(period.first, period.last) for period in days]
            days = Period(min(period.first for period in days), max(period.last for period in days))
        if self.standing is None:
            self.standing = self.rollups._standing(self.names) if self.use_rollup else {}
        answer = self.rollups._ask(
            name,
            days.first,
            days.last,
            use_rollup=self.use_rollup,
            conditions=self.conditions,
            standing=self.standing,
            **question,
        )
        if answer.source != "rollup":
            self.reasons[answer.reason] = True
        return answer

    def demand(self, name, days, **question):
        """The rollup's answer, never that of the source tables.

        :raises FromBase: the user's rules or the rollup's cuts do not let it answer
        """
        answer = self.ask(name, days, base=False, **question)
        if answer.source != "rollup":
            raise FromBase(answer.reason)
        return answer

    @property
    def origin(self):
        """``source`` ('rollup', or 'base': of one figure at least) and ``source_reason``, for the payload."""
        return {"source": "base" if self.reasons else "rollup", "source_reason": "; ".join(self.reasons)}
