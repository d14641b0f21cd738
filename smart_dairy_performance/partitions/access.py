"""A role that business intelligence tools can be given: it reads the partitioned orders, and nothing else."""

import re

from odoo.addons.database_partition.engine.errors import PartitionError
from odoo.addons.database_partition.engine.sql import run, value
from odoo.tools import SQL

from .orders import VIEW, _lt

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def check(role):
    """:raises PartitionError: the name would not do for a role"""
    if not NAME.fullmatch(role):
        raise PartitionError(
            _lt(
                "role %(role)r will not do; take lower-case letters, digits and _, at most 63, like dairy_bi",
                role=role,
            )
        )


def statements(cursor, role, revoke=False):
    """What :func:`grant` (or :func:`revoke`) sends, for a dry run or for a database administrator."""
    check(role)
    name = SQL.identifier(role)
    view = SQL.identifier("public", VIEW)
    if revoke:
        yield SQL("REVOKE ALL ON %s FROM %s", view, name)
        return
    if not value(cursor, SQL("SELECT 1 FROM pg_roles WHERE rolname = %s", role)):
        yield SQL("CREATE ROLE %s NOLOGIN", name)
    yield SQL("GRANT USAGE ON SCHEMA public TO %s", name)
    yield SQL("GRANT SELECT ON %s TO %s", view, name)


def grant(cursor, role, revoke=False):
    """Let a role (created without login if it is missing) read the view, or no longer.

    :raises PartitionError: the name will not do, or there is no such role to revoke from
    """
    check(role)
    if revoke and not value(cursor, SQL("SELECT 1 FROM pg_roles WHERE rolname = %s", role)):
        raise PartitionError(_lt("role %(role)r does not exist; there is nothing to revoke", role=role))
    for statement in list(statements(cursor, role, revoke)):
        run(cursor, statement)
