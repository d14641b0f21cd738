from odoo.tests import TransactionCase, tagged

from .common import work


@tagged("post_install", "-at_install")
class TestAnalysis(TransactionCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(work, "DELETE FROM database_console_analysis")

    def states(self):
        return work("SELECT state, share, message FROM database_console_analysis ORDER BY id")

    def test_unasked_once_a_day(self):
        self.env["database.console.analysis"]._cron_analyze()
        ((state, share, message),) = self.states()
        self.assertEqual((state, share), ("done", 1))
        self.assertIn("statements", message)

    def test_what_a_killed_process_began_is_done(self):
        work("INSERT INTO database_console_analysis (state, share) VALUES ('running', 0.4)")
        self.env["database.console.analysis"]._cron_analyze()
        self.assertEqual([(state, share) for state, share, _message in self.states()], [("done", 1)])

    def test_asked_for_once(self):
        analysis = self.env["database.console.analysis"]
        self.assertEqual(analysis._ask(), analysis._ask())
        self.assertEqual(self.env["database.console"].work()[-1]["state"], "waiting")
