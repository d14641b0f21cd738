import contextlib
import logging

import psycopg2
from odoo.addons.method_cache.testing import case, scenarios
from odoo.addons.method_cache.testing.redis_server import RedisServer
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged
from psycopg2 import sql


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


class LabCase(BaseCase):
    """Scenarios on plain connections: a scratch database and a Redis of the tests' own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        name, info = connection_info_for(get_db_name())
        scratch = f"{name}_lab"
        cls.dsn = {**info, "database": scratch}
        cls.dsn.pop("dbname", None)
        with cls.admin(info) as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(scratch)))
            cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(scratch)))
        cls.addClassCleanup(cls.drop, info, scratch)
        cls.server = RedisServer()
        cls.addClassCleanup(cls.server.close)
        logger = logging.getLogger("odoo.addons.method_cache.engine")
        level = logger.level
        logger.setLevel(logging.CRITICAL)  # circuits open and close all the time here
        cls.addClassCleanup(logger.setLevel, level)

    @classmethod
    @contextlib.contextmanager
    def admin(cls, info):
        cnx = psycopg2.connect(**info)
        cnx.autocommit = True
        try:
            with cnx.cursor() as cursor:
                yield cursor
        finally:
            cnx.close()

    @classmethod
    def drop(cls, info, scratch):
        with cls.admin(info) as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(scratch)))

    def run_scenario(self, scenario, rules):
        self.server.command("FLUSHALL")
        lab = scenarios.Lab(self.dsn, self.server, rules)
        try:
            return scenario(lab)
        finally:
            lab.close()
