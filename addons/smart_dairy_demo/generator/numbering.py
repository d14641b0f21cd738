"""Names of documents: Odoo's sequences, and the gapless numbers of journal entries."""

import re
from collections import Counter

from odoo.tools import SQL


class Sequence:
    """Takes numbers of an `ir.sequence` in memory and moves the sequence on at `close()`."""

    def __init__(self, sequence):
        self.sequence = sequence
        self.number = sequence.number_next_actual
        # a prefix with dates would need each day's; Odoo's own for these documents have none
        self.prefix, self.suffix = sequence._get_prefix_suffix()

    def next(self):
        name = f"{self.prefix}{self.number:0{self.sequence.padding}d}{self.suffix}"
        self.number += self.sequence.number_increment
        return name

    def close(self):
        self.sequence.number_next_actual = self.number


class EntryNumbers:
    """Numbers of one journal's entries: gapless within the year or month that the format resets by."""

    def __init__(self, format_and_values):
        self.format, self.values = format_and_values
        self.last = Counter()

    def next(self, day):
        """Name, prefix and number for the next entry of that day."""
        values = dict(self.values)
        if values.get("year_length"):
            values["year"] = day.year % 10 ** values["year_length"]
        if values.get("month"):
            values["month"] = day.month
        period = (values.get("year"), values.get("month"))
        self.last[period] += 1
        number = values["seq"] = self.last[period]
        name = self.format.format(**values)
        # as account.move does: the number is the last run of digits
        prefix = name[: re.search(r"\d+\D*$", name).start()]
        return name, prefix, number


def sequence_by_code(env, code):
    return Sequence(
        env["ir.sequence"].search(
            [("code", "=", code), ("company_id", "in", (env.company.id, False))], order="company_id", limit=1
        )
    )


def analyze(cr, tables):
    for table in tables:
        cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
