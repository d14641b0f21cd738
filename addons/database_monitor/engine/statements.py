"""What ``pg_stat_statements`` says, by shape and for this database only.

Its figures are sums since they were last reset, and of every client; it has no percentiles. Rows of one shape
(lists of different length are different queries to PostgreSQL 15) are added up.
"""

import psycopg2
from psycopg2.sql import SQL, Identifier

from .shapes import identity, is_utility, normalise

#: why it cannot be asked → what to do
REMEDY = (
    "pg_stat_statements cannot be asked ({reason}): put it into shared_preload_libraries, restart "
    "PostgreSQL, and CREATE EXTENSION pg_stat_statements"
)
READ = """
    SELECT s.query, s.calls, s.total_exec_time / 1000, s.max_exec_time / 1000, s.rows,
           s.shared_blks_hit, s.shared_blks_read, s.temp_blks_written
      FROM {} s
     WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.query IS NOT NULL
"""
WHERE = """
    SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'pg_stat_statements'
"""
#: the figures that grow
SUMS = ("calls", "total", "rows", "hit", "read", "temp")


def ask(cursor):
    """What it says, as ``(statements, None)``; or ``(None, reason and remedy)`` where it cannot be asked.

    Statements are ``{identity of shape: {"text", "calls", "total", "maximum", "rows", "hit", "read",
    "temp"}}``: seconds, and blocks of the shared buffers. Commands like SAVEPOINT are left out.
    """
    cursor.execute(WHERE)
    schema = cursor.fetchone()
    if not schema:
        return None, REMEDY.format(reason="the extension is not in this database")
    cursor.execute("SAVEPOINT pg_stat_statements")
    try:
        cursor.execute(SQL(READ).format(Identifier(schema[0], "pg_stat_statements")))
        rows = cursor.fetchall()
    except psycopg2.Error as error:
        cursor.execute("ROLLBACK TO SAVEPOINT pg_stat_statements")
        return None, REMEDY.format(reason=str(error).strip().splitlines()[0])
    cursor.execute("RELEASE SAVEPOINT pg_stat_statements")
    return by_shape(rows), None


def by_shape(rows):
    """Rows of :data:`READ`, those of one shape added up."""
    found = {}
    for text, calls, total, maximum, returned, hit, from_disk, temp in rows:
        shape = normalise(text)
        if is_utility(shape) or "pg_stat_statements" in shape:
            continue
        one = found.setdefault(identity(shape), {"text": shape, "maximum": 0.0, **dict.fromkeys(SUMS, 0)})
        one["maximum"] = max(one["maximum"], maximum)
        for name, value in zip(SUMS, (calls, total, returned, hit, from_disk, temp), strict=True):
            one[name] += value
    return found


def since(older, newer):
    """What happened between two readings; a statement that began anew (a reset) counts from zero."""
    found = {}
    for key, now in newer.items():
        before = older.get(key)
        if before is None or now["calls"] < before["calls"]:
            found[key] = dict(now)
        elif now["calls"] > before["calls"]:
            found[key] = {**now, **{name: now[name] - before[name] for name in SUMS}}
    return found


def hit_share(one):
    """Share of blocks found in the shared buffers; None where none were asked for."""
    asked = one["hit"] + one["read"]
    return one["hit"] / asked if asked else None
