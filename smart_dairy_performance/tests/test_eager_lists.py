import logging
from datetime import timedelta

from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..models.farm_animal_eager import HEALTH, MILK
from .common import SalesCase, utc
from .copies import copy_rows
from .test_herd_figures import HerdCase

_logger = logging.getLogger(__name__)

RULES = "odoo.addons.base.models.ir_rule"
ACCESS = "odoo.addons.base.models.ir_model"
SIZES = (1, 10, 100, 1000)


class ListChecks:
    """What holds for each of the list methods."""

    def statements(self, method):
        """Statements from an empty memory, once what does not depend on the records is known."""
        self.env.flush_all()
        self.env.invalidate_all()
        method()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        rows = method()
        return self.env.cr.sql_log_count - before, rows

    def check_constant(self, call, bar):
        """``call(limit)`` needs as many statements for 1,000 records as for one, and at most ``bar``."""
        count, rows = self.statements(lambda: call(1))
        self.assertEqual(len(rows), 1)
        self.assertLessEqual(count, bar)
        for size in SIZES:
            self.env.invalidate_all()
            with self.assertQueryCount(count):
                rows = call(size)
            self.assertEqual(len(rows), size)
        return count

    def check_against_orm(self, ours, plain):
        """Same answer as plain ORM loops (already batched by prefetching), and never more statements."""
        our_count, rows = self.statements(ours)
        plain_count, expected = self.statements(plain)
        _logger.info("%s: %s statements, plain ORM %s", self.id(), our_count, plain_count)
        self.assertEqual(rows, expected)
        self.assertLessEqual(our_count, plain_count)

    def check_arguments(self, method):
        for limit in (0, -1, 10**6, "5; DROP TABLE sale_order", None, True, 2.5):
            with self.assertRaises(UserError, msg=repr(limit)):
                method([], limit=limit)
        for domain in (
            "name",
            7,
            [("no_such_field", "=", 1)],
            [("name", "resembles", "x")],
            [("name",)],
            ["&"],
        ):
            with self.assertRaises(UserError, msg=repr(domain)) as raised:
                method(domain)
            self.assertIn(repr(domain), str(raised.exception))
            self.assertIn(method.__self__._name, str(raised.exception))
        self.assertEqual(method([("id", "=", 0)]), [])

    def check_internal_only(self, model, name):
        for group in ("base.group_portal", "base.group_public"):
            user = new_test_user(self.env(su=True), f"eager_{group[11:]}_{name}", groups=group)
            with self.assertRaises(AccessError), mute_logger(RULES, ACCESS):
                getattr(self.env[model].with_user(user), name)([])
        stranger = new_test_user(self.env(su=True), f"eager_none_{name}", groups="base.group_user")
        with self.assertRaises(AccessError), mute_logger(RULES, ACCESS):
            getattr(self.env[model].with_user(stranger), name)([])


@tagged("post_install", "-at_install")
class TestOrdersWithLines(ListChecks, SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        size = cls.env["product.attribute"].sudo().create({"name": "Size"})
        values = size.value_ids.create([{"name": name, "attribute_id": size.id} for name in ("1 L", "5 L")])
        template = (
            cls.env["product.template"]
            .sudo()
            .create(
                {
                    "name": "Ghee",
                    "attribute_line_ids": [
                        Command.create({"attribute_id": size.id, "value_ids": [Command.set(values.ids)]})
                    ],
                }
            )
        )
        variants = template.product_variant_ids
        variants[0].default_code = "GHEE1"
        cls.orders = cls.env["sale.order"]
        for index in range(8):
            cls.orders |= cls.order(
                cls,
                utc(f"2026-03-{index + 1:02} 06:00:00"),
                [
                    (cls.products[index], 1 + index, 10),
                    (variants[index % 2], 2, 5.25),
                    (cls.products[0], 3, 60, cls.dozen),
                ],
                partner=cls.customers[index % 4],
                user=cls.salesman if index % 2 else cls.manager,
            )
        cls.orders[0].write(
            {
                "user_id": False,
                "order_line": [
                    Command.create({"display_type": "line_section", "name": "Fresh"}),
                    Command.create({"display_type": "line_note", "name": "Cool chain"}),
                ],
            }
        )
        cls.domain = [("id", "in", cls.orders.ids)]

    def call(self, domain=None, user=None, **kwargs):
        Order = self.env["sale.order"].with_user(user or self.manager)
        return Order.get_orders_with_lines(self.domain if domain is None else domain, **kwargs)

    def plain(self, user=None):
        """As a developer would write it."""
        Order = self.env["sale.order"].with_user(user or self.manager)
        orders = Order.with_context(display_default_code=False).search(self.domain, limit=50)
        return [
            {
                "id": order.id,
                "name": order.name,
                "partner_name": order.partner_id.display_name or None,
                "user_name": order.user_id.display_name or None,
                "amount_total": order.amount_total,
                "currency": order.currency_id.name,
                "lines": [
                    {
                        "product_name": line.product_id.display_name,
                        "quantity": line.product_uom_qty,
                        "uom_name": line.product_uom_id.display_name,
                        "price": line.price_unit,
                    }
                    for line in order.order_line
                    if not line.display_type
                ],
            }
            for order in orders
        ]

    def test_as_the_orm_reads_it(self):
        self.check_against_orm(self.call, self.plain)
        rows = self.call()
        self.assertEqual([row["id"] for row in rows], self.orders[::-1].ids)
        self.assertEqual(rows[-1]["user_name"], None)
        self.assertEqual(
            [line["product_name"] for line in rows[-1]["lines"]], ["Milk 0", "Ghee (1 L)", "Milk 0"]
        )
        self.assertEqual(rows[-1]["lines"][2]["uom_name"], self.dozen.name)

    def test_rights(self):
        theirs = self.call(user=self.salesman)
        self.assertEqual(theirs, self.plain(user=self.salesman))
        self.assertEqual({row["user_name"] for row in theirs}, {self.salesman.name, None})
        self.check_internal_only("sale.order", "get_orders_with_lines")

    def test_names_of_what_may_not_be_read_are_those_the_orm_shows(self):
        """A many2one shows its name to whoever may read the record that holds it (Odoo's own rule)."""
        self.env["ir.rule"].sudo().create(
            {
                "name": "hidden customer",
                "model_id": self.env["ir.model"].sudo()._get("res.partner").id,
                "domain_force": f"[('id', '!=', {self.customers[1].id})]",
            }
        )
        self.env.invalidate_all()
        ours = {row["id"]: row["partner_name"] for row in self.call()}
        self.env.invalidate_all()
        read = {row["id"]: row["partner_id"][1] for row in self.orders.read(["partner_id"])}
        self.assertEqual(ours, read)

    def test_arguments(self):
        self.check_arguments(self.env["sale.order"].get_orders_with_lines)
        self.assertEqual(len(self.call(limit=3)), 3)

    def copies(self, order, prefix):
        new = copy_rows(order.sudo(), count=1000, name=SQL("%s || copy.n", prefix))
        for line in order.order_line:
            copy_rows(line.sudo(), ("order_id", new.ids))
        return [("name", "like", prefix)]

    def test_statements_are_constant_and_few(self):
        plain = self.order(utc("2026-03-20 06:00:00"), [(product, 1, 10) for product in self.products[:3]])
        domain = self.copies(plain, "PLAIN/")
        count = self.check_constant(lambda limit: self.call(domain, limit=limit), bar=9)
        _logger.info("orders with lines: %s statements, for 1 to 1,000 orders", count)

    def test_names_of_variants_cost_five_statements_more(self):
        """Odoo asks for the values, their attributes, the template's lines and how many values each has."""
        domain = self.copies(self.orders[1], "VARIANT/")
        self.check_constant(lambda limit: self.call(domain, limit=limit), bar=14)


@tagged("post_install", "-at_install")
class TestAnimalsWithRecords(ListChecks, HerdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cows = cls.animals.filtered(lambda animal: animal.animal_type == "cow")
        Milk, Health = cls.env["farm.milk.record"], cls.env["farm.health.record"]
        for index, cow in enumerate(cls.cows[:12]):
            today = cow.company_id._business_today()
            for back, session, kg in ((9, "morning", 8.5), (2, "morning", 11), (2, "evening", 7.25 + index)):
                Milk.create(
                    {
                        "animal_id": cow.id,
                        "record_date": today - timedelta(days=back),
                        "session": session,
                        "total_yield": kg,
                        "fat_percentage": 4.1 if index % 2 else False,
                    }
                )
            # entered last, but not the latest by date
            Milk.create(
                {"animal_id": cow.id, "record_date": today - timedelta(days=20), "total_yield": 40 - index}
            )
        for cow in cls.cows[4:16]:
            today = cow.company_id._business_today()
            cases = Health.create(
                [
                    {
                        "animal_id": cow.id,
                        "record_date": today - timedelta(days=back),
                        "health_status": status,
                        "notes": notes,
                    }
                    for back, status, notes in (
                        (3, "ill", "first of that day"),
                        (3, "suspicious", "second of that day"),
                        (30, "healthy", False),
                        (1, "ill", "archived"),
                    )
                ]
            )
            cases[3].active = False
        cls.domain = [("id", "in", cls.animals.ids)]

    def call(self, domain=None, user=None, **kwargs):
        Animal = self.env["farm.animal"].with_user(user or self.manager)
        return Animal.get_animals_with_records(self.domain if domain is None else domain, **kwargs)

    def plain(self, user=None):
        """One search a cow and kind: what the method is for. Unmeasured is ``None``: read from the column."""
        env = self.env(user=user or self.manager)
        return [
            {
                "id": animal.id,
                "name": animal.name,
                "ear_tag": animal.ear_tag or None,
                "breed": animal.breed_id.display_name or None,
                "farm": animal.farm_id.display_name,
                "latest_milk": self.latest(env["farm.milk.record"], animal, MILK),
                "latest_health": self.latest(env["farm.health.record"], animal, HEALTH),
            }
            for animal in env["farm.animal"].search(self.domain, limit=100)
        ]

    def latest(self, model, animal, names):
        record = model.search([("animal_id", "=", animal.id)], limit=1)
        values = {name: record[name] or (0 if name == "total_yield" else None) for name in names}
        return {**values, "record_date": record.record_date.isoformat()} if record else None

    def test_as_the_orm_reads_it(self):
        self.check_against_orm(self.call, self.plain)
        rows = {row["id"]: row for row in self.call()}
        evening = rows[self.cows[0].id]["latest_milk"]
        self.assertEqual((evening["session"], evening["total_yield"]), ("evening", 7.25))
        self.assertEqual(rows[self.cows[5].id]["latest_health"]["notes"], "second of that day")
        self.assertEqual(rows[self.cows[5].id]["latest_milk"]["fat_percentage"], 4.1)

    def test_without_records_there_is_none_never_zero(self):
        rows = {row["id"]: row for row in self.call()}
        self.assertIsNone(rows[self.cows[0].id]["latest_health"])
        self.assertIsNone(rows[self.cows[0].id]["latest_milk"]["fat_percentage"])
        bull = self.animals.filtered(lambda animal: animal.animal_type == "bull")[0]
        self.assertEqual((rows[bull.id]["latest_milk"], rows[bull.id]["latest_health"]), (None, None))
        cow = self.cows[0]
        dry = self.env["farm.milk.record"].create(
            {"animal_id": cow.id, "record_date": cow.company_id._business_today(), "total_yield": 0, "scc": 0}
        )
        latest = self.call([("id", "=", cow.id)])[0]["latest_milk"]
        self.assertEqual((latest["id"], latest["total_yield"], latest["scc"]), (dry.id, 0, 0))

    def test_pending_writes_count(self):
        record = self.env["farm.milk.record"].search([("animal_id", "=", self.cows[0].id)], limit=1)
        record.fat_percentage = 5.05
        self.assertEqual(self.call([("id", "=", self.cows[0].id)])[0]["latest_milk"]["fat_percentage"], 5.05)

    def test_rules_of_milk_and_health_apply(self):
        IrModel = self.env["ir.model"].sudo()
        rules = self.env["ir.rule"].sudo().create(
            [
                {
                    "name": "no evening milk",
                    "model_id": IrModel._get("farm.milk.record").id,
                    "domain_force": "[('session', '!=', 'evening')]",
                },
                {
                    "name": "healthy only, of animals on the first farm",
                    "model_id": IrModel._get("farm.health.record").id,
                    "domain_force": f"[('health_status', '=', 'healthy'),"
                    f" ('animal_id.farm_id', '=', {self.farms[0].id})]",
                },
            ]
        )  # fmt: skip
        self.assertTrue(rules)
        rows = self.call()
        self.assertEqual(rows, self.plain())
        self.assertNotIn("evening", {row["latest_milk"] and row["latest_milk"]["session"] for row in rows})
        self.assertEqual(
            {(row["farm"], row["latest_health"]["health_status"]) for row in rows if row["latest_health"]},
            {("Savar", "healthy")},
        )

    def test_rights(self):
        worker = new_test_user(
            self.env(su=True),
            "eager_worker",
            groups="smart_dairy_farm.group_farm_worker",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        context = {"allowed_company_ids": self.company.ids}
        rows = self.env(user=worker, context=context)["farm.animal"].get_animals_with_records([])
        self.assertEqual({row["farm"] for row in rows}, {"Savar", "Gazipur"})
        self.check_internal_only("farm.animal", "get_animals_with_records")

    def test_arguments(self):
        self.check_arguments(self.env["farm.animal"].get_animals_with_records)

    def test_statements_are_constant(self):
        new = copy_rows(
            self.animals[0].sudo(), count=1000, name=SQL("'EAGER' || copy.n"), ear_tag=SQL("NULL")
        )
        for model in ("farm.milk.record", "farm.health.record"):
            record = self.env[model].search([("animal_id", "=", self.cows[5].id)], limit=1).sudo()
            pending = {name: SQL("NULL") for name in ("lactation_id", "dim") if name in record._fields}
            copy_rows(record, ("animal_id", new.ids), **pending)
        count = self.check_constant(lambda limit: self.call([("name", "like", "EAGER")], limit=limit), bar=4)
        _logger.info("animals with records: %s statements, for 1 to 1,000 animals", count)


@tagged("post_install", "-at_install")
class TestPickingsWithMoves(ListChecks, SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.storekeeper = cls._user("eager_store", "stock.group_stock_user", cls.company)
        cls.env = cls.env(user=cls.storekeeper)
        warehouse = cls.env["stock.warehouse"].search([("company_id", "=", cls.company.id)], limit=1)
        kind = warehouse.out_type_id
        goods = cls.env["product.product"].sudo().create(
            [{"name": f"Cheese {i}", "default_code": f"C{i}", "is_storable": True} for i in range(3)]
        )  # fmt: skip
        cls.pickings = cls.env["stock.picking"].create(
            [
                {
                    "picking_type_id": kind.id,
                    "partner_id": cls.customers[index].id,
                    "origin": f"S{index}" if index else False,
                    "location_id": warehouse.lot_stock_id.id,
                    "location_dest_id": cls.env.ref("stock.stock_location_customers").id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": 2 + index,
                                "product_uom": product.uom_id.id,
                                "location_id": warehouse.lot_stock_id.id,
                                "location_dest_id": cls.env.ref("stock.stock_location_customers").id,
                            }
                        )
                        for product in goods
                    ],
                }
                for index in range(4)
            ]
        )
        cls.pickings.action_confirm()
        cls.domain = [("id", "in", cls.pickings.ids)]

    def call(self, domain=None, **kwargs):
        return self.env["stock.picking"].get_pickings_with_moves(domain or self.domain, **kwargs)

    def plain(self):
        Picking = self.env["stock.picking"].with_context(display_default_code=False)
        return [
            {
                "id": picking.id,
                "name": picking.name,
                "partner_name": picking.partner_id.display_name or None,
                "picking_type": picking.picking_type_id.display_name,
                "origin": picking.origin or None,
                "scheduled_date": picking.scheduled_date.isoformat(" "),
                "state": picking.state,
                "moves": [
                    {
                        "product_name": move.product_id.display_name,
                        "demand": move.product_uom_qty,
                        "quantity": move.quantity,
                        "uom_name": move.product_uom.display_name,
                        "state": move.state,
                    }
                    for move in picking.move_ids
                ],
            }
            for picking in Picking.search(self.domain, limit=50)
        ]

    def test_as_the_orm_reads_it(self):
        self.check_against_orm(self.call, self.plain)
        self.assertEqual({len(row["moves"]) for row in self.call()}, {3})
        self.assertIn(None, [row["origin"] for row in self.call()])

    def test_rights_and_arguments(self):
        self.check_internal_only("stock.picking", "get_pickings_with_moves")
        self.check_arguments(self.env["stock.picking"].get_pickings_with_moves)

    def test_statements_are_constant(self):
        new = copy_rows(self.pickings[0].sudo(), count=1000, name=SQL("'EAGER/' || copy.n"))
        for move in self.pickings[0].move_ids:
            copy_rows(move.sudo(), ("picking_id", new.ids))
        domain = [("name", "like", "EAGER/")]
        count = self.check_constant(lambda limit: self.call(domain, limit=limit), bar=10)
        _logger.info("pickings with moves: %s statements, for 1 to 1,000 transfers", count)


@tagged("post_install", "-at_install")
class TestInvoicesWithLines(ListChecks, AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product_a.default_code = "A1"
        cls.invoices = cls.env["account.move"]
        for index in range(4):
            cls.invoices |= cls.init_invoice(
                "out_refund" if index == 3 else "out_invoice",
                partner=cls.partner_a if index % 2 else cls.partner_b,
                invoice_date=f"2026-03-0{index + 1}",
                post=index < 2,
                products=cls.product_a | cls.product_b,
            )
        cls.invoices[2].invoice_line_ids = [
            Command.create({"display_type": "line_note", "name": "By the end of the month"}),
            Command.create({"name": "Freight", "price_unit": 12.5, "tax_ids": []}),
        ]
        cls.entry = cls.env["account.move"].create({"move_type": "entry"})
        cls.domain = [("id", "in", (cls.invoices | cls.entry).ids)]

    def call(self, domain=None, **kwargs):
        return self.env["account.move"].get_invoices_with_lines(domain or self.domain, **kwargs)

    def plain(self):
        Move = self.env["account.move"].with_context(display_default_code=False)
        return [
            {
                "id": invoice.id,
                "name": invoice.name or None,
                "move_type": invoice.move_type,
                "partner_name": invoice.partner_id.display_name or None,
                "invoice_date": invoice.invoice_date.isoformat(),
                "invoice_date_due": invoice.invoice_date_due.isoformat(),
                "state": invoice.state,
                "payment_state": invoice.payment_state,
                "amount_total": invoice.amount_total,
                "amount_residual": invoice.amount_residual,
                "currency": invoice.currency_id.name,
                "lines": [
                    {
                        "product_name": line.product_id.display_name or None,
                        "label": line.name or None,
                        "quantity": line.quantity,
                        "uom_name": line.product_uom_id.display_name or None,
                        "price": line.price_unit,
                        "subtotal": line.price_subtotal,
                    }
                    for line in invoice.invoice_line_ids
                    if line.display_type == "product"
                ],
            }
            for invoice in Move.search([*self.domain, ("move_type", "!=", "entry")], limit=50)
        ]

    def test_as_the_orm_reads_it(self):
        self.check_against_orm(self.call, self.plain)
        rows = {row["id"]: row for row in self.call()}
        self.assertNotIn(self.entry.id, rows)
        self.assertEqual(rows[self.invoices[2].id]["lines"][-1]["label"], "Freight")
        self.assertIsNone(rows[self.invoices[2].id]["lines"][-1]["product_name"])

    def test_rights_and_arguments(self):
        self.check_internal_only("account.move", "get_invoices_with_lines")
        self.check_arguments(self.env["account.move"].get_invoices_with_lines)

    def test_statements_are_constant(self):
        draft = self.invoices[2].sudo()
        new = copy_rows(draft, count=1000, ref=SQL("'EAGER' || copy.n"))
        for line in draft.line_ids:
            copy_rows(line, ("move_id", new.ids))
        domain = [("ref", "like", "EAGER")]
        count = self.check_constant(lambda limit: self.call(domain, limit=limit), bar=9)
        _logger.info("invoices with lines: %s statements, for 1 to 1,000 invoices", count)
