"""How far a build is, from ``pg_stat_progress_create_index``."""

from dataclasses import asdict, dataclass

from odoo.tools import SQL

from .sql import run

PROGRESS = """
    SELECT p.pid, t.relname, i.relname, p.command, p.phase, p.blocks_done, p.blocks_total, p.tuples_done,
           p.tuples_total, p.current_locker_pid,
           EXTRACT(epoch FROM clock_timestamp() - a.query_start)::float
      FROM pg_stat_progress_create_index p JOIN pg_stat_activity a USING (pid)
      LEFT JOIN pg_class t ON t.oid = p.relid LEFT JOIN pg_class i ON i.oid = p.index_relid
     WHERE p.datname = current_database() ORDER BY 1
"""


@dataclass(frozen=True)
class Progress:
    """One build that runs now.

    :param share: part of the current phase that is done, 0 to 1; None where PostgreSQL does not say
    :param waits_for: process id of the transaction that it waits for, or None
    :param seconds: since it began
    """

    pid: int
    table: str
    index: str | None
    command: str
    phase: str
    share: float | None
    waits_for: int | None
    seconds: float

    def to_dict(self):
        return asdict(self)


def running(cursor):
    """The builds that run in this database, as :class:`Progress`."""
    found = []
    for pid, table, index, command, phase, blocks, of_blocks, rows, of_rows, locker, seconds in run(
        cursor, SQL(PROGRESS)
    ):
        done, total = (blocks, of_blocks) if of_blocks else (rows, of_rows)
        share = min(1.0, done / total) if total else None
        found.append(Progress(pid, table, index, command, phase, share, locker or None, seconds or 0.0))
    return found
