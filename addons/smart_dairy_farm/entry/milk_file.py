"""Reading a milk-control file: encoding, delimiter, headings, dates and numbers are found out, not asked.

:func:`read_table` turns bytes into headings and rows with their line numbers; :func:`read_lines` turns those
into :class:`Line` objects, each with its values or the reasons why it cannot be used. No herd is known here.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from .headers import meaning, session_of
from .numbers import parse_count, parse_decimal

DELIMITERS = (";", ",", "\t", "|")
IDENTIFIERS = ("ear_tag", "rfid", "management_number")
COMPONENTS = ("fat", "protein", "scc")


class MilkFileError(ValueError):
    """The file as a whole cannot be read; ``code`` names why: 'empty', 'binary', 'no_header'."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


@dataclass
class Table:
    """A file taken apart: ``rows`` are (line number in the file, cells)."""

    encoding: str
    delimiter: str
    headings: list
    rows: list

    def default_mapping(self):
        """Return {meaning: column index}; the first column wins when two headings mean the same."""
        mapping = {}
        for index, heading in enumerate(self.headings):
            key = meaning(heading)
            if key and key not in mapping:
                mapping[key] = index
        return mapping


@dataclass
class Line:
    """One animal, day and session of the file. ``reasons`` are (code, params); empty when it is readable."""

    number: int
    cells: list
    identifier: tuple = ()  # (kind, text)
    day: date | None = None
    session: str | None = None
    kg: Decimal | None = None
    kg_morning: Decimal | None = None
    kg_evening: Decimal | None = None
    litres: Decimal | None = None
    fat: Decimal | None = None
    protein: Decimal | None = None
    scc: Decimal | None = None
    reasons: list = field(default_factory=list)


def tag_key(text):
    """A tag as it is compared: no spaces, points or dashes, one case."""
    return re.sub(r"[\s.\-_/]", "", str(text)).upper()


def decode(content):
    """Return (text, encoding). UTF-8 and UTF-16 by their marks, UTF-8 if it is valid, else Windows-1252."""
    if not content.strip():
        raise MilkFileError("empty")
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError:
                raise MilkFileError("binary")
    if b"\x00" in content or content.startswith(b"PK\x03\x04"):
        raise MilkFileError("binary")
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "windows-1252"


def read_table(content):
    """Take the bytes of a file apart into a :class:`Table`; raises :class:`MilkFileError`.

    The heading line is the one, among the first ten, with most headings we know; the delimiter is the one
    that finds them, so a decimal comma never passes for one.
    """
    text, encoding = decode(content)
    best = (0, 0, None, None)
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        for index, cells in zip(range(10), reader, strict=False):
            known = len({meaning(cell) for cell in cells} - {None})
            if (known, len(cells)) > best[:2]:
                best = (known, len(cells), delimiter, index)
    known, _width, delimiter, header_index = best
    if known < 2:
        raise MilkFileError("no_header")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    headings, rows, end = [], [], 0
    for index, cells in enumerate(reader):
        start, end = end + 1, reader.line_num  # a quoted cell may span lines: name the first one
        if index == header_index:
            headings = [cell.strip() for cell in cells]
        elif index > header_index and any(cell.strip() for cell in cells):
            rows.append((start, cells))
    return Table(encoding, delimiter, headings, rows)


def read_lines(table, mapping, default_session="day", scc_unit="auto"):
    """Return the :class:`Line` list of a table under ``mapping`` ({meaning: column index}).

    :param default_session: session of a file that has no such column
    :param scc_unit: 'thousand' (×1,000 cells/ml), 'cell' (cells/ml) or 'auto': cells when the median is
        5,000 or more
    """
    column = {key: _column(table.rows, index) for key, index in mapping.items()}
    month_first = _month_first(column.get("date", ()))
    three_times = any(text.strip() == "3" for text in column.get("session", ()))
    divisor = Decimal(1000 if _counts_cells(column.get("scc", ()), scc_unit) else 1)
    lines = []
    for position, (number, cells) in enumerate(table.rows):
        line = Line(number, cells)
        text = {key: values[position].strip() for key, values in column.items()}
        _read_identity(line, text, month_first, three_times, default_session)
        _read_values(line, text, divisor)
        lines.append(line)
    return lines


def _column(rows, index):
    return [cells[index] if index < len(cells) else "" for _number, cells in rows]


def _read_identity(line, text, month_first, three_times, default_session):
    line.identifier = next(((kind, text[kind]) for kind in IDENTIFIERS if text.get(kind)), ())
    if not line.identifier:
        line.reasons.append(("no_animal", {}))
    written = text.get("date", "")
    line.day = parse_day(written, month_first)
    if not line.day:
        line.reasons.append(("bad_date", {"value": written}) if written else ("no_date", {}))
    written = text.get("session", "")
    line.session = session_of(written, three_times) if written else default_session
    if not line.session:
        line.reasons.append(("bad_session", {"value": written}))


def _read_values(line, text, divisor):
    for name in ("kg", "kg_morning", "kg_evening", "litres", "fat", "protein"):
        _read_number(line, name, text.get(name, ""), parse_decimal)
    _read_number(line, "scc", text.get("scc", ""), parse_count)
    if line.scc is not None:
        line.scc = (line.scc / divisor).quantize(Decimal(1))
    if line.kg is None and (line.kg_morning is not None or line.kg_evening is not None):
        line.kg = (line.kg_morning or 0) + (line.kg_evening or 0)
        line.session = "day"
    elif line.kg is not None and line.session != "day":
        line.kg_morning = line.kg_evening = None
    if (
        line.kg is None
        and line.litres is None
        and not any(code == "not_a_number" for code, _p in line.reasons)
    ):
        line.reasons.append(("no_kg", {}))


def _read_number(line, name, text, parse):
    # files write an unknown component as 0, '-' or '.', never meaning a milk without fat
    if text in ("", "-", "--", ".", "NA", "n/a", "NULL"):
        return
    try:
        value = parse(text)
    except ValueError:
        line.reasons.append(("not_a_number", {"field": name, "value": text}))
        return
    setattr(line, name, None if name in COMPONENTS and value == 0 else value)


_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_SHORT = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[T ].*)?$")


@lru_cache(maxsize=4096)
def parse_day(text, month_first=False):
    """Return the date written as 2026-01-31, 31/01/2026, 31.01.26 or 20260131, or None.

    :param month_first: read 01/31/2026, the American order
    """
    try:
        if match := _ISO.match(text):
            return date(*map(int, match.groups()))
        if match := _SHORT.match(text):
            first, second, year = map(int, match.groups())
            day, month = (second, first) if month_first else (first, second)
            return date(year + 2000 if year < 100 else year, month, day)
        if re.fullmatch(r"\d{8}", text):
            return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
    return None


def _month_first(texts):
    """American order only where the file proves it: a second part above 12 and no first part above 12."""
    seen = Counter()
    for text in texts:
        if match := _SHORT.match(text.strip()):
            seen["first"] += int(match[1]) > 12
            seen["second"] += int(match[2]) > 12
    return bool(seen["second"]) and not seen["first"]


def _counts_cells(texts, unit):
    if unit != "auto":
        return unit == "cell"
    numbers = []
    for text in texts:
        try:
            number = parse_count(text)
        except ValueError:
            continue
        if number:
            numbers.append(number)
    return bool(numbers) and sorted(numbers)[len(numbers) // 2] >= 5000
