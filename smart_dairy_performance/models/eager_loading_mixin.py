from odoo import api, models

from ..eager import loading


class EagerLoadingMixin(models.AbstractModel):
    """Reads what a loop will need before it runs: a constant number of statements, few columns."""

    _name = "eager.loading.mixin"
    _description = "Eager loading of related records"

    @api.model
    def _prefetch_related(self, records, *paths):
        """Bring the values at the end of ``paths`` into memory, for all ``records`` at once.

        Only the fields named are read (and what computed ones are made of); related and computed fields are
        computed in one go. Below a reference, each model loads those fields that it has.

        :param records: recordset of any model
        :param paths: dotted field names from ``records``, such as ``"order_line.product_id.uom_id"``
        :return: ``records``, prefetching among themselves
        :raises odoo.addons.smart_dairy_performance.eager.plan.PathError: (a ValueError) an unknown field or
            a path through a field that is not relational; names path, field and model
        :raises AccessError: a record of ``records``, or a field, that the user may not read. Related records
            that may not be read are left out: the ORM refuses them when they are accessed
        """
        tree = loading.plan_for(records, paths)
        records = records.with_prefetch()
        if records and tree:
            loading.load(records, tree)
        return records

    @api.private
    def browse_with_prefetch(self, ids, paths=()):
        """Return the records ``ids`` of this model with ``paths`` in memory (as :meth:`_prefetch_related`).

        As with ``browse``, an id that does not exist is no error until the record is read.
        """
        return self._prefetch_related(self.browse(ids), *paths)
