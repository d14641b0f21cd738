"""The shape of a statement: its text without the values, the same from Odoo's cursor and from PostgreSQL.

Odoo's cursor sees ``%s`` where ``pg_stat_statements`` says ``$1``, and psycopg2 writes lists, dates and
tuples in between. One normal form for both lets their figures stand in one line, and keeps every value out
of what is stored.
"""

import hashlib
import re
from functools import lru_cache

#: characters of a shape that are kept; a longer one ends with CUT and cannot be planned
LONGEST = 6000
CUT = " …"

TOKEN = re.compile(
    r"""
    (?P<comment> /\*.*?(?:\*/|\Z) | --[^\n]* )
  | (?P<value>   [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
               | %s | %\(\w+\)s | \$\d+ | (?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)? )
  | (?P<name>    "(?:[^"]|"")*" )
  | (?P<word>    [^\W\d]\w* )
  | (?P<space>   \s+ )
  | (?P<percent> %% )
  | (?P<open>    ['"$].* )       # what was cut in the middle of a string
  | .
    """,
    re.VERBOSE | re.DOTALL,
)
GENERATED = re.compile(r'"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"')
#: rows of values, however many and wide
ROWS = "VALUES (?)"
LISTS = (
    (re.compile(r'\?(?:::"?\w+"?(?:\[\])?)+'), "?"),
    (re.compile(r"\bARRAY\[\?(?:, ?\?)*\]", re.I), "?"),
    (re.compile(r"\bIN (?:\?|\(\?(?:, ?\?)*\))(?!\w)", re.I), "IN (?)"),
    (re.compile(r"\bVALUES (?:\?|\([^()]*\))(?:, ?(?:\?|\([^()]*\)))*", re.I), ROWS),
)
UTILITY = re.compile(
    r"(?:SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET|RESET|SHOW|LISTEN|NOTIFY|UNLISTEN|LOCK|EXPLAIN|PREPARE|"
    r"DISCARD|ANALYZE|VACUUM|CREATE|ALTER|DROP|COMMENT|TRUNCATE|DEALLOCATE)\b",
    re.I,
)
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+(?:ONLY\s+)?"?(\w+)"?', re.I)


@lru_cache(maxsize=4096)
def normalise(text):
    """The shape of a statement's text (as given to Odoo's cursor, or as ``pg_stat_statements`` tells it)."""
    parts, before = [], ""
    for match in TOKEN.finditer(text[: 4 * LONGEST]):
        kind, found = match.lastgroup, match.group()
        if kind == "tag":
            kind = "value"
        if kind in ("comment", "space"):
            parts.append(" ")
            continue
        if kind in ("value", "open"):
            found = "?"
        elif kind == "percent":
            found = "%"
        elif kind == "name" and GENERATED.fullmatch(found):
            found = '"?"'
        elif kind == "word" and found.lower() in ("true", "false", "null") and before not in ("is", "not"):
            found = "?"
        parts.append(found)
        before = found.lower()
    shape = " ".join("".join(parts).split()).removesuffix(";").rstrip()
    for pattern, by in LISTS:
        shape = pattern.sub(by, shape)
    return shape if len(shape) <= LONGEST else shape[:LONGEST] + CUT


def identity(shape):
    """A number for a shape that is the same in every process and database; 52 bits, as JavaScript can."""
    return int.from_bytes(hashlib.blake2b(shape.encode(), digest_size=8).digest(), "big") >> 12


def is_utility(shape):
    """Whether it is a command (SAVEPOINT, CREATE …) rather than a question or a change of rows."""
    return bool(UTILITY.match(shape))


def table_of(shape):
    """The first table a shape names, or None."""
    found = TABLE.search(shape)
    return found and found.group(1)
