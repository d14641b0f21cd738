import contextlib

from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..engine.errors import StoreUnavailable
from ..engine.stats import table
from ..runtime import cache_of


class MethodCache(models.AbstractModel):
    _inherit = "method.cache"

    @api.model
    @api.readonly
    def page_data(self):
        """Return what the cache page shows: state, totals, one row per method. For administrators."""
        self._check_administrator()
        cache = cache_of(self.env.cr.dbname)
        fields, info, state = self._read_counters(cache)
        rows = []
        for method, counters in sorted(table(fields).items()):
            model, _, name = method.rpartition(".")
            rows.append({"method": method, "model": model, "name": name, **counters})
        rows.sort(key=lambda row: -row["calls"])
        total = table({f"all|{name.rpartition('|')[2]}": 0 for name in fields}).get("all", {})
        for row in rows:
            for counter, value in row.items():
                if isinstance(value, float | int):
                    total[counter] = total.get(counter, 0) + value
        total["hit_rate"] = total["hits"] / total["calls"] if total.get("calls") else 0.0
        return {
            "state": state,
            "info": info,
            "total": total,
            "rows": rows,
            "local": {"entries": len(cache.tier), "bytes": cache.tier.bytes},
        }

    @api.model
    def flush_cache(self, model_name=None, method_name=None):
        """Drop cached values: all, those computed from a model, or one method's. For administrators."""
        self._check_administrator()
        if not model_name:
            # In a transaction of its own: effective at once, and never in conflict with other administrators.
            cache = cache_of(self.env.cr.dbname)
            store, ns, _store_id, _life = cache.current()
            cache.new_generation()
            if store is not None:
                with contextlib.suppress(StoreUnavailable):  # what stays behind there expires
                    store.flush(ns)
            return True
        if model_name not in self.env:
            raise UserError(self.env._("Model: %(name)s does not exist.", name=model_name))
        self.invalidate_cache(model_name, method_name or None)
        return True

    def _read_counters(self, cache):
        """Return ``(counters, info about the store, state)``; this process's own where no store answers."""
        cache.send_stats()
        try:
            store, ns, store_id, life = cache.current()
            if store is None:
                return cache.stats.fields(), {}, "off" if store_id == "off" else "elsewhere"
            return store.read_stats(f"mc:{life}"), store.info(ns), "on"
        except StoreUnavailable:
            return cache.stats.fields(), {}, "down"

    def _check_administrator(self):
        if not self.env.is_system():
            raise AccessError(self.env._("The method cache is for administrators."))
