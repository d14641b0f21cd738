"""The optimization report: what two snapshots and what lies between them measured, in Markdown, HTML and PDF.

Every number comes from the snapshots or the kept figures; what was not measured is shown as "not measured".
"""

import html
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime

from . import snapshot
from .errors import MonitorError

#: figure → (title, how to show it, whether more is better; None: neither)
FIGURES = {
    "calls": ("Calls in 24 hours", "count", None),
    "under_goal": ("Calls under 50 ms", "share", True),
    "p50": ("P50", "ms", False),
    "p90": ("P90", "ms", False),
    "p99": ("P99", "ms", False),
    "slow_statements": ("Statements with a mean of 100 ms or more", "count", False),
    "n_plus_one": ("Places that ask record by record (sampled)", "count", False),
    "cache_hit": ("Blocks found in memory", "share", True),
    "index_hit": ("Index blocks found in memory", "share", True),
    "pool_efficiency": ("Pool efficiency (time connections were active)", "share", True),
    "connections": ("Connections", "count", None),
    "indexes": ("Indexes", "count", None),
    "unused_indexes": ("Unused indexes above 1 MB", "count", False),
    "dead_rows": ("Dead rows", "count", False),
    "temp_bytes": ("Spilled to disk", "bytes", None),
    "deadlocks": ("Deadlocks", "count", None),
    "database_bytes": ("Size of the database", "bytes", None),
}
NOT_MEASURED = "not measured"
SUMS = (
    "Latency is of the 24 hours before each moment; hits, pool efficiency, deadlocks and spills before count "
    "from the reset of PostgreSQL's statistics, after from the moment before."
)
#: statements of the report, by what changed most
MOST = 20


@dataclass
class Report:
    """Before, after and what changed: rows are tuples of texts under a title and heads."""

    database: str
    before: datetime
    after: datetime
    missing: list
    tables: list

    def to_json(self):
        return {
            "database": self.database, "before": self.before.isoformat(), "after": self.after.isoformat(),
            "missing": self.missing,
            "tables": [
                {"title": title, "heads": heads, "rows": rows} for title, heads, rows in self.tables
            ],
        }  # fmt: skip


def shown(value, kind):
    """A figure as a text."""
    if value is None:
        return NOT_MEASURED
    return {
        "count": lambda: f"{value:,.0f}",
        "share": lambda: f"{value:.2%}",
        "ms": lambda: f"{1000 * value:,.2f} ms",
        "bytes": lambda: f"{value / 2**20:,.1f} MB",
    }[kind]()


def judged(old, new, better_is_more):
    """ "better", "worse" or "", for a change of more than a fiftieth."""
    if old is None or new is None or better_is_more is None or abs(new - old) <= 0.02 * abs(old):
        return ""
    return "better" if (new > old) == better_is_more else "worse"


def build(cursor, before, after, database):
    """The report between two snapshots.

    :param before, after: :class:`.snapshot.Snapshot` s
    :raises MonitorError: they are the same
    """
    if before.id == after.id:
        raise MonitorError(
            f"snapshot {before.id} is compared with itself: take one now with `odoo monitor snapshot`"
        )
    figures, changed = snapshot.compare(before, after)
    rows = []
    for name, old, new in figures:
        title, kind, more = FIGURES[name]
        rows.append((title, shown(old, kind), shown(new, kind), judged(old, new, more)))
    tables = [("Figures", ("", "before", "after", ""), rows)]
    tables.append(
        (
            "Statements that changed most",
            ("mean before", "mean since", "calls since", "", "statement"),
            [
                (shown(old, "ms"), shown(new, "ms"), f"{calls:,}", judged(old, new, False), text[:300])
                for text, _calls, old, calls, new in changed[:MOST]
            ],
        )
    )
    had, have = ({one["name"]: one for one in side.indexes or []} for side in (before, after))
    tables.append(
        (
            "Indexes since then",
            ("", "index", "table", "size", "scans"),
            [("new", name, one["table"], shown(one["bytes"], "bytes"), f"{one['scans']:,}")
             for name, one in have.items() if name not in had]
            + [("gone", name, one["table"], shown(one["bytes"], "bytes"), f"{one['scans']:,}")
               for name, one in had.items() if name not in have],
        )
    )  # fmt: skip
    cursor.execute(
        "SELECT place, requests, most, cure, first_seen FROM database_monitor.n_plus_one"
        " WHERE last_seen >= %s ORDER BY most DESC LIMIT %s",
        [before.taken_at, MOST],
    )
    tables.append(
        (
            "Asked record by record since then",
            ("place", "sampled requests", "most in one", "first seen", "cure"),
            [
                (place, f"{requests:,}", f"{most:,}", f"{first:%Y-%m-%d}", words)
                for place, requests, most, words, first in cursor.fetchall()
            ],
        )
    )
    return Report(
        database, before.taken_at, after.taken_at, sorted({*before.missing, *after.missing}), tables
    )


def _moments(one):
    return f"{one.before:%Y-%m-%d %H:%M} UTC", f"{one.after:%Y-%m-%d %H:%M} UTC"


def markdown(one):
    """The report as Markdown."""
    before, after = _moments(one)
    lines = [
        f"# Database optimization of {one.database}",
        "",
        f"Before: {before}. After: {after}. {SUMS}",
        "",
    ]
    lines += [f"* Not measured: {text}" for text in one.missing]
    for title, heads, rows in one.tables:
        lines += ["", f"## {title}", ""]
        if not rows:
            lines.append("None.")
            continue
        lines.append("| " + " | ".join(heads) + " |")
        lines.append("|" + "---|" * len(heads))
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; color: #1f2933 }
body { margin: 2em auto; max-width: 70em; padding: 0 1em }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5em }
th, td { border-bottom: 1px solid #d5dbe1; padding: .35em .6em; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere } .better { color: #17725a } .worse { color: #b3261e }
"""


def page(one):
    """The report as a page of HTML that needs nothing else."""
    before, after = _moments(one)
    title = html.escape(f"Database optimization of {one.database}")
    parts = [
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f"<style>{STYLE}</style></head><body><h1>{title}</h1><p>Before: {before}. After: {after}. {SUMS}</p>",
    ]
    parts += [f"<p>Not measured: {html.escape(text)}</p>" for text in one.missing]
    for heading, heads, rows in one.tables:
        parts.append(f"<h2>{html.escape(heading)}</h2>")
        if not rows:
            parts.append("<p>None.</p>")
            continue
        parts.append("<table><tr>" + "".join(f"<th>{html.escape(head)}</th>" for head in heads) + "</tr>")
        for row in rows:
            cells = (
                f'<td class="{cell}">{cell}</td>'
                if cell in ("better", "worse")
                else f"<td>{html.escape(cell)}</td>"
                for cell in row
            )
            parts.append("<tr>" + "".join(cells) + "</tr>")
        parts.append("</table>")
    return "".join([*parts, "</body></html>\n"])


def pdf(one, program="wkhtmltopdf"):
    """The report as PDF (bytes).

    :raises MonitorError: wkhtmltopdf is not installed, or failed
    """
    found = shutil.which(program)
    if not found:
        raise MonitorError(f"{program} is not installed, so there is no PDF: install it, or ask for html")
    done = subprocess.run(
        [found, "--quiet", "--encoding", "utf-8", "-", "-"],
        input=page(one).encode(),
        capture_output=True,
        timeout=120,
    )
    if not done.stdout.startswith(b"%PDF"):
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise MonitorError(
            f"{program} ended with {done.returncode}: {reason[-1] if reason else 'nothing said'}"
        )
    return done.stdout
