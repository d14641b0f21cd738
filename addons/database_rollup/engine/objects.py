"""The SQL of a rollup's own objects: tables, live functions, trigger functions.

Object names begin with the rollup's name and fingerprint, so that a process with an older declaration meets
an error and never another declaration's rows.
"""

from itertools import pairwise

from odoo.tools import SQL

from .levels import CODES, start
from .protocol import RULES
from .sql import all_of, commas, own, trusted
from .tree import references

#: no zone of the tz database is further from UTC
FURTHEST_ZONE = "16 hours"
#: more separate ranges than this in one statement are noted as one
MOST_RANGES = 100
EVERYTHING = "{(,)}"
#: rows of days outside are not counted: they are typing mistakes, or infinite
FIRST_DAY, END_DAY = "0001-01-01", "9999-12-31"


def table(cut, measure=None):
    """Name of a cut's table, or of that of a distinct count's values."""
    return own("_".join(filter(None, (cut.prefix, measure and measure.name))))


def live(cut, measure=None):
    """Name of the function that computes a range of days from the source tables."""
    return own("_".join(filter(None, (cut.prefix, measure and measure.name, "live"))))


def log(rollup):
    return own(f"{rollup.prefix}_log")


def note(rollup, alias):
    """Name of the trigger function of a table; the triggers are called likewise."""
    return f"{rollup.prefix}_note_{alias}"


def bucket(rollup):
    """The day of a row."""
    time = trusted(rollup.time)
    if not rollup.timestamp:
        return time
    if not rollup.zone:
        return SQL("%s::date", time)
    return SQL("((%s AT TIME ZONE 'UTC') AT TIME ZONE COALESCE(_zone.name, 'UTC'))::date", time)


def _zone_join(rollup):
    if not rollup.zone:
        return SQL()
    return SQL("LEFT JOIN %s _zone ON _zone.name = %s", own("zone"), trusted(rollup.zone))


def sources(rollup):
    """FROM clause of all tables."""
    joins = [
        SQL(
            "%s %s %s ON %s",
            SQL("LEFT JOIN") if join.left else SQL("JOIN"),
            SQL.identifier(join.table),
            SQL.identifier(join.alias),
            trusted(join.on),
        )
        for join in rollup.joins
    ]
    first = SQL("%s %s", SQL.identifier(rollup.table), SQL.identifier(rollup.alias))
    return SQL(" ").join([first, *joins, _zone_join(rollup)])


def in_range(rollup, low, high):
    """Condition: a row's day is in ``[low, high)``; with bounds on the raw time that an index can use."""
    terms = [SQL("%s >= %s AND %s < %s", bucket(rollup), low, bucket(rollup), high)]
    if rollup.timestamp:
        margin = SQL("interval %s", SQL(f"'{FURTHEST_ZONE if rollup.zone else '0 hours'}'"))
        time = trusted(rollup.time)
        terms.append(
            SQL("%s >= %s::timestamp - %s AND %s < %s::timestamp + %s", time, low, margin, time, high, margin)
        )
    return all_of([*terms, *(SQL("(%s)", trusted(term)) for term in rollup.where)])


def select_live(cut, low, high, measure=None):
    """Statement: the cut's rows of the days ``[low, high)``, from the source tables."""
    rollup = cut.rollup
    columns = [SQL("%s::smallint AS level", SQL(str(CODES["day"]))), SQL("%s AS bucket", bucket(rollup))]
    columns += [SQL("%s AS %s", trusted(d.expression), SQL.identifier(d.name)) for d in cut.dimensions]
    found = SQL("FROM %s WHERE %s", sources(rollup), in_range(rollup, low, high))
    if measure:
        value = trusted(measure.expression)
        return SQL(
            "SELECT DISTINCT %s, %s AS value %s AND (%s) IS NOT NULL", commas(columns), value, found, value
        )
    keys = commas(SQL(str(number + 2)) for number in range(len(columns) - 1))
    columns += [SQL("%s AS %s", trusted(how), SQL.identifier(name)) for name, how, _up in cut.stored]
    return SQL("SELECT %s %s GROUP BY %s", commas(columns), found, keys)


def select_level(cut, level, finer, low, high, measure=None):
    """Statement: a level's rows of the days ``[low, high)`` (whole buckets), from the level below.

    Distinct counts are taken from this level's values, which must stand.
    """
    code = SQL(str(CODES[level]))
    dimensions = [SQL.identifier(d.name) for d in cut.dimensions]
    columns = [
        SQL("%s::smallint AS level", code),
        SQL("%s AS bucket", start(level, SQL("bucket"))),
        *dimensions,
    ]
    below = SQL(
        "FROM %s WHERE level = %s AND bucket >= %s AND bucket < %s",
        table(cut, measure),
        SQL(str(CODES[finer])),
        low,
        high,
    )
    if measure:
        return SQL("SELECT DISTINCT %s, value %s", commas(columns), below)
    stored = [
        SQL("%s AS %s", trusted(up.format(name)) if up else SQL("NULL::bigint"), SQL.identifier(name))
        for name, _how, up in cut.stored
    ]
    keys = commas(SQL(str(number + 2)) for number in range(len(columns) - 1))
    rows = SQL("SELECT %s %s GROUP BY %s", commas([*columns, *stored]), below, keys)
    if not cut.distinct:
        return rows
    parts = [rows]
    for measure in cut.distinct:
        blank = [SQL("count(*)") if name == measure.name else SQL("NULL") for name, _how, _up in cut.stored]
        parts.append(
            SQL(
                "SELECT level, bucket, %s FROM %s WHERE level = %s AND bucket >= %s AND bucket < %s"
                " GROUP BY %s",
                commas([*dimensions, *blank]),
                table(cut, measure),
                code,
                low,
                high,
                commas([SQL("level"), SQL("bucket"), *dimensions]),
            )
        )
    totals = []
    for name, _how, up in cut.stored:
        column = SQL.identifier(name)
        # of all parts only one has a value
        totals.append(SQL("%s AS %s", SQL("max(%s)" if up else "COALESCE(max(%s), 0)", column), column))
    return SQL(
        "SELECT %s FROM (%s) q GROUP BY %s",
        commas([SQL("level"), SQL("bucket"), *dimensions, *totals]),
        SQL(" UNION ALL ").join(parts),
        commas([SQL("level"), SQL("bucket"), *dimensions]),
    )


def _function(name, arguments, returns, body):
    return SQL(
        "CREATE FUNCTION %s(%s) RETURNS %s LANGUAGE plpgsql %s AS $rollup$ %s $rollup$",
        name,
        SQL(arguments),
        returns,
        SQL("STABLE ROWS 200")
        if arguments
        # a role that may write to a source table need not know of rollups
        else SQL("SECURITY DEFINER SET search_path = public, pg_temp"),
        body,
    )


def create_tables(rollup):
    """Statements that create the log, the cuts' tables and the live functions."""
    yield SQL(
        """
        CREATE TABLE %s (
            days daterange NOT NULL,
            xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
            noted_at timestamptz NOT NULL DEFAULT now()
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)
        """,
        log(rollup),
    )
    nothing = SQL("'infinity'::date")
    low = SQL("GREATEST($1, DATE '%s')", SQL(FIRST_DAY))
    high = SQL("LEAST($2, DATE '%s')", SQL(END_DAY))
    for cut in rollup.kept:
        for measure in (None, *cut.distinct):
            name = table(cut, measure)
            yield SQL("CREATE TABLE %s AS %s WITH NO DATA", name, select_live(cut, nothing, nothing, measure))
            yield SQL("CREATE INDEX ON %s (level, bucket)", name)
            yield _function(
                live(cut, measure),
                "date, date",
                SQL("SETOF %s", name),
                SQL("BEGIN RETURN QUERY %s; END", select_live(cut, low, high, measure)),
            )


def create_note(rollup, alias, rules=RULES):
    """Statement that creates the trigger function of one table."""
    if alias in rollup.zone_aliases:
        found = _found_in_zone(rollup, alias, rules)
    else:
        found = _found(rollup, alias, rules)
    columns = commas(SQL.identifier(name) for name in rollup.columns[alias])
    old, new = SQL("old_rows"), SQL("new_rows")
    # rows that are not on both sides as often: as they were, and as they are
    changed = SQL(
        "(SELECT %(c)s FROM (SELECT 1 AS _side, %(c)s FROM %(new)s UNION ALL SELECT -1, %(c)s FROM %(old)s) q"
        " GROUP BY %(c)s HAVING sum(_side) <> 0)",
        c=columns,
        old=old,
        new=new,
    )
    if "note-old" not in rules:
        changed = SQL("(SELECT %s FROM %s EXCEPT ALL SELECT %s FROM %s)", columns, new, columns, old)
    everything = SQL(f"'{EVERYTHING}'::datemultirange")
    memory = SQL(f"'{rollup_memory(rollup)}'")
    body = SQL(
        """
        DECLARE
            found datemultirange;
            known text;
        BEGIN
            BEGIN  -- reads only: a failure here must not fail the writer
                %(idle)s
                IF TG_OP = 'INSERT' THEN %(inserted)s;
                ELSIF TG_OP = 'UPDATE' THEN %(updated)s;
                ELSIF TG_OP = 'DELETE' THEN %(deleted)s;
                ELSE found := %(truncated)s;
                END IF;
            EXCEPTION WHEN OTHERS THEN found := %(failed)s;
            END;
            IF found IS NULL OR isempty(found) THEN
                RETURN NULL;
            END IF;
            -- local to this transaction, and undone by ROLLBACK TO SAVEPOINT together with the notes
            known := current_setting(%(memory)s, true);
            IF known <> '' AND found <@ known::datemultirange THEN
                RETURN NULL;
            END IF;
            IF (SELECT count(*) FROM unnest(found)) > %(most)s THEN
                found := datemultirange(range_merge(found));
            END IF;
            INSERT INTO %(log)s (days) SELECT unnest(found);
            IF length(known) > 500 THEN
                known := '';
            END IF;
            PERFORM set_config(
                %(memory)s, (found + COALESCE(NULLIF(known, ''), '{}')::datemultirange)::text, true);
            RETURN NULL;
        END
        """,
        inserted=found(new),
        updated=found(changed),
        deleted=found(old) if "note-old" in rules else SQL("found := NULL"),
        truncated=everything if "note-truncate" in rules else SQL("NULL"),
        failed=everything if "note-unmatched" in rules else SQL("NULL"),
        idle=_leave_early(rollup, alias),
        memory=memory,
        most=SQL(str(MOST_RANGES)),
        log=log(rollup),
    )
    return _function(own(note(rollup, alias)), "", SQL("trigger"), body)


def _leave_early(rollup, alias):
    """Leave the trigger where no row, as it was or as it is, meets the conditions about its own table.

    They are part of what finds the days, too; here they spare drafts the way along the joins.
    """
    terms = _own(rollup, alias)
    if not terms or alias in rollup.zone_aliases:
        return SQL()

    def nothing(rows):
        return SQL("NOT EXISTS (SELECT FROM %s %s WHERE %s)", rows, SQL.identifier(alias), all_of(terms))

    old, new = SQL("old_rows"), SQL("new_rows")
    return SQL(
        """
        IF TG_OP = 'INSERT' THEN IF %(new)s THEN RETURN NULL; END IF;
        ELSIF TG_OP = 'UPDATE' THEN IF %(new)s AND %(old)s THEN RETURN NULL; END IF;
        ELSIF TG_OP = 'DELETE' THEN IF %(old)s THEN RETURN NULL; END IF;
        END IF;
        """,
        new=nothing(new),
        old=nothing(old),
    )


def rollup_memory(rollup):
    """Name of the transaction-local setting with the days that this transaction has noted."""
    return f"database_rollup.{rollup.prefix}"


def _joined_along(rollup, way):
    """The joins from the first alias of ``way`` to the last."""
    return [
        SQL(
            "JOIN %s %s ON %s",
            SQL.identifier(_table(rollup, there)),
            SQL.identifier(there),
            trusted(rollup.tree.tie(here, there)),
        )
        for here, there in pairwise(way)
    ]


def _found(rollup, alias, rules):
    """How a table's trigger finds the days of the rows ``{0}``: along the joins to the time's table.

    Only tables on that way are looked at: what hangs elsewhere cannot change the day, and a row that is
    not there yet for this transaction must not hide one.
    """
    tree = rollup.tree
    way = tree.path(alias, rollup.time_alias)
    if "note-own" not in rules and alias == rollup.time_alias and alias != rollup.alias:
        way = [alias, *tree.path(rollup.alias, alias)[-2::-1]]
    joins = _joined_along(rollup, way)
    seen = [*way]
    for zone_alias in reversed(rollup.zone_aliases):
        if zone_alias not in seen:
            seen.append(zone_alias)
            joins.append(
                SQL(
                    "LEFT JOIN %s %s ON %s",
                    SQL.identifier(_table(rollup, zone_alias)),
                    SQL.identifier(zone_alias),
                    trusted(tree.joins[zone_alias].on),
                )
            )
    terms = [SQL("%s IS NOT NULL", trusted(rollup.time))]
    terms += [SQL("(%s)", trusted(term)) for term in rollup.where if _aliases(rollup, term) <= set(seen)]
    return lambda rows: SQL(
        "SELECT range_agg(daterange(day, day, '[]')) INTO found"
        " FROM (SELECT DISTINCT %s AS day FROM %s %s %s %s WHERE %s) q",
        bucket(rollup),
        rows,
        SQL.identifier(alias),
        SQL(" ").join(joins),
        _zone_join(rollup),
        all_of(terms),
    )


def _found_in_zone(rollup, alias, rules):
    """A table that decides the time zone: every day, if the row decides one's zone at all."""
    tree = rollup.tree
    way = tree.path(alias, rollup.time_alias)[:-1]
    if "note-zone" not in rules:
        return lambda rows: SQL("found := NULL")
    joins = _joined_along(rollup, way)
    return lambda rows: SQL(
        "SELECT CASE WHEN EXISTS (SELECT FROM %s %s %s) THEN %s::datemultirange END INTO found",
        rows,
        SQL.identifier(alias),
        SQL(" ").join(joins),
        SQL(f"'{EVERYTHING}'"),
    )


def own_terms(rollup, alias):
    """Those of the rollup's conditions that are about one table only, as SQL."""
    return all_of(_own(rollup, alias))


def _own(rollup, alias):
    return [SQL("(%s)", trusted(term)) for term in rollup.where if _aliases(rollup, term) == {alias}]


def _aliases(rollup, expression):
    return {alias for alias, _column in references(expression, rollup.tree.aliases, rollup.name)}


def _table(rollup, alias):
    return rollup.table if alias == rollup.alias else rollup.tree.joins[alias].table


def watched(rollup):
    """``{alias: table}`` of all tables with triggers."""
    return {alias: _table(rollup, alias) for alias in rollup.tree.aliases}


TRIGGERS = {
    "i": ("INSERT", "REFERENCING NEW TABLE AS new_rows"),
    "u": ("UPDATE", "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "d": ("DELETE", "REFERENCING OLD TABLE AS old_rows"),
    "t": ("TRUNCATE", ""),
}


def create_triggers(rollup, alias):
    """Statements that put the triggers on one table; ALWAYS: ``session_replication_role`` hides no write."""
    name = SQL.identifier(_table(rollup, alias))
    for letter, (event, rows) in TRIGGERS.items():
        trigger = SQL.identifier(f"{note(rollup, alias)}_{letter}")
        yield SQL(
            "CREATE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %s()",
            trigger,
            SQL(event),
            name,
            SQL(rows),
            own(note(rollup, alias)),
        )
        yield SQL("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", name, trigger)
