"""Dashboards as files, written by Odoo's own exporters; every right is checked again for the file."""

import json

from odoo import http
from odoo.addons.web.controllers.export import CSVExport, ExportXlsxWriter
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..exports import TABLES

CSV = "text/csv;charset=utf8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel allows 31 characters in the name of a sheet, and none of these.
SHEET_NAME = 31
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


class DashboardExport(http.Controller):
    @http.route("/smart_dairy_performance/export/<name>.xlsx", type="http", auth="user", readonly=True)
    def xlsx(self, name, filters="{}", **_other):
        """All tables of a dashboard, one sheet each."""
        tables = self._tables(name, filters)
        return self._file(write_xlsx(tables), name, "xlsx", XLSX)

    @http.route("/smart_dairy_performance/export/<name>.csv", type="http", auth="user", readonly=True)
    def csv(self, name, filters="{}", table=None, **_other):
        """One table of a dashboard (default: the first)."""
        tables = self._tables(name, filters)
        wanted = [one for one in tables if one.name == (table or tables[0].name)]
        if not wanted:
            raise UserError(
                request.env._(
                    "%(value)s is not a table of this dashboard: choose among %(known)s.",
                    value=repr(table),
                    known=", ".join(one.name for one in tables),
                )
            )
        labels = [label for label, _kind in wanted[0].columns]
        content = CSVExport().from_data([], labels, wanted[0].rows)
        return self._file(content, f"{name}-{wanted[0].name}", "csv", CSV)

    def _tables(self, name, filters):
        if name not in TABLES:
            raise request.not_found()
        try:
            chosen = json.loads(filters)
        except json.JSONDecodeError:
            chosen = None
        if not isinstance(chosen, dict):
            raise UserError(
                request.env._("filters is %(value)s, not a JSON object such as {}.", value=repr(filters[:60]))
            )
        env = request.env
        companies = [int(part) for part in request.cookies.get("cids", "").split("-") if part.isdigit()]
        allowed = [id_ for id_ in companies if id_ in env.user.company_ids.ids]
        if allowed:
            request.update_context(allowed_company_ids=allowed)
        return request.env["dairy.dashboard"]._tables(name, chosen)

    def _file(self, content, name, extension, content_type):
        return request.make_response(
            content,
            headers=[
                ("Content-Disposition", content_disposition(f"{name}.{extension}")),
                ("Content-Type", content_type),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )


def write_xlsx(tables):
    """Return the bytes of a workbook with one sheet for each table; Odoo's writer makes it."""
    writer, seen = None, set()
    for table in tables:
        fields = [{"type": kind} for _label, kind in table.columns]
        labels = [label for label, _kind in table.columns]
        if writer is None:
            writer = ExportXlsxWriter(fields, labels, len(table.rows))
        else:
            writer.worksheet = writer.workbook.add_worksheet()
            writer.fields, writer.columns_headers = fields, labels
        writer.worksheet.name = sheet_name(table.title, seen)
        writer.write_header()
        for number, row in enumerate(table.rows, 1):
            for column, value in enumerate(row):
                writer.write_cell(number, column, "" if value is None else value)
    writer.close()
    return writer.value


def sheet_name(title, seen):
    """A name that Excel accepts and that is not in ``seen`` yet (it is added)."""
    plain = title.translate(FORBIDDEN).strip("' ")[:SHEET_NAME]
    name, number = plain, 2
    while name.lower() in seen:
        name = f"{plain[: SHEET_NAME - 4]} ({number})"
        number += 1
    seen.add(name.lower())
    return name
