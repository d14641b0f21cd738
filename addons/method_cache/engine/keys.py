"""Canonical forms: equal arguments give equal keys, and nothing else does."""

import datetime as dt
import hashlib
import math
import types
from decimal import Decimal

from .errors import Unrepresentable

_SCALARS = {
    type(None): lambda v: "n",
    bool: lambda v: "t" if v else "f",
    int: lambda v: f"i{v}",
    float: lambda v: "d" + ("nan" if math.isnan(v) else v.hex()),
    Decimal: lambda v: f"D{v}",
    dt.date: lambda v: f"a{v.isoformat()}",
    dt.time: lambda v: f"h{v.isoformat()}",
    dt.timedelta: lambda v: f"u{v.days}.{v.seconds}.{v.microseconds}",
}


def canonical(value, where="argument"):
    """Return a text that two values share only if they are equal and of the same type.

    Dictionaries and sets are put in order; every text carries its length, so nothing can be forged by
    concatenation. Raises :class:`Unrepresentable` for anything that is not plain data.
    """
    kind = type(value)
    if kind is str:
        return f"s{len(value)}:{value}"
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if kind is dt.datetime:
        return f"e{value.isoformat()}"
    if kind is bytes:
        return f"b{value.hex()}"
    if kind is list or kind is tuple:
        parts = [canonical(item, where) for item in value]
        return f"{'l' if kind is list else 'p'}{len(parts)}[{','.join(parts)}]"
    if kind is dict:
        parts = sorted(f"{canonical(k, where)}={canonical(v, where)}" for k, v in value.items())
        return f"m{len(parts)}{{{','.join(parts)}}}"
    if kind is set or kind is frozenset:
        parts = sorted(canonical(item, where) for item in value)
        return f"z{len(parts)}({','.join(parts)})"
    raise Unrepresentable(
        f"{where}: a {kind.__module__}.{kind.__qualname__} cannot be part of a cache key; "
        "pass ids, numbers, text, dates, or lists and dictionaries of them"
    )


def digest(*parts):
    """Return a short, collision-resistant name for a sequence of texts."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:40]


def code_digest(*functions):
    """Return a digest of what the functions do: byte code, constants and names, nested functions included."""
    state = hashlib.sha256()
    for function in functions:
        _feed(state, function.__code__)
        state.update(
            repr(function.__defaults__).encode("utf-8", "replace") if _plain(function.__defaults__) else b"?"
        )
    return state.hexdigest()[:16]


def _plain(value):
    return value is None or all(isinstance(item, str | int | float | bool | type(None)) for item in value)


def _feed(state, code):
    state.update(code.co_code)
    state.update(repr(code.co_names).encode())
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            _feed(state, const)
        elif isinstance(const, frozenset):
            state.update(repr(sorted(map(repr, const))).encode())
        else:
            state.update(repr(const).encode("utf-8", "replace"))
