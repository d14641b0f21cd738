"""Several questions to rollups, and whether they had to be answered from the source tables."""


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

    @property
    def origin(self):
        """``source`` ('rollup', or 'base': of one figure at least) and ``source_reason``, for the payload."""
        return {"source": "base" if self.reasons else "rollup", "source_reason": "; ".join(self.reasons)}
