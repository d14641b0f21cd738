from odoo import api, models

PREFIX = "method_cache."


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._tell_method_cache()
        return records

    def write(self, vals):
        keys = set(self.mapped("key"))
        result = super().write(vals)
        self._tell_method_cache(keys)
        return result

    def unlink(self):
        keys = set(self.mapped("key"))
        result = super().unlink()
        self._tell_method_cache(keys)
        return result

    def _tell_method_cache(self, keys=()):
        if any(key.startswith(PREFIX) for key in {*keys, *self.exists().mapped("key")}):
            self.env["method.cache"]._settings_changed()
