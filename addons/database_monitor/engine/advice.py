"""Index advice over a workload: candidates from the plans, tried, and kept where they earn their cost.

PostgreSQL itself has parsed the statements: what a sequential scan filters by, what a sort sorts by and
what a join compares stands in the plan. A candidate is tried with HypoPG where that is installed; else on
a sample of the table: a temporary one of the same name with the same indexes, which the end of the
transaction takes away. Gains are of the planner's costs; on a sample they are understated, for what an
index saves grows with the table.
"""

import time
from dataclasses import dataclass

import psycopg2
from psycopg2.sql import SQL, Identifier

from . import plans
from .conditions import conditions, joined, sort_keys
from .errors import MonitorError

#: rows of a sample, and rows written to it to learn what writing costs
SAMPLE, WRITES = 30000, 2000
#: share of its cost that an index must save a statement to be worth it
GAIN = 0.3
#: columns of an index at most
WIDEST = 4
#: advices at most, of one run
MOST = 20


@dataclass(frozen=True)
class Candidate:
    """An index that could be: ``keys`` as they stand in CREATE INDEX, ``where`` without the keyword or ""."""

    table: str
    keys: tuple
    method: str = "btree"
    where: str = ""

    def statement(self, cursor, schema="public"):
        """CREATE INDEX, as a text."""
        table = SQL("{}.{}").format(Identifier(schema), Identifier(self.table)).as_string(cursor)
        where = f" WHERE {self.where}" if self.where else ""
        return f"CREATE INDEX ON {table} USING {self.method} ({', '.join(self.keys)}){where}"


@dataclass(frozen=True)
class Advice:
    """A candidate that earns its cost.

    :param gain: share of the planner's cost that the statements it serves save, weighted by their time
    :param seconds: of the measured time of those statements, what that share comes to
    :param bytes: expected size
    :param write: what inserting a row costs more, as a share; None where it was not tried on a sample
    :param statements: ``[(shape, cost before, cost after)]``
    """

    candidate: Candidate
    definition: str
    gain: float
    seconds: float
    bytes: int
    write: float | None
    statements: list
    tried: str

    def declaration(self):
        """What `database_index` takes to declare it."""
        return {
            "table": self.candidate.table,
            "keys": list(self.candidate.keys),
            "method": self.candidate.method,
            "where": self.candidate.where,
            "purpose": f"Advised: {self.gain:.0%} less cost of what took {self.seconds / self.gain:.1f} s",
            "query": "\n".join(shape for shape, _before, _after in self.statements),
        }


def candidates(cursor, plan):
    """Indexes that could serve a plan's sequential scans of large tables."""
    found = []
    nodes = list(plans.walk(plan))
    for node, above in nodes:
        if node["Node Type"] != "Seq Scan" or plans.table_rows(cursor, node["Relation Name"]) < plans.LARGE:
            continue
        table, alias = node["Relation Name"], node.get("Alias")
        asked = [one for one in conditions(node.get("Filter")) if one.column in _columns(cursor, table)]
        equal = _by_selectivity(cursor, table, [one.column for one in asked if one.kind == "equality"])
        ranges = list(dict.fromkeys(one.column for one in asked if one.kind == "range"))
        where = " AND ".join(sorted({one.text for one in asked if one.kind == "test"}))
        name = {column: plans.quoted(cursor, column) for column in _columns(cursor, table)}
        keys = [[name[column] for column in (*equal, *ranges[:1])]]
        keys += [[name[column] for column in (*equal[:1], *ranges[:1])], [name[c] for c in ranges[:1]]]
        if sort := _limited_sort(above, alias):
            ordered = [f"{name[column]} {way}".strip() for column, way in sort if column in name]
            keys.append([*(name[column] for column in equal), *ordered])
            keys.append(ordered)
        for up in above:
            for pair in joined(up.get("Hash Cond") or up.get("Merge Cond") or up.get("Join Filter")):
                keys += [[name[column]] for one, column in pair if one in (alias, table) and column in name]
        for key in keys:
            key = tuple(dict.fromkeys(key))[:WIDEST]
            if key:
                found.append(Candidate(table, key))
                if where:
                    found.append(Candidate(table, key, where=where))
        if _has_trigrams(cursor):
            found += [
                Candidate(table, (f"{name[one.column]} gin_trgm_ops",), "gin", where)
                for one in asked
                if one.kind == "like"
            ]
    return list(dict.fromkeys(found))


def _limited_sort(above, alias):
    """Keys of a sort right above a scan that feeds a LIMIT, as ``[(column, way)]``; None without."""
    kinds = [node["Node Type"] for node in above]
    if kinds[-1:] != ["Sort"] or "Limit" not in kinds:
        return None
    keys = sort_keys(above[-1]["Sort Key"])
    if not keys or any(one not in (None, alias) for one, _column, _way in keys):
        return None
    return [(column, way) for _alias, column, way in keys]


def _columns(cursor, table):
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
        " AND NOT attisdropped",
        [f'public."{table}"'],
    )
    return {row[0] for row in cursor.fetchall()}


def _by_selectivity(cursor, table, columns):
    """The columns with the most different values first (pg_stats), as an index wants them."""
    cursor.execute(
        "SELECT attname,"
        "       CASE WHEN n_distinct < 0 THEN -n_distinct * GREATEST(c.reltuples, 1) ELSE n_distinct END"
        "  FROM pg_stats s JOIN pg_class c ON c.oid = to_regclass(%s)"
        " WHERE s.schemaname = 'public' AND s.tablename = %s",
        [f'public."{table}"', table],
    )
    distinct = dict(cursor.fetchall())
    return sorted(dict.fromkeys(columns), key=lambda column: -distinct.get(column, 0))


def _has_trigrams(cursor):
    cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
    return bool(cursor.fetchone())


def has_hypopg(cursor):
    cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'hypopg'")
    return bool(cursor.fetchone())


def advise(work, workload):
    """The indexes that a workload wants, the most saving first.

    :param work: a session; nothing that is tried here stays
    :param workload: ``[(shape, calls, seconds in total)]``
    :return: ``(advices, {shape: why it could not be planned})``
    """
    wanted, failed = {}, {}
    with work.transaction(read_only=True, undo=True) as cursor:
        for shape, _calls, seconds in workload:
            try:
                plan = plans.explain(cursor, shape)
            except MonitorError as error:
                failed[shape] = str(error)
                continue
            for one in candidates(cursor, plan):
                wanted.setdefault(one.table, {}).setdefault(one, []).append((shape, seconds))
    advices = []
    for table, of_table in wanted.items():
        shapes = {shape: seconds for found in of_table.values() for shape, seconds in found}
        try:
            with work.transaction(undo=True) as cursor:
                trial = Hypothetical(cursor, table) if has_hypopg(cursor) else Sample(cursor, table)
                advices += choose(trial, list(of_table), shapes)
        except psycopg2.Error as error:
            failed[f"table {table}"] = str(error).strip().splitlines()[0]
    return sorted(advices, key=lambda one: -one.seconds)[:MOST], failed


def choose(trial, found, shapes):
    """Take the candidate that saves most, then what saves most beside it, until none earns its cost."""
    chosen, before = [], {shape: trial.cost(shape) for shape in shapes}
    found = list(found)
    while found:
        best, saved_best, after_best = None, 0.0, None
        for one in found:
            with trial.having(one):
                after = {shape: trial.cost(shape) for shape in shapes}
            gains = {shape: 1 - after[shape] / before[shape] for shape in shapes if before[shape]}
            saved = sum(gain * shapes[shape] for shape, gain in gains.items() if gain >= GAIN)
            # a narrower index that saves as much is the better one
            if saved > saved_best * 1.02 + 1e-9 or (
                best and saved > saved_best * 0.98 and len(one.keys) < len(best.keys)
            ):
                best, saved_best, after_best = one, saved, after
        if best is None:
            break
        served = [s for s in shapes if before[s] and 1 - after_best[s] / before[s] >= GAIN]
        size, write = trial.price(best)
        chosen.append(
            Advice(
                best, best.statement(trial.cursor), saved_best / (sum(shapes[s] for s in served) or 1),
                saved_best, size, write, [(s, before[s], after_best[s]) for s in served], trial.name,
            )
        )  # fmt: skip
        trial.keep(best)
        before = after_best
        found = [one for one in found if one.keys[: len(best.keys)] != best.keys and one != best]
    return chosen


class Trial:
    """Where candidates are tried, in a transaction that is rolled back."""

    def __init__(self, cursor, table):
        self.cursor, self.table = cursor, table

    def cost(self, shape):
        """The planner's cost of a shape; 0 where it cannot be planned here."""
        try:
            return plans.explain(self.cursor, shape)["Total Cost"]
        except MonitorError:
            return 0


class Hypothetical(Trial):
    """HypoPG: indexes that only the planner knows."""

    name = "HypoPG"

    def __init__(self, cursor, table):
        super().__init__(cursor, table)
        cursor.execute("SELECT hypopg_reset()")

    def having(self, candidate):
        return _Hypothesis(self, candidate)

    def keep(self, candidate):
        self.cursor.execute(
            "SELECT indexrelid FROM hypopg_create_index(%s)", [candidate.statement(self.cursor)]
        )
        return self.cursor.fetchone()[0]

    def price(self, candidate):
        """``(bytes, None)``: HypoPG estimates the size, and cannot write."""
        oid = self.keep(candidate)
        self.cursor.execute("SELECT hypopg_relation_size(%s)", [oid])
        size = self.cursor.fetchone()[0]
        self.cursor.execute("SELECT hypopg_drop_index(%s)", [oid])
        return size, None


class _Hypothesis:
    def __init__(self, trial, candidate):
        self.trial, self.candidate = trial, candidate

    def __enter__(self):
        self.oid = self.trial.keep(self.candidate)

    def __exit__(self, *_error):
        self.trial.cursor.execute("SELECT hypopg_drop_index(%s)", [self.oid])


class Sample(Trial):
    """A temporary table of the same name, with a sample of the rows and the same indexes."""

    name = "sample"

    def __init__(self, cursor, table):
        super().__init__(cursor, table)
        real, mine = (SQL("{}.{}").format(Identifier(s), Identifier(table)) for s in ("public", "pg_temp"))
        self.real, self.mine = real, mine
        self.rows = plans.table_rows(cursor, table)
        # found first whatever the search path says: temporary relations are
        cursor.execute(
            SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING GENERATED INCLUDING STORAGE) ON COMMIT DROP").format(
                Identifier(table), real
            )
        )
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND NOT attisdropped"
            " AND attgenerated = '' ORDER BY attnum",
            [f'public."{table}"'],
        )
        self.names = SQL(", ").join(Identifier(row[0]) for row in cursor.fetchall())
        share = min(100.0, 110.0 * SAMPLE / max(self.rows, 1))
        cursor.execute(
            SQL("INSERT INTO {} ({}) SELECT {} FROM {} TABLESAMPLE SYSTEM (%s) LIMIT %s").format(
                mine, self.names, self.names, real
            ),
            [share, SAMPLE],
        )
        self.sampled = max(cursor.rowcount, 1)
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = to_regclass(%s) AND indisvalid",
            [f'public."{table}"'],
        )
        for (definition,) in cursor.fetchall():
            head, _on, rest = definition.partition(" ON ")
            unique = "UNIQUE " if head.startswith("CREATE UNIQUE") else ""
            using = rest[rest.index(" USING ") :]
            cursor.execute(SQL("CREATE {} INDEX ON {}").format(SQL(unique), mine).as_string(cursor) + using)
        cursor.execute(SQL("ANALYZE {}").format(mine))

    def having(self, candidate):
        return _Tried(self, candidate)

    def keep(self, candidate):
        self.cursor.execute(candidate.statement(self.cursor, "pg_temp"))
        if candidate.method == "gin":
            self.cursor.execute(SQL("ANALYZE {}").format(self.mine))

    def price(self, candidate):
        """``(bytes, share)``: size grown to the whole table, and what writing rows costs more."""
        before, plain = self._size(), self._write()
        with self.having(candidate):
            size, indexed = self._size() - before, self._write()
        return round(size * max(self.rows, self.sampled) / self.sampled), indexed / plain - 1

    def _size(self):
        self.cursor.execute("SELECT pg_indexes_size(to_regclass(%s))", [f'pg_temp."{self.table}"'])
        return self.cursor.fetchone()[0]

    def _write(self):
        """Seconds to write :data:`WRITES` rows, the median of three."""
        took = []
        for _turn in range(3):
            with _Undone(self.cursor):
                self._drop_unique()
                start = time.perf_counter()
                self.cursor.execute(
                    SQL("INSERT INTO {} ({}) SELECT {} FROM {} LIMIT %s").format(
                        self.mine, self.names, self.names, self.mine
                    ),
                    [WRITES],
                )
                took.append(time.perf_counter() - start)
        return sorted(took)[1]

    def _drop_unique(self):
        """Rows written a second time would break unique indexes, which this only measures beside."""
        self.cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid = to_regclass(%s) AND indisunique",
            [f'pg_temp."{self.table}"'],
        )
        for (name,) in self.cursor.fetchall():
            self.cursor.execute("DROP INDEX " + name)  # a regclass is quoted where it has to be


class _Undone:
    """What happens inside is rolled back to a savepoint."""

    def __init__(self, cursor):
        self.cursor = cursor

    def __enter__(self):
        self.cursor.execute("SAVEPOINT tried")

    def __exit__(self, *_error):
        self.cursor.execute("ROLLBACK TO SAVEPOINT tried; RELEASE SAVEPOINT tried")


class _Tried(_Undone):
    def __init__(self, trial, candidate):
        super().__init__(trial.cursor)
        self.trial, self.candidate = trial, candidate

    def __enter__(self):
        super().__enter__()
        self.trial.keep(self.candidate)
