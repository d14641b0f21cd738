import logging
import time

from odoo import api, fields, models
from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine import bounds, clock
from odoo.addons.database_partition.engine.errors import BusyError
from odoo.addons.sale.models.sale_order import INVOICE_STATUS, SALE_ORDER_STATE

from ..partitions import keep, settle, verify
from ..partitions.orders import ORDERS, VIEW

_logger = logging.getLogger(__name__)
#: seconds that one run of the scheduled action may take, and hours after which it compares again
RUN, COMPARE = 240, 24


class SaleOrderPartitioned(models.Model):
    """Sales orders in partitions by month, to be read only; ``id`` is the order's."""

    _name = "sale.order.partitioned"
    _description = "Sales Order by Month"
    _inherit = "database.partition.view"
    _auto = False
    _log_access = False
    _table = VIEW
    _partition_set = ORDERS
    _order = "date_order desc, id desc"

    name = fields.Char("Number", readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    date_order = fields.Datetime("Order Date", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True)
    state = fields.Selection(SALE_ORDER_STATE, "Status", readonly=True)
    invoice_status = fields.Selection(INVOICE_STATUS, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    currency_rate = fields.Float(readonly=True, aggregator=None, digits=0)
    amount_untaxed = fields.Monetary("Untaxed Amount", readonly=True, aggregator=None)
    amount_tax = fields.Monetary("Taxes", readonly=True, aggregator=None)
    amount_total = fields.Monetary("Total", readonly=True, aggregator=None)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    company_untaxed = fields.Monetary(
        "Untaxed in Company Currency", currency_field="company_currency_id", readonly=True,
        help="At the rate of the order",
    )  # fmt: skip
    company_total = fields.Monetary(
        "Total in Company Currency", currency_field="company_currency_id", readonly=True,
        help="At the rate of the order",
    )  # fmt: skip

    @api.private
    def init(self):
        """Deploy the table, the triggers and the view; the scheduled action fills it."""
        # before the triggers, which look whether there is a copy yet
        self.env["database.partition.set"].deploy(ORDERS)
        lower = bounds.floor(ORDERS, clock.now()).replace(tzinfo=None)
        keep.install(self.env.cr, lower)
        super().init()

    def _partition_query(self):
        return keep.query()

    def action_open_order(self):
        """Open the order itself."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.id,
            "views": [(False, "form")],
        }

    @api.model
    def _cron_settle(self):
        """Go on filling, make good what writers noted, compare once a day; tell in the log what is wrong."""
        cron = self.env["ir.cron"]
        until = time.monotonic() + RUN
        # ends this transaction: no snapshot of ours may hold up the partition maintenance
        cron._commit_progress(remaining=1)

        def stop():
            return time.monotonic() > until

        with runtime.session(self.env.cr.dbname) as work:
            try:
                settle.refresh(work, clock.now())
                settle.prepare(work)
                settle.fill(work, stop)
                settle.settle(work, stop)
                with work.transaction() as cursor:
                    found = settle.status(cursor)
                    missing = keep.missing_triggers(cursor)
                if found.filled == 1 and _hours_since(found.verified_at) > COMPARE:
                    self._compare(work, stop)
            except BusyError as error:
                _logger.info("partitioned orders: %s", error)
                return
        if found.reason:
            _logger.warning("partitioned orders: orders wait because of: %s", found.reason)
        if missing:
            _logger.error("partitioned orders: a trigger on sale_order is missing; update this addon")
        cron._commit_progress(1, remaining=int(found.filled < 1))

    def _compare(self, work, stop):
        result = verify.verify(work, mend=True, stop=stop)
        if result.differing:
            _logger.warning(
                "partitioned orders: %s of %s orders were otherwise than in sale_order, and were mended: %s",
                len(result.differing),
                result.compared,
                sorted(result.differing)[:20],
            )


def _hours_since(moment):
    return (clock.now() - moment).total_seconds() / 3600 if moment else float("inf")
