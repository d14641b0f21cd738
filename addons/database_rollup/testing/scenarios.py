"""One interleaving for each rule of the protocol: right with all rules, wrong without that one.

Each takes a :class:`Stage` (a fresh scratch database whose rollups lack some rules) and returns whether a
reader got a wrong answer.
"""

import contextlib
from collections import Counter
from datetime import date

import psycopg2.errors
import psycopg2.extensions

from ..engine import deploy, fold, grace, planner
from ..engine.levels import CODES
from ..engine.objects import log, table
from ..engine.protocol import RULES
from ..engine.sql import SQL, run
from .sample import MILK, ROLLUPS, SALES

YEAR = (date(2025, 1, 1), date(2025, 12, 31))


class Interrupted(psycopg2.extensions.cursor):
    """A cursor that calls ``hook`` once, before the first statement that contains ``at``."""

    at, hook = None, None

    def execute(self, query, vars=None):
        if self.hook and self.at in query:
            hook, self.hook = self.hook, None
            hook()
        return super().execute(query, vars)


class Stage:
    def __init__(self, lab, rules):
        self.lab, self.rules = lab, rules
        self.open = []
        with lab.transaction() as cursor:
            cursor.execute(
                "ALTER TABLE milk DROP COLUMN IF EXISTS filled;"
                "TRUNCATE line, orders, milk; TRUNCATE database_rollup.epoch;"
                "UPDATE partner SET tz = 'Asia/Dhaka' WHERE id = 1; UPDATE product SET category_id = 1"
            )
        for rollup in ROLLUPS:
            with lab.transaction() as cursor:
                deploy.drop(cursor, rollup.name)
                deploy.create(cursor, rollup, rules)
            deploy.deploy(lab.transaction, rollup, rules)

    def close(self):
        for cnx in self.open:
            cnx.close()

    def begin(self):
        """A cursor of a transaction that has its snapshot now."""
        cnx = self.lab.connect()
        self.open.append(cnx)
        cursor = cnx.cursor()
        cursor.execute("SELECT 1")
        return cursor

    def do(self, *statements):
        """Execute in a transaction of its own."""
        with self.lab.transaction() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def settle(self):
        """Fold everything, after all grace periods that it needs."""
        grace.wait_graces(self.lab.transaction, SALES.graces + 2, 5)
        self.fold()

    def fold(self, *rollups, at=None, hook=None):
        for rollup in rollups or ROLLUPS:
            cnx = self.lab.connect()
            with contextlib.closing(cnx), cnx.cursor(cursor_factory=Interrupted) as cursor:
                cursor.at, cursor.hook = at, hook
                while fold.fold(cursor, rollup, 4000, self.rules).more:
                    cnx.commit()
                cnx.commit()

    def wrong(self, rollup, cursor=None, noted=None, **question):
        """Whether any cut answers otherwise than the source tables, asked in one snapshot."""
        with contextlib.ExitStack() as stack:
            cursor = cursor or stack.enter_context(self.lab.transaction())
            return any(self._wrong(cut, cursor, noted, question) for cut in rollup.kept)

    def _wrong(self, cut, cursor, noted, question):
        asked = planner.Question(
            *YEAR, tuple(m.name for m in cut.measures), tuple(d.name for d in cut.dimensions), **question
        )
        answer = run(cursor, planner.answer(cut.rollup, asked, self.rules, noted))
        return not same(answer, run(cursor, planner.base(cut.rollup, asked)))


def same(one, other):
    """Whether two lists of rows are equal, numbers by value and not by digits."""
    return Counter(map(tuple, one)) == Counter(map(tuple, other))


ORDER = (
    "INSERT INTO orders (id, company_id, customer, seller, date_order, state)"
    " VALUES (1, 1, 7, 1, '{}', 'sale')"
)
LINE = "INSERT INTO line (id, order_id, product_id, quantity, amount) VALUES ({}, 1, {}, 1, 10)"
MOVE = "UPDATE orders SET date_order = '2025-06-10' WHERE id = 1"


def row_leaves_its_day(stage):
    stage.do("INSERT INTO milk (id, farm, day, kg) VALUES (1, 1, '2025-03-03', 10), (2, 1, '2025-05-05', 20)")
    stage.settle()
    stage.do("UPDATE milk SET day = '2025-04-04' WHERE id = 1", "DELETE FROM milk WHERE id = 2")
    return stage.wrong(MILK, grain="day")


def order_moves_while_a_line_comes(stage):
    """Neither transaction sees the other: only the order's own row tells where the line will be."""
    stage.do(ORDER.format("2025-03-03"))
    stage.settle()
    one, other = stage.begin(), stage.begin()
    one.execute(LINE.format(1, 1))
    other.execute(MOVE)
    one.connection.commit()
    other.connection.commit()
    return stage.wrong(SALES)


def clocks_change(stage):
    stage.do(ORDER.format("2025-03-03 23:30"), LINE.format(1, 1))
    stage.settle()
    stage.do("UPDATE partner SET tz = 'America/Lima' WHERE id = 1")
    return stage.wrong(SALES, grain="day")


def table_is_emptied(stage):
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")
    stage.settle()
    stage.do("TRUNCATE milk")
    return stage.wrong(MILK)


def trigger_cannot_tell(stage):
    """A day that no range can hold, together with one that can."""
    stage.settle()
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '5874897-12-31', 10), (1, '2025-03-03', 20)")
    return stage.wrong(MILK)


def fold_between_two_that_overlap(stage):
    """The move is noted and folded before the line, written beside it, is committed."""
    stage.do(ORDER.format("2025-03-03"))
    stage.settle()
    line = stage.begin()
    stage.do(MOVE)
    grace.wait_graces(stage.lab.transaction, 9, 0.1)
    stage.fold(SALES)
    line.execute(LINE.format(1, 1))
    line.connection.commit()
    return stage.wrong(SALES)


def three_in_a_chain(stage):
    """The line overlaps the move, the new category overlaps the line, and neither sees the next."""
    stage.do(ORDER.format("2025-03-03"))
    stage.settle()
    line = stage.begin()
    stage.do(MOVE)
    grace.wait_graces(stage.lab.transaction, 1, 0.1)
    category = stage.begin()
    line.execute(LINE.format(1, 1))
    line.connection.commit()
    grace.wait_graces(stage.lab.transaction, 9, 0.1)
    stage.fold(SALES)
    category.execute("UPDATE product SET category_id = 2 WHERE id = 1")
    category.connection.commit()
    return stage.wrong(SALES)


def write_during_a_fold(stage):
    stage.settle()
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")

    def write():
        stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 20)")

    stage.fold(MILK, at="DELETE FROM " + log(MILK).code, hook=write)  # noqa: S608 text to wait for
    return stage.wrong(MILK)


def table_written_anew_during_a_fold(stage):
    """ALTER TABLE gives every row a new version, which the fold's snapshot does not see."""
    stage.settle()
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")

    def alter():
        with contextlib.suppress(psycopg2.errors.LockNotAvailable):
            stage.do(
                "SET LOCAL lock_timeout = '200ms'",
                "ALTER TABLE milk ADD COLUMN filled double precision DEFAULT random()",
            )

    stage.fold(MILK, at="DELETE FROM " + table(MILK.kept[0]).code, hook=alter)  # noqa: S608 to wait for
    return stage.wrong(MILK)


def read_during_a_fold(stage):
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")
    stage.settle()
    stage.do("UPDATE milk SET kg = 20")
    found = []
    stage.fold(
        MILK,
        at=f"{table(MILK.kept[0]).code} WHERE level = {CODES['month']}",
        hook=lambda: found.append(stage.wrong(MILK)),
    )
    return found[0]


def notes_read_before_the_rest(stage):
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")
    stage.settle()
    cnx = stage.lab.connect(autocommit=True)
    stage.open.append(cnx)
    cursor = cnx.cursor()
    noted = None
    if "read-once" not in stage.rules:
        noted = run(cursor, SQL("SELECT COALESCE(range_agg(days), '{}')::text FROM %s", log(MILK)))[0][0]
    stage.do("UPDATE milk SET kg = 20")
    return stage.wrong(MILK, cursor, noted)


def snapshot_from_before_the_rollup(stage):
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")
    with stage.lab.transaction() as cursor:
        deploy.drop(cursor, MILK.name)
    reader = stage.begin()
    deploy.deploy(stage.lab.transaction, MILK, stage.rules)
    stage.fold(MILK)
    return stage.wrong(MILK, reader)


def snapshot_from_before_it_was_built_anew(stage):
    """The tables' names now lead to new tables, of which an older snapshot sees no row."""
    stage.do("INSERT INTO milk (farm, day, kg) VALUES (1, '2025-03-03', 10)")
    stage.settle()
    reader = stage.begin()
    stage.do("UPDATE database_rollup.state SET columns = 'of other types' WHERE name = 'milk'")
    deploy.deploy(stage.lab.transaction, MILK, stage.rules)
    stage.fold(MILK)
    return stage.wrong(MILK, reader)


#: each interleaving, and the rules any of which it needs
RULE_OF = {
    row_leaves_its_day: ("note-old",),
    order_moves_while_a_line_comes: ("note-own",),
    clocks_change: ("note-zone",),
    table_is_emptied: ("note-truncate",),
    trigger_cannot_tell: ("note-unmatched",),
    fold_between_two_that_overlap: ("grace",),
    three_in_a_chain: ("graces",),
    write_during_a_fold: ("fold-seen",),
    table_written_anew_during_a_fold: ("fold-held",),
    read_during_a_fold: ("fold-whole",),
    notes_read_before_the_rest: ("read-once",),
    snapshot_from_before_the_rollup: ("read-ready",),
    snapshot_from_before_it_was_built_anew: ("read-ready",),
}


def play(lab, scenario, without=None):
    """Play one interleaving on the lab's database; return whether a reader got a wrong answer."""
    stage = Stage(lab, RULES - {without})
    try:
        return scenario(stage)
    finally:
        stage.close()
