from odoo import api, models
from odoo.fields import Domain

from ..scope import moments

MEASURES = ("delivered", "on_time")


class StockPicking(models.Model):
    _inherit = "stock.picking"

    _delivered_idx = models.Index("(date_done) WHERE state = 'done'")

    @api.model
    def _delivery_figures(self, asking, scope, before):
        """Return the transfers to customers that were done in a period, and how many of them on time.

        A transfer is done on the business day of its company; it is on time when it was done by its deadline,
        or by its scheduled date where it has none.

        :param asking: :class:`~..asking.Asking`
        :param scope: as :func:`..scope.scope_of` gives it; ``before``: the compared period
        :return: dict: ``delivered``, ``on_time``, ``previous`` (both), ``domain``; ``None`` without rights
            to transfers
        """
        if not self.has_access("read"):
            return None
        domain = Domain("company_id", "in", scope["companies"]._ids)
        found = asking.ask("deliveries", [scope["period"], before], domain=domain, measures=MEASURES).rows
        figures = {number: dict(zip(MEASURES, row, strict=True)) for number, *row in found}
        now, previous = (figures.get(number, dict.fromkeys(MEASURES, 0)) for number in (0, 1))
        done = Domain("state", "=", "done") & Domain("picking_type_code", "=", "outgoing")
        return {**now, "previous": previous, "domain": list(done & moments(scope, "date_done"))}
