"""What a partition set is. Written by developers, never by users: columns and indexes are trusted SQL."""

import json
import re
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import DeclarationError

NAME = re.compile(r"[a-z][a-z0-9_]{0,44}")
COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,62}")
INTERVALS = ("day", "week", "month", "quarter", "year")
KEY_TYPES = ("date", "timestamp", "timestamptz")


@dataclass(frozen=True)
class PartitionSet:
    """A table in partitions by time.

    :param table: the parent, in the schema ``public``; lower case, at most 45 characters
    :param columns: columns and constraints between the parentheses of CREATE TABLE, for a parent that is not
        there yet. The key must be NOT NULL. A primary key or unique constraint must hold the key. No foreign
        keys: attaching a partition with rows would check them while others wait.
    :param key: the column that decides; ``key_type`` ``date``, ``timestamp`` (UTC, as Odoo's) or
    ``timestamptz``
    :param interval: ``day``, ``week`` (ISO, from Monday), ``month``, ``quarter`` or ``year``
    :param zone: time zone in which an interval begins; dates begin their interval as they are, and ``zone``
        only says what day it is today
    :param premake: intervals to have ready after the current one
    :param history: intervals to have ready before the current one when the set is deployed
    :param retention: whole intervals to keep before the current one; None keeps everything
    :param archive: whether what retention takes away is archived first; without, each drop needs confirmation
    :param free_until: SELECT of the moment (naive UTC) before which rows may leave the table, whoever asks:
        what is to be made of them is complete so far; empty: all may
    :param indexes: what follows ``ON table`` in CREATE INDEX; later ones are built while people write
    :param expected_hours: an alert is due when the last successful run is older
    """

    table: str
    key: str
    key_type: str = "timestamp"
    interval: str = "month"
    columns: str = ""
    indexes: tuple[str, ...] = ()
    premake: int = 3
    history: int = 0
    retention: int | None = None
    archive: bool = True
    zone: str = "UTC"
    title: str = ""
    expected_hours: float = 26.0
    free_until: str = ""

    def __post_init__(self):
        self._expect(NAME.fullmatch(self.table), "table", "lower-case letters, digits and _, at most 45")
        self._expect(COLUMN.fullmatch(self.key), "key", "the name of a column")
        self._expect(self.key_type in KEY_TYPES, "key_type", f"one of {', '.join(KEY_TYPES)}")
        self._expect(self.interval in INTERVALS, "interval", f"one of {', '.join(INTERVALS)}")
        for name, lowest in (("premake", 1), ("history", 0), ("retention", 1)):
            value = getattr(self, name)
            if name == "retention" and value is None:
                continue
            self._expect(isinstance(value, int) and lowest <= value <= 5000, name, f"{lowest} to 5000")
        if self.retention is not None:
            self._expect(self.history <= self.retention, "history", "no more than the retention")
        self._expect(self.expected_hours > 0, "expected_hours", "a number of hours above zero")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._expect(False, "zone", "the name of a time zone, like Asia/Dhaka")

    def _expect(self, good, field, remedy):
        if not good:
            raise DeclarationError(
                f"partition set {self.table}: {field} {getattr(self, field)!r} will not do; take {remedy}"
            )

    @property
    def name(self):
        return self.table

    @property
    def default(self):
        """Name of the default partition."""
        return f"{self.table}_default"

    @property
    def label(self):
        return self.title or self.table

    def to_json(self):
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text):
        facts = json.loads(text) if isinstance(text, str) else dict(text)
        facts["indexes"] = tuple(facts["indexes"])
        return cls(**facts)


_declared = {}


def declare(partition_set, addon):
    """Register a set for the databases in which ``addon`` is installed; return it.

    :raises DeclarationError: another addon declares the same table
    """
    _set, owner = _declared.get(partition_set.table, (None, addon))
    if owner != addon:
        raise DeclarationError(
            f"partition set {partition_set.table}: declared by {owner} and by {addon}; keep one"
        )
    _declared[partition_set.table] = (partition_set, addon)
    return partition_set


def declared(addons):
    """The sets that these addons declare, sorted by table."""
    return [found for _table, (found, addon) in sorted(_declared.items()) if addon in addons]


def forget(table):
    """Take a declaration back; for tests."""
    _declared.pop(table, None)
