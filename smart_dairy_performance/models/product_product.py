from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..guards import check_internal
from ..queries import stock

MAX_LIMIT = 10_000


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model
    @api.readonly
    def search_with_stock_optimized(self, domain, limit=20, offset=0):
        """Return one page of salable, active products with their stock, in the model's order.

        The quantities are those of ``qty_available`` and ``free_qty``: internal locations of the selected
        companies' warehouses (or of the ``warehouse_id`` / ``location`` in the context), in the product's own
        unit, rounded to its precision; services have none. Unlike those fields, nothing is asked about moves.

        :param domain: search domain on ``product.product``
        :param limit: products a page, 1 to 10,000
        :param offset: products to skip, 0 or more
        :return: list of dicts: ``id``, ``name`` (with the variant's attributes, without the code),
            ``default_code``, ``list_price`` (the product's price, as Odoo's field of that name),
            ``lst_price``
            (with the variant's extras: what a customer is charged), ``currency_id``, ``categ_id`` and
            ``uom_id`` (each ``[id, name]``, false if none), ``qty_available``, ``qty_reserved``, ``qty_free``
        :raises AccessError: portal and public users
        :raises UserError: a limit or offset out of range
        """
        check_internal(self.env)
        self._check_page(limit, offset)
        domain = Domain(domain or []) & Domain("sale_ok", "=", True) & Domain("active", "=", True)
        products = self.search_fetch(
            domain,
            ["default_code", "product_tmpl_id", "product_template_attribute_value_ids"],
            offset=offset,
            limit=limit,
        ).with_context(display_default_code=False)
        quantities = products._stock_quantities()
        result = []
        for product in products:
            on_hand, reserved = quantities.get(product.id, (0.0, 0.0))
            uom, category = product.uom_id, product.categ_id
            result.append(
                {
                    "id": product.id,
                    "name": product.display_name,
                    "default_code": product.default_code,
                    "list_price": product.list_price,
                    "lst_price": product.lst_price,
                    "currency_id": product.currency_id.id,
                    "categ_id": [category.id, category.display_name] if category else False,
                    "uom_id": [uom.id, uom.display_name],
                    "qty_available": uom.round(on_hand),
                    "qty_reserved": uom.round(reserved),
                    "qty_free": uom.round(on_hand - reserved),
                }
            )
        return result

    @api.model
    def _check_page(self, limit, offset):
        if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
            raise UserError(
                self.env._(
                    "The limit %(limit)s is not a number of products from 1 to %(max)s.",
                    limit=repr(limit),
                    max=MAX_LIMIT,
                )
            )
        if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
            raise UserError(
                self.env._("The offset %(offset)s is not a whole number from 0 up.", offset=repr(offset))
            )

    def _stock_quantities(self):
        """Return ``{product id: (on hand, reserved)}`` of the goods in ``self``, by the quants' own rules."""
        goods = self.filtered(lambda product: product.type != "service")
        if not goods:
            return {}
        locations, _incoming, _outgoing = goods._get_domain_locations()
        Quant = self.env["stock.quant"].with_context(active_test=False)
        query = Quant._search(Domain("product_id", "in", goods.ids) & Domain(locations))
        quants = query.select(
            *(
                SQL("%s AS %s", Quant._field_to_sql(query.table, name, query), SQL.identifier(name))
                for name in ("product_id", "quantity", "reserved_quantity")
            )
        )
        rows = self.env.execute_query(stock.stock_by_product(quants))
        return {product_id: (quantity, reserved) for product_id, quantity, reserved in rows}
