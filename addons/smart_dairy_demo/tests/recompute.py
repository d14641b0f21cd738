"""Recompute stored fields through the ORM and compare them with what bulk loading wrote."""

import random


class UndoError(Exception):
    pass


def stored_computed_fields(model):
    """Names of the stored fields of a model that the ORM computes, related ones included."""
    return [
        name
        for name, field in sorted(model._fields.items())
        if field.store and field.compute and not field.company_dependent
    ]


def sample(model, size, seed=1):
    """Up to `size` records, the same ones for the same seed."""
    ids = model.with_context(active_test=False).search([], order="id").ids
    return model.browse(random.Random(seed).sample(ids, min(size, len(ids))))


def differences(records, excluded=()):
    """Recompute every stored computed field of the records.

    :return: list of (field, record id, loaded value, computed value); the database is left as it was
    """
    env, found = records.env, []
    names = [name for name in stored_computed_fields(records) if name not in excluded]
    loaded = _values(records, names)
    for name in names:
        try:
            with env.cr.savepoint():
                env.add_to_compute(records._fields[name], records)
                env.flush_all()
                records.invalidate_recordset()
                computed = _values(records, [name])
                raise UndoError
        except UndoError:
            env.invalidate_all(flush=False)
        for record in records:
            before, after = loaded[record.id, name], computed[record.id, name]
            if before != after:
                found.append((name, record.id, before, after))
    return found


def _values(records, names):
    values = {}
    for record in records:
        for name in names:
            value = record[name]
            values[record.id, name] = tuple(sorted(value.ids)) if hasattr(value, "ids") else value
    return values
