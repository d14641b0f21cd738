"""Orders and their lines."""

from odoo.addons.database_index import Index, Query, Value, trigram

RECENT = Value("SELECT (max(create_date) - interval '1 day')::timestamp(0)::text FROM sale_order_line")

INDEXES = (
    Index(
        name="sale_order_to_invoice_idx",
        table="sale_order",
        keys=("date_order DESC", "id DESC"),
        where="invoice_status = 'to invoice'",
        purpose="Orders to invoice, newest first",
        query=Query("sale.order", "search", ([("invoice_status", "=", "to invoice")],), (("limit", 80),)),
    ),
    Index(
        name="sale_order_upsell_idx",
        table="sale_order",
        keys=("date_order DESC", "id DESC"),
        where="invoice_status = 'upselling'",
        purpose="Orders to upsell, newest first",
        query=Query("sale.order", "search", ([("invoice_status", "=", "upselling")],), (("limit", 80),)),
    ),
    Index(
        name="sale_order_client_order_ref_trgm",
        table="sale_order",
        keys=(trigram("client_order_ref"),),
        method="gin",
        extension="pg_trgm",
        purpose="Orders by a part of their number or of the customer's, which the search box joins by OR",
        query=Query(
            "sale.order",
            "search",
            (["|", ("name", "ilike", "S00300"), ("client_order_ref", "ilike", "S00300")],),
            (("limit", 80),),
        ),
    ),
    Index(
        name="sale_order_line_create_date_brin",
        table="sale_order_line",
        keys=("create_date",),
        method="brin",
        storage=(("pages_per_range", 32),),
        purpose="Lines entered in a period; some pages instead of a B-tree with every line",
        query=Query("sale.order.line", "search_count", ([("create_date", ">=", RECENT)],)),
    ),
    # asked for, and condemned
    Index(
        name="sale_order_seller_date_idx",
        table="sale_order",
        keys=("user_id", "date_order DESC", "id DESC"),
        purpose="My orders, newest first",
        rejected="44 instead of 50 pages, 0.10 instead of 0.25 ms (40,000 orders, 20 salespeople): a busy"
        " one's newest come soon along Odoo's sale_order_date_order_id_idx, an idle one's few by"
        " sale_order__user_id_index.",
    ),
    Index(
        name="sale_order_dashboard_covering_idx",
        table="sale_order",
        keys=("company_id", "date_order"),
        include=("amount_total", "partner_id"),
        where="state = 'sale'",
        purpose="Order dashboard by company and day",
        rejected="The plain read_group goes from 19.7 to 8.0 ms, but every change of amount_total then"
        " writes all indexes of the order: HOT updates of amounts fall from 25-44 % to none and"
        " 20,000 updates take 826 instead of 183 ms; 20,000 new orders 867 instead of 472 ms. The"
        " dashboards read rollups, which are faster still and cost less.",
    ),
    Index(
        name="sale_order_partner_state_idx",
        table="sale_order",
        keys=("partner_id", "state", "date_order DESC"),
        purpose="A customer's orders by state",
        rejected="sale_order__partner_id_index finds a customer's few orders as fast: 0.03 against 0.02 ms.",
    ),
    Index(
        name="sale_order_customer_history_idx",
        table="sale_order",
        keys=("partner_id", "date_order DESC"),
        include=("amount_total", "state"),
        purpose="What a customer bought",
        rejected="The same as by partner and state, with amount_total in the leaves, which ends HOT updates"
        " of amounts.",
    ),
    Index(
        name="sale_order_date_state_idx",
        table="sale_order",
        keys=("date_order DESC", "state"),
        include=("partner_id", "amount_total"),
        purpose="Orders by date and state",
        rejected="Odoo's sale_order_date_order_id_idx gives the order of its lists; no plan of SQL that the"
        " ORM sends chose this one.",
    ),
    Index(
        name="sale_order_user_team_state_idx",
        table="sale_order",
        keys=("user_id", "team_id", "state"),
        purpose="Orders by salesperson and team",
        rejected="6.3 to 3.0 ms for all orders of one salesperson; the list shows the newest, which Odoo's"
        " indexes by date and by salesperson find in 0.25 ms.",
    ),
    Index(
        name="sale_order_line_product_order_idx",
        table="sale_order_line",
        keys=("product_id", "order_id"),
        include=("product_uom_qty", "price_total"),
        purpose="Lines of a product",
        rejected="sale_order_line__product_id_index is as fast (0.15 and 0.15 ms); quantities in the leaves"
        " end HOT updates.",
    ),
    Index(
        name="sale_order_line_name_trgm",
        table="sale_order_line",
        keys=(trigram("name"),),
        method="gin",
        extension="pg_trgm",
        purpose="Lines by a part of their text, in the box that chooses one",
        rejected="No plan has it, and it takes 6.5 MB for 198,000 lines: the box joins the order's number by"
        " OR, as a subquery, which no index can serve.",
    ),
    Index(
        name="sale_order_line_report_idx",
        table="sale_order_line",
        keys=("create_date",),
        include=("product_id", "product_uom_qty", "price_subtotal"),
        purpose="Sales by category",
        rejected="Odoo's sales analysis filters on the order's date, never on the line's create_date. For"
        " the explicit search (147 to 63 ms) a BRIN of a few pages does:"
        " sale_order_line_create_date_brin.",
    ),
)
