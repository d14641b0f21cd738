"""Rebuilding one index while people work, and clearing away what interrupted rebuilds left."""

import time

from odoo.tools import SQL

from . import build, catalogue
from .connection import Patience
from .errors import IndexRefusal
from .sql import relation, run

#: PostgreSQL names what REINDEX CONCURRENTLY works on ``…_ccnew`` and ``…_ccold``, with a number when taken,
#: and shortens long names before it
LEFTOVERS = r"""
    SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass(%s))
       AND NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
       AND starts_with(%s, regexp_replace(c.relname, '_cc(new|old)[0-9]*$', ''))
       AND regexp_replace(pg_get_indexdef(c.oid), '^.*? USING ', '')
         = regexp_replace(pg_get_indexdef(to_regclass(%s)), '^.*? USING ', '')
"""


def leftovers(cursor, name):
    """Names of invalid indexes that interrupted rebuilds of this one left."""
    full = f"public.{name}"
    return [row[0] for row in run(cursor, SQL(LEFTOVERS, full, name, full))]


def reindex(session, name, patience=None):
    """Rebuild an index by REINDEX CONCURRENTLY; return its size in bytes before and after, and seconds.

    :raises IndexRefusal: there is no such index, or it is one of an exclusion constraint
    :raises BusyError: it could not be done now
    """
    patience = patience or Patience()
    with session.transaction() as cursor:
        found = catalogue.find(cursor, name)
        if not found:
            raise IndexRefusal(f"index {name!r} is not in the schema public; take a name that the list shows")
        excludes = run(
            cursor,
            SQL("SELECT indisexclusion FROM pg_index WHERE indexrelid = to_regclass(%s)", f"public.{name}"),
        )[0][0]
        if excludes:
            raise IndexRefusal(
                f"index {name}: PostgreSQL cannot rebuild an exclusion constraint's index while people work; "
                f"run REINDEX INDEX {name} in a maintenance window"
            )
        before = catalogue.bytes_of(cursor, name)

    def clear():
        with session.transaction() as cursor:
            names = leftovers(cursor, name)
        for one in names:
            build.drop(session, one, patience)

    began = time.monotonic()
    with session.alone(patience):
        build.ask_to_stop(session, False)
        statement = SQL("REINDEX INDEX CONCURRENTLY %s", relation(name))
        build.patiently(session, name, statement, patience, between=clear)
    with session.transaction() as cursor:
        return before, catalogue.bytes_of(cursor, name), time.monotonic() - began
