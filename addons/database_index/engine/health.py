"""What is wrong with a database's indexes: unused, doubled, bloated, invalid, missing; from the catalog."""

from dataclasses import asdict, dataclass

from odoo.tools import SQL

from . import bloat
from .sql import run, value

MEGABYTE = 1048576


@dataclass(frozen=True)
class Limits:
    """From where on something is worth telling.

    :param unused_bytes: size of an index without a scan
    :param days: age of the statistics from which on "no scan" means something
    :param bloat: share of an index that a rebuild would free, 0 to 1; ``bloat_bytes``: and at least so much
    :param table_rows: rows of a table from which on a foreign key wants an index, and a scan is slow
    :param rows_a_scan: rows that a sequential scan reads on average
    """

    unused_bytes: int = MEGABYTE
    days: float = 7.0
    bloat: float = 0.3
    bloat_bytes: int = MEGABYTE
    table_rows: int = 10000
    rows_a_scan: int = 5000


@dataclass(frozen=True)
class Finding:
    """:param code: ``unused``, ``duplicate``, ``prefix``, ``bloat``, ``invalid``, ``foreign_key``,
        ``scanned`` or ``statistics``
    :param index: its name, "" for what is missing; ``bytes``: what the fix would free
    :param text: what was seen; ``fix``: the statement that would help, "" where a person has to decide
    """

    code: str
    severity: str
    table: str
    index: str
    bytes: int
    text: str
    fix: str = ""

    def to_dict(self):
        return asdict(self)


INDEXES = """
    SELECT t.relname AS table, c.relname AS index, pg_relation_size(c.oid) AS bytes,
           pg_stat_get_numscans(c.oid) AS scans, i.indisunique AS unique, i.indisvalid AS valid,
           i.indisreplident AS identity, am.amname AS method,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype <> 'f') AS constraint,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype = 'f') AS referenced,
           i.indnkeyatts AS keys, i.indnatts AS columns,
           ARRAY(SELECT pg_get_indexdef(c.oid, n, false) || ' ' || i.indclass[n - 1] || ' ' ||
            i.indcollation[n - 1]
                        || ' ' || i.indoption[n - 1]
                   FROM generate_series(1, i.indnkeyatts) n) AS key,
           ARRAY(SELECT pg_get_indexdef(c.oid, n, false)
                   FROM generate_series(i.indnkeyatts + 1, i.indnatts) n) AS included,
           COALESCE(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
           c.relispartition AS part
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
      JOIN pg_am am ON am.oid = c.relam
     WHERE t.relnamespace = 'public'::regnamespace AND c.relkind = 'i' AND t.relpersistence <> 't'
     ORDER BY t.relname, c.relname
"""


def indexes(cursor):
    """What the catalog says of every index, as dictionaries; parts of partitioned indexes each on
    their own."""
    cursor.execute(INDEXES)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def findings(cursor, limits=None):
    """Everything worth telling, largest first within its kind, as :class:`Finding`."""
    limits = limits or Limits()
    known = indexes(cursor)
    found = [
        *invalid(known),
        *duplicates(known),
        *unused(cursor, known, limits),
        *bloated(cursor, known, limits),
        *foreign_keys(cursor, limits),
        *scanned(cursor, limits),
    ]
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda one: (order[one.severity], one.code, -one.bytes, one.table, one.index))


def statistics_age(cursor):
    """Days for which scans are counted at least: since the last reset, else since the server started."""
    return value(
        cursor,
        SQL(
            """
            SELECT EXTRACT(epoch FROM now() - COALESCE(stats_reset, pg_postmaster_start_time())) / 86400
              FROM pg_stat_database WHERE datname = current_database()
            """
        ),
    )


def replicas(cursor):
    """Number of standbys that stream from here: their scans are not in our counters."""
    return value(cursor, SQL("SELECT count(*) FROM pg_stat_replication"))


def invalid(known):
    for one in known:
        if not one["valid"]:
            yield Finding(
                "invalid", "error", one["table"], one["index"], one["bytes"],
                f"{one['index']} is invalid: a build was interrupted; it costs writes and serves no query",
                f'DROP INDEX CONCURRENTLY "public"."{one["index"]}"',
            )  # fmt: skip


def _whole(one):
    return one["method"], tuple(one["key"]), tuple(one["included"]), one["predicate"]


def duplicates(known):
    """Indexes that another one makes needless: the same, or the beginning of it.

    A constraint's index is never the one to go, nor a unique one unless its twin is unique too.
    """
    by_table = {}
    for one in known:
        if one["valid"] and not one["part"]:
            by_table.setdefault(one["table"], []).append(one)
    for group in by_table.values():
        for one in group:
            if one["constraint"] or one["referenced"] or one["identity"]:
                continue
            better = next((other for other in group if other is not one and _same(one, other, group)), None)
            if better:
                yield _needless(one, better, "duplicate", "is the same index as")
                continue
            longer = next((other for other in group if other is not one and _begins(one, other)), None)
            if longer:
                yield _needless(one, longer, "prefix", "is the beginning of")


def _needless(one, better, code, how):
    backed = ", which a constraint needs" if better["constraint"] else ""
    return Finding(
        code, "warning", one["table"], one["index"], one["bytes"],
        f"{one['index']} {how} {better['index']}{backed}; {one['scans']} against {better['scans']} scans",
        f'DROP INDEX CONCURRENTLY "public"."{one["index"]}"',
    )  # fmt: skip


def _same(one, other, group):
    """Whether ``other`` is to be kept instead of ``one``, its twin."""
    if _whole(one) != _whole(other) or (one["unique"] and not other["unique"]):
        return False
    keep = other["constraint"] or other["referenced"] or (other["unique"] and not one["unique"])
    return keep or group.index(other) < group.index(one)


def _begins(one, other):
    return (
        one["method"] == other["method"] == "btree"
        and not one["unique"]
        and not one["included"]
        and one["predicate"] == other["predicate"]
        and len(one["key"]) < len(other["key"])
        and one["key"] == other["key"][: len(one["key"])]
    )


def unused(cursor, known, limits):
    """Indexes without a scan. Those of constraints and unique ones have work that no counter shows."""
    age = statistics_age(cursor)
    if age is None or age < limits.days:
        yield Finding(
            "statistics", "info", "", "", 0,
            f"scans are counted for {age or 0:.1f} days only; what is unused shows after"
            f" {limits.days:.0f} days",
        )  # fmt: skip
        return
    elsewhere = replicas(cursor)
    parts_used = {one["table"] for one in known if one["part"] and one["scans"]}
    for one in known:
        if one["scans"] or one["bytes"] < limits.unused_bytes or (one["part"] and one["table"] in parts_used):
            continue
        if one["constraint"] or one["unique"] or one["referenced"] or one["identity"] or not one["valid"]:
            continue
        text = f"{one['index']}: no scan in {age:.0f} days, {one['bytes'] / MEGABYTE:.1f} MB"
        fix = f'DROP INDEX CONCURRENTLY "public"."{one["index"]}"'
        if elsewhere:
            text += f"; look at the {elsewhere} standbys as well, which count for themselves"
            fix = ""
        yield Finding("unused", "warning", one["table"], one["index"], one["bytes"], text, fix)


def bloated(cursor, known, limits):
    """B-trees of which a rebuild would free much, by the estimate of :mod:`.bloat`."""
    for one in bloat.estimates(cursor, least=limits.bloat_bytes):
        if one.share >= limits.bloat and one.wasted >= limits.bloat_bytes:
            yield Finding(
                "bloat", "warning", one.table, one.index, one.wasted,
                f"{one.index}: about {one.share:.0%} of {one.bytes / MEGABYTE:.1f} MB is empty",
                f'REINDEX INDEX CONCURRENTLY "public"."{one.index}"',
            )  # fmt: skip


FOREIGN_KEYS = """
    SELECT t.relname, k.conname, string_agg(quote_ident(a.attname), ', ' ORDER BY n), c.relname,
     s.reltuples::bigint
      FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class c ON c.oid = k.confrelid
      JOIN pg_class s ON s.oid = k.conrelid
      CROSS JOIN LATERAL generate_series(1, cardinality(k.conkey)) n
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[n]
     WHERE k.contype = 'f' AND t.relnamespace = 'public'::regnamespace AND t.reltuples >= %s AND
      k.conparentid = 0
       AND NOT EXISTS (
           SELECT FROM pg_index i
            WHERE i.indrelid = k.conrelid AND i.indisvalid
              AND (i.indpred IS NULL
                   OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\([a-z0-9_"]+ IS NOT NULL\\)$')
              AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
     GROUP BY t.relname, k.conname, c.relname, s.reltuples, t.oid
     ORDER BY s.reltuples DESC, 1, 2
"""


def foreign_keys(cursor, limits):
    """Foreign keys of large tables without an index: deleting what they point to reads the whole table."""
    for table, constraint, columns, target, rows in run(cursor, SQL(FOREIGN_KEYS, limits.table_rows)):
        only = "" if "," in columns else f" WHERE {columns} IS NOT NULL"
        yield Finding(
            "foreign_key", "info", table, "", 0,
            f"{table}.{columns} ({constraint}) has no index: deleting from {target} reads all {rows} rows",
            f'CREATE INDEX CONCURRENTLY ON "public"."{table}" ({columns}){only}',
        )  # fmt: skip


SCANNED = """
    SELECT relname, seq_scan, seq_tup_read / seq_scan, COALESCE(idx_scan, 0), n_live_tup
      FROM pg_stat_user_tables
     WHERE schemaname = 'public' AND n_live_tup >= %s AND seq_scan > 0 AND seq_tup_read / seq_scan >= %s
     ORDER BY seq_tup_read DESC LIMIT 20
"""


def scanned(cursor, limits):
    """Large tables that are often read from beginning to end."""
    for table, scans, rows, by_index, live in run(
        cursor, SQL(SCANNED, limits.table_rows, limits.rows_a_scan)
    ):
        if scans * 20 < by_index:
            continue
        yield Finding(
            "scanned", "info", table, "", 0,
            f"{table}: {scans} sequential scans of {rows} rows each ({live} live rows, {by_index}"
            " index scans);"
            " look for the statements that do it",
        )  # fmt: skip
