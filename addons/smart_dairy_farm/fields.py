"""Number fields that tell "unknown" from zero, with the scale kept by the column itself.

Odoo's ``Float`` and ``Integer`` store an empty value as 0, so a milk sample without a fat test would count as
0 % fat in every average. ``Measured`` and ``MeasuredInteger`` keep an empty value as NULL in the table, as
``None`` in the cache and as ``False`` in Python and in the web client (which shows ``False`` as empty). 0 stays
0. ``AVG``, ``MIN`` and ``_read_group`` then leave unknown values out, and ``[(field, '=', False)]`` finds them.
"""

from odoo import fields


class Numeric(fields.Float):
    """A float whose column is ``numeric(precision, scale)``: raw SQL is rounded just as the ORM rounds."""

    @property
    def _column_type(self):
        precision, scale = self._digits
        return ("numeric", f"numeric({precision},{scale})")


def _is_unknown(value):
    # False == 0 and False is not 0: only None, False and '' are "nothing known"
    return value is None or value is False or value == ""


class Measured(Numeric):
    """A numeric measurement that may be unknown (NULL)."""

    falsy_value = None
    aggregator = "avg"

    def convert_to_column(self, value, record, values=None, validate=True):
        return None if _is_unknown(value) else super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        return None if _is_unknown(value) else super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_export(self, value, record):
        return "" if _is_unknown(value) else value


class MeasuredInteger(fields.Integer):
    """An integer measurement that may be unknown (NULL)."""

    falsy_value = None
    aggregator = "avg"

    def convert_to_column(self, value, record, values=None, validate=True):
        return None if _is_unknown(value) else super().convert_to_column(value, record, values, validate)

    def convert_to_cache(self, value, record, validate=True):
        return None if _is_unknown(value) else super().convert_to_cache(value, record, validate)

    def convert_to_record(self, value, record):
        return False if value is None else value

    def convert_to_read(self, value, record, use_display_name=True):
        return False if _is_unknown(value) else value

    def convert_to_export(self, value, record):
        return "" if _is_unknown(value) else value
