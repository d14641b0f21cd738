import logging

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..eager.plan import PathError
from .common import SalesCase, utc
from .copies import copy_rows

_logger = logging.getLogger(__name__)

PATHS = (
    "partner_id.country_id.name",  # many2one
    "order_line.product_id.uom_id.name",  # one2many, many2one
    "order_line.tax_ids.amount",  # many2many
    "partner_id.category_id.display_name",  # many2many, with archived records
    "order_line.product_id.product_tmpl_id.categ_id.complete_name",
    "order_line.product_id.lst_price",  # computed
    "order_line.currency_id.symbol",  # through a related field
    "partner_id.child_ids.city",
)


@tagged("post_install", "-at_install")
class TestEagerLoading(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tags = cls.env["res.partner.category"].sudo().create([{"name": "Sweets"}, {"name": "Old"}])
        tags[1].active = False
        for index, customer in enumerate(cls.customers.sudo()):
            customer.write(
                {
                    "country_id": cls.env.ref("base.bd" if index % 2 else "base.us").id,
                    "category_id": [Command.set(tags.ids)],
                    "child_ids": [Command.create({"name": f"Shop {index}", "city": "Dhaka"})],
                }
            )
        cls.customers[0].child_ids.sudo().copy().active = False
        country = cls.env.ref("base.bd")
        cls.company.sudo().country_id = country
        group = cls.env["account.tax.group"].sudo().create({"name": "VAT", "company_id": cls.company.id})
        taxes = (
            cls.env["account.tax"]
            .sudo()
            .create(
                [
                    {
                        "name": f"VAT {rate}",
                        "amount": rate,
                        "company_id": cls.company.id,
                        "tax_group_id": group.id,
                        "country_id": country.id,
                    }
                    for rate in (5, 15)
                ]
            )
        )
        cls.orders = cls.env["sale.order"]
        for index in range(6):
            cls.orders |= cls.order(
                cls,
                utc(f"2026-03-{index + 1:02} 06:00:00"),
                [(cls.products[index], 1 + index, 10), (cls.products[index + 1], 2, 5)],
                partner=cls.customers[index % 4],
            )
        cls.orders.order_line.tax_ids = [Command.set(taxes.ids)]
        cls.orders = cls.orders.with_user(cls.manager).sudo(False)
        cls.mixin = cls.env["eager.loading.mixin"]

    def statements(self, method, *args):
        """Statements that ``method`` needs from an empty memory, access rights being known."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        method(*args)
        return self.env.cr.sql_log_count - before

    def walk(self, orders):
        """Read what `PATHS` name, as code in loops does."""
        seen = []
        for order in orders:
            partner = order.partner_id
            seen.append(partner.country_id.name)
            seen.append([tag.display_name for tag in partner.category_id])
            seen.append([child.city for child in partner.child_ids])
            for line in order.order_line:
                product = line.product_id
                seen.append((product.uom_id.name, product.lst_price, line.currency_id.symbol))
                seen.append(product.product_tmpl_id.categ_id.complete_name)
                seen.append([tax.amount for tax in line.tax_ids])
        return seen

    def test_everything_named_is_in_memory_and_as_the_orm_reads_it(self):
        self.env.invalidate_all()
        expected = self.walk(self.orders)
        self.env.invalidate_all()
        orders = self.mixin._prefetch_related(self.orders, *PATHS)
        self.assertEqual(orders, self.orders)
        with self.assertQueryCount(0):
            self.assertEqual(self.walk(orders), expected)
        self.assertEqual(expected[1], ["Sweets"])  # the archived tag is left out, as the ORM does
        with self.assertQueryCount(0):
            both = orders[0].partner_id.with_context(active_test=False)
            self.assertEqual(sorted(both.category_id.mapped("name")), ["Old", "Sweets"])

    def test_only_the_fields_asked_for_are_read(self):
        self.env.invalidate_all()
        self.mixin._prefetch_related(
            self.orders, "partner_id.name", "order_line.product_uom_qty", "tag_ids.name"
        )
        partners, lines = self.orders.partner_id, self.orders.order_line
        for records, known, unknown in (
            (self.orders, "partner_id", ("name", "amount_total", "note")),
            (partners, "name", ("email", "city", "comment")),
            (lines, "product_uom_qty", ("price_unit", "name", "product_id")),
        ):
            self.assertFalse(list(records._fields[known]._cache_missing_ids(records)), known)
            for name in unknown:
                missing = list(records._fields[name]._cache_missing_ids(records))
                self.assertEqual(missing, list(records.ids), f"{records._name}.{name} was read")

    def test_never_more_statements_than_the_orm(self):
        def eager(orders):
            self.walk(self.mixin._prefetch_related(orders, *PATHS))

        plain, ours = self.statements(self.walk, self.orders), self.statements(eager, self.orders)
        _logger.info("statements of %s paths: ORM %s, eager %s", len(PATHS), plain, ours)
        self.assertLess(ours, plain)
        for path in PATHS:
            plain = self.statements(self.orders.mapped, path)
            self.assertLessEqual(
                self.statements(self.mixin._prefetch_related, self.orders, path), plain, path
            )

    def test_statements_are_constant_from_1_to_1000_records(self):
        new = copy_rows(self.orders[0].sudo(), count=1000, name=SQL("'EAGER/' || copy.n"))
        copy_rows(self.orders[0].order_line[0].sudo(), ("order_id", new.ids))
        orders = new.with_user(self.manager)
        self.env.invalidate_all()
        self.mixin._prefetch_related(orders[:1], *PATHS)
        count = self.statements(self.mixin._prefetch_related, orders[:1], *PATHS)
        for size in (10, 100, 1000):
            self.env.invalidate_all()
            with self.assertQueryCount(count):
                self.mixin._prefetch_related(orders[:size], *PATHS)
            with self.assertQueryCount(0):
                self.walk(orders[:size])

    def test_what_is_in_memory_is_not_read_again(self):
        self.mixin._prefetch_related(self.orders, *PATHS)
        with self.assertQueryCount(0):
            self.mixin._prefetch_related(self.orders, *PATHS)
        one, new = self.orders[0], self.orders[1:]
        self.env.invalidate_all()
        self.mixin._prefetch_related(one, *PATHS)
        self.mixin._prefetch_related(one | new, *PATHS)
        with self.assertQueryCount(0):
            self.walk(one | new)

    def test_browse_with_prefetch(self):
        Order = self.env["sale.order"]
        self.env.invalidate_all()
        orders = Order.browse_with_prefetch(self.orders.ids, ["partner_id.name", "order_line.price_unit"])
        self.assertEqual(orders, self.orders)
        with self.assertQueryCount(0):
            self.assertTrue(all(order.partner_id.name for order in orders))
            self.assertTrue(all(line.price_unit for order in orders for line in order.order_line))
        with self.assertQueryCount(0):
            self.assertFalse(Order.browse_with_prefetch([], ["partner_id.name"]))

    def test_browsing_one_by_one_no_longer_hurts(self):
        """Records browsed apart share what was loaded (the pattern measured as 313 statements against 7)."""
        self.mixin._prefetch_related(self.orders, "partner_id.country_id.name")
        with self.assertQueryCount(0):
            for id_ in self.orders.ids:
                self.assertTrue(self.env["sale.order"].browse(id_).partner_id.country_id.name)

    def test_deleted_and_new_records(self):
        gone = self.order(utc("2026-03-09 06:00:00"), [(self.products[0], 1, 1)], state="draft")
        orders = self.orders | gone.with_user(self.manager)
        gone.unlink()
        self.env.invalidate_all()
        for paths in (
            ["partner_id.name"],
            ["order_line.product_id.name"],
            ["display_name"],
            ["tag_ids.name"],
        ):
            self.mixin._prefetch_related(orders, *paths)
        with self.assertQueryCount(0):
            self.assertTrue(all(order.partner_id.name for order in self.orders))
        new = self.env["sale.order"].new({"partner_id": self.customers[0].id}, origin=self.orders[0])
        self.mixin._prefetch_related(new, "partner_id.name", "order_line.name", "display_name")
        self.assertEqual(new.partner_id.name, self.customers[0].name)

    def test_references(self):
        Attachment = self.env["ir.attachment"].sudo()
        attachments = Attachment.create(
            [
                {"name": "order", "raw": b"1", "res_model": "sale.order", "res_id": self.orders[0].id},
                {"name": "partner", "raw": b"2", "res_model": "res.partner", "res_id": self.customers[1].id},
                {"name": "gone", "raw": b"3", "res_model": "res.partner", "res_id": 2**30},
                {"name": "nothing", "raw": b"4"},
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.mixin._prefetch_related(attachments, "res_id.partner_id.name", "res_id.country_id.code")
        with self.assertQueryCount(0):
            self.assertEqual(self.orders.browse(attachments[0].res_id).sudo().partner_id.name, "Retailer 0")
            self.assertEqual(self.customers.browse(attachments[1].res_id).sudo().country_id.code, "BD")
        with self.assertRaises(PathError) as raised:
            self.mixin._prefetch_related(attachments, "res_id.no_such_field")
        self.assertIn("'no_such_field'", str(raised.exception))
        with self.assertRaises(PathError) as raised:
            self.mixin._prefetch_related(attachments, "res_id.partner_id.no_such_field")
        self.assertEqual(raised.exception.model, "res.partner")

    def test_reference_field(self):
        Preview = self.env["mail.template.preview"].sudo()
        template = self.env["mail.template"].sudo().create(
            {"name": "T", "model_id": self.env["ir.model"].sudo()._get_id("sale.order")}
        )  # fmt: skip
        previews = Preview.create(
            [
                {"mail_template_id": template.id, "resource_ref": f"sale.order,{order.id}"}
                for order in self.orders
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        self.mixin._prefetch_related(previews, "resource_ref.partner_id.name")
        with self.assertQueryCount(0):
            names = [preview.resource_ref.partner_id.name for preview in previews]
        self.assertEqual(names, [order.partner_id.name for order in self.orders])

    # ------------------------------------------------------------
    # RIGHTS AND ERRORS
    # ------------------------------------------------------------

    def _rule(self, model, domain):
        self.env["ir.rule"].sudo().create(
            {"name": "eager", "model_id": self.env["ir.model"].sudo()._get(model).id, "domain_force": domain}
        )

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_a_related_record_that_may_not_be_read_is_left_to_the_orm(self):
        hidden = self.customers[1]
        self._rule("res.partner", f"[('id', '!=', {hidden.id})]")
        self.env.flush_all()
        self.env.invalidate_all()
        self.mixin._prefetch_related(self.orders, "partner_id.name", "partner_id.country_id.name")
        open_orders = self.orders.filtered(lambda order: order.partner_id != hidden)
        with self.assertQueryCount(0):
            self.assertTrue(all(order.partner_id.country_id.name for order in open_orders))
        closed = self.orders - open_orders
        self.assertTrue(closed)
        self.assertEqual(
            list(hidden._fields["name"]._cache_missing_ids(closed.partner_id)), closed.partner_id.ids
        )
        with self.assertRaises(AccessError):
            closed[0].partner_id.name  # noqa: B018

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_records_handed_over_must_be_readable(self):
        mine, theirs = self.orders[:3], self.orders[3:]
        mine.sudo().user_id = self.salesman
        self.env.flush_all()
        self.env.invalidate_all()
        orders = self.orders.with_user(self.salesman)
        for path in ("partner_id.name", "order_line.price_unit", "tag_ids.name", "display_name"):
            self.env.invalidate_all()
            with self.assertRaises(AccessError, msg=path):
                self.mixin._prefetch_related(orders, path)
        self.mixin._prefetch_related(mine.with_user(self.salesman), *PATHS)
        with self.assertRaises(AccessError):
            theirs[0].with_user(self.salesman).check_access("read")

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_rules_on_lines_apply(self):
        self._rule("sale.order.line", f"[('product_id', '!=', {self.products[1].id})]")
        self.env.flush_all()
        self.env.invalidate_all()
        self.mixin._prefetch_related(self.orders, "order_line.product_id.name")
        with self.assertQueryCount(0):
            products = self.orders.order_line.product_id
        self.assertNotIn(self.products[1], products)
        self.assertIn(self.products[2], products)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_refused_fields(self):
        for paths in (["partner_id.signup_type"], ["partner_id.name", "partner_id.signup_type"]):
            with self.assertRaises(AccessError):
                self.mixin._prefetch_related(self.orders, *paths)

    def test_errors(self):
        for path, field, model in (
            ("order_lines.product_id", "order_lines", "sale.order"),
            ("order_line.product_id.prize", "prize", "product.product"),
            ("name.product_id", "name", "sale.order"),
        ):
            with self.assertRaises(PathError) as raised:
                self.mixin._prefetch_related(self.orders, path)
            self.assertEqual(
                (raised.exception.path, raised.exception.field, raised.exception.model), (path, field, model)
            )
            with self.assertRaises(PathError):  # also when there is nothing to load
                self.mixin._prefetch_related(self.env["sale.order"], path)
