from odoo import models
from odoo.fields import Domain

COPY, SOURCE = "sale.order.partitioned", "sale.order"


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _compute_domain(self, model_name, mode="read"):
        """The partitioned orders show whom the orders show: whatever rules those have, now or later.

        Rules about columns that the copy has are applied to it; others to the order behind it.
        """
        domain = super()._compute_domain(model_name, mode)
        if model_name != COPY:
            return domain
        model = self.env[COPY]
        rules = self._compute_domain(SOURCE, mode)
        own = all(
            condition.field_expr.split(".")[0] in model._fields for condition in rules.iter_conditions()
        )
        return (domain & (rules if own else Domain("order_id", "any", rules))).optimize(model)
