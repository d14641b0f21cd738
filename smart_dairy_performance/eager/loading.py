"""Walks a path tree over recordsets: one statement a relation and level, only the fields asked for.

Everything is read as the records' own user. A related record that this user may not read is left out, so
that the ORM refuses it when, and only when, it is accessed.
"""

from collections import defaultdict

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain, One2many
from odoo.tools import OrderedSet

from .plan import ANY_MODEL, PathError, paths_of, plan

REFERENCES = ("reference", "many2one_reference")


def plan_for(model, paths):
    """The checked tree of ``paths`` from ``model`` (a recordset); :raises PathError:"""
    return plan(paths, model._name, _follow_in(model.env))


def _follow_in(env):
    def follow(model, name):
        field = env[model]._fields[name]
        return ANY_MODEL if field.type in REFERENCES else field.comodel_name

    return follow


def search_load(model, domain, paths, limit=None):
    """Return the records of ``model`` in ``domain``, in its order, with ``paths`` in memory.

    The search reads the columns that the paths begin with.
    """
    tree = plan_for(model, paths)
    names = [name for name in tree if _read_by_search(model._fields[name])]
    records = model.search_fetch(domain, names, limit=limit)
    if records:
        load(records, tree, found=True)
    return records


def load(records, tree, found=False):
    """Bring the values that ``tree`` names into memory for ``records``; what is there already stays.

    :param found: the records come from a search that read their columns and applied their rules
    :raises AccessError: a field, or a record of ``records``, that the user may not read
    """
    lines = _one2many_branches(records, tree)
    fields = _fields_to_fetch(records, tree, lines)
    missing = [field for field in fields if any(field._cache_missing_ids(records))]
    if found:
        for field in missing:
            if field.store and not field.column_type:
                records._check_field_access(field, "read")
                field.read(records)
        missing = [field for field in missing if field.column_type and field.store]
    if missing:
        records.fetch([field.name for field in missing])
    elif not found and any(any(records._fields[name]._cache_missing_ids(records)) for name in lines):
        records = _checked(records)
    _load_below(_in_memory(records, fields), tree, lines)


def _checked(records):
    """The records that exist, all of which the user may read; asks for no more than their ids."""
    readable = _readable(records)
    if len(readable) < len(records):
        readable = records.exists()
        readable.check_access("read")
    return readable


def _readable(records):
    """The records that exist and that the user may read, in the given order."""
    if not records.browse().has_access("read"):
        return records.browse()
    real = records.filtered("id")
    found = real.with_context(active_test=False).search([("id", "in", real.ids)], order="id")
    ids = set(found.ids)
    return records.browse(id_ for id_ in records._ids if not id_ or id_ in ids)


def load_readable(records, tree, found=False):
    """Like :func:`load`, for records reached by a path: those that may not be read are left out."""
    if not records or not tree:
        return
    try:
        load(records, tree, found)
    except AccessError:
        readable = _readable(records)
        if len(readable) == len(records):
            raise  # a field is refused, not a record
        load_readable(readable, tree)


def _load_below(records, tree, lines):
    # computed values last: what they are made of may be on one of the paths
    for name, branch in sorted(tree.items(), key=lambda item: not item[1]):
        field = records._fields[name]
        if name in lines:
            load_readable(*_lines(records, field, branch))
        elif not branch:
            if not field.store:
                _compute(records, field)
        elif field.type in REFERENCES:
            _load_referred(_referred(records, field), branch)
        else:
            corecords = _corecords(records, field)
            if corecords._active_name and field.type == "many2many":
                branch = {**branch, corecords._active_name: {}}
            load_readable(corecords, branch)


def _one2many_branches(records, tree):
    """Names of the one2many fields whose lines can be read together with the lines' own columns."""
    fields = records._fields
    return {
        name
        for name, branch in tree.items()
        if branch and fields[name].store and getattr(type(fields[name]), "read", None) is One2many.read
    }


def _fields_to_fetch(records, tree, lines):
    fields = [records._fields[name] for name in tree if name not in lines and name != "id"]
    models = [field.model_field for field in fields if field.type == "many2one_reference"]
    return list(OrderedSet([*fields, *(records._fields[name] for name in models)]))


def _in_memory(records, fields):
    """``records`` without those that no longer exist, sharing what they prefetch among themselves only."""
    stored = next((field for field in fields if field.store), None)
    if stored:
        gone = {id_ for id_ in stored._cache_missing_ids(records) if id_}
        records = records.browse(id_ for id_ in records._ids if id_ not in gone)
    return records.with_prefetch()


def _compute(records, field):
    """Compute an unstored field of all records at once: reading the first computes its whole prefetch."""
    try:
        records.mapped(field.name)
    except MissingError:
        existing = records.exists()
        if len(existing) == len(records):
            raise
        existing.mapped(field.name)


def _corecords(records, field):
    """What a relational field leads to; archived records of a stored many2many field included.

    Leaving them out reads their `active`, and with it every other field.
    """
    if field.store and field.type == "many2many":
        return _unfiltered(records, field)
    return records[field.name].with_prefetch()


def _unfiltered(records, field):
    return records.with_context(active_test=False)[field.name].with_env(records.env).with_prefetch()


def _lines(records, field, branch):
    """The lines of a one2many field, read with the columns that ``branch`` wants: one statement, not two.

    The same search and the same cache entries as those of :meth:`odoo.fields.One2many.read`.

    :return: lines, ``branch``, whether all lines were found by that search
    """
    missing = records.browse(id_ for id_ in field._cache_missing_ids(records) if id_)
    if missing:
        comodel = records.env[field.comodel_name].with_context(**{"active_test": False, **field.context})
        inverse = comodel._fields[field.inverse_name]
        names = OrderedSet([inverse.name, *filter(None, [comodel._active_name])])
        names.update(name for name in branch if _read_by_search(comodel._fields[name]))
        of_record = defaultdict(list)
        for line in comodel.search_fetch(
            field.get_comodel_domain(missing) & Domain(inverse.name, "in", missing.ids), list(names)
        ):
            parent = line[inverse.name]
            of_record[parent if isinstance(parent, int) else parent.id].append(line.id)
        field._insert_cache(missing, [tuple(of_record[id_]) for id_ in missing._ids])
    return _unfiltered(records, field), branch, len(missing) == len(records)


def _read_by_search(field):
    """Whether a search can read the field, or what it is computed of, along with the records."""
    return bool(field.column_type) if field.store else True


def _referred(records, field):
    """Recordsets, one a model, that a reference field of ``records`` points at."""
    env = records.env
    ids = defaultdict(OrderedSet)
    for record in records:
        value = record[field.name]
        if value and field.type == "reference":
            ids[value._name].add(value.id)
        elif value and record[field.model_field] in env:
            ids[record[field.model_field]].add(value)
    return [env[model].browse(model_ids) for model, model_ids in ids.items()]


def _load_referred(recordsets, branch):
    """Load ``branch`` on records of several models: each has those of the fields that it knows."""
    for name in branch:
        if recordsets and not any(name in records._fields for records in recordsets):
            models = ", ".join(records._name for records in recordsets)
            raise PathError(name, name, models, "none of the models referred to has it; check its spelling.")
    for records in recordsets:
        known = {name: below for name, below in branch.items() if name in records._fields}
        load_readable(records, plan_for(records, paths_of(known)))
