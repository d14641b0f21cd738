"""Values as JSON that executes nothing, and comes back as what it was.

Plain data (texts, numbers, lists, dictionaries with text keys) travels as ordinary JSON, flag ``p``. When a
value holds anything else, flag ``t``, that thing becomes ``{"\\0": [type, text]}``.
"""

import base64
import datetime as dt
import json
from decimal import Decimal

from markupsafe import Markup

from .errors import Unrepresentable

_MARK = "\0"
_PLAIN = frozenset({str, int, float, bool, type(None)})

_PACK = {
    Decimal: ("D", str),
    dt.date: ("a", dt.date.isoformat),
    dt.time: ("h", dt.time.isoformat),
    bytes: ("b", lambda v: base64.b64encode(v).decode()),
    Markup: ("M", str),
    dt.timedelta: ("u", lambda v: [v.days, v.seconds, v.microseconds]),
}
_UNPACK = {
    "D": Decimal,
    "a": dt.date.fromisoformat,
    "h": dt.time.fromisoformat,
    "e": dt.datetime.fromisoformat,
    "b": base64.b64decode,
    "M": Markup,
    "u": lambda v: dt.timedelta(*v),
    "p": tuple,
    "z": set,
    "Z": frozenset,
    "m": dict,
}


def encode(value, where="result"):
    """Return ``(flag, payload)``; raises :class:`Unrepresentable` for what JSON could not bring back."""
    special = []
    tree = _pack(value, where, special, 0)
    text = json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
    return ("t" if special else "p"), text.encode("utf-8", "surrogatepass")


def decode(flag, payload):
    """Invert :func:`encode`."""
    text = payload.decode("utf-8", "surrogatepass")
    if flag == "p":
        return json.loads(text)
    return json.loads(text, object_hook=_unpack)


def _unpack(found):
    if _MARK in found:
        kind, value = found[_MARK]
        return _UNPACK[kind](value)
    return found


def _pack(value, where, special, depth):
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth > 100:
        raise Unrepresentable(f"{where}: nested too deeply, or within itself")
    if kind is list:
        return [_pack(item, where, special, depth + 1) for item in value]
    if kind is dict:
        if all(type(key) is str for key in value) and _MARK not in value:
            return {key: _pack(item, where, special, depth + 1) for key, item in value.items()}
        special.append(kind)
        pairs = [
            [_pack(k, where, special, depth + 1), _pack(v, where, special, depth + 1)]
            for k, v in value.items()
        ]
        return {_MARK: ["m", pairs]}
    if kind in _PACK:
        special.append(kind)
        name, pack = _PACK[kind]
        if kind is dt.time and value.tzinfo is not None:
            raise Unrepresentable(f"{where}: a time with a time zone cannot be cached; use a UTC datetime")
        return {_MARK: [name, pack(value)]}
    if kind is dt.datetime and (value.tzinfo is None or type(value.tzinfo) is dt.timezone) and not value.fold:
        special.append(kind)
        return {_MARK: ["e", value.isoformat()]}
    if kind in (tuple, set, frozenset):
        special.append(kind)
        name = {tuple: "p", set: "z", frozenset: "Z"}[kind]
        return {_MARK: [name, [_pack(item, where, special, depth + 1) for item in value]]}
    raise Unrepresentable(
        f"{where}: a {kind.__module__}.{kind.__qualname__} cannot be cached; "
        "return texts, numbers, dates, bytes or lists and dictionaries of them (of records: ids, or read())"
    )


def copier(value):
    """Return a function that makes a fresh copy of ``value`` at a fraction of the cost of parsing it."""
    kind = type(value)
    if kind is list:
        inner = [(i, copier(item)) for i, item in enumerate(value) if _mutable(item)]
        if not inner:
            return value.copy
        if len(inner) == len(value):
            makers = [make for _i, make in inner]
            return lambda: [make() for make in makers]
        return _copy_with(value, inner)
    if kind is dict:
        inner = [(key, copier(item)) for key, item in value.items() if _mutable(item)]
        return _copy_with(value, inner) if inner else value.copy
    if kind is set:
        return value.copy
    if kind is tuple and _mutable(value):
        makers = [copier(item) for item in value]
        return lambda: tuple(make() for make in makers)
    return lambda: value


def _copy_with(value, inner):
    def copy():
        fresh = value.copy()
        for key, make in inner:
            fresh[key] = make()
        return fresh

    return copy


def _mutable(value):
    kind = type(value)
    return kind in (list, dict, set) or (kind is tuple and any(map(_mutable, value)))
