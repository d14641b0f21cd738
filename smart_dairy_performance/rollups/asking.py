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
