from odoo import fields, models

from .. import runtime


class DatabaseMonitorNPlusOne(models.Model):
    """Places that ask record by record, found in the sampled requests."""

    _name = "database.monitor.n.plus.one"
    _description = "N+1 Place"
    _auto = False
    _order = "last_seen desc, id desc"
    _rec_name = "place"

    place = fields.Char(readonly=True, help="The line with the loop")
    text = fields.Text("Statement", readonly=True)
    cure = fields.Text(readonly=True, help="What would do it in one statement, or a few")
    route = fields.Char(readonly=True)
    requests = fields.Integer("Sampled Requests", readonly=True, help="In which it was found")
    most = fields.Integer("Most in One Request", readonly=True, aggregator="max")
    first_seen = fields.Datetime(readonly=True)
    last_seen = fields.Datetime(readonly=True)

    def init(self):
        runtime.install(self.env.cr.dbname)
        self.env.cr.execute("DROP VIEW IF EXISTS database_monitor_n_plus_one")
        self.env.cr.execute(
            """
            CREATE VIEW database_monitor_n_plus_one AS
            SELECT id, place, text, cure, route, requests::integer, most,
                   first_seen AT TIME ZONE 'UTC' AS first_seen, last_seen AT TIME ZONE 'UTC' AS last_seen
              FROM database_monitor.n_plus_one
            """
        )
