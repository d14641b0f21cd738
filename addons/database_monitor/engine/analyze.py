"""The slow statements of some hours with all that is known of them, and the indexes their workload wants."""

from dataclasses import asdict, dataclass, field

from psycopg2.extras import Json, execute_values

from . import advice, plans, statements
from .errors import MonitorError
from .shapes import is_utility

#: statements that are planned, those that took most in total
MOST = 50


@dataclass
class Statement:
    """One shape: seconds at Odoo's cursor, the rest from PostgreSQL where it tells (else None)."""

    id: int
    text: str
    calls: int
    total: float
    maximum: float
    under_goal: float
    p90: float
    model: str | None
    route: str | None
    place: str | None
    rows: float | None = None
    cache_hit: float | None = None
    plan: str | None = None
    failed: str | None = None
    findings: list = field(default_factory=list)

    def to_json(self):
        return {**asdict(self), "mean": self.total / self.calls}


STATEMENTS = """
    SELECT s.shape, t.text, s.calls, s.total, s.maximum, s.under_goal, s.p90, o.model, o.route, o.place
      FROM database_monitor.statements(%s, %s) s JOIN database_monitor.shape t ON t.id = s.shape
      LEFT JOIN LATERAL (SELECT * FROM database_monitor.origin WHERE shape = s.shape
                          ORDER BY calls * slowest DESC LIMIT 1) o ON true
     ORDER BY s.total DESC
"""


def slowest(cursor, since, until, most=MOST):
    """The :class:`Statement` s that took most in total between two moments, without plans."""
    told, _reason = statements.ask(cursor)
    cursor.execute(STATEMENTS, [since, until])
    found = []
    for row in cursor.fetchall():
        one = Statement(*row)
        if is_utility(one.text) or "database_monitor." in one.text:
            continue
        if told and (figures := told.get(one.id)):
            one.rows = figures["rows"] / figures["calls"]
            one.cache_hit = statements.hit_share(figures)
        found.append(one)
        if len(found) == most:
            break
    return found, told or {}


def explain(cursor, one, told):
    """Fill in plan and findings of a statement; why there are none where it cannot be planned."""
    cursor.execute("SELECT place FROM database_monitor.n_plus_one WHERE shape = %s", [one.id])
    places = [row[0] for row in cursor.fetchall()]
    try:
        plan = plans.explain(cursor, one.text)
    except MonitorError as error:
        one.failed = str(error)
        one.findings = [
            plans.Finding("n_plus_one", "medium", f"asked record by record at {p}") for p in places
        ]
        return
    one.plan = plans.outline(plan)
    one.findings = plans.findings(cursor, plan, told.get(one.id), places)


def analyze(work, since, until, most=MOST, tell=None):
    """Statements with plans and findings, and the indexes advised; the advice is kept for the page.

    :param work: a session
    :param tell: called with the share that is done, 0 to 1, as it goes on
    :return: ``(statements, advices, {what: why it could not be planned})``
    """
    with work.transaction(undo=True) as cursor:
        found, told = slowest(cursor, since, until, most)
        for number, one in enumerate(found, 1):
            explain(cursor, one, told)
            if tell:
                tell(number / len(found) / 2)  # trying indexes takes the other half
    advices, failed = advice.advise(
        work, [(one.text, one.calls, one.total) for one in found if not one.failed]
    )
    failed |= {one.text: one.failed for one in found if one.failed}
    with work.transaction() as cursor:
        keep(cursor, advices)
    return found, advices, failed


def keep(cursor, advices):
    """Put these in the place of the advice of the last run."""
    cursor.execute("DELETE FROM database_monitor.advice")
    execute_values(
        cursor,
        'INSERT INTO database_monitor.advice ("table", definition, gain, seconds, bytes, write, tried,'
        " statements, declaration) VALUES %s",
        [
            (
                a.candidate.table,
                a.definition,
                a.gain,
                a.seconds,
                a.bytes,
                a.write,
                a.tried,
                Json(a.statements),
                Json(a.declaration()),
            )
            for a in advices
        ],
    )
