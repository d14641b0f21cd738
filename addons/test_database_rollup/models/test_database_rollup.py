from odoo import api, fields, models
from odoo.addons.database_rollup.engine.declaration import (
    Avg,
    Count,
    CountDaily,
    CountDistinct,
    Cut,
    Dimension,
    Join,
    Rollup,
    Secured,
    Sum,
)

TRADE = Rollup(
    name="test_trade",
    title="Test trade",
    table="test_rollup_line",
    alias="l",
    joins=(
        Join("o", "test_rollup_order", "o.id = l.order_id"),
        Join("co", "res_company", "co.id = o.company_id"),
        Join("cp", "res_partner", "cp.id = co.partner_id"),
    ),
    time="o.date_order",
    zone="cp.tz",
    where=("o.state = 'sale'",),
    dimensions=(
        Dimension("company", "o.company_id", ("order_id.company_id",)),
        Dimension("seller", "o.user_id", ("order_id.user_id",)),
        Dimension("partner", "o.partner_id", ("order_id.partner_id",)),
        Dimension("kind", "l.kind", ("kind",)),
    ),
    measures=(
        Count("lines"),
        Sum("amount", "l.amount"),
        Avg("average", "l.amount"),
        CountDistinct("partners", "o.partner_id"),
        CountDaily("partner_days", "o.partner_id"),
    ),
    levels=("day", "dekad", "month", "quarter", "year"),
    cuts=(
        Cut(("company",)),
        Cut(("company", "seller", "kind"), ("lines", "amount", "partners")),
        Cut(("company", "seller", "partner", "kind"), ("lines", "amount", "average", "partners")),
    ),
    model="test.rollup.line",
    secured=(Secured("test.rollup.order", "order_id", "o"),),
)


class DatabaseRollup(models.Model):
    _inherit = "database.rollup"

    @api.model
    def _declared_rollups(self):
        return (*super()._declared_rollups(), TRADE)


class TestRollupOrder(models.Model):
    _name = "test.rollup.order"
    _description = "Test: order"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    user_id = fields.Many2one("res.users")
    partner_id = fields.Many2one("res.partner")
    date_order = fields.Datetime()
    state = fields.Selection([("draft", "Draft"), ("sale", "Sale")], default="draft")
    note = fields.Char()
    line_ids = fields.One2many("test.rollup.line", "order_id")


class TestRollupLine(models.Model):
    _name = "test.rollup.line"
    _inherit = "database.rollup.mixin"
    _description = "Test: order line"

    order_id = fields.Many2one("test.rollup.order", required=True, index=True, ondelete="cascade")
    kind = fields.Selection([("milk", "Milk"), ("cheese", "Cheese")])
    amount = fields.Float(digits=(16, 2))
    note = fields.Char()
