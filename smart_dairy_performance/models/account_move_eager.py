from odoo import api, fields, models
from odoo.fields import Domain

from ..pages import PARTNER_NAME, PRODUCT_NAME, below, currency_codes, find, names_of, rows_of

INVOICE = (
    "name",
    "move_type",
    "partner_id",
    "invoice_date",
    "invoice_date_due",
    "state",
    "payment_state",
    "amount_total",
    "amount_residual",
    "currency_id",
)
LINE = ("display_type", "name", "product_id", "quantity", "product_uom_id", "price_unit", "price_subtotal")
PATHS = (
    *INVOICE,
    *below("partner_id", PARTNER_NAME),
    *below("invoice_line_ids", (*LINE, "product_uom_id.name", *below("product_id", PRODUCT_NAME))),
)


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "eager.loading.mixin"]

    @api.model
    @api.readonly
    def get_invoices_with_lines(self, domain, limit=50):
        """Return invoices, bills and their credit notes, in the model's order, with their product lines.

        :param domain: search domain on ``account.move``; other journal entries are never returned
        :param limit: invoices, 1 to 10,000
        :return: list of dicts: ``id``, ``name`` (``None`` for a draft without number), ``move_type``,
            ``partner_name``, ``invoice_date``, ``invoice_date_due`` (ISO or ``None``), ``state``,
            ``payment_state``, ``amount_total`` and ``amount_residual`` in ``currency`` (its code),
            ``lines``: dicts of ``product_name`` (without the code; ``None`` without product),
            ``label``, ``quantity`` in ``uom_name``, ``price`` (a unit, as on the invoice), ``subtotal``
            (untaxed)
        :raises AccessError: portal and public users, users without access to invoices
        :raises UserError: a limit out of range, a domain that is none
        """
        Move = self.with_context(display_default_code=False)
        invoices = find(Move, domain, PATHS, limit, Domain("move_type", "in", self.get_invoice_types()))
        currencies = currency_codes(invoices)
        names = names_of(invoices, "partner_id")
        of_line = names_of(invoices.invoice_line_ids, "product_id", "product_uom_id")
        lines = {
            row["id"]: {
                "product_name": of_line["product_id"][row["product_id"]],
                "label": row["name"] or None,
                "quantity": row["quantity"],
                "uom_name": of_line["product_uom_id"][row["product_uom_id"]],
                "price": row["price_unit"],
                "subtotal": row["price_subtotal"],
            }
            for row in rows_of(invoices.invoice_line_ids, LINE)
            if row["display_type"] == "product"
        }
        return [
            {
                "id": row["id"],
                "name": row["name"] or None,
                "move_type": row["move_type"],
                "partner_name": names["partner_id"][row["partner_id"]],
                "invoice_date": fields.Date.to_string(row["invoice_date"]) or None,
                "invoice_date_due": fields.Date.to_string(row["invoice_date_due"]) or None,
                "state": row["state"],
                "payment_state": row["payment_state"],
                "amount_total": row["amount_total"],
                "amount_residual": row["amount_residual"],
                "currency": currencies[row["currency_id"]],
                "lines": [lines[id_] for id_ in row["invoice_line_ids"] if id_ in lines],
            }
            for row in rows_of(invoices, (*INVOICE, "invoice_line_ids"))
        ]
