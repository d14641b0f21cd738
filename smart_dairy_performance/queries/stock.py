"""Statement of the product search: stock of one page of products."""

from odoo.tools import SQL


def stock_by_product(quants):
    """Statement: product_id, quantity and reserved quantity on hand.

    :param quants: SELECT with columns product_id, quantity, reserved_quantity (one row a quant)
    """
    return SQL(
        "SELECT q.product_id, sum(q.quantity), sum(q.reserved_quantity) FROM (%s) q GROUP BY q.product_id",
        quants,
    )
