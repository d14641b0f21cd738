"""Conditions that somebody should know of: each is open as long as it lasts, and told once.

Other addons add theirs: :func:`register` a function of a cursor that returns a list of :class:`Alert`.
"""

from dataclasses import dataclass

from . import metrics

#: seconds of one call; of a transaction; of a standby's lag
SLOW, LONG, LAG = 1.0, 600, 10
#: share of the connections; transactions that VACUUM may be behind; hours that count as now
FULL, BEHIND, HOURS = 0.8, 5_000_000, 2
#: source → the kinds of its alerts
_sources = {}


@dataclass(frozen=True)
class Alert:
    """``key`` tells alerts of one ``kind`` apart; ``severity`` is error or warning."""

    kind: str
    key: str
    text: str
    severity: str = "warning"


def register(*kinds):
    """A decorator: ask ``source(cursor)`` for alerts too, every five minutes.

    :param kinds: of the alerts that it gives; one of these that it gives no longer is over
    """

    def add(source):
        _sources[source] = kinds
        return source

    return add


def forget(source):
    """Take a registered source out again."""
    del _sources[source]


@register("slow_query")
def slow_queries(cursor):
    """Shapes of which a call took :data:`SLOW` or more in the last hours."""
    cursor.execute(
        "SELECT l.shape, max(l.maximum), t.text, max(o.place) FROM database_monitor.latency l"
        "  JOIN database_monitor.shape t ON t.id = l.shape"
        "  LEFT JOIN LATERAL (SELECT place FROM database_monitor.origin WHERE shape = l.shape"
        "                      ORDER BY slowest DESC LIMIT 1) o ON true"
        " WHERE l.hour > now() - make_interval(hours => %s) AND l.maximum >= %s GROUP BY l.shape, t.text"
        " ORDER BY 2 DESC LIMIT 50",
        [HOURS, SLOW],
    )
    return [
        Alert("slow_query", str(shape), f"a call took {seconds:.1f} s ({place or 'unknown'}): {text[:300]}")
        for shape, seconds, text, place in cursor.fetchall()
    ]


@register("refused_by_constraint", "refused_by_trigger")
def refusals(cursor):
    """What constraints, and triggers that guard ledgers, refused in the last hours."""
    cursor.execute(
        "SELECT kind, relation, name, sum(calls) FROM database_monitor.refusal"
        " WHERE hour > now() - make_interval(hours => %s) GROUP BY 1, 2, 3",
        [HOURS],
    )
    words = {
        "constraint": "constraint {name} of {relation} refused {calls} writes",
        "trigger": "{name} refused {calls} changes: an attempt on what it guards",
    }
    return [
        Alert(
            f"refused_by_{kind}", f"{relation}.{name}",
            words[kind].format(relation=relation, name=name, calls=calls),
            "error" if kind == "trigger" else "warning",
        )
        for kind, relation, name, calls in cursor.fetchall()
    ]  # fmt: skip


@register("connections")
def connections(cursor):
    found = metrics.rows(cursor, metrics.CONNECTIONS)[0]
    if found["all_databases"] < FULL * found["most"]:
        return []
    text = (
        f"{found['all_databases']} of {found['most']} connections are taken, {found['idle']} of them idle: "
        "lower db_maxconn or workers, or put PgBouncer in between"
    )
    return [Alert("connections", "", text, "error")]


@register("replication_lag", "replication_slot")
def replication(cursor):
    found = metrics.replication(cursor)
    lagging = [(one["standby"], one["lag_seconds"]) for one in found["standbys"]]
    if found["standby"]:
        lagging.append(("this standby", found["standby"]["lag_seconds"]))
    alerts = [
        Alert("replication_lag", name, f"{name} is {seconds:.0f} s behind")
        for name, seconds in lagging
        if seconds and seconds >= LAG
    ]
    for one in found["slots"]:
        if not one["active"]:
            megabytes = (one["kept_bytes"] or 0) / 2**20
            text = f"slot {one['slot_name']} has no client and keeps {megabytes:,.0f} MB of WAL"
            alerts.append(Alert("replication_slot", one["slot_name"], text))
    return alerts


@register("holds_vacuum")
def horizon(cursor):
    """Long transactions, and who holds VACUUM back."""
    alerts = []
    for one in metrics.horizon(cursor):
        seconds, behind = one["seconds"] or 0, one["transactions"] or 0
        if seconds < LONG and behind < BEHIND:
            continue
        since = f" for {seconds / 60:,.0f} minutes" if one["seconds"] else ""
        text = (
            f"{one['kind']} {one['who']} ({one['name']}, {one['state']}) holds VACUUM back{since}, "
            f"by {behind:,} transactions"
        )
        alerts.append(Alert("holds_vacuum", f"{one['kind']} {one['who']}", text))
    return alerts


def judge(cursor, sources=None):
    """Ask the sources; open what is new, keep what lasts, end what is over.

    :param sources: ``{source: kinds of its alerts}``; those registered without it
    :return: ``(alerts raised, [(kind, key, text) ended])``
    """
    sources = _sources if sources is None else sources
    found = {(one.kind, one.key): one for source in sources for one in source(cursor)}
    kinds = [kind for of_source in sources.values() for kind in of_source]
    cursor.execute("LOCK TABLE database_monitor.alert IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(
        "SELECT kind, key, text FROM database_monitor.alert WHERE ended_at IS NULL AND kind = ANY(%s)",
        [kinds],
    )
    standing = {(kind, key): text for kind, key, text in cursor.fetchall()}
    for (kind, key), one in found.items():
        if (kind, key) in standing:
            cursor.execute(
                "UPDATE database_monitor.alert SET seen_at = now(), text = %s"
                " WHERE kind = %s AND key = %s AND ended_at IS NULL",
                [one.text, kind, key],
            )
        else:
            cursor.execute(
                "INSERT INTO database_monitor.alert (kind, key, text, severity, raised_at, seen_at)"
                " VALUES (%s, %s, %s, %s, now(), now())",
                [kind, key, one.text, one.severity],
            )
    over = [(kind, key, text) for (kind, key), text in standing.items() if (kind, key) not in found]
    for kind, key, _text in over:
        cursor.execute(
            "UPDATE database_monitor.alert SET ended_at = now()"
            " WHERE kind = %s AND key = %s AND ended_at IS NULL",
            [kind, key],
        )
    return [one for key, one in found.items() if key not in standing], over
