from odoo import api, models
from odoo.addons.method_cache import cached_method
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..dependencies import CATALOGUE
from ..guards import check_internal


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    @api.readonly
    @cached_method(ttl=300, depends=CATALOGUE)
    def get_catalog_products(self, category_id=None, limit=50):
        """Return salable, active products that the user may read, in the model's order; cached.

        :param category_id: id of a product category; its sub-categories count; default all
        :param limit: products, 1 to 10,000
        :return: list of dicts: ``id``, ``name``, ``list_price`` (in ``currency_id``), ``categ_id``
            ([id, name], false if none), ``image`` (address of the picture, which changes with it; false if
            there is none)
        :raises AccessError: portal and public users
        :raises UserError: a limit out of range, a category that does not exist
        """
        check_internal(self.env)
        self.env["product.product"]._check_page(limit, 0)
        domain = Domain("sale_ok", "=", True) & Domain("active", "=", True)
        if category_id:
            domain &= Domain("categ_id", "child_of", self._catalog_category(category_id).id)
        products = self.search_fetch(domain, ["name", "list_price", "categ_id"], limit=limit)
        images = products._catalog_images()
        return [
            {
                "id": product.id,
                "name": product.name,
                "list_price": product.list_price,
                "currency_id": product.currency_id.id,
                "categ_id": [product.categ_id.id, product.categ_id.display_name]
                if product.categ_id
                else False,
                "image": images.get(product.id, False),
            }
            for product in products
        ]

    @api.model
    def _catalog_category(self, category_id):
        Category = self.env["product.category"]
        known = isinstance(category_id, int) and not isinstance(category_id, bool)
        if known and (category := Category.browse(category_id).exists()):
            return category
        raise UserError(
            self.env._(
                "Category %(value)s does not exist: choose the id of a product category.",
                value=repr(category_id),
            )
        )

    def _catalog_images(self):
        """Return ``{product id: address of its picture}``; no picture is loaded."""
        # sudo: a picture is as public as its product, which the user may read
        found = (
            self.env["ir.attachment"]
            .sudo()
            .search_fetch(
                [("res_model", "=", self._name), ("res_field", "=", "image_512"), ("res_id", "in", self.ids)],
                ["res_id", "checksum"],
            )
        )
        return {
            picture.res_id: f"/web/image/{self._name}/{picture.res_id}/image_512?unique={picture.checksum}"
            for picture in found
        }
