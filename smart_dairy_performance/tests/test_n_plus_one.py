"""The fifteen patterns of docs/n_plus_one.md: how many statements each needs, and its cure.

Every test runs a pattern and its cure on 3 and on 12 records. Both must give the same answer; the pattern
must need at least one statement more for each further record, the cure exactly as many as before.
"""

import logging
from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from .common import SalesCase, utc

_logger = logging.getLogger(__name__)
FEW, MANY = 3, 12


class Undo(Exception):
    """Ends a savepoint, so that the next measurement begins on the same data."""


@tagged("post_install", "-at_install")
class TestNPlusOne(SalesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        usd = cls.env.ref("base.USD")
        prices = cls.env["product.pricelist"].sudo().create(
            {"name": "Export", "currency_id": usd.id, "company_id": cls.company.id}
        )  # fmt: skip
        cls.partners = cls.env["res.partner"].create([{"name": f"Shop {i:02}"} for i in range(MANY)])
        cls.orders = cls.env["sale.order"]
        for index, partner in enumerate(cls.partners):
            moment = utc("2026-03-01 06:00:00") + timedelta(days=index)
            cls.env["res.currency.rate"].sudo().create(
                {
                    "name": moment.date(),
                    "rate": 1.25 + index / 64,
                    "currency_id": usd.id,
                    "company_id": cls.company.id,
                }
            )
            line = [(cls.products[index], 1 + index, 10)]
            cls.orders |= cls.order(cls, moment, line, partner=partner, pricelist_id=prices.id)
            if index % 2:
                cls.order(cls, moment, line, partner=partner, pricelist_id=prices.id, state="draft")

    def measure(self, method, size):
        """Statements and answer of ``method(size)`` from an empty memory; what it writes is undone."""
        for _warm_up_then_count in range(2):
            try:
                with self.env.cr.savepoint():
                    self.env.flush_all()
                    self.env.invalidate_all()
                    before = self.env.cr.sql_log_count
                    answer = method(size)
                    self.env.flush_all()
                    statements = self.env.cr.sql_log_count - before
                    raise Undo
            except Undo:
                self.env.invalidate_all()
        return statements, answer

    def compare(self, pattern, cure):
        (few, few_answer), (many, answer) = (self.measure(pattern, size) for size in (FEW, MANY))
        (cured_few, few_cured), (cured, cured_answer) = (self.measure(cure, size) for size in (FEW, MANY))
        name = self.id().rpartition(".")[2]
        _logger.info("%s: %s and %s statements, cured %s and %s", name, few, many, cured_few, cured)
        self.assertEqual(few_cured, few_answer)
        self.assertEqual(cured_answer, answer)
        self.assertGreaterEqual(many - few, MANY - FEW, "the pattern does not grow with the records")
        self.assertEqual(cured, cured_few, "the cure grows with the records")
        self.assertLess(cured, many)

    def test_01_browse_one_by_one(self):
        Order, ids = self.env["sale.order"], self.orders.ids

        def pattern(size):
            return [Order.browse(id_).partner_id.name for id_ in ids[:size]]

        def cure(size):
            return [order.partner_id.name for order in Order.browse(ids[:size])]

        self.compare(pattern, cure)

    def test_02_search_in_a_loop(self):
        Partner, names = self.env["res.partner"], self.partners.mapped("name")

        def pattern(size):
            return {name: Partner.search([("name", "=", name)]).id for name in names[:size]}

        def cure(size):
            return {partner.name: partner.id for partner in Partner.search([("name", "in", names[:size])])}

        self.compare(pattern, cure)

    def test_03_search_count_in_a_loop(self):
        Order = self.env["sale.order"]

        def pattern(size):
            return {partner.id: Order.search_count([("partner_id", "=", partner.id)])
                    for partner in self.partners[:size]}  # fmt: skip

        def cure(size):
            partners = self.partners[:size]
            groups = Order._read_group([("partner_id", "in", partners.ids)], ["partner_id"], ["__count"])
            counts = {partner.id: count for partner, count in groups}
            return {partner.id: counts.get(partner.id, 0) for partner in partners}

        self.compare(pattern, cure)

    def test_04_read_or_read_group_for_each_record(self):
        Line = self.env["sale.order.line"]

        def pattern(size):
            sums = {}
            for order in self.orders[:size]:
                ((sums[order.id],),) = Line._read_group(
                    [("order_id", "=", order.id)], [], ["price_total:sum"]
                )
            return sums

        def cure(size):
            domain = [("order_id", "in", self.orders[:size].ids)]
            groups = Line._read_group(domain, ["order_id"], ["price_total:sum"])
            return {order.id: total for order, total in groups}

        self.compare(pattern, cure)

    def test_05_the_latest_of_each(self):
        Order = self.env["sale.order"]

        def pattern(size):
            return {
                partner.id: Order.search([("partner_id", "=", partner.id)], order="id desc", limit=1).id
                for partner in self.partners[:size]
            }

        def cure(size):
            query = Order._search(
                [("partner_id", "in", self.partners[:size].ids)], order="partner_id, id desc"
            )
            columns = (Order._field_to_sql(query.table, name, query) for name in ("partner_id", "id"))
            query.order = SQL("1, 2 DESC")
            return dict(self.env.execute_query(query.select(SQL("DISTINCT ON (1) %s, %s", *columns))))

        self.compare(pattern, cure)

    def test_06_a_computed_field_that_searches_for_each_record(self):
        Order = self.env["sale.order"]

        def pattern(size):
            drafts = {}
            for partner in self.partners[:size]:  # for record in self: record.draft_total = …
                found = Order.search([("partner_id", "=", partner.id), ("state", "=", "draft")])
                drafts[partner.id] = sum(found.mapped("amount_total"))
            return drafts

        def cure(size):
            partners = self.partners[:size]
            domain = [("partner_id", "in", partners.ids), ("state", "=", "draft")]
            totals = dict(Order._read_group(domain, ["partner_id"], ["amount_total:sum"]))
            return {partner.id: totals.get(partner, 0) for partner in partners}

        self.compare(pattern, cure)

    def test_07_filtered_with_a_query(self):
        Order, Partner = self.env["sale.order"], self.env["res.partner"]

        def pattern(size):
            return self.partners[:size].filtered(
                lambda partner: Order.search(
                    [("partner_id", "=", partner.id), ("state", "=", "draft")], limit=1
                )
            )

        def cure(size):
            drafts = [("state", "=", "draft")]
            domain = [("id", "in", self.partners[:size].ids), ("sale_order_ids", "any", drafts)]
            return Partner.search(domain, order="id")

        self.compare(pattern, cure)

    def test_08_a_context_of_its_own_for_each_record(self):
        def pattern(size):
            return [
                line.product_id.with_context(partner_id=order.partner_id.id).display_name
                for order in self.orders[:size]
                for line in order.order_line
            ]

        def cure(size):
            return [line.product_id.display_name for line in self.orders[:size].order_line]

        self.compare(pattern, cure)

    def test_09_write_and_read_by_turns(self):
        Partner = self.env["res.partner"]

        def pattern(size):
            done = []
            for index, partner in enumerate(self.partners[:size]):
                partner.ref = f"R{index}"
                done.append(Partner.search_count([("ref", "=", f"R{index}")]))  # flushes the write before it
            return done

        def cure(size):
            refs = [f"R{index}" for index in range(size)]
            for partner, ref in zip(self.partners[:size], refs, strict=True):
                partner.ref = ref  # stays in memory; one UPDATE at the flush
            counts = dict(Partner._read_group([("ref", "in", refs)], ["ref"], ["__count"]))
            return [counts.get(ref, 0) for ref in refs]

        self.compare(pattern, cure)

    def test_10_create_in_a_loop(self):
        Category = self.env["res.partner.category"].sudo()

        def pattern(size):
            return [Category.create({"name": f"Tag {index}"}).name for index in range(size)]

        def cure(size):
            return Category.create([{"name": f"Tag {index}"} for index in range(size)]).mapped("name")

        self.compare(pattern, cure)

    def test_11_unlink_in_a_loop(self):
        Category = self.env["res.partner.category"].sudo()
        tags = Category.create([{"name": f"Tag {index}"} for index in range(MANY)])

        def pattern(size):
            for tag in tags[:size]:
                tag.unlink()
            return Category.search_count([("id", "in", tags.ids)])

        def cure(size):
            tags[:size].unlink()
            return Category.search_count([("id", "in", tags.ids)])

        self.compare(pattern, cure)

    def test_12_exists_for_each_record(self):
        gone = self.partners.browse(2**30)

        def pattern(size):
            return [partner.id for partner in self.partners[:size] | gone if partner.exists()]

        def cure(size):
            return (self.partners[:size] | gone).exists().ids

        self.compare(pattern, cure)

    def test_13_ref_in_a_loop(self):
        def pattern(size):
            return [order.currency_id == self.env.ref("base.USD") for order in self.orders[:size]]

        def cure(size):
            usd = self.env.ref("base.USD")
            return [order.currency_id == usd for order in self.orders[:size]]

        self.compare(pattern, cure)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.get_param("database.uuid")
        with self.assertQueryCount(0):  # this one is remembered from transaction to transaction
            for _order in self.orders:
                parameters.get_param("database.uuid")

    def test_14_message_post_in_a_loop(self):
        def bodies(partners):
            domain = [("model", "=", "res.partner"), ("res_id", "in", partners.ids)]
            messages = self.env["mail.message"].search(domain, order="id desc", limit=len(partners))
            return messages.mapped("body")

        def pattern(size):
            for partner in self.partners[:size]:
                partner.message_post(body="Cooled to 4 °C")
            return bodies(self.partners[:size])

        def cure(size):
            partners = self.partners[:size]
            partners._message_log_batch(bodies=dict.fromkeys(partners.ids, "Cooled to 4 °C"))
            return bodies(partners)

        self.compare(pattern, cure)

    def test_15_currency_conversion_for_each_record(self):
        def pattern(size):
            return [
                order.currency_id._convert(
                    order.amount_total,
                    order.company_id.currency_id,
                    order.company_id,
                    order.date_order.date(),
                )
                for order in self.orders[:size]
            ]

        def cure(size):
            return [
                order.company_id.currency_id.round(order.amount_total / order.currency_rate)
                for order in self.orders[:size]
            ]

        self.compare(pattern, cure)
        self.assertEqual(len({order.currency_rate for order in self.orders}), MANY)
