from odoo import fields, models
from odoo.addons.database_index import runtime

from ..engine.recommendations import ADDON, declarable


class DatabaseConsoleIndex(models.Model):
    """Indexes that administrators took over from a recommendation: declared like those of addons.

    Nobody writes here but the console: a statement is trusted, because it is one that the engines wrote.
    """

    _name = "database.console.index"
    _description = "Index Taken Over from a Recommendation"
    _order = "name"

    name = fields.Char("Index", required=True, readonly=True)
    statement = fields.Text("SQL", required=True, readonly=True)
    purpose = fields.Char(required=True, readonly=True)

    _name_unique = models.Constraint("UNIQUE (name)", "This index is declared already.")


def _declared(registry):
    """What was taken over in a database, for the deployments of :mod:`database_index`."""
    with registry.cursor() as cr:
        cr.execute("SELECT statement, purpose FROM database_console_index ORDER BY name")
        return [declarable(statement, purpose) for statement, purpose in cr.fetchall()]


runtime.add_source(ADDON, _declared)
