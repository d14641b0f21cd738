"""Bulk loading: rows are COPYed with every column as the ORM would have filled it.

A `Rows` object makes one kind of row of one table. It starts from a *template*: a row of that kind which the
ORM made (see `templates.py`), so that columns of modules unknown here have their right value too. The caller
only says the columns that change from row to row.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import StringIO

from odoo.tools import SQL
from psycopg2.extras import Json

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_text(value):
    """A Python value in PostgreSQL's COPY text format."""
    kind = type(value)
    if kind is str:
        return value.translate(_ESCAPES)
    if value is None:
        return "\\N"
    if kind is bool:
        return "t" if value else "f"
    if kind is dict:
        return Json(value).dumps(value).translate(_ESCAPES)
    return str(value)


class Ids:
    """Hands out ids of a table; `close()` advances its sequence, so that the ORM goes on after them."""

    def __init__(self, cr, table):
        self.cr = cr
        self.table = table
        cr.execute(SQL("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", table))
        self.last = cr.fetchone()[0] - 1

    def next(self):
        self.last += 1
        return self.last

    def close(self):
        self.cr.execute(
            SQL("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", self.table, max(self.last, 1))
        )


class Loader:
    """All rows waiting to be written, table by table in the order the tables were announced.

    `flush` hands what waits to one writing thread and returns: PostgreSQL writes a batch, mostly checking its
    foreign keys, while Python makes the next. At most two batches are in memory.
    """

    def __init__(self, cr, limit=40_000):
        self.cr = cr
        self.limit = limit
        self.tables = {}
        self.ids = {}
        self.waiting = 0
        self.after_flush = []
        """Functions asked at each flush for a statement to run after its rows: an `SQL` or `None`."""
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._written = None

    def rows(self, table, template, *dynamic):
        """Announce a kind of row: the template's values, with the named columns given for each row."""
        rows = Rows(self, table, template, dynamic)
        self.tables.setdefault(table, []).append(rows)
        return rows

    def new_id(self, table):
        ids = self.ids.get(table)
        if ids is None:
            ids = self.ids[table] = Ids(self.cr, table)
        return ids.next()

    def flush(self):
        """Start writing what waits, once the batch before is written; an error of that one is raised here."""
        self.wait()
        batches = [batch for kinds in self.tables.values() for rows in kinds if (batch := rows.take())]
        statements = [statement for action in self.after_flush if (statement := action())]
        self.waiting = 0
        self._written = self._writer.submit(self._write, batches, statements)

    def flush_if_full(self):
        if self.waiting >= self.limit:
            self.flush()

    def wait(self):
        """Return when all that was flushed is written."""
        if self._written:
            self._written.result()
            self._written = None

    def _write(self, batches, statements):
        for statement, lines in batches:
            self.cr._obj.copy_expert(statement.code, StringIO("".join(lines)))
        for statement in statements:
            self.cr.execute(statement)

    def close(self):
        """Write everything and move the sequences on."""
        self.flush()
        self.wait()
        self._writer.shutdown()
        for ids in self.ids.values():
            ids.close()


class Rows:
    """One kind of row of one table."""

    def __init__(self, loader, table, template, dynamic):
        self.loader = loader
        self.table = table
        self.dynamic = dynamic
        constants = {
            name: value for name, value in template.items() if name not in dynamic and value is not None
        }
        if stale := [name for name, value in constants.items() if isinstance(value, date)]:
            raise ValueError(f"{table}: the template's dates must be given row by row: {', '.join(stale)}")
        self.columns = [*dynamic, *constants]
        self.suffix = "".join("\t" + copy_text(value) for value in constants.values()) + "\n"
        self.lines = []
        self.count = 0

    def add(self, *values):
        """Add a row; `values` are in the order of the dynamic columns."""
        self.lines.append("\t".join(map(copy_text, values)) + self.suffix)
        self.loader.waiting += 1

    def take(self):
        """The COPY statement and the lines that wait, which are forgotten here; `None` without any."""
        if not self.lines:
            return None
        lines, self.lines = self.lines, []
        self.count += len(lines)
        statement = SQL(
            "COPY %s (%s) FROM STDIN",
            SQL.identifier(self.table),
            SQL(", ").join(map(SQL.identifier, self.columns)),
        )
        return statement, lines
