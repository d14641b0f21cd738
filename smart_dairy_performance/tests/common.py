"""Data and brute-force recomputation shared by the tests.

The recomputation reads every record through the ORM as the user in question and adds
:class:`~decimal.Decimal`: slow, plain, and free of the SQL that it judges.
"""

from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import pytz
from odoo import Command
from odoo.tests import TransactionCase, new_test_user


def rounded(value, digits=2):
    return float(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def exact(value):
    """The decimal number that a float of the database stands for."""
    return Decimal(repr(value))


class SalesCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create(
            {"name": "Dhaka Dairy", "currency_id": cls.env.ref("base.EUR").id}
        )
        cls.company.partner_id.tz = "Asia/Dhaka"
        cls.other_company = cls.env["res.company"].create(
            {"name": "Pabna Dairy", "currency_id": cls.env.ref("base.USD").id}
        )
        cls.other_company.partner_id.tz = "America/New_York"
        companies = cls.company | cls.other_company
        cls.env["res.currency"].with_context(active_test=False).search(
            [("name", "in", ("EUR", "USD"))]
        ).active = True
        cls.manager = cls._user("perf_manager", "sales_team.group_sale_manager", companies)
        cls.salesman = cls._user("perf_salesman", "sales_team.group_sale_salesman", companies)
        cls.env = cls.env(
            user=cls.manager, context=dict(cls.env.context, allowed_company_ids=cls.company.ids, tz="UTC")
        )
        cls.customers = cls.env["res.partner"].create([{"name": f"Retailer {i}"} for i in range(4)])
        cls.products = (
            cls.env["product.product"]
            .sudo()
            .create(
                [
                    {"name": f"Milk {i}", "list_price": 10 + i, "taxes_id": [Command.clear()]}
                    for i in range(12)
                ]
            )
        )
        cls.dozen = cls.env.ref("uom.product_uom_dozen")

    @classmethod
    def _user(cls, login, group, companies, **kwargs):
        return new_test_user(
            cls.env(su=True),
            login=login,
            groups=f"base.group_user,{group}" if group else "base.group_user",
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
            tz="Pacific/Honolulu",
            **kwargs,
        )

    def order(
        self,
        moment,
        lines,
        *,
        state="sale",
        partner=None,
        company=None,
        user=None,
        currency_rate=None,
        **values,
    ):
        """Make an order at ``moment`` (UTC) with ``lines`` [(product, quantity, price, uom?)]."""
        company = company or self.company
        Order = self.env["sale.order"].sudo().with_company(company)
        order = Order.create(
            {
                "partner_id": (partner or self.customers[0]).id,
                "company_id": company.id,
                "user_id": (user or self.manager).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                            **({"product_uom_id": uom[0].id} if uom else {}),
                        }
                    )
                    for product, quantity, price, *uom in lines
                ],
                **values,
            }
        )
        order.write({"state": state, "date_order": moment})
        if currency_rate is not None:
            order.currency_rate = currency_rate
        return order

    def data(self, first, last, *, user=None, companies=None, company_id=None, lang=None):
        Order = self.env["sale.order"].with_user(user or self.manager)
        context = {"allowed_company_ids": (companies or self.company).ids}
        if lang:
            context["lang"] = lang
        return Order.with_context(**context).get_dashboard_data_optimized(first, last, company_id)

    def recomputed(self, first, last, *, user=None, companies=None, currency=None):
        """The figures of ``get_dashboard_data_optimized`` from the records themselves."""
        companies = companies or self.company
        currency = currency or companies[0].currency_id
        env = self.env(
            user=user or self.manager, context={"allowed_company_ids": companies.ids, "lang": "en_US"}
        )
        env.invalidate_all()
        days, products, total = defaultdict(list), defaultdict(lambda: [Decimal(0), Decimal(0)]), []
        for order in env["sale.order"].search([]):
            company = order.company_id.sudo()
            moment = pytz.utc.localize(order.date_order).astimezone(
                pytz.timezone(company.partner_id.tz or "UTC")
            )
            outside = not (first <= moment.date() <= last)
            if order.state != "sale" or outside or company.currency_id != currency:
                continue
            rate = exact(order.currency_rate) if order.currency_id != company.currency_id else Decimal(1)
            entry = (exact(order.amount_total) / (rate or 1), order.partner_id)
            days[moment.date().isoformat()].append(entry)
            total.append(entry)
            for line in order.order_line.filtered(lambda line: line.product_id and not line.display_type):
                own = exact(line.product_id.uom_id.factor)
                products[line.product_id][0] += (
                    exact(line.product_uom_qty) * exact(line.product_uom_id.factor) / own
                )
                products[line.product_id][1] += exact(line.price_total) / (rate or 1)
        best = sorted(products.items(), key=lambda item: (-item[1][1], item[0].id))[:10]
        return {
            "daily_stats": [
                {"order_date": day, **self._figures(entries, ("order_count", "total_revenue"))}
                for day, entries in sorted(days.items())
            ],
            "summary": self._figures(total, ("total_orders", "total_revenue")),
            "top_products": [
                {"product_id": product.id, "quantity_sold": rounded(quantity), "revenue": rounded(revenue)}
                for product, (quantity, revenue) in best
            ],
        }

    @staticmethod
    def _figures(entries, names):
        revenue = sum((amount for amount, _partner in entries), Decimal(0))
        return {
            names[0]: len(entries),
            names[1]: rounded(revenue),
            "avg_order_value": rounded(revenue / len(entries)) if entries else 0.0,
            "unique_customers": len({partner.id for _amount, partner in entries}),
        }

    def assertSameFigures(self, data, expected):
        """The expected figures are in ``data``; keys that the recomputation does not know are left aside."""
        for name in ("daily_stats", "top_products"):
            self.assertEqual(len(data[name]), len(expected[name]), name)
            for row, wanted in zip(data[name], expected[name], strict=True):
                self.assertEqual({key: row[key] for key in wanted}, wanted)
        self.assertEqual({key: data["summary"][key] for key in expected["summary"]}, expected["summary"])


def utc(text):
    return datetime.fromisoformat(text)
