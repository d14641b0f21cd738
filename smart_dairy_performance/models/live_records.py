"""Which records belong to which dashboards."""

from odoo import api, models


class FarmSensorLook(models.Model):
    _inherit = "farm.sensor.look"

    @api.model
    def _arrived(self, companies):
        """Open sensor dashboards follow what comes in."""
        super()._arrived(companies)
        self.env["dairy.live.mixin"]._dairy_announce(("sensors",), companies)


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "dairy.live.mixin"]
    _dairy_dashboards = ("sales",)


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "dairy.live.mixin"]
    _dairy_dashboards = ("sales",)


class FarmAnimal(models.Model):
    _name = "farm.animal"
    _inherit = ["farm.animal", "dairy.live.mixin"]
    _dairy_dashboards = ("herd",)


class FarmMilkRecord(models.Model):
    _name = "farm.milk.record"
    _inherit = ["farm.milk.record", "dairy.live.mixin"]
    _dairy_dashboards = ("herd",)


class FarmHealthRecord(models.Model):
    _name = "farm.health.record"
    _inherit = ["farm.health.record", "dairy.live.mixin"]
    _dairy_dashboards = ("herd",)


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["stock.move", "dairy.live.mixin"]
    _dairy_dashboards = ("stock",)


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "dairy.live.mixin"]
    _dairy_dashboards = ("sales",)


class StockQuant(models.Model):
    _name = "stock.quant"
    _inherit = ["stock.quant", "dairy.live.mixin"]
    _dairy_dashboards = ("stock",)


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "dairy.live.mixin"]
    _dairy_dashboards = ("receivables",)


class AccountPartialReconcile(models.Model):
    _name = "account.partial.reconcile"
    _inherit = ["account.partial.reconcile", "dairy.live.mixin"]
    _dairy_dashboards = ("receivables",)
