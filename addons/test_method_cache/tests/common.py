from contextlib import contextmanager

from odoo import api
from odoo.addons.method_cache.runtime import cache_of
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged


@tagged("post_install", "-at_install")
class CacheCase(BaseCase):
    """Real transactions on real cursors: what they commit is deleted afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.cache = cache_of(cls.registry.db_name)
        if cls.cache.claim() == "off":
            raise AssertionError("another process holds this database's embedded store")
        cls.addClassCleanup(cls.clean)

    @classmethod
    def clean(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            for name in ("cow", "herd", "tag"):
                env[f"test.method.cache.{name}"].search([]).unlink()
            users = env["res.users"].with_context(active_test=False).search([("login", "=like", "cache\\_%")])
            users.write({"active": False})

    @contextmanager
    def transaction(self, user=None, **context):
        """A transaction of its own, committed at the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, user or api.SUPERUSER_ID, context)

    def make_user(self, name, group="base.group_user", companies=None):
        with self.transaction() as env:
            company = companies or env.company.ids
            user = (
                env["res.users"]
                .with_context(no_reset_password=True, active_test=False)
                .search([("login", "=", f"cache_{name}")])
            )
            vals = {
                "name": name,
                "login": f"cache_{name}",
                "active": True,
                "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref(group).id])],
                "company_id": company[0],
                "company_ids": [(6, 0, company)],
            }
            if user:
                user.write(vals)
            else:
                user = user.create(vals)
            return user.id
