"""Archives: a table's rows as PostgreSQL's COPY text, compressed, with a checksum, read back, and restorable.

``<relation>-<UTC time>.copy.gz`` holds the rows in the order of the key and the primary key; the ``.json``
beside
it says what they are, so that ``COPY table (columns) FROM`` restores them anywhere, without this addon.
Checksums are SHA-256, of the uncompressed rows (``content``) and of the file.
"""

import gzip
import hashlib
import json
import os
from pathlib import Path

import psycopg2
from odoo.tools import SQL

from . import bounds, catalogue, create, drain
from .connection import alone
from .errors import DamagedError, PartitionError, reason
from .sql import commas, own, run, table, text, value
from .words import _lt

CHUNK = 1 << 20
FIELDS = (
    *("id", "relation", "lower", "upper", "file", "rows", "bytes"),
    *("content_sha256", "file_sha256", "dropped_at", "restored_at"),
)


class _Digest:
    """Counts and hashes rows on their way; one line is one row in COPY's text."""

    def __init__(self, further=None):
        self.further, self.rows, self.hash = further, 0, hashlib.sha256()

    def write(self, data):  # pylint: disable=method-required-super
        self.hash.update(data)
        self.rows += data.count(b"\n")
        if self.further:
            self.further.write(data)
        return len(data)


class _Reader:
    """What COPY FROM reads: hashes on the way."""

    def __init__(self, file):
        self.file, self.digest = file, _Digest()

    def read(self, size=-1):  # pylint: disable=method-required-super
        data = self.file.read(size)
        self.digest.write(data)
        return data


def copy_out(cursor, declared, name):
    """Statement: a table's rows in an order that is the same after a restore."""
    columns = catalogue.columns(cursor, name)
    order = run(
        cursor,
        SQL(
            """
            SELECT a.attname FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY k (attnum, n)
              JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
             WHERE i.indrelid = to_regclass(%s) AND i.indisprimary ORDER BY k.n
            """,
            f"public.{declared.table}",
        ),
    )
    keys = [SQL.identifier(declared.key), *(SQL.identifier(row[0]) for row in order)]
    if not order:
        keys.append(SQL('(r.*)::text COLLATE "C"'))
    return SQL(
        "COPY (SELECT %s FROM ONLY %s r ORDER BY %s) TO STDOUT",
        commas(SQL.identifier(column) for column in columns),
        table(name),
        commas(keys),
    )


def digest(cursor, declared, name):
    """``(rows, SHA-256 of the rows)`` of a table."""
    found = _Digest()
    cursor.copy_expert(text(copy_out(cursor, declared, name)), found)
    return found.rows, found.hash.hexdigest()


def write(session, declared, relation, wanted, now, folder):
    """Archive one partition or detached table; return the catalogue's facts about it.

    :param wanted: its range
    :param folder: a path, made if missing
    :raises DamagedError: the file does not read back as it was written
    """
    folder = Path(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = _unused(folder, f"{relation}-{now:%Y%m%dT%H%M%S}Z")
    with session.transaction(repeatable=True) as cursor:
        run(cursor, SQL("SET LOCAL client_encoding = 'UTF8'"))
        alone(cursor, declared)
        columns = catalogue.columns(cursor, relation)
        if not columns:
            raise PartitionError(
                _lt(
                    "%(set)s: there is no table %(relation)r; see the list of partitions",
                    set=declared.name,
                    relation=relation,
                )
            )
        part = folder / f".{name}.part"
        with part.open("wb") as file:
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
                content = _Digest(packed)
                cursor.copy_expert(text(copy_out(cursor, declared, relation)), content)
            file.flush()
            os.fsync(file.fileno())
        facts = {
            "table": declared.table,
            "relation": relation,
            "lower": bounds.literal(declared, wanted.lower),
            "upper": bounds.literal(declared, wanted.upper),
            "columns": columns,
            "format": "COPY text, UTF-8, gzip; TimeZone UTC",
            "file": name,
            "rows": content.rows,
            "bytes": part.stat().st_size,
            "content_sha256": content.hash.hexdigest(),
            "file_sha256": _hash(part),
        }
        (folder / f"{name}.json").write_text(json.dumps(facts, indent=1))
        part.rename(folder / name)
        _sync(folder)
        read_back(folder, facts)
        facts["id"] = value(
            cursor,
            SQL(
                """
                INSERT INTO %s (name, relation, lower, upper, file, rows, bytes, content_sha256, file_sha256,
                                archived_at, verified_at)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
                """,
                own("archive"),
                declared.name,
                relation,
                wanted.lower,
                wanted.upper,
                name,
                facts["rows"],
                facts["bytes"],
                facts["content_sha256"],
                facts["file_sha256"],
                now,
                now,
            ),
        )
    return facts


def _unused(folder, stem):
    """A file name that is not there yet: an archive is never written over."""
    names = (f"{stem}{number}.copy.gz" for number in ["", *(f"-{n}" for n in range(2, 10000))])
    return next(name for name in names if not (folder / name).exists())


def _sync(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hash(path):
    found = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            found.update(data)
    return found.hexdigest()


def read_back(folder, facts):
    """Read an archive from the disk and compare it with what was written.

    :raises DamagedError:
    """
    path = Path(folder) / facts["file"]
    if not path.is_file():
        raise DamagedError(
            _lt(
                "archive %(file)s is not in %(folder)s; bring the file back from a backup",
                file=facts["file"],
                folder=folder,
            )
        )
    content = _Digest()
    try:
        with gzip.open(path, "rb") as file:
            while data := file.read(CHUNK):
                content.write(data)
    except (OSError, EOFError, gzip.zlib.error) as error:
        raise DamagedError(
            _lt(
                "archive %(file)s cannot be read (%(reason)s); bring it back from a backup",
                file=facts["file"],
                reason=str(error),
            )
        ) from error
    if (content.rows, content.hash.hexdigest()) != (facts["rows"], facts["content_sha256"]):
        raise DamagedError(
            _lt(
                "archive %(file)s has %(rows)s rows that are not the %(kept)s written; bring it back "
                "from a backup",
                file=facts["file"],
                rows=content.rows,
                kept=facts["rows"],
            )
        )
    if _hash(path) != facts["file_sha256"]:
        raise DamagedError(
            _lt(
                "archive %(file)s is not the file that was written; bring it back from a backup",
                file=facts["file"],
            )
        )


def last(cursor, declared, relation):
    """Facts of the newest archive of a relation, or None."""
    rows = run(
        cursor,
        SQL(
            "SELECT %s FROM %s WHERE name = %s AND relation = %s ORDER BY id DESC LIMIT 1",
            commas(SQL.identifier(field) for field in FIELDS),
            own("archive"),
            declared.name,
            relation,
        ),
    )
    return dict(zip(FIELDS, rows[0], strict=True)) if rows else None


def archives(cursor, declared):
    """Facts of all archives of a set, oldest range first."""
    return [
        dict(zip(FIELDS, row, strict=True))
        for row in run(
            cursor,
            SQL(
                "SELECT %s FROM %s WHERE name = %s ORDER BY lower, id",
                commas(SQL.identifier(field) for field in FIELDS),
                own("archive"),
                declared.name,
            ),
        )
    ]


def verify(session, declared, folder, now):
    """Read every archive of a set back; remember and return ``[(file, what is wrong)]`` of the bad ones."""
    with session.transaction() as cursor:
        known = archives(cursor, declared)
    wrong = []
    for facts in known:
        failed = None
        try:
            read_back(folder, facts)
        except DamagedError as error:
            failed = str(error)
            wrong.append((facts["file"], reason(error)))
        with session.transaction() as cursor:
            run(
                cursor,
                SQL(
                    "UPDATE %s SET failed = %s, verified_at = %s WHERE id = %s",
                    own("archive"),
                    failed,
                    now,
                    facts["id"],
                ),
            )
    return wrong


TEMPORARY = "database_partition_restored"


def restore(session, declared, relation, now, folder, patience):
    """Bring the rows of a dropped table back from its newest archive; return their number.

    The range gets its partition, with rows that came late since; then all rows come back in one transaction,
    visible at once or not at all. Retention leaves the partition alone until :func:`release`.

    :raises DamagedError: the rows are not those that were archived; nothing came back
    :raises PartitionError: not archived, not dropped, or already back
    """
    with session.transaction() as cursor:
        facts = last(cursor, declared, relation)
        there = catalogue.attached(cursor, declared)
    if not facts:
        raise PartitionError(
            _lt(
                "%(set)s: there is no archive of %(relation)r; see the list of archives",
                set=declared.name,
                relation=relation,
            )
        )
    if not facts["dropped_at"] or facts["restored_at"]:
        raise PartitionError(
            _lt(
                "%(set)s: the rows of %(relation)s are in the database; nothing to restore",
                set=declared.name,
                relation=relation,
            )
        )
    read_back(folder, facts)
    wanted = bounds.Range(facts["lower"], facts["upper"])
    if wanted not in there:
        if any(wanted.overlaps(one) for one in there):
            raise PartitionError(
                _lt(
                    "%(set)s: partitions with other bounds stand in the way of %(relation)s",
                    set=declared.name,
                    relation=relation,
                )
            )
        try:
            create.attach_empty(session, declared, wanted, patience)
        except create.DefaultNotEmpty:
            drain.exchange(session, declared, [wanted], patience)
    with session.transaction() as cursor:
        alone(cursor, declared)
        for statement in restore_statements(cursor, declared, facts, Path(folder) / facts["file"], now):
            run(cursor, statement)
    return facts["rows"]


def restore_statements(cursor, declared, facts, path, now):
    """Load and check the rows, then yield the statements that put them in place."""
    run(cursor, SQL("SET LOCAL client_encoding = 'UTF8'"))
    again = SQL(
        "SELECT 1 FROM %s WHERE id = %s AND restored_at IS NULL FOR UPDATE", own("archive"), facts["id"]
    )
    if not value(cursor, again):
        raise PartitionError(
            _lt("%(set)s: %(relation)s was restored meanwhile", set=declared.name, relation=facts["relation"])
        )
    described = Path(f"{path}.json")
    if described.is_file():
        columns = json.loads(described.read_text())["columns"]
    else:
        columns = catalogue.columns(cursor, declared.table)
    names = commas(SQL.identifier(column) for column in columns)
    temporary = SQL.identifier("pg_temp", TEMPORARY)
    run(
        cursor,
        SQL(
            "CREATE TEMPORARY TABLE %s (LIKE %s) ON COMMIT DROP",
            SQL.identifier(TEMPORARY),
            table(declared.table),
        ),
    )
    with gzip.open(path, "rb") as file:
        reader = _Reader(file)
        try:
            cursor.copy_expert(text(SQL("COPY %s (%s) FROM STDIN", temporary, names)), reader)
        except psycopg2.DataError as error:
            raise PartitionError(
                _lt(
                    "%(set)s: %(file)s does not fit the table any more: %(reason)s",
                    set=declared.name,
                    file=facts["file"],
                    reason=str(error).splitlines()[0],
                )
            ) from error
    rows = value(cursor, SQL("SELECT count(*) FROM %s", temporary))
    if (rows, reader.digest.hash.hexdigest()) != (facts["rows"], facts["content_sha256"]):
        raise DamagedError(
            _lt(
                "%(set)s: %(file)s gave back %(rows)s of %(kept)s rows, or others",
                set=declared.name,
                file=facts["file"],
                rows=rows,
                kept=facts["rows"],
            )
        )
    yield SQL("INSERT INTO %s (%s) SELECT %s FROM %s", table(declared.table), names, names, temporary)
    yield SQL("UPDATE %s SET restored_at = %s, held = true WHERE id = %s", own("archive"), now, facts["id"])


def preview_restore(cursor, declared, relation, now):
    """The statements of a restore, for a dry run."""
    facts = last(cursor, declared, relation)
    if not facts or not facts["dropped_at"]:
        return
    wanted = bounds.Range(facts["lower"], facts["upper"])
    if wanted not in catalogue.attached(cursor, declared):
        yield from create.attach_empty_statements(declared, wanted)
    names = commas(SQL.identifier(column) for column in catalogue.columns(cursor, declared.table))
    temporary = SQL.identifier("pg_temp", TEMPORARY)
    yield SQL(
        "CREATE TEMPORARY TABLE %s (LIKE %s) ON COMMIT DROP", SQL.identifier(TEMPORARY), table(declared.table)
    )
    yield SQL("COPY %s (%s) FROM STDIN", temporary, names)
    yield SQL("INSERT INTO %s (%s) SELECT %s FROM %s", table(declared.table), names, names, temporary)
    yield SQL("UPDATE %s SET restored_at = %s, held = true WHERE id = %s", own("archive"), now, facts["id"])


def release(session, declared, relation):
    """Let retention take a restored partition again."""
    with session.transaction() as cursor:
        run(cursor, release_statement(declared, relation))


def release_statement(declared, relation):
    return SQL(
        "UPDATE %s SET held = false WHERE name = %s AND relation = %s",
        own("archive"),
        declared.name,
        relation,
    )
