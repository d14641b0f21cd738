from odoo import models

from ..engine.connection import IGNORED


class IrCron(models.Model):
    _inherit = "ir.cron"

    @classmethod
    def _process_job(cls, cron_cr, job):
        """Draining waits for all older snapshots; that of the transaction which only locks a job must not
        count.

        It lasts as long as the job, and touches no table but those of the scheduler.
        """
        cron_cr.execute("SELECT current_setting('application_name') LIKE %s", ["% ignores this"])
        if not cron_cr.fetchone()[0]:
            cron_cr.execute("SELECT set_config('application_name', %s, true)", [IGNORED])
        return super()._process_job(cron_cr, job)
