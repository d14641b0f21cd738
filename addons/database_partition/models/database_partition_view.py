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
        """Deploy the set and (re)create the view with the table's columns; who may read it still may."""
        if self._abstract or not self._partition_set:
            return
        self.env["database.partition.set"].deploy(self._partition_set)
        view = SQL.identifier(self._table)
        granted = self.env.execute_query(
            SQL(
                """
                SELECT a.privilege_type, r.rolname FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
                  LEFT JOIN pg_roles r ON r.oid = a.grantee
                 WHERE c.oid = to_regclass(%s) AND a.grantee <> c.relowner
                """,
                f"public.{self._table}",
            )
        )
        self.env.cr.execute(SQL("DROP VIEW IF EXISTS %s", view))
        self.env.cr.execute(SQL("CREATE VIEW %s AS %s", view, self._partition_query()))
        for privilege, role in granted:
            to = SQL.identifier(role) if role else SQL("PUBLIC")
            self.env.cr.execute(SQL("GRANT %s ON %s TO %s", SQL(privilege), view, to))

    def _partition_query(self):
        """The view's query. One that PostgreSQL cannot update makes a model that can only be read."""
        return SQL("SELECT * FROM %s", SQL.identifier(self._partition_set.table))
