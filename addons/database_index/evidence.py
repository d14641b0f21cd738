"""Whether an index is worth having: the plans of the query it serves, its size, and what writing costs.

Everything happens in the caller's transaction, which builds the index with a lock that stops writers, looks
into ``pg_index`` and is to be rolled back: for tests and for copies of a database, never for one in use. It
takes a superuser of PostgreSQL.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from functools import partial

from odoo.tools import SQL

from .engine import catalogue
from .engine.declaration import Query, Value
from .engine.sql import run

#: rows that are written to see what writing costs
WRITTEN = 500


@dataclass(frozen=True)
class Evidence:
    """:param used: whether a statement of the query has the index in its plan
    :param pages: pages of 8 kB that the query reads without and with the index
    :param ms: milliseconds in the database, of one run each
    :param bytes: size of the index
    :param wal: bytes of write-ahead log for a row deleted and inserted again, without and with the index
    """

    name: str
    used: bool
    pages: tuple[int, int]
    ms: tuple[float, float]
    bytes: int
    wal: tuple[int, int]

    def to_dict(self):
        return asdict(self)


@contextlib.contextmanager
def captured(cr):
    """Collect the SELECT statements that a cursor executes, with their parameters filled in."""
    statements, execute = [], cr.execute

    def noting(query, params=None, **options):
        code, values = (query.code, query.params) if isinstance(query, SQL) else (query, params)
        sent = cr.mogrify(code, values or None).decode()
        if sent.lstrip(" \n(").upper().startswith(("SELECT", "WITH")):
            statements.append(sent)
        return execute(query, params, **options)

    cr.execute = noting
    try:
        yield statements
    finally:
        del cr.execute


def asking(env, query):
    """The declared call as ``env``'s user, as a function without arguments; its values are looked up now."""

    def known(found):
        if isinstance(found, Value):
            env.cr.execute(found.statement)
            row = env.cr.fetchone()
            return row and row[0]
        if isinstance(found, list | tuple):
            return type(found)(known(one) for one in found)
        if isinstance(found, dict):
            return {key: known(one) for key, one in found.items()}
        return found

    method = getattr(env[query.model].with_context(**dict(query.context)), query.method)
    return partial(method, *known(query.args), **known(dict(query.kwargs)))


def statements_of(env, query):
    """Make the declared call with nothing in the ORM's memory; return the SELECT statements that it sent."""
    ask = asking(env, query)
    env.flush_all()
    env.invalidate_all()
    with captured(env.cr) as statements:
        ask()
    return statements


def explain(cr, statements):
    """Run them again; return ``(names of the indexes used, pages read, milliseconds)``."""
    names, pages, ms = set(), 0, 0.0
    for statement in statements:
        # the statement is complete: the ORM made it, and the driver filled in its parameters
        cr.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement)  # pylint: disable=sql-injection
        found = cr.fetchone()[0]
        found = json.loads(found) if isinstance(found, str) else found
        root = found[0]["Plan"]
        names |= _indexes(root)
        pages += root["Shared Hit Blocks"] + root["Shared Read Blocks"]
        ms += found[0]["Execution Time"]
    return names, pages, ms


def planned(cr, statement):
    """Names of the indexes in the plan of a statement, which is not executed."""
    cr.execute("EXPLAIN (FORMAT JSON) " + statement)  # pylint: disable=sql-injection
    found = cr.fetchone()[0]
    return _indexes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


def _indexes(node):
    return {node.get("Index Name")}.union(*(_indexes(child) for child in node.get("Plans", ()))) - {None}


def together(indexes):
    """Lists of declared indexes that serve the same query. Left out are rejected ones, and those of
    administrators, whose statement is known without its values.

    An OR of conditions wants an index for each of them: such indexes are of use together, or not at all.
    """
    groups = {}
    for index in indexes:
        if not index.rejected and isinstance(index.query, Query):
            groups.setdefault(repr(index.query), []).append(index)
    return list(groups.values())


def prove(env, indexes, writes=True):
    """The :class:`Evidence` for each of some indexes that serve one query; figures of reading are the
    group's.

    :param writes: also rewrite some rows, to see what that costs
    """
    cr = env.cr
    unaccented = catalogue.unaccents(cr)
    query, table = indexes[0].query, indexes[0].table
    for index in indexes:
        run(cr, SQL("DROP INDEX IF EXISTS %s", SQL.identifier("public", index.name)))
    _names, pages_before, ms_before = explain(cr, statements_of(env, query))
    wal_before = _wal(cr, table) if writes else 0
    for index in indexes:
        run(cr, index.create(unaccented, concurrently=False))
        # else rows changed in this transaction would keep its own plans from the index
        cr.execute(
            "UPDATE pg_index SET indcheckxmin = false WHERE indexrelid = to_regclass(%s)",
            [f"public.{index.name}"],
        )
    run(cr, SQL("ANALYZE %s", SQL.identifier(table)))
    names, pages, ms = explain(cr, statements_of(env, query))
    wal = _wal(cr, table) if writes else 0
    return [
        Evidence(
            index.name, bool(names & {index.name, *_parts(cr, index)}), (pages_before, pages),
            (round(ms_before, 2), round(ms, 2)), catalogue.bytes_of(cr, index.name), (wal_before, wal),
        )
        for index in indexes
    ]  # fmt: skip


def _parts(cr, index):
    """Indexes of partitions that belong to a partitioned table's."""
    rows = run(
        cr,
        SQL("SELECT relid::regclass::text FROM pg_partition_tree(to_regclass(%s))", f"public.{index.name}"),
    )
    return {row[0] for row in rows}


def _wal(cr, table):
    """Bytes of write-ahead log a row, for rows that are deleted and inserted again."""
    columns = run(
        cr,
        SQL(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = ''",
            f"public.{table}",
        ),
    )
    names = SQL(", ").join(SQL.identifier(row[0]) for row in columns)
    relation = SQL.identifier(table)
    cr.execute("SET LOCAL session_replication_role = replica")  # what is written back needs no checks
    found = run(
        cr,
        SQL(
            """
            EXPLAIN (ANALYZE, WAL, FORMAT JSON)
            WITH gone AS (DELETE FROM %s WHERE id IN (SELECT id FROM %s ORDER BY id DESC LIMIT %s)
             RETURNING *)
            INSERT INTO %s (%s) SELECT %s FROM gone
            """,
            relation, relation, WRITTEN, relation, names, names,
        ),
    )[0][0]  # fmt: skip
    cr.execute("SET LOCAL session_replication_role = origin")
    found = json.loads(found) if isinstance(found, str) else found
    return round(found[0]["Plan"].get("WAL Bytes", 0) / WRITTEN)
