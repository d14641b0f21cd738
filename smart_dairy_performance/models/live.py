"""The records that dashboards show say so when they change."""

import odoo
from odoo import api, models
from odoo.addons.smart_dairy_farm.announcer import Announcer
from odoo.modules.registry import Registry

from ..live import CHANNEL, INTERVAL, TYPE

KEY = "smart_dairy_performance.changed"
#: dashboard: the groups of which a user needs one to hear of it; those of its own method
LISTENERS = {
    "herd": ("smart_dairy_farm.group_farm_worker",),
    "sales": ("sales_team.group_sale_salesman",),
    "stock": ("stock.group_stock_user",),
    "receivables": ("account.group_account_readonly", "account.group_account_invoice"),
    "sensors": ("smart_dairy_farm.group_farm_worker",),
}


def _send(topics):
    """Send (database, dashboard, company id) over each database's bus, in a transaction of its own."""
    for database in dict.fromkeys(topic[0] for topic in topics):
        with Registry(database).cursor() as cr:
            env = odoo.api.Environment(cr, odoo.SUPERUSER_ID, {})
            for _database, dashboard, company_id in (topic for topic in topics if topic[0] == database):
                company = env["res.company"].browse(company_id)
                env["bus.bus"]._sendone(
                    (company, f"{CHANNEL}.{dashboard}"),
                    TYPE,
                    {"dashboard": dashboard, "company_id": company_id},
                )


announcer = Announcer(_send, CHANNEL, INTERVAL)


class DairyLiveMixin(models.AbstractModel):
    """Announces changes to the dashboards in ``_dairy_dashboards``, once the transaction has committed."""

    _name = "dairy.live.mixin"
    _description = "Announces changes to dashboards"
    _dairy_dashboards = ()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._dairy_changed()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._dairy_changed()
        return result

    def unlink(self):
        self._dairy_changed()
        return super().unlink()

    def _dairy_changed(self):
        """Note the companies of ``self``; without one (shared records) those that are selected."""
        if not self:
            return
        self._dairy_announce(self._dairy_dashboards, self.sudo().company_id or self.env.companies)

    @api.model
    def _dairy_announce(self, dashboards, companies):
        """Tell open ``dashboards`` of these companies after the commit."""
        database = self.env.cr.dbname
        topics = {(database, name, company) for name in dashboards for company in companies.ids}
        callbacks = self.env.cr.postcommit
        if KEY not in callbacks.data:
            callbacks.data[KEY] = set()
            callbacks.add(lambda: announcer.note(callbacks.data[KEY]))
        callbacks.data[KEY] |= topics


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        asked = [channel for channel in channels if isinstance(channel, str) and channel.startswith(CHANNEL)]
        others = [channel for channel in channels if channel not in asked]
        return [*super()._build_bus_channel_list(others), *self._dairy_channels(asked)]

    def _dairy_channels(self, asked):
        """Turn the names a client asks for into channels of its user's companies; none without the rights."""
        user = self.env.user
        return [
            (company, f"{CHANNEL}.{name}")
            for name, groups in LISTENERS.items()
            if f"{CHANNEL}.{name}" in asked and user._is_internal() and any(map(user.has_group, groups))
            for company in user.company_ids
        ]
