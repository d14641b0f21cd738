from odoo import api, models
from odoo.tools import SQL


class DatabasePartitionView(models.AbstractModel):
    """A partitioned table as an ordinary model, through a view that PostgreSQL updates.

    A concrete model sets ``_auto = False`` and ``_partition_set``; its fields are columns of the table,
    which has an ``id`` with a default. Its own ``_table`` is the view; create, write, unlink, search and
    ``_read_group`` work as on any table. Set ``_log_access = False`` unless the table has those columns.
    """

    _name = "database.partition.view"
    _description = "Partitioned Table Shown as a Model"
    _auto = False

    #: the :class:`PartitionSet` whose table is shown
    _partition_set = None

    @api.private
    def init(self):
        """Deploy the set and (re)create the view with the table's columns."""
        if self._abstract or not self._partition_set:
            return
        self.env["database.partition.set"].deploy(self._partition_set)
        view, table = SQL.identifier(self._table), SQL.identifier(self._partition_set.table)
        self.env.cr.execute(SQL("DROP VIEW IF EXISTS %s", view))
        self.env.cr.execute(SQL("CREATE VIEW %s AS SELECT * FROM %s", view, table))
