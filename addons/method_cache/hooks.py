"""Install, uninstall, and the two places where the cache must stand below the ORM."""

import functools
import logging

import psycopg2
from odoo import fields
from odoo.sql_db import PsycoConnection

from .engine import schema
from .engine.errors import StoreUnavailable
from .runtime import cache_of

_logger = logging.getLogger(__name__)


def stand_below_the_orm():
    """Stand at the very end of transactions.

    ``cr.precommit`` will not do: rolling back to a savepoint clears it. Nothing between the flush and the
    COMMIT is as late, and as certain, as the connection's own ``commit``.
    """
    if getattr(PsycoConnection, "_method_cache", None) is not None:
        return
    commit, rollback = PsycoConnection.commit, PsycoConnection.rollback

    @functools.wraps(commit)
    def commit_logged(self):
        state = self._method_cache
        if state:
            state.before_commit()
        try:
            return commit(self)
        finally:
            if state:
                state.end()
                self._method_cache = False

    @functools.wraps(rollback)
    def rollback_forgotten(self):
        try:
            return rollback(self)
        finally:
            if self._method_cache:
                self._method_cache.end()
                self._method_cache = False

    PsycoConnection._method_cache = False
    PsycoConnection.commit = commit_logged
    PsycoConnection.rollback = rollback_forgotten

    write_real = fields.Many2many.write_real

    @functools.wraps(write_real)
    def write_real_noted(self, records_commands_list, create=False):
        """A relation's rows belong to the models on both sides; they pass no ``_write_multi``."""
        if self.store and records_commands_list:
            model = records_commands_list[0][0]
            if note := getattr(model, "_method_cache_touch", None):
                note(model._name, self.comodel_name)
        return write_real(self, records_commands_list, create)

    fields.Many2many.write_real = write_real_noted


def uninstall_hook(env):
    """Take everything out of the database, and out of the store, that is not Odoo's own business."""
    cache = cache_of(env.cr.dbname)
    try:
        store, _ns, _store_id, life = cache.current()
        if store is not None:
            store.forget(f"mc:{life}")
    except (StoreUnavailable, psycopg2.Error) as error:
        _logger.info("values of the method cache are left in the store until they expire: %s", error)
    env["ir.config_parameter"].search([("key", "=like", "method\\_cache.%")]).unlink()
    env.cr.execute(schema.DROP)
