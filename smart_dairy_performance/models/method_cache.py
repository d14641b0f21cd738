from odoo import models

from ..dependencies import WATCHED


class MethodCache(models.AbstractModel):
    _inherit = "method.cache"

    def init(self):
        """Let raw SQL on the dairy's tables reach the cache; runs at each installation and update."""
        super().init()
        for name in WATCHED:
            self.watch_table(name)
