from odoo import api, fields, models
from odoo.addons.database_partition.engine.sql import run
from odoo.tools import SQL

from ..engine import alerts


class FarmSensorLook(models.Model):
    """When the readings that had come in for a company were last looked at, by whichever process."""

    _name = "farm.sensor.look"
    _description = "Look at Incoming Readings"
    _rec_name = "company_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    looked_at = fields.Datetime(required=True, readonly=True)

    _company_uniq = models.UniqueIndex("(company_id)", "A company has one record of its last look.")

    @api.model
    def _look(self, farm_ids, interval):
        """Raise at once what crosses a limit on these farms, and tell open pages that readings have come.

        Wants a READ COMMITTED transaction; alerts are raised and committed in one of their own.

        :param interval: seconds that must lie between two looks at a company
        :return: ids of farms whose company was looked at less than that ago: come back for them
        """
        farms = self.env["farm.farm"].browse(farm_ids).exists()
        companies = self._claim(farms.company_id, interval)
        due = farms.filtered(lambda farm: farm.company_id in companies)
        crossed = alerts.crossed(self.env.cr, fields.Datetime.now(), due.ids) if due else []
        cron = self.env.ref("smart_dairy_iot.ir_cron_alerts", raise_if_not_found=False)
        if crossed and self.env["farm.sensor.alert"]._evaluate(crossed) and cron:
            cron._trigger()  # for activities and messages
        if companies:
            self._arrived(companies)
        return (farms - due).ids

    @api.model
    def _claim(self, companies, interval):
        """Those of ``companies`` that nobody has looked at for ``interval`` seconds; they are ours now."""
        rows = run(
            self.env.cr,
            SQL(
                """
                INSERT INTO farm_sensor_look AS l (company_id, looked_at)
                SELECT id, clock_timestamp() AT TIME ZONE 'UTC' FROM unnest(%s::integer[]) id ORDER BY id
                ON CONFLICT (company_id) DO UPDATE SET looked_at = EXCLUDED.looked_at
                 WHERE l.looked_at <= EXCLUDED.looked_at - make_interval(secs => %s)
                RETURNING company_id
                """,
                companies.ids,
                interval,
            ),
        )
        return companies.browse(id_ for (id_,) in rows)

    @api.model
    def _arrived(self, companies):
        """Readings have come for these companies, and crossed limits are alerts by now; for extension."""
