from odoo import api, fields, models

from ..pages import PARTNER_NAME, PRODUCT_NAME, below, find, names_of, rows_of

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
        names = names_of(pickings, "partner_id", "picking_type_id")
        of_move = names_of(pickings.move_ids, "product_id", "product_uom")
        moves = {
            row["id"]: {
                "product_name": of_move["product_id"][row["product_id"]],
                "demand": row["product_uom_qty"],
                "quantity": row["quantity"],
                "uom_name": of_move["product_uom"][row["product_uom"]],
                "state": row["state"],
            }
            for row in rows_of(pickings.move_ids, MOVE)
        }
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "partner_name": names["partner_id"][row["partner_id"]],
                "picking_type": names["picking_type_id"][row["picking_type_id"]],
                "origin": row["origin"] or None,
                "scheduled_date": fields.Datetime.to_string(row["scheduled_date"]) or None,
                "state": row["state"],
                "moves": [moves[id_] for id_ in row["move_ids"]],
            }
            for row in rows_of(pickings, (*PICKING, "move_ids"))
        ]
