from odoo.addons.database_rollup.engine import deploy
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from ..models.test_database_rollup import TRADE


@tagged("post_install", "-at_install")
class TestActions(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["database.rollup"]._deploy_here()
        cls.record = cls.env["database.rollup"].search([("name", "=", "test_trade")])

    def test_what_the_page_shows(self):
        self.assertEqual(self.record.title, "Test trade")
        self.assertIn(self.record.state, ("fresh", "building", "dirty"))
        self.assertGreater(self.record.size, 0)
        deploy.mark_dirty(self.env.cr, TRADE)
        self.record.invalidate_recordset()
        self.assertEqual((self.record.state, self.record.dirty_days), ("building", "all"))
        deploy.detach(self.env.cr, TRADE, "l")
        self.record.invalidate_recordset()
        self.assertEqual(self.record.state, "broken")

    def test_a_column_that_is_gone_is_shown(self):
        self.env.cr.execute("ALTER TABLE test_rollup_line RENAME COLUMN kind TO sort")
        self.record.invalidate_recordset()
        self.assertEqual(self.record.state, "broken")

    def test_verify_and_mend(self):
        self.env.cr.execute(f'DELETE FROM "database_rollup"."{TRADE.prefix}_log"')  # noqa: S608
        table = f'"database_rollup"."{TRADE.prefix}_0"'
        self.env.cr.execute(f"INSERT INTO {table} (level, bucket, lines) VALUES (0, '2020-02-02', 3)")  # noqa: S608
        self.assertEqual(self.record.action_verify()["params"]["type"], "danger")
        self.assertTrue(self.record.is_wrong)
        self.assertIn("day 2020-02-02: 1", self.record.wrong)
        self.record.action_mend()
        self.assertFalse(self.record.is_wrong)
        self.assertEqual(self.record.action_verify()["params"]["type"], "success")
        self.assertTrue(self.record.verified_at)

    def test_rebuild(self):
        self.record.action_rebuild()
        self.assertEqual(self.record.state, "building")

    def test_for_administrators_only(self):
        user = new_test_user(self.env, "rollup_plain", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["database.rollup"].with_user(user).search_read([], ["name"])
        for action in ("action_fold", "action_verify", "action_mend", "action_rebuild"):
            with self.assertRaises(AccessError):
                getattr(self.record.with_user(user), action)()


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    def test_tour(self):
        self.env["database.rollup"]._deploy_here()
        self.start_tour("/odoo", "database_rollup_page", login="admin")
