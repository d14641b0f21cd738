"""N+1: one statement for a list, and one more for each of its records.

A call site that repeats is found by the stack itself. Statements of one text whose stacks stand at the
same instruction in every frame (of a recursion, once) belong together; the frame that is *the same
object* in one after the other is the one with the loop. Its line is the place, whatever layers the
statement passed through. (Comparing frames by identity needs them alive: the last stack of each group is
held until the next, or until the watch ends.)

What is *not* N+1, though it repeats: a loop over batches (each statement asks for many ids), paging (each
page but the last is full), numbers drawn from a sequence, locks, commands such as SAVEPOINT.
"""

import re
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field

from .origin import is_workings, place_of
from .shapes import is_utility, normalise, table_of

#: repetitions from which a place counts
THRESHOLD = 5
#: ids in one statement from which it is a batch, whatever the others ask; and where all ask for equally many
BATCH, EQUAL_BATCH = 100, 10
#: rows of a full page from which a loop is paging
PAGE = 10
#: statements of a group whose sizes are remembered, and statements that one watch looks at
MOST_SIZES, MOST_SEEN = 200, 20000
#: groups that one watch tells apart
MOST_GROUPS = 2000

NEVER = re.compile(
    r"\bnextval\(|\bcurrval\(|\bFOR (?:NO KEY )?UPDATE\b|\bpg_\w+\(|\bset_config\(|\bcurrent_setting\(", re.I
)
VALUE = r"\(?\?\)?"


@dataclass
class Group:
    """Statements of one text from one stack of call sites."""

    text: str
    stack: list
    count: int = 1
    #: how often the frame at this depth (from the root) was the deepest that two in a row share
    depths: Counter = field(default_factory=Counter)
    places: dict = field(default_factory=dict)
    sizes: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    params: object = None
    same: bool = True


@dataclass(frozen=True)
class Finding:
    """One N+1: where, what, how often in one request, and what would cure it."""

    place: str
    shape: str
    count: int
    cure: str

    def __str__(self):
        return f"{self.place}: {self.count} times {self.shape[:160]}\n    {self.cure}"


class Watch:
    """Looks at every statement of one request (or of a ``with`` block), in one thread.

    :raises ValueError: a threshold of less than 2, which nothing that repeats is below
    """

    def __init__(self, threshold=THRESHOLD):
        if threshold < 2:
            raise ValueError(f"threshold is {threshold}: give repetitions as a whole number, 2 or more")
        self.threshold = threshold
        self.groups = {}
        self.left = MOST_SEEN

    def see(self, text, params=None, rowcount=-1):
        """Take in one statement; called from the cursor, on the asking thread."""
        if self.left <= 0:
            return
        self.left -= 1
        stack, sites = [], {}
        frame = sys._getframe(1)
        while frame is not None:
            stack.append(frame)
            sites[id(frame.f_code), frame.f_lasti] = None  # a recursion's once
            frame = frame.f_back
        if isinstance(text, bytes):
            text = text[:600].partition(b"VALUES")[0].decode(errors="replace") + "VALUES (?)"
        key = (text, *sites)
        stack.reverse()
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) < MOST_GROUPS:
                group = self.groups[key] = Group(text, stack, params=params)
                _measure(group, params, rowcount)
            return
        depth = 0
        for mine, before in zip(stack, group.stack, strict=False):
            if mine is not before:
                break
            depth += 1
        group.depths[depth] += 1
        if depth not in group.places:
            group.places[depth] = _place(stack[:depth])
        group.stack = stack
        group.count += 1
        group.same = group.same and params == group.params
        _measure(group, params, rowcount)

    def findings(self):
        """What is N+1 in what was seen, the most frequent first; the groups are forgotten."""
        found = {}
        for group in self.groups.values():
            shape = normalise(group.text)
            if group.count < self.threshold or not _repeats(group, shape):
                continue
            depth = group.depths.most_common(1)[0][0]
            key = group.places[depth], shape
            count = found[key].count if key in found else 0
            found[key] = Finding(*key, count + group.count, cure(shape, group.same))
        self.groups = {}
        return sorted(found.values(), key=lambda one: -one.count)


def _measure(group, params, rowcount):
    if len(group.sizes) >= MOST_SIZES:
        return
    values = params.values() if isinstance(params, dict) else params or ()
    lists = [len(one) for one in values if isinstance(one, (list, tuple, set, frozenset))]
    group.sizes.append(max(lists, default=1))
    group.rows.append(rowcount)


def _place(stack):
    """The deepest line of a stack (root first) that is not Odoo's own workings."""
    for frame in reversed(stack):
        if not is_workings(frame.f_code):
            return place_of(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
    return ""


def _repeats(group, shape):
    """Whether a repeated group asks for one record after the other."""
    if is_utility(shape) or NEVER.search(shape):
        return False
    rows = group.rows
    sizes = rows if shape.startswith("INSERT") else group.sizes
    if statistics.median(sizes) >= BATCH or (min(sizes[:-1]) == max(sizes[:-1]) >= EQUAL_BATCH):
        return False
    # pages are full but the last; the same question again and again is paging if its answer runs out
    paging = min(rows[:-1]) == max(rows[:-1]) >= PAGE and (not group.same or rows[-1] < rows[0])
    return not (paging and re.search(r"\bLIMIT \?", shape))


def cure(shape, same):
    """What would cure a repeated statement, in words.

    :param same: whether it was asked with the same values each time
    """
    table = table_of(shape)
    model = table and table.replace("_", ".")
    column = _asked_by(shape)
    group = f"env['{model}']._read_group([('{column}', 'in', ids)], ['{column}']"
    if shape.startswith("INSERT"):
        return (
            f"create all at once: env['{model}'].create([{{…}}, …]), or Command.create in the parent's values"
        )
    if shape.startswith("UPDATE"):
        return (
            "write after the loop, or the same values to all records at once; nothing in the loop may make "
            "the ORM flush (a search on the written field, flush_all, raw SQL)"
        )
    if shape.startswith("DELETE"):
        return "delete all at once: records.unlink()"
    if same:
        return "the same question with the same values each time: ask once, before the loop"
    if re.match(r"SELECT (?:count\(\*\)|COUNT\(\*\))", shape):
        return f"count for all at once: {group}, ['__count'])"
    if re.search(r"\b(?:SUM|AVG|MAX|MIN|COUNT)\(", shape, re.I):
        return f"add up for all at once: {group}, ['…:sum'])"
    if column == "id":
        return (
            f"browse all ids at once, so that they are prefetched together: env['{model}'].browse(ids); or "
            "load before the loop: records.fetch([…]), records.mapped('…')"
        )
    if re.search(r"ORDER BY .*LIMIT \?", shape):
        return f"the first of each in one statement: DISTINCT ON, or LATERAL, with {column} IN the ids"
    return (
        f"search once with ('{column}', 'in', values) before the loop, and group: "
        f"env['{model}'].search([…]).grouped('{column}')"
    )  # fmt: skip


def _asked_by(shape):
    """The column that a statement compares with a value, or "…"."""
    where = shape.partition(" WHERE ")[2]
    found = re.search(rf'(?:"?\w+"?\.)?"?(\w+)"? (?:=|IN|= ANY) ?{VALUE}', where)
    return found.group(1) if found else "…"
