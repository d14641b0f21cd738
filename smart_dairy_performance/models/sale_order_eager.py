from odoo import api, models

from ..eager.loading import load_readable, plan_for
from ..pages import PARTNER_NAME, PRODUCT_NAME, below, by_id, currency_codes, find, name_of

ORDER = ("name", "partner_id", "user_id", "amount_total")
LINE = ("product_id", "product_uom_qty", "product_uom_id", "price_unit")
PATHS = (
    *ORDER,
    "currency_id",
    "user_id.partner_id",
    *below("order_line", (*LINE, "display_type", "product_uom_id.name", *below("product_id", PRODUCT_NAME))),
)


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
        orders = find(self.with_context(display_default_code=False), domain, PATHS, limit)
        # customers and salespersons' own partners in one statement
        partners = orders.partner_id | orders.user_id.partner_id
        load_readable(partners, plan_for(partners, PARTNER_NAME))
        currencies = currency_codes(orders)
        lines = by_id(orders.order_line, LINE)
        return [
            {
                "id": order["id"],
                "name": order["name"],
                "partner_name": name_of(order["partner_id"]),
                "user_name": name_of(order["user_id"]),
                "amount_total": order["amount_total"],
                "currency": currencies[record.currency_id.id],
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
