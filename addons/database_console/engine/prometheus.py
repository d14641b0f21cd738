"""Figures in the text format of Prometheus (exposition format 0.0.4)."""

from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "odoo_database_"


@dataclass
class Metric:
    """``samples`` are ``[(labels, value)]``; a value of None was not measured and is left out."""

    name: str
    kind: str
    help: str
    samples: list = field(default_factory=list)


def text(metrics):
    """The metrics as a scraper reads them; ends with a line feed."""
    lines = []
    for one in metrics:
        known = [(labels, value) for labels, value in one.samples if value is not None]
        if not known:
            continue
        name = PREFIX + one.name
        lines += [f"# HELP {name} {_escape(one.help)}", f"# TYPE {name} {one.kind}"]
        for labels, value in known:
            shown = ",".join(f'{key}="{_escape(str(found), True)}"' for key, found in labels.items())
            lines.append(f"{name}{{{shown}}} {value}" if shown else f"{name} {value}")
    return "\n".join(lines) + "\n"


def _escape(value, quoted=False):
    value = value.replace("\\", "\\\\").replace("\n", "\\n")
    return value.replace('"', '\\"') if quoted else value
