from odoo import api, fields, models

from ..pages import PARTNER_NAME, PRODUCT_NAME, below, by_id, find, name_of

PICKING = ("name", "partner_id", "picking_type_id", "origin", "scheduled_date", "state")
MOVE = ("product_id", "product_uom_qty", "quantity", "product_uom", "state")
PATHS = (
    *PICKING,
    *below("partner_id", PARTNER_NAME),
    "picking_type_id.display_name",
    "picking_type_id.warehouse_id.name",
    *below("move_ids", (*MOVE, "product_uom.name", *below("product_id", PRODUCT_NAME))),
)


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "eager.loading.mixin"]

    @api.model
    @api.readonly
    def get_pickings_with_moves(self, domain, limit=50):
        """Return transfers, in the model's order, with their moves.

        :param domain: search domain on ``stock.picking``
        :param limit: transfers, 1 to 10,000
        :return: list of dicts: ``id``, ``name``, ``partner_name``, ``picking_type``, ``origin`` (or
            ``None``), ``scheduled_date`` (UTC, ISO), ``state``, ``moves``: dicts of ``product_name``
            (without the code), ``demand`` and ``quantity`` (done or reserved) in ``uom_name``, ``state``
        :raises AccessError: portal and public users, users without inventory access
        :raises UserError: a limit out of range, a domain that is none
        """
        pickings = find(self.with_context(display_default_code=False), domain, PATHS, limit)
        moves = by_id(pickings.move_ids, MOVE)
        return [
            {
                "id": picking["id"],
                "name": picking["name"],
                "partner_name": name_of(picking["partner_id"]),
                "picking_type": name_of(picking["picking_type_id"]),
                "origin": picking["origin"] or None,
                "scheduled_date": fields.Datetime.to_string(picking["scheduled_date"]) or None,
                "state": picking["state"],
                "moves": [
                    {
                        "product_name": name_of(moves[move.id]["product_id"]),
                        "demand": moves[move.id]["product_uom_qty"],
                        "quantity": moves[move.id]["quantity"],
                        "uom_name": name_of(moves[move.id]["product_uom"]),
                        "state": moves[move.id]["state"],
                    }
                    for move in record.move_ids
                ],
            }
            for record, picking in zip(pickings, pickings._read_format(PICKING), strict=True)
        ]
