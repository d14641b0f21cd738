import logging
import threading
from functools import partial

import psycopg2
from odoo import models

from .. import runtime
from ..engine import deploy, tasks
from ..engine.errors import IndexRefusal

_logger = logging.getLogger(__name__)
_thread = threading.local()


def want_work(database, declarations):
    """Have indexes worked on as soon as the scheduler's transaction has ended: a build would wait for it."""
    _thread.wanted = (database, declarations)


def _work(database, declarations):
    """Work off the queue, then deploy what is declared; what cannot be done now is put off and logged."""
    try:
        with runtime.session(database) as session:
            tasks.work(session, declarations, tell=_tell)
            deploy.deploy(session, declarations, tell=_tell)
    except (IndexRefusal, psycopg2.OperationalError) as error:
        _logger.info("Indexes are worked on later: %s", str(error).strip())


def _tell(outcome):
    if outcome.failed:
        _logger.warning("Index %s: %s", outcome.name, outcome.message)
    elif outcome.did:
        _logger.info("Index %s %s in %.1f s", outcome.name, outcome.did, outcome.seconds)


class IrCron(models.Model):
    _inherit = "ir.cron"

    @classmethod
    def _process_job(cls, cron_cr, job):
        _thread.wanted = None
        super()._process_job(cron_cr, job)
        if wanted := _thread.wanted:
            cron_cr.postcommit.add(partial(_work, *wanted))
