import base64
import csv
import io
from collections import Counter

from odoo import fields, models
from odoo.exceptions import UserError

from ..entry import batch, milk_file
from ..entry.animal_finder import AnimalFinder
from ..entry.batch import Entry
from ..models.farm_milk_record import SESSIONS

#: refused lines shown on the form; the file of refused lines has them all
LINES_SHOWN = 500
SAMPLE = (
    "Ear tag;Date;Session;Milk kg;Fat %;Protein %;SCC x1000\r\n"
    "BD 1001;2026-01-31;morning;12.4;4.10;3.30;187\r\n"
    "BD 1002;2026-01-31;morning;9,8;4,55;3,41;92\r\n"
    "BD 1003;31/01/2026;evening;7.25;;;\r\n"
)


class FarmMilkImport(models.TransientModel):
    """Import of a milk-control file: first a dry run that says what would happen, then the good lines."""

    _name = "farm.milk.import"
    _description = "Import of milk records"

    farm_id = fields.Many2one(
        "farm.farm", required=True, default=lambda self: self.env["farm.farm"].search([], limit=1)
    )
    file = fields.Binary("Milk-control file", attachment=False)
    filename = fields.Char()
    default_session = fields.Selection(
        SESSIONS, "Session if the file names none", required=True, default="day"
    )
    scc_unit = fields.Selection(
        [("auto", "Find out"), ("thousand", "Thousands per ml"), ("cell", "Cells per ml")],
        "Cell count in",
        required=True,
        default="auto",
    )
    state = fields.Selection(
        [("upload", "File"), ("checked", "Dry run"), ("done", "Imported")], default="upload"
    )
    file_format = fields.Char("Read as", readonly=True)
    good_count = fields.Integer("New", readonly=True)
    update_count = fields.Integer("Corrections", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    refused_count = fields.Integer("Refused", readonly=True)
    column_ids = fields.One2many("farm.milk.import.column", "import_id", string="Columns")
    line_ids = fields.One2many("farm.milk.import.line", "import_id", string="Refused lines", readonly=True)
    refused_file = fields.Binary("File of refused lines", readonly=True, attachment=False)

    # ------------------------------------------------------------ actions
    def action_check(self):
        """Dry run: read the file, judge every line, store nothing but the findings."""
        self.ensure_one()
        table = self._read_table()
        if self.state == "upload" or not self.column_ids or self._columns_changed(table):
            self._propose_columns(table)
        lines, entries, _stored = self._judge(table)
        self._show_findings(table, lines, entries)
        self.state = "checked"
        return self._reopen()

    def action_import(self):
        """Store the good lines and corrections; the refused ones stay on the form with their reasons."""
        self.ensure_one()
        self.env["farm.milk.record"].check_access("create")
        table = self._read_table()
        lines, entries, stored = self._judge(table)
        self.env["farm.milk.record"]._store_entries(entries, stored, "import")
        self._show_findings(table, lines, entries)
        self.state = "done"
        return self._reopen()

    def action_back(self):
        """Choose another file."""
        self.ensure_one()
        self.column_ids.unlink()
        self.line_ids.unlink()
        self.write({"state": "upload", "file": False, "filename": False, "refused_file": False})
        return self._reopen()

    def action_download_refused(self):
        """Download the refused lines as CSV, each with its line number and reason, ready to be corrected."""
        self.ensure_one()
        return self._download("refused_file", self.env._("refused_lines.csv"))

    def action_download_sample(self):
        """Download a small file in the form that is read best."""
        self.ensure_one()
        self.refused_file = base64.b64encode(SAMPLE.encode())
        return self._download("refused_file", self.env._("milk_sample.csv"))

    def action_open_records(self):
        """Open the imported milk records."""
        action = self.env["ir.actions.act_window"]._for_xml_id("smart_dairy_farm.farm_milk_record_action")
        return {**action, "domain": [("farm_id", "=", self.farm_id.id), ("source", "=", "import")]}

    # ------------------------------------------------------------ reading
    def _read_table(self):
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        try:
            return milk_file.read_table(base64.b64decode(self.file))
        except milk_file.MilkFileError as error:
            raise UserError(self._file_error_text(error.code))

    def _file_error_text(self, code):
        _ = self.env._
        return {
            "empty": _("The file is empty."),
            "binary": _("This is no text file. Save the sheet as CSV first, then choose that file."),
            "no_header": _(
                "No line of headings was found. The file needs at least an animal and a value, for example:"
                " Ear tag; Date; Milk kg. The sample file shows the form."
            ),
        }[code]

    def _columns_changed(self, table):
        return self.column_ids.mapped("heading") != [heading or "" for heading in table.headings]

    def _propose_columns(self, table):
        by_index = {index: key for key, index in table.default_mapping().items()}
        self.column_ids.unlink()
        self.column_ids = [
            fields.Command.create(
                {
                    "position": index,
                    "heading": heading,
                    "sample": next(
                        (c[index] for _n, c in table.rows[:20] if len(c) > index and c[index]), ""
                    ),
                    "meaning": by_index.get(index, False),
                }
            )
            for index, heading in enumerate(table.headings)
        ]

    def _mapping(self):
        mapping = {}
        for column in self.column_ids:
            if column.meaning and column.meaning in mapping:
                label = dict(column._fields["meaning"]._description_selection(self.env))[column.meaning]
                raise UserError(self.env._("Two columns are said to be “%s”. Keep one of them.", label))
            if column.meaning:
                mapping[column.meaning] = column.position
        if not mapping.keys() & set(milk_file.IDENTIFIERS):
            raise UserError(
                self.env._("Say which column names the animal: ear tag, RFID or management number.")
            )
        if "date" not in mapping:
            raise UserError(self.env._("Say which column holds the date."))
        if not mapping.keys() & {"kg", "litres", "kg_morning", "kg_evening"}:
            raise UserError(self.env._("Say which column holds the milk."))
        return mapping

    # ------------------------------------------------------------ judging
    def _judge(self, table):
        """Return (lines, entries, stored): each line of the file with its entry, in the same order."""
        records = self.env["farm.milk.record"]
        farm = self.farm_id
        lines = milk_file.read_lines(table, self._mapping(), self.default_session, self.scc_unit)
        animals = self._animals_of_farm()
        finder = AnimalFinder(animals)
        entries = [self._entry(line, finder) for line in lines]
        stored = records.with_context(milk_import=True)._judge_entries(entries, animals, farm._milk_limits())
        return lines, entries, stored

    def _animals_of_farm(self):
        """Every animal that is or was on the farm, present or not: a file may tell of past days."""
        return (
            self.env["farm.animal"]
            .with_context(active_test=False)
            .search_fetch(
                self.env["farm.milk.record"]._ever_on_farm(self.farm_id),
                [
                    "ear_tag",
                    "rfid_tag",
                    "management_number",
                    "name",
                    "sex",
                    "status",
                    "entry_date",
                    "exit_date",
                    "farm_id",
                ],
            )
        )

    def _entry(self, line, finder):
        kg = line.kg
        if kg is None and line.litres is not None:
            kg = line.litres * batch.rounded(self.farm_id.milk_density or 1.03, batch.Decimal("0.001"))
        animal, problem = finder.find(line) if line.identifier else (None, None)
        entry = Entry(
            line.number,
            animal.id if animal else None,
            line.day,
            line.session,
            kg=kg,
            fat=line.fat,
            protein=line.protein,
            scc=line.scc,
            kg_morning=line.kg_morning if line.session == "day" else None,
            kg_evening=line.kg_evening if line.session == "day" else None,
            keep_unknown=True,
        )
        for code, params in line.reasons:
            entry.refuse(self._reason_text(code, params))
        if problem:
            entry.refuse(self._reason_text(problem, {"value": line.identifier[1]}))
        return entry

    def _reason_text(self, code, params):
        _ = self.env._
        labels = {"kg": _("Milk kg"), "fat": _("Fat %"), "protein": _("Protein %"), "scc": _("Cell count")}
        if code == "not_a_number":
            field = labels.get(params["field"], labels["kg"])
            return _("%(field)s: “%(value)s” is not a number.", field=field, value=params["value"])
        texts = {
            "no_animal": lambda: _("No animal named."),
            "no_date": lambda: _("No date."),
            "bad_date": lambda: _("“%(value)s” is not a date, such as 2026-01-31 or 31/01/2026.", **params),
            "bad_session": lambda: _("“%(value)s” is not a session, such as morning or evening.", **params),
            "no_kg": lambda: _("No milk given."),
            "unknown": lambda: _("No animal of this farm bears “%(value)s”.", **params),
            "ambiguous": lambda: _("Several animals bear “%(value)s”: use the ear tag or RFID.", **params),
        }  # fmt: skip
        return texts[code]()

    # ------------------------------------------------------------ findings
    def _show_findings(self, table, lines, entries):
        counts = Counter(entry.state for entry in entries)
        refused = [
            (line, entry) for line, entry in zip(lines, entries, strict=True) if entry.state == batch.REFUSED
        ]
        delimiter = {";": ";", ",": ",", "\t": self.env._("tab"), "|": "|"}[table.delimiter]
        self.line_ids.unlink()
        self.env["farm.milk.import.line"].create(
            [
                {
                    "import_id": self.id,
                    "number": line.number,
                    "animal": line.identifier[1] if line.identifier else "",
                    "content": table.delimiter.join(line.cells),
                    "reason": entry.reason,
                }
                for line, entry in refused[:LINES_SHOWN]
            ]
        )
        self.write(
            {
                "good_count": counts[batch.CREATE],
                "update_count": counts[batch.UPDATE],
                "unchanged_count": counts[batch.UNCHANGED],
                "refused_count": counts[batch.REFUSED],
                "file_format": self.env._(
                    "%(encoding)s, columns separated by “%(delimiter)s”, %(count)s lines",
                    encoding=table.encoding,
                    delimiter=delimiter,
                    count=len(entries),
                ),
                "refused_file": self._refused_csv(table, refused) if refused else False,
            }
        )

    def _refused_csv(self, table, refused):
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=table.delimiter)
        writer.writerow([self.env._("Line"), self.env._("Reason"), *table.headings])
        for line, entry in refused:
            writer.writerow([line.number, entry.reason, *line.cells])
        # with the mark that makes spreadsheets read it as UTF-8
        return base64.b64encode(stream.getvalue().encode("utf-8-sig"))

    def _download(self, fname, filename):
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{fname}/{filename}?download=true",
            "target": "download",
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import milk"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }
