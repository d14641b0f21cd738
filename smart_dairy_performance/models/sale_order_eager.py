from odoo import api, models

from ..pages import by_id, find, name_of

ORDER = ("name", "partner_id", "user_id", "amount_total", "currency_id")
LINE = ("product_id", "product_uom_qty", "product_uom_id", "price_unit")


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "eager.loading.mixin"]

    @api.model
    @api.readonly
    def get_orders_with_lines(self, domain, limit=50):
        """Return orders, in the model's order, with their product lines; sections and notes are left out.

        :param domain: search domain on ``sale.order``
        :param limit: orders, 1 to 10,000
        :return: list of dicts: ``id``, ``name``, ``partner_name``, ``user_name`` (``None`` without a
            salesperson), ``amount_total`` in ``currency`` (its code), taxes included, ``lines``: dicts of
            ``product_name`` (without the code), ``quantity`` in ``uom_name``, ``price`` (a unit, as on the
            order)
        :raises AccessError: portal and public users, users without sales access
        :raises UserError: a limit out of range, a domain that is none
        """
        orders = find(self.with_context(display_default_code=False), domain, ORDER, limit)
        self._prefetch_related(
            orders,
            "partner_id.display_name",
            "user_id.partner_id.name",
            "user_id.display_name",
            "currency_id.name",
            "order_line.display_type",
            "order_line.product_uom_qty",
            "order_line.price_unit",
            "order_line.product_uom_id.name",
            "order_line.product_id.display_name",
        )
        lines = by_id(orders.order_line, LINE)
        return [
            {
                "id": order["id"],
                "name": order["name"],
                "partner_name": name_of(order["partner_id"]),
                "user_name": name_of(order["user_id"]),
                "amount_total": order["amount_total"],
                "currency": name_of(order["currency_id"]),
                "lines": [
                    {
                        "product_name": name_of(lines[line.id]["product_id"]),
                        "quantity": lines[line.id]["product_uom_qty"],
                        "uom_name": name_of(lines[line.id]["product_uom_id"]),
                        "price": lines[line.id]["price_unit"],
                    }
                    for line in record.order_line
                    if not line.display_type
                ],
            }
            for record, order in zip(orders, orders._read_format(ORDER), strict=True)
        ]
