"""What is wrong or could be faster, each with its evidence, its fix and its way back."""

import hashlib
import re
from dataclasses import asdict, dataclass

from odoo.addons.database_index.engine import catalogue, drop, health, stored
from odoo.addons.database_index.engine.sql import run
from odoo.tools import SQL

from .parameters import PAGE, Choice

KINDS = (
    "invalid", "duplicate", "prefix", "unused", "bloat", "foreign_key", "scanned", "statistics", "advice",
    "n_plus_one",
)  # fmt: skip
SEVERITIES = ("high", "medium", "low")
RECOMMENDATIONS = (
    *PAGE,
    Choice("kind", "Only those of this kind", KINDS),
    Choice("severity", "Only those that are so serious", SEVERITIES),
)
#: health's words for how serious it is → ours
_SEVERITY = {"error": "high", "warning": "medium", "info": "low"}
#: the CREATE INDEX that health writes for a foreign key
FOREIGN_KEY = re.compile(
    r'CREATE INDEX CONCURRENTLY ON "public"\."(?P<table>[^"]+)" \((?P<keys>[^()]+)\)(?: WHERE (?P<where>.+))?'
)


@dataclass(frozen=True)
class Recommendation:
    """:param key: the same for the same finding, today and tomorrow
    :param evidence: what was measured; ``fix``, ``undo``: the statements, or what to do
    :param operation: what :mod:`database_index` does on request (declare, drop, reindex), with the index
        ``name``; None where a person has to decide
    :param declaration: what is declared then, as data; None for other operations
    """

    key: str
    kind: str
    severity: str
    table: str
    index: str
    evidence: str
    fix: str
    undo: str
    operation: str | None = None
    name: str | None = None
    declaration: dict | None = None

    def to_json(self):
        return asdict(self)


def recommendations(cursor):
    """Everything that is recommended now, the most serious first, as :class:`Recommendation`."""
    found = [*_of_health(cursor), *_of_advice(cursor), *_of_places(cursor)]
    return sorted(found, key=lambda one: SEVERITIES.index(one.severity))


def asked_for(found, asked):
    """``(how many there are, this page's)`` of recommendations.

    :param asked: values of :data:`RECOMMENDATIONS`
    """
    wanted = [
        one
        for one in found
        if asked["kind"] in (None, one.kind) and asked["severity"] in (None, one.severity)
    ]
    return len(wanted), wanted[asked["offset"] : asked["offset"] + asked["limit"]]


def _of_health(cursor):
    ours = catalogue.deployed(cursor)
    definitions = dict(
        run(cursor, SQL("SELECT name, definition FROM public.database_index_present WHERE droppable"))
    )
    for one in health.findings(cursor):
        operation, name, undo, declaration = None, None, "", None
        if one.fix.startswith("DROP") and one.index in definitions:
            operation, name = "drop", one.index
            undo = drop.restoring(definitions[one.index])
        elif one.index in ours and one.fix.startswith("DROP"):
            undo = (
                f"{ours[one.index].addon} declares it: the next deployment builds it again, unless the"
                " declaration is rejected there."
            )
        elif one.code == "bloat":
            operation, name = "reindex", one.index
            undo = "None is needed: the index stays the same, only smaller."
        elif declaration := _foreign_key(one):
            operation, name = "declare", stored.name_of(declaration)
            undo = dropping(name)
        yield Recommendation(
            _key(one.code, one.table, one.index, one.fix),
            one.code,
            _SEVERITY[one.severity],
            one.table,
            one.index,
            one.text,
            one.fix,
            undo,
            operation,
            name,
            declaration,
        )


def _of_advice(cursor):
    rows = run(
        cursor,
        SQL(
            'SELECT "table", definition, gain, seconds, bytes, write, tried, statements->0->>0, declaration'
            " FROM database_monitor.advice WHERE declaration IS NOT NULL ORDER BY seconds DESC"
        ),
    )
    declared = stored.kept(cursor)
    for table, definition, gain, seconds, size, write, tried, served, declaration in rows:
        name = stored.name_of(declaration)
        if name in declared:
            continue
        cost = "" if write is None else f", inserting a row takes {write:+.0%}"
        evidence = (
            f"saves {gain:.0%} of the planner's cost of its statements, about {seconds:.1f} s a day; takes"
            f" {size / health.MEGABYTE:.1f} MB{cost} (tried with {tried}). Serves: {served}"
        )
        yield Recommendation(
            _key("advice", table, "", definition),
            "advice",
            "high" if seconds >= 60 else "medium",
            table,
            "",
            evidence,
            definition,
            dropping(name),
            "declare",
            name,
            declaration,
        )


def _of_places(cursor):
    rows = run(
        cursor,
        SQL(
            "SELECT place, most, requests, cure, text FROM database_monitor.n_plus_one"
            " WHERE last_seen > now() - interval '7 days' ORDER BY most DESC LIMIT 100"
        ),
    )
    for place, most, requests, cure, text in rows:
        yield Recommendation(
            _key("n_plus_one", place, "", text),
            "n_plus_one",
            "medium",
            "",
            "",
            f"{place} asked up to {most} times in one request ({requests} sampled requests): {text}",
            cure,
            "Take the change back.",
        )


def _key(*parts):
    return f"{parts[0]}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def dropping(name):
    return f'DROP INDEX CONCURRENTLY "public"."{name}"'


def _foreign_key(one):
    """The declaration, see :func:`.stored.read`, of the index that a foreign key wants, or None."""
    made = FOREIGN_KEY.fullmatch(one.fix) if one.code == "foreign_key" else None
    if not made:
        return None
    return {
        "table": made["table"],
        "keys": made["keys"].split(", "),
        "where": made["where"] or "",
        "purpose": one.text,
        "query": "foreign key",
    }
