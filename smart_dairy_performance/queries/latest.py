"""Statement of the newest record of each of several kinds, for each of many parents."""

from odoo.tools import SQL

# The parent's id, as the SELECTs given to `latest` refer to it.
PARENT = SQL.identifier("latest_parent", "id")


def latest(parents, children):
    """Statement: one row a parent: its id, then the columns of each child (NULL without one).

    :param parents: ids
    :param children: SELECTs of at most one row each, that refer to the parent as :data:`PARENT`; each runs
        on the index of its own table, once a parent
    """
    aliases = [SQL.identifier(f"latest_{index}") for index in range(len(children))]
    return SQL(
        "SELECT %s FROM unnest(%s) AS latest_parent(id) %s",
        SQL(", ").join([PARENT, *(SQL("%s.*", alias) for alias in aliases)]),
        list(parents),
        SQL(" ").join(
            SQL("LEFT JOIN LATERAL (%s) AS %s ON TRUE", child, alias)
            for child, alias in zip(children, aliases, strict=True)
        ),
    )
