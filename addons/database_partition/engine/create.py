"""Deploying a set, and making partitions ahead."""

from odoo.tools import SQL

from . import bounds, catalogue
from . import index as indexes
from .connection import alone, briefly
from .errors import PartitionError
from .protocol import RULES
from .sql import own, run, table, trusted, value
from .words import _lt

#: bytes of a default partition that may be read while it is locked: some milliseconds
SCANNED = 4 << 20


class DefaultNotEmpty(PartitionError):
    """The default partition has pages, or copies of its rows wait: attaching is the work of ``drain``."""


def like(declared, name):
    """Statement: a table just like the parent, apart from it."""
    return SQL(
        "CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING IDENTITY)", table(name), table(declared.table)
    )


def attach(declared, name, wanted):
    return SQL(
        "ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)",
        table(declared.table),
        table(name),
        bounds.literal(declared, wanted.lower),
        bounds.literal(declared, wanted.upper),
    )


def attach_default(declared):
    return SQL("ALTER TABLE %s ATTACH PARTITION %s DEFAULT", table(declared.table), table(declared.default))


def note_function(declared):
    """Statement: the function that notes the keys of changed rows, with its owner's rights."""
    key = {
        "date": "{}.{}::timestamp",
        "timestamp": "{}.{}",
        "timestamptz": "{}.{} AT TIME ZONE 'UTC'",
    }[declared.key_type]
    column = '"' + declared.key + '"'
    return SQL(
        """
        CREATE OR REPLACE FUNCTION %(name)s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog AS $note$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                INSERT INTO database_partition.change (name, at) VALUES (TG_ARGV[0], NULL);
                RETURN NULL;
            END IF;
            IF TG_OP <> 'INSERT' THEN
                INSERT INTO database_partition.change (name, at) VALUES (TG_ARGV[0], %(old)s);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO database_partition.change (name, at) VALUES (TG_ARGV[0], %(new)s);
            END IF;
            RETURN NULL;
        END $note$
        """,
        name=own(f"note_{declared.name}"),
        old=trusted(key.format("OLD", column)),
        new=trusted(key.format("NEW", column)),
    )


def note_triggers(declared, name):
    """Statements: every change of a row of the default partition is noted, whoever makes it."""
    for trigger, events, each in (
        ("database_partition_note", "INSERT OR UPDATE OR DELETE", "ROW"),
        ("database_partition_note_all", "TRUNCATE", "STATEMENT"),
    ):
        yield SQL(
            "CREATE TRIGGER %s AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION %s(%s)",
            SQL.identifier(trigger),
            SQL(events),
            table(name),
            SQL(each),
            own(f"note_{declared.name}"),
            declared.name,
        )
        yield SQL("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table(name), SQL.identifier(trigger))


def parent_statements(declared):
    """Statements that create a parent, its indexes and its default partition."""
    yield SQL(
        "CREATE TABLE %s (%s) PARTITION BY RANGE (%s)",
        table(declared.table),
        trusted(declared.columns),
        SQL.identifier(declared.key),
    )
    for index in declared.indexes:
        yield indexes.on_parent(declared, index, only=False)
    yield like(declared, declared.default)
    yield attach_default(declared)


def deploy(session, declared, now, patience, rules=RULES):
    """Put a set into the database: catalogue, parent (if there is none), default partition, and its triggers.

    A parent that stands is taken over as it is; its partitions keep their bounds.

    :raises PartitionError: a table of that name stands and is not partitioned as declared
    """
    with session.transaction() as cursor:
        alone(cursor, declared)
        catalogue.install(cursor)
        run(cursor, note_function(declared))
        if not catalogue.stands(cursor, declared.table):
            if not declared.columns:
                raise PartitionError(
                    _lt("%(set)s: there is no such table, and no columns are declared", set=declared.name)
                )
            for statement in parent_statements(declared):
                run(cursor, statement)
        _check_parent(cursor, declared)
        run(
            cursor,
            SQL(
                """
                INSERT INTO %s (name, declaration, deployed_at) VALUES (%s, %s, %s)
                ON CONFLICT (name) DO UPDATE SET declaration = EXCLUDED.declaration
                """,
                own("set"),
                declared.name,
                declared.to_json(),
                now,
            ),
        )
        default = catalogue.default_of(cursor, declared)
        noted = default == declared.default and not missing_triggers(cursor, declared)
    if default not in (None, declared.default):
        raise PartitionError(
            _lt(
                "%(set)s: its default partition is %(default)s; rename it to %(wanted)s first",
                set=declared.name,
                default=default,
                wanted=declared.default,
            )
        )
    if not default:
        briefly(
            session,
            declared,
            patience,
            [(declared.table, "ACCESS EXCLUSIVE")],
            lambda cursor: run(cursor, attach_default(declared)),
            lambda cursor: run(cursor, like(declared, declared.default)),
        )
    if not noted and "note" in rules:
        briefly(
            session,
            declared,
            patience,
            [(declared.default, "SHARE ROW EXCLUSIVE")],
            lambda cursor: _note(cursor, declared),
        )


def undeploy(cursor, declared):
    """Drop a set's table with all partitions and detached tables, and forget it. Archive files stay.

    For the uninstall hook of the addon that declares the set, in its own transaction.
    """
    if catalogue.installed(cursor):
        taken = [
            row[0]
            for what in ("detached", "copy")
            for row in run(cursor, SQL("SELECT relation FROM %s WHERE name = %s", own(what), declared.name))
        ]
        for relation in taken:
            run(cursor, SQL("DROP TABLE IF EXISTS %s", table(relation)))
        for what in ("set", "change", "copy", "detached", "archive"):
            run(cursor, SQL("DELETE FROM %s WHERE name = %s", own(what), declared.name))
    run(cursor, SQL("DROP TABLE IF EXISTS %s CASCADE", table(declared.table)))
    run(cursor, SQL("DROP FUNCTION IF EXISTS %s", own(f"note_{declared.name}")))


def missing_triggers(cursor, declared):
    """Whether changes of the default partition go unnoted."""
    return (
        value(
            cursor,
            SQL(
                """
                SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgenabled = 'A'
                   AND tgname IN ('database_partition_note', 'database_partition_note_all')
                """,
                f"public.{declared.default}",
            ),
        )
        < 2
    )


def _note(cursor, declared):
    for trigger in ("database_partition_note", "database_partition_note_all"):
        run(
            cursor,
            SQL("DROP TRIGGER IF EXISTS %s ON %s", SQL.identifier(trigger), table(declared.default)),
        )
    for statement in note_triggers(declared, declared.default):
        run(cursor, statement)
    # what changed unnoted makes every copy worthless
    run(cursor, SQL("INSERT INTO %s (name, at) VALUES (%s, NULL)", own("change"), declared.name))


def _check_parent(cursor, declared):
    found = run(
        cursor,
        SQL(
            """
            SELECT p.partstrat, p.partnatts, a.attname, format_type(a.atttypid, NULL), a.attnotnull
              FROM pg_partitioned_table p
              JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
             WHERE p.partrelid = to_regclass(%s)
            """,
            f"public.{declared.table}",
        ),
    )
    types = {
        "date": "date",
        "timestamp": "timestamp without time zone",
        "timestamptz": "timestamp with time zone",
    }
    wanted = ("r", 1, declared.key, types[declared.key_type], True)
    if not found or found[0] != wanted:
        raise PartitionError(
            _lt(
                "%(set)s: a table of that name stands that is not partitioned by range of %(key)s "
                "(%(type)s, NOT NULL); rename it, or declare what it is",
                set=declared.name,
                key=declared.key,
                type=types[declared.key_type],
            )
        )
    foreign = run(
        cursor,
        SQL(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND to_regclass(%s) IN (conrelid, "
            "confrelid)",
            f"public.{declared.table}",
        ),
    )
    if foreign:
        raise PartitionError(
            _lt(
                "%(set)s: foreign key %(constraint)s would be checked row by row while others wait; drop it",
                set=declared.name,
                constraint=foreign[0][0],
            )
        )


def missing(cursor, declared, now):
    """Ranges that should be ready at ``now`` and are not, oldest first."""
    there = catalogue.attached(cursor, declared)
    wanted = bounds.around(declared, bounds.today(declared, now), declared.history, declared.premake)
    return [one for one in wanted if not any(one.overlaps(other) for other in there)]


def attach_empty(session, declared, wanted, patience, rules=RULES):
    """Make the partition of one range apart and attach it, unless the default partition has rows of the
    range.

    PostgreSQL reads the default partition while it is locked, so a large one is left to the drain as well.

    :raises DefaultNotEmpty:
    :raises PartitionError: a table of that name stands already
    :raises BusyError:
    """
    name = bounds.partition_name(declared, wanted)

    def prepare(cursor):
        refuse_stray(cursor, declared, name)
        run(cursor, like(declared, name))

    def work(cursor):
        size = value(cursor, SQL("SELECT pg_relation_size(%s)", f"public.{declared.default}"))
        if size > SCANNED or (size and _touched(cursor, declared, wanted)):
            raise DefaultNotEmpty(
                _lt("%(set)s: the default partition has %(size)s bytes", set=declared.name, size=size)
            )
        run(cursor, attach(declared, name, wanted))

    parent = "SHARE UPDATE EXCLUSIVE" if "apart" in rules else "ACCESS EXCLUSIVE"
    locks = [(declared.table, parent), (declared.default, "ACCESS EXCLUSIVE")]
    briefly(session, declared, patience, locks, work, prepare, rules)
    return name


def _touched(cursor, declared, wanted):
    """Whether the default partition has rows of the range, or had a moment ago, for older snapshots to
    see."""
    key = SQL.identifier(declared.key)
    low, high = bounds.literal(declared, wanted.lower), bounds.literal(declared, wanted.upper)
    return value(
        cursor,
        SQL(
            """
            SELECT EXISTS (SELECT FROM ONLY %(default)s WHERE %(key)s >= %(low)s AND %(key)s < %(high)s)
                OR EXISTS (SELECT FROM %(copy)s WHERE name = %(name)s)
                OR EXISTS (SELECT FROM %(change)s WHERE name = %(name)s AND
                           (at IS NULL OR (at >= %(from)s::timestamp AND at < %(to)s::timestamp)))
            """,
            **{"from": bounds.bare(wanted.lower), "to": bounds.bare(wanted.upper)},
            default=table(declared.default),
            key=key,
            low=low,
            high=high,
            copy=own("copy"),
            change=own("change"),
            name=declared.name,
        ),
    )


def attach_empty_statements(declared, wanted):
    """What :func:`attach_empty` sends, for a dry run."""
    name = bounds.partition_name(declared, wanted)
    yield like(declared, name)
    yield SQL("LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE NOWAIT", table(declared.table))
    yield SQL("LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT", table(declared.default))
    yield attach(declared, name, wanted)


def refuse_stray(cursor, declared, name):
    """A table with a partition's name that is not attached is never taken for one, nor touched."""
    if not catalogue.stands(cursor, name):
        return
    if value(cursor, SQL("SELECT count(*) FROM %s WHERE relation = %s", own("copy"), name)):
        raise DefaultNotEmpty(
            _lt(
                "%(set)s: rows were copied to %(name)s by a drain that was interrupted; drain",
                set=declared.name,
                name=name,
            )
        )
    if value(cursor, SQL("SELECT count(*) FROM %s WHERE relation = %s", own("detached"), name)):
        raise PartitionError(
            _lt(
                "%(set)s: %(name)s is detached and waits to be archived; archive it, or attach it again",
                set=declared.name,
                name=name,
            )
        )
    raise PartitionError(
        _lt(
            "%(set)s: a table %(name)s stands that is no partition; rename or drop it, after looking into it",
            set=declared.name,
            name=name,
        )
    )
