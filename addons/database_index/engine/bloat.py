"""How large a B-tree would be after a rebuild, from the catalog alone, with deduplication modelled.

Since PostgreSQL 13 equal keys share one tuple with a list of row pointers. Estimates that leave this out
take a many2one's index for three times as large as it is, and so never find it bloated. The layout is that
of ``nbtree`` (``nbtsort.c``, ``nbtdedup.c``): pages of 8 kB, filled to the fill factor, tuples aligned to 8
bytes; a rebuild makes lists of at most a tenth of a page. The numbers of rows a key come from ``pg_stats``.

What ANALYZE does not know, we do not either: run it first where much has changed.
"""

import itertools
import math
from dataclasses import asdict, dataclass

from odoo.tools import SQL

from .sql import run

PAGE = 8192
#: page header and B-tree's special space
OVERHEAD = 24 + 16
POINTER = 4
ROW_POINTER = 6
#: a list of row pointers made by a rebuild is at most so large (``_bt_load``)
LIST = PAGE // 10 // 8 * 8 - POINTER
INNER_FILL = 70
#: commonest values of a column that are looked at one by one where columns are combined
CLASSES = 20
ALIGN = {"c": 1, "s": 2, "i": 4, "d": 8}


@dataclass(frozen=True)
class Column:
    """One column of an index, as ``pg_stats`` knows it.

    :param width: average bytes, header of variable ones included; ``length`` > 0: bytes of a fixed one
    :param distinct: number of values; ``common``: shares of the commonest ones
    :param aligned: mean of the size of a tuple that holds this column alone, aligned, or None
    """

    length: int
    align: int
    width: float
    nulls: float
    distinct: float
    common: tuple = ()
    aligned: float | None = None


@dataclass(frozen=True)
class Estimate:
    """:param bytes: size now; ``expected``: after a rebuild; ``share``: what it would free, 0 to 1"""

    table: str
    index: str
    bytes: int
    expected: int
    deduplicated: bool

    @property
    def share(self):
        return max(0.0, 1 - self.expected / self.bytes) if self.bytes else 0.0

    @property
    def wasted(self):
        return max(0, self.bytes - self.expected)

    def to_dict(self):
        return asdict(self) | {"share": round(self.share, 4)}


def aligned(size):
    return -(-size // 8) * 8


def tuple_size(columns, all_null=False):
    """Bytes of one index tuple, its line pointer apart; a mean where widths vary."""
    nullable = any(one.nulls > 0 for one in columns)
    if all_null:
        return 16.0
    share = math.prod(1 - one.nulls for one in columns)
    plain = _filled(columns, 8)
    if not nullable or share >= 1:
        return plain
    present = [(1 - one.nulls) * one.width for one in columns]
    return share * plain + (1 - share) * (aligned(16 + sum(present)) if len(columns) > 1 else 16.0)


def _filled(columns, header):
    if len(columns) == 1 and columns[0].aligned is not None:
        return columns[0].aligned
    size, varies = float(header), False
    for one in columns:
        if one.length > 0 or one.width > 127:
            size = -(-size // one.align) * one.align
        size += one.length if one.length > 0 else one.width
        varies = varies or one.length <= 0
    return size + 3.5 if varies else aligned(size)


def list_size(key, rows):
    """Bytes of ``rows`` (at least 1) entries of one key of ``key`` aligned bytes, line pointers included."""
    if rows < 2:
        return key + POINTER
    most = max(2, int((LIST // 8 * 8 - key) // ROW_POINTER))
    full, rest = divmod(int(rows), most)
    size = full * (aligned(key + ROW_POINTER * most) + POINTER)
    if rest == 1:
        size += key + POINTER
    elif rest:
        size += aligned(key + ROW_POINTER * rest) + POINTER
    return size


def lists_size(key, rows, groups):
    """Bytes of ``rows`` entries that fall at random on ``groups`` keys."""
    if rows <= 0:
        return 0.0
    groups = max(1.0, min(groups, rows))
    mean = rows / groups
    if mean <= 1.0000001:
        return rows * (key + POINTER)
    if mean > 200:
        return groups * list_size(key, round(mean))
    # every one of the groups was seen, so that its rows are one and a Poisson number of others
    others, total, chance = mean - 1, 0.0, math.exp(-(mean - 1))
    for more in range(int(others + 12 * math.sqrt(others) + 20)):
        total += chance * list_size(key, more + 1)
        chance *= others / (more + 1)
    return groups * total


def drawn_size(key, rows, groups):
    """Bytes of ``rows`` entries, each of which has one of ``groups`` keys at random; some keys may
    have none."""
    mean = rows / groups
    if mean > 200:
        return groups * list_size(key, round(mean))
    if mean < 1e-4:
        return rows * (key + POINTER)
    total, chance = 0.0, math.exp(-mean)
    for count in range(1, int(mean + 12 * math.sqrt(mean) + 20)):
        chance *= mean / count
        total += chance * list_size(key, count)
    return groups * total


def leaf_bytes(columns, rows, deduplicates, distinct=None):
    """Bytes of all entries.

    :param distinct: number of different keys of several columns, where something better is known than that
        the columns do not depend on each other
    """
    key = tuple_size(columns)
    if not deduplicates:
        return rows * (key + POINTER)
    if len(columns) == 1:
        (only,) = columns
        return _single(only, rows)
    if distinct is not None:
        return lists_size(key, rows, distinct)
    # columns that do not depend on each other: for each combination of common and other values, its rows
    return sum(
        drawn_size(key, rows * math.prod(share for share, _values in one), math.prod(n for _share, n in one))
        for one in itertools.product(*(_classes(column) for column in columns))
    )


def _classes(column):
    """``[(share of the rows, number of values)]``: NULL and each of the commonest values, then all others."""
    common = column.common[:CLASSES]
    found = [(share, 1.0) for share in common if share > 0]
    if column.nulls > 0:
        found.append((column.nulls, 1.0))
    left = 1 - sum(share for share, _values in found)
    if left > 1e-9:
        found.append((left, max(1.0, column.distinct - len(common))))
    return found


def _single(only, rows):
    total, left, values = 0.0, rows, only.distinct
    if only.nulls:
        total += list_size(16, round(rows * only.nulls)) if rows * only.nulls >= 1 else 0
        left -= rows * only.nulls
    key = _filled([only], 8)
    for share in only.common:
        total += list_size(key, max(1, round(rows * share)))
        left -= rows * share
        values -= 1
    return total + lists_size(key, max(0.0, left), max(values, 1.0))


def pages(columns, keys, rows, deduplicates, fillfactor=90, distinct=None):
    """Pages of a freshly built B-tree.

    :param keys: number of key columns; the others are INCLUDE columns
    """
    if rows < 1:
        return 1
    total = leaf_bytes(columns, rows, deduplicates, distinct)
    pivot = tuple_size(columns[:keys]) + POINTER
    item = min(total / rows * 1.0, LIST)
    # a page is closed by the item that takes it beyond the fill factor; one key bounds it
    usable = PAGE - OVERHEAD - PAGE * (100 - fillfactor) // 100 + item / 2 - pivot
    leaves = math.ceil(total / usable)
    inner = (PAGE - OVERHEAD - PAGE * (100 - INNER_FILL) // 100) / pivot
    count, level = leaves, leaves
    while level > 1:
        level = math.ceil(level / inner)
        count += level
    return count + 1


FACTS = """
    SELECT t.relname, c.relname, pg_relation_size(c.oid), c.reltuples, t.reltuples, i.indnkeyatts,
           COALESCE((SELECT option_value::integer FROM pg_options_to_table(c.reloptions)
                      WHERE option_name = 'fillfactor'), 90),
           COALESCE((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions)
                      WHERE option_name = 'deduplicate_items'), true)
           AND i.indnatts = i.indnkeyatts AND NOT EXISTS (
               SELECT FROM generate_series(0, i.indnkeyatts - 1) n
                 JOIN pg_opclass o ON o.oid = i.indclass[n]
                 LEFT JOIN pg_amproc p ON p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype
                   AND p.amprocrighttype = o.opcintype AND p.amprocnum = 4
                 LEFT JOIN pg_collation l ON l.oid = i.indcollation[n]
                WHERE p.amproc IS NULL OR (l.oid IS NOT NULL AND NOT l.collisdeterministic)),
           i.indisunique, COALESCE(pg_get_expr(i.indpred, i.indrelid), ''), i.indkey::int2[], c.oid, t.oid
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
      JOIN pg_am am ON am.oid = c.relam
     WHERE am.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid
       AND t.relnamespace = 'public'::regnamespace
       AND c.reltuples >= 0 AND pg_relation_size(c.oid) >= %s AND (%s OR c.relname = ANY(%s))
     ORDER BY 3 DESC
"""
COLUMNS = """
    SELECT a.attlen, a.attalign, COALESCE(s.avg_width, 32), COALESCE(s.null_frac, 0),
           COALESCE(s.n_distinct, -1), s.most_common_freqs, k.attname,
           (SELECT avg(8 * ceil((9 + octet_length(v)) / 8.0)) FROM (
               SELECT unnest(s.histogram_bounds::text::text[])
               UNION ALL SELECT unnest(s.most_common_vals::text::text[])) q(v))
      FROM pg_attribute a
      LEFT JOIN pg_attribute k ON k.attrelid = %s AND k.attnum = (%s::int2[])[a.attnum] AND k.attnum > 0
      JOIN pg_class t ON t.oid = CASE WHEN k.attname IS NULL THEN a.attrelid ELSE k.attrelid END
      LEFT JOIN pg_stats s ON s.schemaname = 'public' AND s.tablename = t.relname AND NOT s.inherited
       AND s.attname = COALESCE(k.attname, a.attname)
     WHERE a.attrelid = %s ORDER BY a.attnum
"""
EXTENDED = """
    SELECT d.value::float FROM pg_stats_ext s, json_each_text(s.n_distinct::text::json) d
     WHERE s.schemaname = 'public' AND s.tablename = %s
       AND string_to_array(d.key, ', ')::int2[] @> %s::int2[]
       AND %s::int2[] @> string_to_array(d.key, ', ')::int2[] LIMIT 1
"""


def estimates(cursor, least=0, names=None):
    """An :class:`Estimate` for each analysed B-tree of ``public``, largest first.

    :param least: bytes below which an index is left out
    :param names: only these
    """
    found = []
    for row in run(cursor, SQL(FACTS, least, names is None, names or [])):
        (
            table,
            index,
            size,
            rows,
            of_rows,
            keys,
            fill,
            deduplicates,
            unique,
            predicate,
            columns,
            oid,
            table_oid,
        ) = row
        known = [
            _column(facts, rows, of_rows, predicate, unique and keys == 1)
            for facts in run(cursor, SQL(COLUMNS, table_oid, columns, oid))
        ]
        distinct = rows if unique and not any(one.nulls for one in known) else None
        if distinct is None and keys > 1 and 0 not in columns and not predicate:
            better = run(cursor, SQL(EXTENDED, table, columns, columns))
            distinct = better[0][0] if better else None
        expected = pages(known, keys, rows, deduplicates, fill, distinct) * PAGE
        found.append(Estimate(table, index, size, expected, deduplicates))
    return found


def _column(facts, rows, of_rows, predicate, unique):
    length, align, width, nulls, distinct, common, name, mean = facts
    filled = bool(name) and f"{name} IS NOT NULL" in predicate.replace('"', "")
    if filled:
        nulls, common = 0.0, [share / (1 - nulls) for share in common or ()] if nulls < 1 else ()
    if distinct < 0:
        distinct = -distinct * max(of_rows, rows)
        if predicate and not filled and of_rows > 0:
            distinct *= rows / of_rows
    if unique:
        distinct, common = rows, ()
    varies = length <= 0
    return Column(
        length, ALIGN[align], float(length if length > 0 else width), float(nulls), max(1.0, float(distinct)),
        tuple(common or ()), float(mean) if varies and mean is not None and width <= 127 else None,
    )  # fmt: skip


def exact(cursor, index):
    """What ``pgstattuple`` measures of one index, by reading all of it: the share of its leaf pages
    that is free.

    :return: share from 0 to 1, or None where the extension is missing
    """
    if not run(cursor, SQL("SELECT 1 FROM pg_extension WHERE extname = 'pgstattuple'")):
        return None
    rows = run(cursor, SQL("SELECT avg_leaf_density FROM pgstatindex(%s)", f'public."{index}"'))
    return None if math.isnan(rows[0][0]) else 1 - rows[0][0] / 100
