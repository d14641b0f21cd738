import os
from unittest.mock import patch

from odoo.addons.method_cache.runtime import URL_VARIABLE
from odoo.addons.method_cache.testing.redis_server import RedisServer, free_port
from odoo.addons.method_cache.testing.trap import trap_cache
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestSettings(TransactionCase):
    def test_connection(self):
        without = {name: value for name, value in os.environ.items() if name != URL_VARIABLE}
        self.enterContext(patch.dict(os.environ, without, clear=True))
        server = RedisServer()
        self.addCleanup(server.close)
        settings = self.env["res.config.settings"].create({"method_cache_redis_url": server.url})
        answer = settings.action_method_cache_test()["params"]
        self.assertIn("answers in", answer["message"])
        self.assertEqual(answer["type"], "warning", "no maxmemory")
        server.command("CONFIG", "SET", "maxmemory", "50mb")
        self.assertEqual(settings.action_method_cache_test()["params"]["type"], "success")
        settings.method_cache_redis_url = f"redis://127.0.0.1:{free_port()}/0"
        self.assertEqual(settings.action_method_cache_test()["params"]["type"], "danger")
        settings.method_cache_redis_url = False
        self.assertEqual(settings.action_method_cache_test()["params"]["type"], "info")
        os.environ[URL_VARIABLE] = server.url  # wins over the page
        answer = settings.action_method_cache_test()["params"]
        self.assertEqual(answer["type"], "success")
        self.assertIn(URL_VARIABLE, answer["message"])

    def test_limits(self):
        with self.assertRaisesRegex(ValidationError, "Redis address"):
            self.env["res.config.settings"].create({"method_cache_redis_url": "http://nowhere"})
        with self.assertRaisesRegex(ValidationError, "above zero"):
            self.env["res.config.settings"].create({"method_cache_default_ttl": -1})

    def test_for_administrators_only(self):
        user = new_test_user(self.env, "cache_plain", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.env["method.cache"].with_user(user).page_data()
        with self.assertRaises(AccessError):
            self.env["method.cache"].with_user(user).flush_cache()

    def test_in_a_test_transaction(self):
        """All of a test is one transaction: what it wrote to is computed, what it only reads is cached."""
        herds = self.env["test.method.cache.herd"]
        herds.get_totals()
        herds.get_totals()
        with trap_cache() as trap:
            before = herds.get_totals()
            herds.create({"name": "Of the test"})
            self.assertEqual(len(herds.get_totals()), len(before) + 1)
            self.assertTrue(trap.calls[-1][1])

    def test_new_settings_begin_a_generation(self):
        self.env.cr.execute("SELECT generation FROM method_cache_life")
        (before,) = self.env.cr.fetchone()
        self.env["ir.config_parameter"].set_param("method_cache.off", "True")
        self.env.cr.execute("SELECT generation, store FROM method_cache_life")
        self.assertEqual(self.env.cr.fetchone(), (before + 1, "off"))


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    def test_tour(self):
        self.env["test.method.cache.herd"].get_totals()
        self.start_tour("/odoo", "method_cache_page", login="admin")

    def test_metrics(self):
        self.assertEqual(self.url_open("/method_cache/metrics").status_code, 404)
        self.env["ir.config_parameter"].set_param("method_cache.metrics_token", "secret")
        found = self.url_open("/method_cache/metrics", headers={"Authorization": "Bearer secret"})
        self.assertEqual(found.status_code, 200)
        self.assertIn("method_cache_up", found.text)
        found = self.url_open("/method_cache/metrics", headers={"Authorization": "Bearer wrong"})
        self.assertEqual(found.status_code, 404)
