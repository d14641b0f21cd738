from odoo import api, models

from ..runtime import transaction_of

# What every result depends on, whoever forgot to say so: who may see what. One log stands for all five.
ACCESS_MODELS = frozenset({"ir.model.access", "ir.rule", "res.company", "res.groups", "res.users"})
ACCESS = "~access"


class Base(models.AbstractModel):
    """Every model notes its writes, where they really reach the table.

    ``create`` and ``write`` are not enough: recomputed stored fields go through ``_write_multi`` alone.
    """

    _inherit = "base"

    @api.model
    def _create(self, data_list):
        self._method_cache_touch(self._name)
        return super()._create(data_list)

    def _write_multi(self, vals_list):
        if self:
            self._method_cache_touch(self._name)
        return super()._write_multi(vals_list)

    def unlink(self):
        if self:
            self._method_cache_touch(self._name, *self.env["method.cache"]._reached_by_delete(self._name))
        return super().unlink()

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        self._method_cache_touch(self._name)
        return super()._update_field_translations(field_name, translations, digest, source_lang)

    def _method_cache_touch(self, *model_names):
        touched = transaction_of(self.env.cr).touched
        touched.update(model_names)
        if not ACCESS_MODELS.isdisjoint(model_names):
            touched.add(ACCESS)
