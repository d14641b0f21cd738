"""What may stand behind the question mark of a request: read, judged and described in one place."""

import re
from dataclasses import dataclass

from .errors import ConsoleRefusal

#: longest text that is looked for
LONGEST = 100
INTEGER = re.compile(r"-?[0-9]{1,12}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
#: what PostgreSQL cannot hold in a text, and what nobody types
UNTYPED = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Integer:
    """A whole number from ``least`` to ``most``."""

    name: str
    description: str
    default: int | None
    least: int
    most: int

    def parse(self, text):
        """:raises ConsoleRefusal: it is none, or out of bounds"""
        if INTEGER.fullmatch(text) and self.least <= int(text) <= self.most:
            return int(text)
        raise refused(self.name, text, f"a whole number from {self.least} to {self.most}")

    def schema(self):
        found = {"type": "integer", "minimum": self.least, "maximum": self.most}
        return found if self.default is None else {**found, "default": self.default}


@dataclass(frozen=True)
class Number:
    """A number of at least 0, in decimal notation."""

    name: str
    description: str
    default: float = 0.0

    def parse(self, text):
        """:raises ConsoleRefusal: it is none"""
        if NUMBER.fullmatch(text):
            return float(text)
        raise refused(self.name, text, "a number such as 50 or 0.5, up to 999999999.999999")

    def schema(self):
        return {"type": "string", "pattern": f"^{NUMBER.pattern}$", "default": "0"}


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    name: str
    description: str
    choices: tuple
    default: str | None = None

    def parse(self, text):
        """:raises ConsoleRefusal: it is another word"""
        if text in self.choices:
            return text
        raise refused(self.name, text, f"one of {', '.join(self.choices)}")

    def schema(self):
        found = {"type": "string", "enum": list(self.choices)}
        return found | ({"default": self.default} if self.default else {})


@dataclass(frozen=True)
class Text:
    """A piece of text to look for."""

    name: str
    description: str
    default: str | None = None

    def parse(self, text):
        """:raises ConsoleRefusal: it is empty, too long, or holds control characters"""
        if 1 <= len(text) <= LONGEST and not UNTYPED.search(text):
            return text
        raise refused(self.name, text[:LONGEST], f"1 to {LONGEST} characters, without control characters")

    def schema(self):
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST,
            "pattern": r"^[^\u0000-\u001f\u007f]*$",
        }


def refused(name, value, remedy):
    return ConsoleRefusal(
        422, f"{name} {value!r} will not do; give {remedy}", field=name, value=value, remedy=remedy
    )


def read(parameters, given):
    """``{name: value}`` of every parameter, defaults filled in.

    :param given: ``[(name, text)]`` as the request has them
    :raises ConsoleRefusal: 422, naming field, value and remedy
    """
    known = {one.name: one for one in parameters}
    found = {}
    for name, text in given:
        if name not in known:
            remedy = f"one of {', '.join(known)}" if known else "none: nothing can be asked for here"
            raise refused("parameter", name[:LONGEST], remedy)
        if name in found:
            raise refused(name, text[:LONGEST], "it once")
        found[name] = known[name].parse(text)
    return {one.name: one.default for one in parameters} | found


LIMIT = Integer("limit", "How many to return at most", 50, 1, 500)
OFFSET = Integer("offset", "How many to leave out at the beginning", 0, 0, 1_000_000)
PAGE = (LIMIT, OFFSET)
#: the id of a task, as it stands in a path
TASK = Integer("number", "The task's id", None, 1, 2**31 - 1)


def order(*names):
    """A parameter that sorts by one of these; with ``-`` the largest first. The first is the default."""
    either = tuple(word for name in names for word in (name.lstrip("-"), "-" + name.lstrip("-")))
    return Choice("sort", "What to sort by; with a minus sign the largest first", either, names[0])
