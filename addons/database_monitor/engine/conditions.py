"""What a plan's conditions ask of a table's columns, from PostgreSQL's own text of them."""

import re
from dataclasses import dataclass

COLUMN = r'\(?(?:"?\w+"?\.)?"?(?P<column>\w+)"?\)?(?:::[\w ]+?(?:\(\d+\))?)?'
VALUE = r"(?:ANY )?\(*(?:\$\d+|'|-?\d|ARRAY\[|\()"
KINDS = (
    ("equality", re.compile(rf"{COLUMN} = {VALUE}")),
    ("range", re.compile(rf"{COLUMN} (?:>=|<=|>|<) {VALUE}")),
    ("like", re.compile(rf"{COLUMN} ~~\*? {VALUE}")),
    ("test", re.compile(rf"{COLUMN} IS (?:NOT )?(?:NULL|TRUE)$")),
    ("test", re.compile(r'(?:"?\w+"?\.)?(?P<column>[a-z_]\w*)$')),
)
JOIN = re.compile(r'\(?(?:"?(\w+)"?\.)?"?(\w+)"?\)? = \(?(?:"?(\w+)"?\.)?"?(\w+)"?\)?$')
SORT = re.compile(
    r'(?:"?(?P<alias>\w+)"?\.)?"?(?P<column>\w+)"?(?P<way>(?: DESC)?(?: NULLS (?:FIRST|LAST))?)$'
)


@dataclass(frozen=True)
class Condition:
    """``kind`` is equality, range, like or test; ``text`` of a test fits an index's predicate."""

    kind: str
    column: str
    text: str


def bare(text):
    """Without the parentheses around the whole."""
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for place, letter in enumerate(text):
            depth += (letter == "(") - (letter == ")")
            if not depth and place < len(text) - 1:
                return text
        text = text[1:-1]
    return text


def parts(text):
    """The parts of a conjunction."""
    text = bare(text)
    found, depth, start = [], 0, 0
    for match in re.finditer(r"\(|\)| AND ", text):
        if match.group() == " AND ":
            if not depth:
                found.append(text[start : match.start()])
                start = match.end()
        else:
            depth += 1 if match.group() == "(" else -1
    return [bare(one) for one in (*found, text[start:])]


def conditions(text):
    """Conditions of a ``Filter`` on single columns; what compares more, or nothing plain, is left out."""
    found = []
    for part in parts(text or ""):
        if " OR " in part:
            continue
        for kind, pattern in KINDS:
            if match := pattern.match(part):
                column = match.group("column")
                plain = re.sub(rf'^\(?(?:"?\w+"?\.)?"?{column}"?\)?', f'"{column}"', part)
                found.append(Condition(kind, column, plain))
                break
    return found


def joined(text):
    """``[((alias, column), (alias, column))]`` of a join's condition."""
    found = []
    for part in parts(text or ""):
        if match := JOIN.match(part):
            one, first, other, second = match.groups()
            found.append(((one, first), (other, second)))
    return found


def sort_keys(keys):
    """``[(alias, column, way)]`` of a sort, or None where it sorts by an expression."""
    found = []
    for key in keys:
        match = SORT.match(key)
        if not match:
            return None
        found.append((match.group("alias"), match.group("column"), match.group("way").strip()))
    return found
