"""Asking a rollup for a dashboard, which has a statement of its own where the rollup cannot answer."""


class FromBase(Exception):
    """The records themselves must be read; ``reason`` says why, in the administrator's words."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def ask(env, name, period, use_rollup=True, **question):
    """Ask rollup ``name`` about a :class:`~..queries.periods.Period`; see ``database.rollup._ask``.

    :raises FromBase: the user's rules, or the state of the rollup, do not let it answer
    """
    if not use_rollup:
        raise FromBase("asked for")
    answer = env["database.rollup"]._ask(name, period.first, period.last, base=False, **question)
    if answer.source != "rollup":
        raise FromBase(answer.reason)
    return answer


def source_of(reason):
    """What a client is told of where figures come from: ``reason`` is empty, or why not from rollups alone."""
    return {"source": "base" if reason else "rollup", "source_reason": reason}


class Asking:
    """Asks ``database.rollup`` as the user of ``env``, lets it answer from the source tables where it must, and
    remembers that."""

    #: False asks the source tables, for comparison
    use_rollup = True

    def __init__(self, env):
        self.rollups = env["database.rollup"]
        self.reasons = {}  # a dict keeps the order

    def ask(self, name, period, **question):
        """The answer for the days of ``period``; see ``database.rollup._ask``."""
        answer = self.rollups._ask(name, period.first, period.last, use_rollup=self.use_rollup, **question)
        if answer.source != "rollup":
            self.reasons[answer.reason] = True
        return answer

    @property
    def origin(self):
        """``source`` ('base' when one figure at least needed the source tables) and ``source_reason``."""
        return source_of("; ".join(self.reasons))
