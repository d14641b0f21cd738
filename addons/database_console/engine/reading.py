"""Pages of indexes and statements, from the views of the two addons below; None is what nobody knows.

The ORM would show a 0 for a figure that was not measured.
"""

from odoo.tools import SQL

from .parameters import PAGE, Choice, Number, Text, order

STATES = ("active", "unread", "unused", "guard", "invalid", "dropped")
INDEXES = (
    *PAGE,
    order("-bytes", "name", "table", "scans"),
    Choice("state", "Only those of this state", STATES),
    Text("table", "Only those of this table"),
    Text("search", "Only those with this in their name or their table's, whatever the case"),
)
QUERIES = (
    *PAGE,
    order("-total_seconds", "calls", "mean_ms", "p90_ms", "max_ms"),
    Number("slower_than_ms", "Only those that take so many milliseconds or more on average"),
    Text("search", "Only those with this in their text, whatever the case"),
    Text("model", "Only those that this model asked, as res.partner"),
)
#: one row an index: what is shown, by what it is called
_INDEXES = SQL(
    """
    SELECT name, table_name AS "table", method, state, (size_mb * 1048576)::bigint AS bytes,
           scans::bigint AS scans, deployed, droppable, definition
      FROM database_index_present"""
)
_QUERIES = SQL(
    """
    SELECT id, text, calls::bigint AS calls, total::float AS total_seconds, mean::float AS mean_ms,
           p50::float AS p50_ms, p90::float AS p90_ms, p99::float AS p99_ms, maximum::float AS max_ms,
           under_goal::float AS under_goal_percent, rows::float AS rows_a_call,
           cache_hit::float AS cache_hit_percent, model, route, place
      FROM database_monitor_statement"""
)


def indexes(env, asked):
    """``(how many there are, this page's rows)`` of every index of the database.

    :param asked: values of :data:`INDEXES`
    """
    conditions = []
    if asked["state"]:
        conditions.append(SQL("state = %s", asked["state"]))
    if asked["table"]:
        conditions.append(SQL('"table" = %s', asked["table"]))
    if asked["search"]:
        part = contains(asked["search"])
        conditions.append(SQL('(name ILIKE %s OR "table" ILIKE %s)', part, part))
    return _page(env, _INDEXES, conditions, asked, "name")


def queries(env, asked):
    """``(how many there are, this page's rows)`` of the statements of the last 24 hours.

    :param asked: values of :data:`QUERIES`
    """
    conditions = [SQL("mean_ms >= %s", asked["slower_than_ms"])]
    if asked["search"]:
        conditions.append(SQL("text ILIKE %s", contains(asked["search"])))
    if asked["model"]:
        # "model.method" is what is kept
        conditions.append(SQL("(model = %s OR starts_with(model, %s))", asked["model"], asked["model"] + "."))
    return _page(env, _QUERIES, conditions, asked, "id")


def contains(text):
    """A pattern of LIKE for texts that contain this one."""
    return "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def _page(env, source, conditions, asked, last):
    # joined with AND; TRUE where nothing is asked
    where = SQL(" AND ").join([SQL("TRUE"), *conditions])
    column, down = asked["sort"].lstrip("-"), asked["sort"].startswith("-")
    found = SQL("(%s) found WHERE %s", source, where)
    total = env.execute_query(SQL("SELECT count(*) FROM %s", found))[0][0]
    rows = env.execute_query_dict(
        SQL(
            "SELECT * FROM %s ORDER BY %s %s NULLS LAST, %s LIMIT %s OFFSET %s",
            found, SQL.identifier(column), SQL("DESC") if down else SQL("ASC"), SQL.identifier(last),
            asked["limit"], asked["offset"],
        )
    )  # fmt: skip
    return total, rows
