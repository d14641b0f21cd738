from odoo import api, fields, models
from odoo.fields import Domain

from ..pages import PARTNER_NAME, PRODUCT_NAME, below, by_id, currency_codes, find, name_of

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
)
LINE = ("name", "product_id", "quantity", "product_uom_id", "price_unit", "price_subtotal")
PATHS = (
    *INVOICE,
    *below("partner_id", PARTNER_NAME),
    "currency_id",
    *below(
        "invoice_line_ids", (*LINE, "display_type", "product_uom_id.name", *below("product_id", PRODUCT_NAME))
    ),
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
        lines = by_id(invoices.invoice_line_ids, LINE)
        return [
            {
                "id": invoice["id"],
                "name": invoice["name"] or None,
                "move_type": invoice["move_type"],
                "partner_name": name_of(invoice["partner_id"]),
                "invoice_date": fields.Date.to_string(invoice["invoice_date"]) or None,
                "invoice_date_due": fields.Date.to_string(invoice["invoice_date_due"]) or None,
                "state": invoice["state"],
                "payment_state": invoice["payment_state"],
                "amount_total": invoice["amount_total"],
                "amount_residual": invoice["amount_residual"],
                "currency": currencies[record.currency_id.id],
                "lines": [
                    {
                        "product_name": name_of(lines[line.id]["product_id"]),
                        "label": lines[line.id]["name"] or None,
                        "quantity": lines[line.id]["quantity"],
                        "uom_name": name_of(lines[line.id]["product_uom_id"]),
                        "price": lines[line.id]["price_unit"],
                        "subtotal": lines[line.id]["price_subtotal"],
                    }
                    for line in record.invoice_line_ids
                    if line.display_type == "product"
                ],
            }
            for record, invoice in zip(invoices, invoices._read_format(INVOICE), strict=True)
        ]
