from odoo.addons.method_cache.testing import case
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class CacheCase(case.CacheCase):
    """What the tests commit is deleted afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(cls.clean)

    @classmethod
    def clean(cls):
        with cls.transaction() as env:
            for name in ("cow", "herd", "tag"):
                env[f"test.method.cache.{name}"].search([]).unlink()
            users = env["res.users"].with_context(active_test=False).search([("login", "=like", "cache\\_%")])
            users.write({"active": False})

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
