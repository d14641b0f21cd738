"""The scheduled job with real commits: deploys, folds, heals, drops."""

from datetime import date
from unittest.mock import patch

import psycopg2
from odoo.addons.database_rollup.engine import deploy, fold, verify
from odoo.addons.database_rollup.engine.grace import IGNORED
from odoo.sql_db import connection_info_for
from odoo.tests import get_db_name, tagged

from ..models.test_database_rollup import TRADE
from .common import CommittedCase, close


@tagged("post_install", "-at_install")
class TestScheduledJob(CommittedCase):
    def maintain(self):
        with self.transaction() as env:
            env["database.rollup"]._cron_maintain()

    def fresh(self):
        with self.registry.cursor() as cr:
            return fold.freshness(cr, TRADE), deploy.inspect(cr, TRADE)

    def ask(self, **question):
        with self.transaction() as env:
            lines = env["test.rollup.line"]
            measures = ("lines", "amount", "partners")
            question = {"by": ("company", "kind"), "grain": "month", "measures": measures, **question}
            year = (date(2025, 1, 1), date(2025, 12, 31))
            answer = lines._rollup_ask("test_trade", *year, **question)
            really = lines._rollup_ask("test_trade", *year, use_rollup=False, **question)
            self.assertEqual(close(answer.rows), close(really.rows))
            return answer

    def sell(self, day="2025-05-05"):
        with self.transaction() as env:
            return (
                env["test.rollup.order"]
                .create(
                    {
                        "date_order": f"{day} 10:00:00",
                        "state": "sale",
                        "line_ids": [(0, 0, {"kind": "milk", "amount": 5})],
                    }
                )
                .id
            )

    def test_fold(self):
        self.maintain()
        order = self.sell()
        self.assertEqual(self.fresh()[0]["dirty_days"], 1)
        self.ask()
        self.maintain()
        self.assertEqual((self.fresh()[0]["dirty_days"], self.fresh()[1]), (0, "ready"))
        self.assertEqual(self.ask().source, "rollup")
        with self.transaction() as env:
            env["test.rollup.order"].browse(order).line_ids.amount = 7
        self.ask()
        with self.transaction() as env:
            env["test.rollup.order"].browse(order).unlink()
        self.ask()
        self.maintain()
        self.ask()

    def test_heals_missing_triggers(self):
        self.maintain()
        self.sell()
        self.maintain()
        with self.registry.cursor() as cr:
            deploy.detach(cr, TRADE, "l")
            cr.execute("UPDATE test_rollup_line SET amount = amount + 1")
            self.assertEqual(deploy.inspect(cr, TRADE), "broken")
        self.maintain()
        self.assertEqual(self.fresh()[1], "ready")
        self.ask()
        with self.registry.cursor() as cr:
            self.assertEqual(verify.wrong_days(cr, TRADE), [])

    def test_drops_what_is_no_longer_declared(self):
        self.maintain()
        model = self.registry["database.rollup"]
        with patch.object(model, "_declared_rollups", lambda self: ()):
            self.maintain()
            with self.registry.cursor() as cr:
                self.assertEqual(deploy.deployed_names(cr), [])
                cr.execute("SELECT 1 FROM pg_trigger WHERE tgname LIKE 'test_trade%'")
                self.assertFalse(cr.fetchall())
        self.assertEqual(self.ask().source, "base")
        self.maintain()
        self.assertEqual(self.ask().source, "rollup")

    def test_deploys_later_when_a_table_is_busy(self):
        self.maintain()
        with self.registry.cursor() as cr:
            deploy.drop(cr, TRADE.name)
        holder = psycopg2.connect(**connection_info_for(get_db_name())[1])
        self.addCleanup(holder.close)
        holder.cursor().execute("LOCK TABLE test_rollup_line IN ROW EXCLUSIVE MODE")
        self.maintain()
        self.assertEqual(self.fresh()[1], "broken")
        self.ask()
        holder.rollback()
        self.maintain()
        self.assertEqual(self.fresh()[1], "ready")
        self.ask()

    def test_the_scheduler_s_own_lock_is_not_waited_for(self):
        """Folding within a running job: the transaction that locks the job's row lasts as long as the job."""
        self.maintain()
        self.sell()
        seen = []

        def job(cls, job):
            with self.registry.cursor() as cr:
                cr.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [IGNORED])
                seen.append(cr.fetchone()[0])
            self.maintain()
            raise InterruptedError

        cron = self.registry["ir.cron"]
        with self.transaction() as env:
            job_id = env.ref("database_rollup.cron_maintain").id
        with self.registry.cursor() as cron_cr:
            acquired = cron._acquire_one_job(cron_cr, job_id, include_not_ready=True)
            self.assertTrue(acquired)
            with patch.object(cron, "_run_job", classmethod(job)), self.assertRaises(InterruptedError):
                cron._process_job(cron_cr, acquired)
            cron_cr.rollback()
        self.assertEqual(seen, [1])
        self.assertEqual(self.fresh()[0]["dirty_days"], 0)
