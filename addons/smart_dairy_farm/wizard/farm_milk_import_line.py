from odoo import fields, models

#: what a column of a file may mean, as people choose it
MEANINGS = [
    ("ear_tag", "Ear tag"),
    ("rfid", "RFID"),
    ("management_number", "Management number"),
    ("date", "Date"),
    ("session", "Session"),
    ("kg", "Milk (kg)"),
    ("kg_morning", "Milk of the morning (kg)"),
    ("kg_evening", "Milk of the evening (kg)"),
    ("litres", "Milk (litres)"),
    ("fat", "Fat (%)"),
    ("protein", "Protein (%)"),
    ("scc", "Cell count"),
]


class FarmMilkImportColumn(models.TransientModel):
    """A column of the file and what it means."""

    _name = "farm.milk.import.column"
    _description = "Column of a milk import"
    _order = "import_id, position"

    import_id = fields.Many2one("farm.milk.import", required=True, ondelete="cascade", index=True)
    position = fields.Integer(readonly=True)
    heading = fields.Char(readonly=True)
    sample = fields.Char("First value", readonly=True)
    meaning = fields.Selection(MEANINGS, "Is read as")


class FarmMilkImportLine(models.TransientModel):
    """A line of the file that cannot be imported."""

    _name = "farm.milk.import.line"
    _description = "Refused line of a milk import"
    _order = "import_id, number"

    import_id = fields.Many2one("farm.milk.import", required=True, ondelete="cascade", index=True)
    number = fields.Integer("Line", readonly=True)
    animal = fields.Char(readonly=True)
    reason = fields.Char(readonly=True)
    content = fields.Char("Line of the file", readonly=True)
