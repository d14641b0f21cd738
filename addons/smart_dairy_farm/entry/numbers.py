"""Numbers as people write them: decimal comma or point, spaces or points between thousands."""

import re
from decimal import Decimal, InvalidOperation

_SPACES = re.compile(r"[\s\u00a0\u2009\u202f'’]")
_GROUPED = re.compile(r"^[+-]?\d{1,3}([.,]\d{3})+$")
_PLAIN = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)$")


def parse_decimal(value):
    """Return the number written in ``value`` as a :class:`~decimal.Decimal`, or None when it is empty.

    A lone comma or point is always the decimal mark (``1.234`` is one kilogram and 234 grams); with both
    marks the last one is. Numbers pass through. Raises ValueError on anything else, NaN included.
    """
    if value is None or value is False:
        return None
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError(value)
        return number
    text = _SPACES.sub("", str(value))
    if not text:
        return None
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "." if comma > point else ","
        if not _GROUPED.match(text[: max(comma, point)]) and text[: max(comma, point)].count(thousands):
            raise ValueError(value)
        text = text.replace(thousands, "")
    if not _PLAIN.match(text) or not any(char.isdigit() and char.isascii() for char in text):
        raise ValueError(value)
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(value)


def parse_count(value):
    """Return a cell count as Decimal: like :func:`parse_decimal`, but ``187,500`` is 187 thousand 500."""
    if isinstance(value, str):
        text = _SPACES.sub("", value)
        if _GROUPED.match(text):
            value = re.sub("[.,]", "", text)
    return parse_decimal(value)
