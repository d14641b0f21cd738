"""Number fields that tell "unknown" from zero, with the scale kept by the column itself.

Odoo's ``Float`` and ``Integer`` store an empty value as 0, so a milk sample without a fat test would count as
0 % fat in every average. ``Measured`` and ``MeasuredInteger`` keep an empty value as NULL in the table, as
``None`` in the cache and as ``False`` in Python and in the web client (which shows ``False`` as empty). 0
stays 0. ``AVG``, ``MIN`` and ``_read_group`` then leave unknown values out, and ``[(field, '=', False)]``
finds them. In Python compare with ``is False``: 0 is falsy too.
"""

from odoo import fields


def is_unknown(value):
    # False == 0, so identity decides: only None, False and '' are "nothing known"
    return value is None or value is False or value == ""


class Numeric(fields.Float):
    """A float whose column is ``numeric(precision, scale)``: raw SQL is rounded just as the ORM rounds."""

    @property
    def _column_type(self):
        precision, scale = self._digits
        return ("numeric", f"numeric({precision},{scale})")


class NullableMixin:
    """Empty stays empty on the way to the table, the cache, Python, the client and an export."""

    falsy_value = None
    aggregator = "avg"

    def convert_to_column(self, value, record, values=None, validate=True):
        return None if is_unknown(value) else super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        return None if is_unknown(value) else super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_read(self, value, record, use_display_name=True):
        return False if is_unknown(value) else super().convert_to_read(value, record, use_display_name)

    def convert_to_export(self, value, record):
        return "" if is_unknown(value) else value

    def filter_function(self, records, field_expr, operator, value):
        if operator != "in":
            return super().filter_function(records, field_expr, operator, value)
        wanted = list(value)
        unknown_wanted = any(is_unknown(choice) for choice in wanted)
        numbers = [choice for choice in wanted if not is_unknown(choice)]
        getter = self.expression_getter(field_expr)

        def matches(record):
            number = getter(record)
            return unknown_wanted if is_unknown(number) else number in numbers

        return matches


class Measured(NullableMixin, Numeric):
    """A numeric measurement that may be unknown (NULL)."""


class MeasuredInteger(NullableMixin, fields.Integer):
    """An integer measurement that may be unknown (NULL)."""
