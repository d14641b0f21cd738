"""What is wrong with a set, found by looking at the database, whatever the last run said of itself."""

from dataclasses import dataclass
from datetime import timedelta

from odoo.tools import SQL

from . import bounds, catalogue, create, drain, index, retention
from .sql import own, run, table, value
from .words import _lt

#: rows in a default partition are counted up to this many
COUNTED = 10000


@dataclass(frozen=True)
class Finding:
    """``code`` names the kind, ``severity`` is ``error`` or ``warning``, ``text`` says what, and what to
    do."""

    set: str
    code: str
    severity: str
    text: str


def findings(cursor, declared, now):
    """Everything that an administrator should know about a set, worst first."""
    found = []

    def add(code, severity, text):
        found.append(
            Finding(declared.name, code, severity, _lt("%(set)s: %(text)s", set=declared.name, text=text))
        )

    if not catalogue.stands(cursor, declared.table):
        add("not_deployed", "error", _lt("the table is missing; update the addon that declares it"))
        return found
    _default(cursor, declared, now, add)
    _ahead(cursor, declared, now, add)
    _runs(cursor, declared, now, add)
    _strays(cursor, declared, now, add)
    _old(cursor, declared, now, add)
    for definition in index.missing(cursor, declared):
        add(
            "index_missing",
            "warning",
            _lt(
                "the index %(definition)s is not on every partition; run the maintenance",
                definition=definition,
            ),
        )
    return sorted(found, key=lambda one: (one.severity != "error", one.code))


def _default(cursor, declared, now, add):
    if catalogue.default_of(cursor, declared) != declared.default:
        add(
            "no_default",
            "error",
            _lt("there is no default partition: rows may be refused; run the maintenance"),
        )
        return
    if create.missing_triggers(cursor, declared):
        add("no_trigger", "error", _lt("changes of the default partition are not noted; run the maintenance"))
    rows = value(
        cursor,
        SQL("SELECT count(*) FROM (SELECT FROM ONLY %s LIMIT %s) q", table(declared.default), COUNTED),
    )
    if rows:
        many = _lt("%(rows)s or more", rows=rows) if rows == COUNTED else rows
        due = drain.pending(cursor, declared, now, most=5)
        if due:
            add(
                "default_rows",
                "error",
                _lt("%(many)s rows are in the default partition; drain it", many=many),
            )
        else:
            add(
                "default_strays",
                "warning",
                _lt(
                    "%(many)s rows are in the default partition, with times outside of what is kept "
                    "ready; look whether the times are right, or give them partitions with “drain "
                    "everything”",
                    many=many,
                ),
            )


def _ahead(cursor, declared, now, add):
    today = bounds.today(declared, now)
    there = catalogue.attached(cursor, declared)
    if not any(one.holds(today) for one in there):
        add(
            "no_current",
            "error",
            _lt("there is no partition for now: rows go to the default one; create ahead"),
        )
    ready = 0
    for one in bounds.around(declared, today, 0, declared.premake)[1:]:
        if not any(other.holds(one.lower) for other in there):
            break
        ready += 1
    if ready * 2 < declared.premake:
        add(
            "premade_low",
            "error",
            _lt(
                "%(ready)s of %(premake)s partitions ahead are ready; create ahead",
                ready=ready,
                premake=declared.premake,
            ),
        )


def _runs(cursor, declared, now, add):
    rows = run(
        cursor,
        SQL("SELECT success_at, deployed_at, message FROM %s WHERE name = %s", own("set"), declared.name),
    )
    if not rows:
        add(
            "not_deployed", "error", _lt("the set is not in the catalogue; update the addon that declares it")
        )
        return
    success, deployed, message = rows[0]
    if now - (success or deployed) > timedelta(hours=declared.expected_hours):
        when = f"{success:%Y-%m-%d %H:%M} UTC" if success else _lt("never")
        text = _lt("the last successful run was %(when)s; look at the scheduled action", when=when)
        if message:
            text = _lt("%(text)s: %(message)s", text=text, message=message)
        add("late_run", "error", text)
    elif message:
        add("last_run", "warning", _lt("the last run left something to do: %(message)s", message=message))


def _strays(cursor, declared, now, add):
    known = {p.relation for p in catalogue.partitions(cursor, declared)}
    known |= {relation for relation, _range in retention.detached(cursor, declared)}
    known |= {
        row[0]
        for row in run(cursor, SQL("SELECT relation FROM %s WHERE name = %s", own("copy"), declared.name))
    }
    named = run(
        cursor,
        SQL(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relname ~ %s ORDER BY 1",
            f"^{declared.table}(_p[0-9]{{4}}([0-9]{{2}}|[0-9]{{4}}|w[0-9]{{2}}|q[0-9])?|_default|_default_next)$",
        ),
    )
    for (name,) in named:
        if name not in known:
            add(
                "stray_table",
                "error",
                _lt(
                    "a table %(name)s stands that is no partition; look into it, then rename or drop it",
                    name=name,
                ),
            )
    for partition in catalogue.partitions(cursor, declared):
        if partition.pending:
            add(
                "detach_pending",
                "error",
                _lt(
                    "detaching %(relation)s was interrupted; run the maintenance", relation=partition.relation
                ),
            )


def _old(cursor, declared, now, add):
    waiting = [p.relation for p in retention.expired(cursor, declared, now)]
    if waiting and not retention.may_go(cursor, declared):
        add(
            "drop_unconfirmed",
            "warning",
            _lt(
                "%(count)s partitions are older than the retention (%(first)s first) and are not "
                "archived; confirm that they may be dropped",
                count=len(waiting),
                first=waiting[0],
            ),
        )
    elif len(waiting) > 2:
        add(
            "expired",
            "warning",
            _lt("%(count)s partitions are older than the retention; run the maintenance", count=len(waiting)),
        )
    left = [relation for relation, _range in retention.detached(cursor, declared)]
    if left:
        add(
            "detached",
            "warning",
            _lt(
                "%(count)s detached tables wait to be archived and dropped: %(first)s…",
                count=len(left),
                first=left[0],
            ),
        )
    failed = run(
        cursor,
        SQL("SELECT failed FROM %s WHERE name = %s AND failed IS NOT NULL", own("archive"), declared.name),
    )
    for (reason,) in failed:
        add("archive_damaged", "error", reason)
