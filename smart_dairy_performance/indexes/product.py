"""Products, by code, category and in the order of their lists."""

from odoo.addons.database_index import Index, Key, Query, Value, trigram

CATEGORY = Value("SELECT categ_id FROM product_template GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")

INDEXES = (
    Index(
        name="product_template_category_idx",
        table="product_template",
        keys=("categ_id",),
        where="active IS TRUE",
        purpose="Products of a category",
        query=Query("product.template", "search_count", ([("categ_id", "=", CATEGORY)],)),
    ),
    Index(
        name="product_template_list_idx",
        table="product_template",
        keys=(Key("COALESCE(is_favorite, false)", "DESC"), Key("name->>'en_US'")),
        where="active IS TRUE AND sale_ok IS TRUE",
        purpose="The first page of the product list, favourites first (English)",
        query=Query(
            "product.template", "search", ([("sale_ok", "=", True)],), (("limit", 80),), (("lang", "en_US"),)
        ),
    ),
    Index(
        name="product_product_default_code_trgm",
        table="product_product",
        keys=(trigram("default_code"),),
        method="gin",
        extension="pg_trgm",
        purpose="Products by a part of their internal reference, in the search box",
        query=Query("product.product", "name_search", ("SKU2007",), (("limit", 8),)),
    ),
    # asked for, and condemned
    Index(
        name="product_product_barcode_partial_idx",
        table="product_product",
        keys=("barcode",),
        where="barcode IS NOT NULL",
        purpose="Scanned barcodes",
        rejected="Odoo's product_product__barcode_index is the same index.",
    ),
    Index(
        name="product_template_active_sale_idx",
        table="product_template",
        keys=("sale_ok", "active"),
        where="active = true",
        purpose="Salable products",
        rejected="Nearly every row has the same two values, and the ORM's active IS TRUE does not imply"
        " active = true: no plan can use it. product_template_list_idx gives the list its order.",
    ),
    Index(
        name="product_template_category_price_idx",
        table="product_template",
        keys=("categ_id", "list_price"),
        where="active = true",
        purpose="Products of a category by price",
        rejected="The predicate can never be used (active IS TRUE is asked for). Corrected and without the"
        " price, which changes and is not asked for: product_template_category_idx, 3.9 to 0.85 ms.",
    ),
    Index(
        name="product_template_search_fts",
        table="product_template",
        keys=("name", "description"),
        method="gin",
        purpose="Full text of name and description",
        rejected="name is jsonb (one text a language), so that the source's statement fails; repaired, the"
        " ORM still sends ILIKE, never @@. Odoo's product_template__name_index (trigrams of all"
        " languages) serves it.",
    ),
)
