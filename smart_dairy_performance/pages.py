"""What a method that lists records checks before it reads, and the words when it refuses."""

from odoo.exceptions import UserError
from odoo.fields import Domain

from .eager.loading import search_load
from .guards import check_internal

MAX_LIMIT = 10_000


# What Odoo makes display names of, beyond what it declares: without these it reads every column.
PARTNER_NAME = ("display_name", "name", "type", "is_company", "parent_id", "company_name")
PRODUCT_NAME = ("display_name", "product_tmpl_id.name", "product_tmpl_id.company_id")


def below(field, paths):
    """``paths``, begun with ``field``."""
    return tuple(f"{field}.{path}" for path in paths)


def find(model, domain, paths, limit, always=Domain.TRUE):
    """Return the first ``limit`` records in ``domain``, in the model's order, with ``paths`` in memory.

    :param always: what every record fulfils besides
    :raises AccessError: portal and public users, users who may not read the model
    :raises UserError: a limit that is no number from 1 to :data:`MAX_LIMIT`, a domain that is none
    """
    check_internal(model.env)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise UserError(
            model.env._(
                "The limit %(limit)s is not a whole number from 1 to %(max)s.",
                limit=repr(limit),
                max=MAX_LIMIT,
            )
        )
    try:
        return search_load(model, Domain(domain or []) & always, paths, limit)
    except (TypeError, ValueError) as error:
        raise UserError(
            model.env._(
                "%(domain)s is not a search condition on %(model)s: %(error)s",
                domain=repr(domain),
                model=model._name,
                error=error,
            )
        ) from error


def currency_codes(records):
    """``{currency id: code}`` for ``records``; Odoo remembers the active ones from request to request."""
    known = records.env["res.currency"].get_all_currencies()
    return {
        currency.id: known[currency.id]["name"] if currency.id in known else currency.name
        for currency in records.currency_id
    }


def names_of(records, *fields):
    """``{field: {id: name}}`` of what many2one fields of ``records`` lead to; no id, no name: ``None``.

    Each name is made once. As everywhere in Odoo, who may read a record may read the names of what it refers
    to, therefore the superuser (see ``Many2one.convert_to_read``).
    """
    names = {field: {False: None} for field in fields}
    for field in fields:
        for row in records[field].sudo()._read_format(["display_name"]):
            names[field][row["id"]] = row["display_name"] or None
    return names


def rows_of(records, fields):
    """Dicts of what is in memory, ``id`` included; a many2one is its id, or false."""
    return records._read_format(fields, load=None)
