"""A domain on the rollup's model as a condition on the rollup's dimensions."""

from collections.abc import Sequence, Set

from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainBool, DomainCondition, DomainNot, DomainOr
from odoo.tools import SQL, Query

from ..engine.planner import column

_STAND_IN = "__rollup__"


class Inexpressible(Exception):
    """The dimensions cannot answer; the argument says which part of the domain."""


def dimension_columns(rollup):
    """``{path from the model: dimension's name}``"""
    return {path: d.name for d in rollup.dimensions for path in d.fields}


def express(domain, model, paths, pinned, prefix=""):
    """Return ``domain`` (on ``model``, found at ``prefix`` from the rollup's model) as SQL over ``t``.

    :param paths: of :func:`dimension_columns`
    :param pinned: set to which the dimensions that the domain holds to one value are added
    :raises Inexpressible:
    """
    return _express(domain.optimize_full(model), model, paths, pinned, prefix)


def _express(domain, model, paths, pinned, prefix):
    if isinstance(domain, DomainBool):
        return SQL("TRUE") if domain.is_true() else SQL("FALSE")
    if isinstance(domain, DomainNot):
        return SQL("((%s) IS NOT TRUE)", _express(domain.child, model, paths, set(), prefix))
    if isinstance(domain, DomainAnd | DomainOr):
        every = isinstance(domain, DomainAnd)
        glue, pinned = (SQL(" AND "), pinned) if every else (SQL(" OR "), set())
        parts = [_express(child, model, paths, pinned, prefix) for child in domain.children]
        return SQL("(%s)", glue.join(parts))
    if isinstance(domain, DomainCondition):
        return _condition(domain, model, paths, pinned, prefix)
    raise Inexpressible(f"{model._name}: {domain!r}")


def _condition(condition, model, paths, pinned, prefix):
    name = condition.field_expr
    field = model._fields.get(name)
    if prefix + name in paths:
        if _is_one_value(condition):
            pinned.add(paths[prefix + name])
        return _on_dimension(condition, model, field, column(paths[prefix + name]))
    # The record at the end of a required many2one always exists: look at its own fields.
    if (
        field is not None
        and field.type == "many2one"
        and field.required
        and condition.operator in ("any", "any!", "not any", "not any!")
        and isinstance(condition.value, Domain)
    ):
        comodel = model.env[field.comodel_name]
        model._check_field_access(field, "read")
        inner = condition.value
        if not condition.operator.endswith("!"):
            inner &= model.env["ir.rule"]._compute_domain(comodel._name, "read")
        negated = condition.operator.startswith("not")
        found = express(inner, comodel, paths, set() if negated else pinned, f"{prefix}{name}.")
        return SQL("((%s) IS NOT TRUE)", found) if negated else found
    raise Inexpressible(f"{model._name}: {prefix}{name} {condition.operator}")


def _is_one_value(condition):
    """Whether the column has the same value in all rows: what is empty may be NULL and ``''``, or 0."""
    value = condition.value
    return (
        condition.operator == "in"
        and isinstance(value, Sequence | Set)
        and len(value) == 1
        and bool(next(iter(value)))
    )


def _on_dimension(condition, model, field, dimension):
    """The ORM's own SQL of the condition, with the dimension in the place of the field's column."""
    if (
        field is None
        or not field.store
        or not field.column_type
        or field.company_dependent
        or field.translate
    ):
        raise Inexpressible(f"{model._name}: {condition.field_expr} is not a plain stored column")
    model._check_field_access(field, "read")
    value, operator = condition.value, condition.operator
    if isinstance(value, Domain):
        # as the ORM does it, but never by a join
        bypass = operator.endswith("!") or field.bypass_search_access
        value = model.env[field.comodel_name]._search(value, active_test=False, bypass_access=bypass)
    query = Query(model.env, _STAND_IN, SQL.identifier(model._table))
    sql = field.condition_to_sql(condition.field_expr, operator, value, model, _STAND_IN, query)
    stand_in = SQL.identifier(_STAND_IN, field.name).code
    if query._joins or sql.code.count(f'"{_STAND_IN}"') != sql.code.count(stand_in):
        raise Inexpressible(f"{model._name}: {condition.field_expr} needs another table")
    return SQL(sql.code.replace(stand_in, dimension.code), *(sql.params))
