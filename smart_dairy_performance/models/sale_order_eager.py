from odoo import api, models

from ..eager.loading import load_readable, plan_for
from ..pages import PARTNER_NAME, PRODUCT_NAME, below, currency_codes, find, names_of, rows_of

ORDER = ("name", "partner_id", "user_id", "amount_total", "currency_id")
LINE = ("display_type", "product_id", "product_uom_qty", "product_uom_id", "price_unit")
PATHS = (
    *ORDER,
    "user_id.partner_id",
    *below("order_line", (*LINE, "product_uom_id.name", *below("product_id", PRODUCT_NAME))),
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
        names = names_of(orders, "partner_id", "user_id")
        of_line = names_of(orders.order_line, "product_id", "product_uom_id")
        lines = {
            row["id"]: {
                "product_name": of_line["product_id"][row["product_id"]],
                "quantity": row["product_uom_qty"],
                "uom_name": of_line["product_uom_id"][row["product_uom_id"]],
                "price": row["price_unit"],
            }
            for row in rows_of(orders.order_line, LINE)
            if not row["display_type"]
        }
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "partner_name": names["partner_id"][row["partner_id"]],
                "user_name": names["user_id"][row["user_id"]],
                "amount_total": row["amount_total"],
                "currency": currencies[row["currency_id"]],
                "lines": [lines[id_] for id_ in row["order_line"] if id_ in lines],
            }
            for row in rows_of(orders, (*ORDER, "order_line"))
        ]
