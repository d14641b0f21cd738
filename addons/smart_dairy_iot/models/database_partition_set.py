import logging
import time
from dataclasses import replace
from datetime import timedelta

import psycopg2.errors
from odoo import api, models
from odoo.addons.database_partition.engine import catalogue, clock
from odoo.addons.database_partition.engine.sql import run
from odoo.addons.database_rollup.engine import objects
from odoo.addons.database_rollup.engine.sql import own
from odoo.tools import SQL

from ..engine import seal
from ..engine.hours import HOURS
from ..readings import READINGS

_logger = logging.getLogger(__name__)


class DatabasePartitionSet(models.Model):
    """Readings are kept as long as the setting says, and sealed before they go."""

    _inherit = "database.partition.set"

    def _maintain(self, work, one, folder):
        if one.table != READINGS.table:
            return super()._maintain(work, one, folder)
        kept = self.env["farm.sensor.reading"]._kept_days()
        self._seal(work, kept)
        with work.transaction() as cursor:
            sealed = seal.sealed_until(cursor)
            before = set(catalogue.attached(cursor, one))
        result = super()._maintain(work, replace(one, retention=kept, history=min(one.history, kept)), folder)
        with work.transaction() as cursor:
            if before - set(catalogue.attached(cursor, one)):
                self._note_gone(cursor, sealed)
            days = self.env["farm.sensor.reading"]._aggregate_days()
            if days:
                seal.forget(cursor, clock.now().date() - timedelta(days=days))
        return result

    @api.model
    def _seal(self, work, kept_days):
        """Close and copy the days that retention takes in a week, on the engine's own connection."""
        wanted = seal.floor_for(clock.now().date(), kept_days)
        for wait in ("40ms",) * 20 + ("2s",) * 3:
            try:
                with work.transaction() as cursor:
                    seal.close(cursor, wanted, wait)
                break
            except psycopg2.errors.LockNotAvailable:
                time.sleep(0.05)
        else:
            _logger.warning("Readings are sealed at the next run: a batch is under way for seconds")
        more = True
        while more:
            with work.transaction() as cursor:
                more = seal.copy_day(cursor)

    @api.model
    def _note_gone(self, cursor, sealed):
        """Tell the rollup that detached days are empty: it equals its source again, and drops their rows."""
        if not run(cursor, SQL("SELECT 1 FROM %s WHERE prefix = %s", own("state"), HOURS.prefix)):
            return
        run(
            cursor,
            SQL("INSERT INTO %s (days) VALUES (daterange(NULL, %s))", objects.log(HOURS), sealed.date()),
        )
