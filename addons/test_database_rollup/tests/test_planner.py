"""Random data, dirty days, ranges and zones: the planner equals GROUP BY, and GROUP BY equals Python."""

import dataclasses
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.addons.database_rollup.engine import cover, deploy, fold, grace, levels, planner
from odoo.addons.database_rollup.engine.errors import NotCoveredError, QuestionError
from odoo.addons.database_rollup.engine.sql import SQL, run
from odoo.addons.database_rollup.testing.sample import MILK, ORDERS, ROLLUPS, SALES
from odoo.tests import BaseCase, tagged

from .common import LabCase, close, rounded

# daylight saving both ways and hemispheres, half and three-quarter hours, a midnight that does not exist
ZONES = (
    "Asia/Dhaka", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Kolkata",
    "America/St_Johns", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut", "UTC", "not/a_zone", None,
)  # fmt: skip
BEGIN = date(2017, 1, 1)
DAYS = 800

days = st.integers(0, DAYS).map(lambda n: BEGIN + timedelta(days=n))


@st.composite
def periods(draw, first, last):
    """None, or a few within these days: apart, side by side, one in the other."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        begin = first + timedelta(days=draw(st.integers(0, (last - first).days)))
        found.append((begin, begin + timedelta(days=draw(st.integers(0, (last - begin).days)))))
    return tuple(found)


@st.composite
def questions(draw):
    rollup = draw(st.sampled_from(ROLLUPS))
    first = draw(days)
    last = first + timedelta(days=draw(st.sampled_from((0, 1, 30, 59, 365, DAYS))))
    by = draw(st.lists(st.sampled_from([d.name for d in rollup.dimensions]), unique=True))
    measures = draw(st.lists(st.sampled_from([m.name for m in rollup.measures]), unique=True))
    grain = draw(st.sampled_from((None, *planner.GRAINS)))
    where, pinned = None, ()
    if draw(st.booleans()):
        dimension = draw(st.sampled_from(rollup.dimensions[:2])).name
        where, pinned = SQL("%s = %s", planner.column(dimension), draw(st.integers(1, 3))), (dimension,)
    asked = planner.Question(
        first,
        last,
        tuple(measures),
        tuple(by),
        grain,
        where,
        pinned,
        periods=draw(periods(first, last)),
        floats=draw(st.booleans()),
    )
    names = planner.columns(rollup, asked)
    order = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(("asc", "desc"))), max_size=2))
    limit = draw(st.one_of(st.none(), st.integers(1, 12)))
    return rollup, dataclasses.replace(asked, order=tuple(order), limit=limit)


@tagged("post_install", "-at_install")
class TestPlannerEqualsGroupBy(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(19)
        with cls.lab.transaction() as cursor:
            for order in range(1, 1500):
                moment = datetime(2017, 1, 1) + timedelta(minutes=rng.randrange(DAYS * 24 * 60))
                cursor.execute(
                    "INSERT INTO orders VALUES (%s, %s, %s, %s, %s, %s)",
                    [
                        order,
                        rng.randint(1, 3),
                        rng.choice((None, *range(1, 9))),
                        rng.choice((None, 1, 2)),
                        moment,
                        rng.choice(("sale", "sale", "draft")),
                    ],
                )
                for _line in range(rng.randrange(3)):
                    cursor.execute(
                        "INSERT INTO line (order_id, product_id, quantity, amount) VALUES (%s, %s, %s, %s)",
                        [
                            order,
                            rng.choice((None, 1, 2, 3)),
                            rng.randrange(3),
                            rng.choice((None, Decimal(rng.randrange(-500, 10**6)) / 100)),
                        ],
                    )
                cursor.execute(
                    "INSERT INTO milk (farm, cow, session, day, kg) VALUES (%s, %s, %s, %s, %s)",
                    [
                        rng.choice((None, 1, 2)),
                        rng.choice((None, 1, 2, 3)),
                        rng.choice((1, 2)),
                        moment.date(),
                        rng.choice((None, rng.random() * 40)),
                    ],
                )

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(ZONES), min_size=3, max_size=3), st.data())
    def test_random_questions(self, zones, data):
        """Zones change, all is folded, random days are dirtied with real changes; then questions."""
        with self.lab.transaction() as cursor:
            for partner, zone in enumerate(zones, 1):
                cursor.execute("UPDATE partner SET tz = %s WHERE id = %s", [zone, partner])
        grace.wait_graces(self.lab.transaction, SALES.graces + 1, 5)
        for rollup in ROLLUPS:
            fold.fold_all(self.lab.transaction, rollup, most_days=data.draw(st.sampled_from((31, 4000))))
        dirty = data.draw(st.lists(st.tuples(days, st.integers(1, 40)), max_size=4))
        with self.lab.transaction() as cursor:
            for day, length in dirty:
                span = {"a": day, "b": day + timedelta(days=length)}
                cursor.execute(
                    "UPDATE line SET amount = amount + 1 FROM orders o"
                    " WHERE o.id = order_id AND o.date_order >= %(a)s AND o.date_order < %(b)s",
                    span,
                )
                cursor.execute("UPDATE milk SET kg = kg * 1.1 WHERE day >= %(a)s AND day < %(b)s", span)
        for _ in range(6):
            rollup, question = data.draw(questions())
            with self.lab.transaction() as cursor:
                try:
                    answer = run(cursor, planner.answer(rollup, question))
                    ((text,),) = run(cursor, cover.standing([rollup]))
                    looked = run(cursor, planner.answer(rollup, question, dirty=cover.dirty_of(text)))
                except NotCoveredError:
                    continue
                really = run(cursor, planner.base(rollup, question))
                self.assertEqual(close(answer), close(really), question)
                self.assertEqual(close(looked), close(really), question)
                if question.order or question.limit:
                    self.assertEqual(*([rounded(row) for row in rows] for rows in (answer, really)), question)

    def test_group_by_equals_python(self):
        """What the source tables answer is what a person would count, in every zone."""
        for zone in filter(None, ZONES):
            with self.lab.transaction() as cursor:
                cursor.execute("UPDATE partner SET tz = %s", [zone])
                cursor.execute(
                    "SELECT o.date_order, o.customer, l.amount FROM line l JOIN orders o ON o.id = l.order_id"
                    " WHERE o.state = 'sale' AND l.quantity <> 0"
                )
                place = ZoneInfo("UTC" if zone == "not/a_zone" else zone)
                count, total, customers = Counter(), defaultdict(Decimal), defaultdict(set)
                for moment, customer, amount in cursor.fetchall():
                    day = moment.replace(tzinfo=UTC).astimezone(place).date()
                    count[day] += 1
                    total[day] += Decimal(str(amount or 0))
                    customers[day] |= {customer} - {None}
                asked = planner.Question(
                    BEGIN - timedelta(days=2),
                    BEGIN + timedelta(days=DAYS + 2),
                    ("lines", "amount", "customers"),
                    grain="day",
                )
                for sql in (planner.base(SALES, asked), planner.answer(SALES, asked)):
                    rows = run(cursor, sql)
                    self.assertEqual({row[0] for row in rows}, set(count))
                    for day, lines, amount, different in rows:
                        self.assertEqual((lines, different), (count[day], len(customers[day])), (zone, day))
                        self.assertAlmostEqual(float(amount or 0), float(total[day]), 6, (zone, day))

    def test_everything_dirty_is_exact_too(self):
        with self.lab.transaction() as cursor:
            for rollup in ROLLUPS:
                deploy.mark_dirty(cursor, rollup)
                asked = planner.Question(BEGIN, BEGIN + timedelta(days=DAYS))
                answer = run(cursor, planner.answer(rollup, asked))
                self.assertEqual(close(answer), close(run(cursor, planner.base(rollup, asked))))


def bucket_of(level, day):
    """First day of the bucket, by a way of its own."""
    if level == "dekad":
        return day.replace(day=1 if day.day <= 10 else 11 if day.day <= 20 else 21)
    if level == "century":
        return date((day.year - 1) // 100 * 100 + 1, 1, 1)
    months = {"day": 0, "month": 1, "quarter": 3, "year": 12}[level]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1) if months else day


def greedy(wanted, kept):
    """``{first day of bucket: level}``: each day goes to the coarsest whole bucket that holds it."""
    buckets, found = defaultdict(set), {}
    for number in range(-400, DAYS + 900):
        day = BEGIN + timedelta(days=number)
        for level in kept:
            buckets[level, bucket_of(level, day)].add(day)
    for day in wanted:
        level = next(x for x in reversed(kept) if buckets[x, bucket_of(x, day)] <= wanted)
        found[bucket_of(level, day)] = level
    return found


@tagged("post_install", "-at_install")
class TestPieces(LabCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(days, st.integers(1, 500)), max_size=4),
        st.sets(st.sampled_from(levels.LEVELS[1:])),
    )
    def test_each_day_goes_to_the_coarsest_whole_bucket(self, ranges, coarser):
        kept = [x for x in levels.LEVELS if x == "day" or x in coarser]
        wanted = {first + timedelta(days=n) for first, length in ranges for n in range(length)}
        with self.lab.transaction() as cursor:
            cursor.execute(
                "SELECT level, low, high FROM database_rollup.pieces("
                "(SELECT COALESCE(range_agg(r), '{}') FROM unnest(%s::daterange[]) r), %s::smallint[])",
                [
                    [f"[{first},{first + timedelta(days=length)})" for first, length in ranges],
                    [levels.CODES[x] for x in reversed(kept)],
                ],
            )
            found, seen = {}, 0
            for code, low, high in cursor.fetchall():
                level = levels.LEVELS[code]
                self.assertEqual((low, high), (bucket_of(level, low), bucket_of(level, high)))
                seen += (high - low).days
                while low < high:
                    if bucket_of(level, low) == low:
                        found[low] = level
                    low += timedelta(days=1)
            names = list(reversed(kept))
            for first, length in ranges:
                end = first + timedelta(days=length)
                cursor.execute(
                    "SELECT level, low, high FROM database_rollup.pieces("
                    "datemultirange(daterange(%s, %s)), %s::smallint[])",
                    [first, end, [levels.CODES[x] for x in names]],
                )
                split = [(levels.CODES[level], *days) for level, *days in levels.split(first, end, names)]
                self.assertEqual(split, cursor.fetchall())
        self.assertEqual(found, greedy(wanted, kept))
        self.assertEqual(seen, len(wanted))


@tagged("post_install", "-at_install")
class TestPlannerItself(BaseCase):
    def chosen(self, rollup, **question):
        asked = planner.Question(**{"first": BEGIN, "last": BEGIN + timedelta(days=9), **question})
        return tuple(d.name for d in planner.choose(rollup, asked).dimensions)

    def test_the_narrowest_cut_answers(self):
        where = SQL("%s = 1", planner.column("seller"))
        self.assertEqual(self.chosen(SALES), ("company",))
        self.assertEqual(self.chosen(SALES, by=("company",), grain="day"), ("company",))
        self.assertEqual(self.chosen(SALES, by=("seller",), measures=("lines",)), ("company", "seller"))
        self.assertEqual(self.chosen(SALES, where=where, measures=("amount",)), ("company", "seller"))
        self.assertEqual(
            self.chosen(SALES, where=where, measures=("average",)), ("company", "seller", "category")
        )

    def test_daily_counts_are_never_added_twice(self):
        cow_days = {"measures": ("cow_days",)}
        self.assertEqual(self.chosen(MILK, **cow_days), ("farm",))
        self.assertEqual(self.chosen(MILK, by=("session",), **cow_days), ("farm", "session"))
        one = SQL("%s = 1", planner.column("session"))
        self.assertEqual(self.chosen(MILK, where=one, pinned=("session",), **cow_days), ("farm", "session"))
        some = SQL("%s IN (1, 2)", planner.column("session"))
        with self.assertRaisesRegex(NotCoveredError, "no cut of rollup milk has cow_days by session"):
            self.chosen(MILK, where=some, **cow_days)
        with self.assertRaisesRegex(NotCoveredError, "most by session"):
            self.chosen(MILK, by=("session",), measures=("most",))

    def test_refusals_say_what_is_there(self):
        def refused(text, **question):
            with self.assertRaisesRegex(QuestionError, text):
                planner.check(ORDERS, planner.Question(**{"first": BEGIN, "last": BEGIN, **question}))

        refused("no dimension 'farm'; it has company, customer", by=("farm",))
        refused("no measure 'kg'; it has orders", measures=("kg",))
        refused("grain 'hour' is none of day, week", grain="hour")
        refused("swap them", last=date(2016, 1, 1))
        refused("outside the years", first=date(1, 1, 1))
        refused("order by 'kg': the answer's columns are orders", order=(("kg", "asc"),))
        refused("say 'asc' or 'desc'", order=(("orders", "up"),))
        refused("limit 0 is less than 1", limit=0)
        planner.check(MILK, planner.Question(BEGIN, BEGIN))
        with self.assertRaisesRegex(QuestionError, "is not within .*: widen these"):
            planner.check(MILK, planner.Question(BEGIN, BEGIN, periods=((BEGIN, BEGIN + timedelta(1)),)))
