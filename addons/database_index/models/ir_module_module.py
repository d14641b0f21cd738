from odoo import models

from ..engine import deploy


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def module_uninstall(self):
        """The indexes that an addon declares go with it, in the same transaction."""
        deploy.drop_here(self.env.cr, set(self.mapped("name")))
        return super().module_uninstall()
