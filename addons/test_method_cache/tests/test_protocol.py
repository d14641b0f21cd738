"""The protocol's interleavings: each is fresh, and stale as soon as its rule is broken."""

import contextlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import psycopg2
from odoo.addons.method_cache.engine.protocol import RULES
from odoo.addons.method_cache.engine.store_memory import MemoryStore
from odoo.addons.method_cache.engine.store_redis import RedisStore
from odoo.addons.method_cache.testing import scenarios
from odoo.addons.method_cache.testing.redis_server import RedisServer
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged
from psycopg2 import sql


@tagged("post_install", "-at_install")
class TestProtocol(BaseCase):
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

    def test_every_interleaving_is_fresh(self):
        for scenario in scenarios.RULE_OF:
            with self.subTest(scenario.__name__):
                self.assertFalse(self.run_scenario(scenario, RULES))

    def test_every_broken_rule_is_noticed(self):
        """Others on the server may hide what a broken rule does, never the reverse: three tries."""
        for scenario, broken in scenarios.RULE_OF.items():
            for rule in broken:
                with self.subTest(scenario.__name__, rule=rule):
                    self.assertTrue(any(self.run_scenario(scenario, RULES - {rule}) for _ in range(3)))

    def test_no_rule_without_an_interleaving(self):
        self.assertEqual(RULES, {rule for broken in scenarios.RULE_OF.values() for rule in broken})

    def test_lagging_standby(self):
        store = RedisStore(self.server.url, timeout=1.0)
        self.addCleanup(store.close)
        for each in (store, MemoryStore()):
            self.assertFalse(scenarios.lagging(each))

    def test_sixty_seconds_of_soak(self):
        script = Path(__file__).resolve().parents[3] / "benchmarks" / "soak_cache.py"
        if not script.is_file():
            self.fail(f"{script} belongs to this test")
        _name, info = connection_info_for(get_db_name())
        done = subprocess.run(
            [sys.executable, str(script), "--seconds", "60", "--database", get_db_name()],
            env={
                "PATH": os.environ.get("PATH", ""),
                "SMART_DAIRY_PGHOST": str(info.get("host", "")),
                "SMART_DAIRY_PGPORT": str(info.get("port", "5432")),
                "SMART_DAIRY_PGUSER": str(info.get("user", "")),
                "PGPASSWORD": str(info.get("password", "")),
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"hits\s+[1-9]")
