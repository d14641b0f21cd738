"""JSON readings as COPY text, each checked on its own.

A reading is an object::

    {"sensor": "AA:01", "timestamp": "2026-11-21T06:30:00Z", "value": 38.7,
     "unit": "degC", "quality": "good", "battery": 87, "animal": "276000312312345"}

``sensor``, ``timestamp`` (ISO 8601 with its offset from UTC, or seconds since 1970) and ``value`` (a number)
are needed. ``animal`` (RFID or ear tag) is for milk meters, ``battery`` is in percent.
"""

import re
from datetime import datetime, timezone

#: letters, digits and . _ : / -, at most 64
DEVICE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
#: printable ASCII without the backslash, which COPY would take for an escape
WORD = re.compile(r"[!-\[\]-~]{1,32}")
QUALITIES = ("good", "uncertain", "bad")


class ReadingError(ValueError):
    """What is wrong with a reading: field, value and remedy."""


def line(place, reading):
    """One reading as a line of COPY text for :data:`.ingest.COLUMNS`.

    :param place: its index in the batch
    :raises ReadingError:
    """
    if not isinstance(reading, dict):
        raise ReadingError("a reading is an object with sensor, timestamp and value")
    sensor = reading.get("sensor")
    if not isinstance(sensor, str) or not DEVICE_KEY.fullmatch(sensor):
        raise ReadingError(f"sensor {sensor!r:.80} is no device key: 1 to 64 letters, digits and . _ : / -")
    unit, quality, animal = reading.get("unit"), reading.get("quality"), reading.get("animal")
    for name, text in (("unit", unit), ("animal", animal)):
        if text is not None and not (isinstance(text, str) and WORD.fullmatch(text)):
            raise ReadingError(f"{name} {text!r:.80} is no word of at most 32 characters")
    if quality is not None and quality not in QUALITIES:
        raise ReadingError(f"quality {quality!r:.80} is none of {', '.join(QUALITIES)}")
    battery = reading.get("battery")
    if battery is not None and not 0 <= _number("battery", battery) <= 100:
        raise ReadingError(f"battery {battery!r:.80} is not between 0 and 100 %")
    fields = (
        place,
        sensor,
        _moment(reading.get("timestamp")),
        _number("value", reading.get("value")),
        unit,
        quality,
        battery,
        animal,
    )
    return "\t".join("\\N" if field is None else str(field) for field in fields) + "\n"


def _number(name, value):
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ReadingError(f"{name} {value!r:.80} is no number")
    try:
        return float(value)
    except OverflowError as error:
        raise ReadingError(f"{name} has too many digits") from error


def _moment(value):
    """UTC, as text without zone."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, timezone.utc)
        else:
            raise ReadingError(f"timestamp {value!r:.80} is neither ISO 8601 text nor seconds since 1970")
        if moment.tzinfo is None:
            raise ReadingError(f"timestamp {value!r:.80} does not say its offset from UTC; end it with Z")
        return moment.astimezone(timezone.utc).replace(tzinfo=None)
    except ReadingError:
        raise
    except (ValueError, OverflowError, OSError) as error:
        raise ReadingError(f"timestamp {value!r:.80} is no moment: {error}") from error


class Lines:
    """Readings one after the other as the file that COPY reads; only what COPY asks for is in memory.

    :param readings: iterable of decoded readings; an item that is a :class:`ReadingError` is refused with it

    Afterwards ``errors`` are ``[(index, reason)]``.
    """

    def __init__(self, readings):
        self.errors = []
        self._lines, self._rest = self._make(readings), ""

    def _make(self, readings):
        for place, reading in enumerate(readings):
            try:
                if isinstance(reading, ReadingError):
                    raise reading
                yield line(place, reading)
            except ReadingError as error:
                self.errors.append((place, str(error)))

    def read(self, size=8192):  # pylint: disable=method-required-super
        """At least ``size`` characters while there are so many."""
        parts, length = [], 0
        for text in self._lines:
            parts.append(text)
            length += len(text)
            if length >= size:
                break
        data = self._rest + "".join(parts)
        self._rest = data[size:]
        return data[:size]
