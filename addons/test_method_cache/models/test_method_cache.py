import datetime as dt
from decimal import Decimal

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method


class TestMethodCacheTag(models.Model):
    _name = "test.method.cache.tag"
    _description = "Test: tag"

    name = fields.Char(translate=True)
    herd_ids = fields.Many2many("test.method.cache.herd", relation="test_method_cache_herd_tag_rel")


class TestMethodCacheHerd(models.Model):
    _name = "test.method.cache.herd"
    _description = "Test: herd"

    name = fields.Char(translate=True)
    company_id = fields.Many2one("res.company")
    user_id = fields.Many2one("res.users")
    cow_ids = fields.One2many("test.method.cache.cow", "herd_id")
    tag_ids = fields.Many2many("test.method.cache.tag", relation="test_method_cache_herd_tag_rel")
    total = fields.Float(compute="_compute_total", store=True)

    @api.depends("cow_ids.milk")
    def _compute_total(self):
        for herd in self:
            herd.total = sum(herd.cow_ids.mapped("milk"))

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=("test.method.cache.herd",))
    def get_totals(self, minimum=0, kinds=()):
        """Read one column; what it says depends on rules, companies and language."""
        return [(herd.name, herd.total) for herd in self.search([("total", ">=", minimum)], order="id")]

    @api.model
    @cached_method(ttl=60, depends=("test.method.cache.herd", "test.method.cache.tag"), scope="groups")
    def get_tags(self):
        return {herd.id: herd.tag_ids.mapped("name") for herd in self.search([])}

    @api.model
    @cached_method(ttl=60, depends=("test.method.cache.cow",), scope="database")
    def get_cows(self):
        return self.env["test.method.cache.cow"].sudo().search_count([])

    @cached_method(ttl=60, depends=("test.method.cache.herd",))
    def get_one(self):
        return {"ids": self.ids, "total": sum(self.mapped("total")), "seen": sorted(self.env.context)}

    @api.model
    @cached_method(ttl=60, depends=("test.method.cache.herd",))
    def get_types(self):
        return {
            "date": dt.date(2026, 1, 2),
            "datetime": dt.datetime(2026, 1, 2, 3, 4, 5),
            "decimal": Decimal("1.10"),
            "bytes": b"\x00\xff",
            "tuple": (1, 2.5, None),
            7: {"nested": [True, False]},
        }

    @api.model
    @cached_method(ttl=60, depends=("test.method.cache.herd",), today=True)
    def get_today(self):
        return fields.Datetime.now()

    @api.model
    @cached_method(ttl=60, depends=("test.method.cache.herd",))
    def get_records(self):
        return self.search([])


class TestMethodCacheCow(models.Model):
    _name = "test.method.cache.cow"
    _description = "Test: cow"

    name = fields.Char()
    milk = fields.Float()
    herd_id = fields.Many2one("test.method.cache.herd", ondelete="cascade")
