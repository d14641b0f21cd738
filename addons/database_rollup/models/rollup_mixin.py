from odoo import api, models


class DatabaseRollupMixin(models.AbstractModel):
    """For models whose dashboards ask rollups."""

    _name = "database.rollup.mixin"
    _description = "Asks rollups"

    @api.model
    def _rollup_ask(self, name, first, last, **question):
        """Ask a rollup; see ``database.rollup._ask`` for parameters, result and errors."""
        return self.env["database.rollup"]._ask(name, first, last, **question)
