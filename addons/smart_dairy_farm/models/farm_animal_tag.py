from odoo import api, fields, models
from odoo.exceptions import ValidationError

TAG_TYPES = [
    ("ear", "Ear tag"),
    ("rfid", "RFID"),
    ("management", "Management number"),
    ("other", "Other"),
]


class FarmAnimalTag(models.Model):
    """A tag worn from ``date_from`` to ``date_to`` (lost, replaced, or gone with the animal)."""

    _name = "farm.animal.tag"
    _description = "Animal tag"
    _order = "animal_id, date_from desc, id desc"
    _rec_name = "value"
    _check_company_auto = True

    animal_id = fields.Many2one("farm.animal", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="animal_id.company_id", store=True, index=True, precompute=True)
    tag_type = fields.Selection(TAG_TYPES, string="Kind", required=True, default="ear")
    value = fields.Char("Number", required=True, index=True)
    date_from = fields.Date("From", required=True, default=lambda self: self.env.company._business_today())
    date_to = fields.Date("Until", help="Empty while the animal wears it.")

    _dates_order = models.Constraint("CHECK (date_to >= date_from)", "A tag cannot end before it begins.")
    _value_not_empty = models.Constraint(
        "CHECK (value = btrim(value) AND value <> '')", "A tag needs a number."
    )
    _rfid_iso = models.Constraint(
        "CHECK (tag_type <> 'rfid' OR (value ~ '^[0-9]{15}$' AND left(value, 3) <> '000'))",
        "An RFID has 15 digits by ISO 11784/11785 and cannot begin with 000.",
    )
    _rfid_worn_uniq = models.UniqueIndex(
        "(value) WHERE tag_type = 'rfid' AND date_to IS NULL",
        lambda env, diag: env._(
            "This RFID is worn by another animal (%(detail)s).", detail=diag.message_detail if diag else ""
        ),
    )
    _ear_worn_uniq = models.UniqueIndex(
        "(company_id, value) WHERE tag_type = 'ear' AND date_to IS NULL",
        lambda env, diag: env._(
            "This ear tag is worn by another animal of the company (%(detail)s).",
            detail=diag.message_detail if diag else "",
        ),
    )

    @api.constrains("tag_type", "value")
    def _check_rfid(self):
        for tag in self:
            if tag.tag_type == "rfid":
                self._check_rfid_number(tag.value)

    @api.model
    def _check_rfid_number(self, value):
        """Raise ``ValidationError`` unless ``value`` is a number by ISO 11784/11785."""
        if not (value.isascii() and value.isdigit() and len(value) == 15):
            raise ValidationError(
                self.env._(
                    "RFID %(value)s: an electronic number has exactly 15 digits (ISO"
                    " 11784/11785), for example 050000123456789. Read the tag again.",
                    value=value,
                )
            )
        if value[:3] == "000":
            raise ValidationError(
                self.env._(
                    "RFID %(value)s begins with 000. The first three digits are the country (001 to 899), the"
                    " manufacturer (900 to 998) or 999 for test tags. Read the tag again.",
                    value=value,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_value(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._clean_value(vals))

    @api.model
    def _clean_value(self, vals):
        if vals.get("value"):
            value = " ".join(vals["value"].split())
            # readers print RFID numbers in groups: 050 0001 23456789
            if vals.get("tag_type", self[:1].tag_type) == "rfid":
                value = value.replace(" ", "")
            return {**vals, "value": value}
        return vals
