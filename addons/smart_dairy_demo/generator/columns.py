"""The columns that differ from row to row, by table; all others come from the template."""

STAMPS = ("create_date", "write_date")

SALE_ORDER = (
    "id", "name", "partner_id", "partner_invoice_id", "partner_shipping_id", "user_id", "team_id",
    "payment_term_id", "date_order", "validity_date", "effective_date", "amount_untaxed", "amount_tax",
    "amount_total", *STAMPS,
)  # fmt: skip
SALE_LINE = (
    "id", "order_id", "order_partner_id", "salesman_id", "product_id", "product_uom_id", "name",
    "product_uom_qty", "price_unit", "technical_price_unit", "discount", "price_subtotal", "price_tax",
    "price_total", "price_reduce_taxexcl", "price_reduce_taxinc", "qty_delivered", "qty_invoiced",
    "qty_to_invoice", "untaxed_amount_invoiced", "untaxed_amount_to_invoice", *STAMPS,
)  # fmt: skip
PICKING_OUT = (
    "id", "name", "origin", "partner_id", "sale_id", "scheduled_date", "date_deadline", "date_done",
    "shipping_weight", *STAMPS,
)  # fmt: skip
PICKING_IN = (
    "id", "name", "origin", "partner_id", "scheduled_date", "date_deadline", "date_done", *STAMPS,
)  # fmt: skip
_MOVE = (
    "id", "product_id", "product_uom", "packaging_uom_id", "origin", "product_qty", "product_uom_qty",
    "quantity", "packaging_uom_qty", "date", "value", *STAMPS,
)  # fmt: skip
MOVE = _MOVE
MOVE_OUT = (
    *_MOVE, "partner_id", "picking_id", "reference", "reservation_date", "date_deadline", "sale_line_id",
)  # fmt: skip
MOVE_IN = (
    *_MOVE, "picking_id", "reference", "reservation_date", "date_deadline", "purchase_line_id", "price_unit",
)  # fmt: skip
MOVE_LINE = (
    "id", "picking_id", "move_id", "product_id", "product_uom_id", "quantity", "quantity_product_uom", "date",
    *STAMPS,
)  # fmt: skip
INVOICE = (
    "id", "name", "sequence_prefix", "sequence_number", "partner_id", "commercial_partner_id",
    "partner_shipping_id", "invoice_partner_display_name", "invoice_user_id", "team_id",
    "invoice_payment_term_id", "ref", "invoice_origin", "payment_reference", "date", "invoice_date",
    "invoice_date_due", "delivery_date", "amount_untaxed", "amount_tax", "amount_total", "amount_residual",
    "amount_untaxed_signed", "amount_untaxed_in_currency_signed", "amount_tax_signed", "amount_total_signed",
    "amount_total_in_currency_signed", "amount_residual_signed", *STAMPS,
)  # fmt: skip
PAYMENT_ENTRY = (
    "id", "name", "sequence_prefix", "sequence_number", "origin_payment_id", "partner_id",
    "commercial_partner_id", "invoice_partner_display_name", "ref", "date", "invoice_date_due",
    "amount_total", "amount_total_signed", "amount_total_in_currency_signed", *STAMPS,
)  # fmt: skip
_ENTRY_LINE = (
    "id", "move_id", "partner_id", "move_name", "ref", "name", "sequence", "date", "date_maturity",
    "invoice_date", "debit", "credit", "balance", "amount_currency", "amount_residual",
    "amount_residual_currency", *STAMPS,
)  # fmt: skip
PRODUCT_LINE = (
    *_ENTRY_LINE, "product_id", "product_uom_id", "quantity", "price_unit", "price_subtotal", "price_total",
    "discount", "purchase_line_id",
)  # fmt: skip
TAX_LINE = (*_ENTRY_LINE, "tax_base_amount")
TERM_LINE = (*_ENTRY_LINE, "full_reconcile_id", "matching_number")
PAYMENT_LINE = (
    *_ENTRY_LINE, "payment_id", "price_subtotal", "price_total", "full_reconcile_id", "matching_number",
)  # fmt: skip
PAYMENT = (
    "id", "name", "partner_id", "memo", "date", "amount", "amount_company_currency_signed", "move_id",
    *STAMPS,
)  # fmt: skip
PARTIAL = (
    "id", "debit_move_id", "credit_move_id", "full_reconcile_id", "max_date", "amount",
    "debit_amount_currency", "credit_amount_currency", *STAMPS,
)  # fmt: skip
PURCHASE = (
    "id", "name", "partner_id", "date_order", "date_approve", "date_planned", "date_calendar_start",
    "effective_date", "amount_untaxed", "amount_total", "amount_total_cc", *STAMPS,
)  # fmt: skip
PURCHASE_LINE = (
    "id", "order_id", "partner_id", "product_id", "product_uom_id", "name", "product_qty", "product_uom_qty",
    "price_unit", "technical_price_unit", "price_subtotal", "price_total", "qty_received", "qty_invoiced",
    "qty_to_invoice", "date_planned", *STAMPS,
)  # fmt: skip
