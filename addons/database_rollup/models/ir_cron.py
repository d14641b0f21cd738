import threading
from contextlib import contextmanager

from odoo import models

from ..engine.grace import IGNORED

_thread = threading.local()


@contextmanager
def _by_hand():
    _thread.by_hand = True
    try:
        yield
    finally:
        _thread.by_hand = False


class IrCron(models.Model):
    _inherit = "ir.cron"

    def method_direct_trigger(self):
        # here the lock is held by the caller's own transaction, which may go on to write anything
        with _by_hand():
            return super().method_direct_trigger()

    @classmethod
    def _process_job(cls, cron_cr, job):
        """Folding waits for all transactions; the one that only locks a running job must not count.

        It lasts as long as the job, and touches no table but those of the scheduler.
        """
        if not getattr(_thread, "by_hand", False):
            cron_cr.execute("SELECT set_config('application_name', %s, true)", [IGNORED])
        return super()._process_job(cron_cr, job)
