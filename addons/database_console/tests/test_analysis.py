from odoo import api
from odoo.orm.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged

from .common import call, work


@tagged("post_install", "-at_install")
class TestAnalysis(BaseCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(work, "DELETE FROM database_console_analysis")

    def analyze(self):
        """As the scheduler does, for whom no rights are asked."""
        with Registry(get_db_name()).cursor() as cr:
            api.Environment(cr, api.SUPERUSER_ID, {})["database.console.analysis"]._cron_analyze()

    def states(self):
        return work("SELECT state, share, message FROM database_console_analysis ORDER BY id")

    def test_unasked_once_a_day(self):
        self.analyze()
        ((state, share, message),) = self.states()
        self.assertEqual((state, share), ("done", 1))
        self.assertIn("statements", message)

    def test_what_a_killed_process_began_is_done(self):
        work("INSERT INTO database_console_analysis (state, share) VALUES ('running', 0.4)")
        self.analyze()
        self.assertEqual([(state, share) for state, share, _message in self.states()], [("done", 1)])

    def test_asked_for_once(self):
        self.assertEqual(call("analyze"), call("analyze"))
        self.assertEqual(call("work")[-1]["state"], "waiting")
        self.analyze()
        self.assertEqual(call("work")[-1]["state"], "done")
