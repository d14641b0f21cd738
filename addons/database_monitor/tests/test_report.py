import json
import subprocess
import sys
import tempfile
from pathlib import Path

from odoo.addons.database_monitor import runtime
from odoo.addons.database_monitor.engine import keep, report, snapshot
from odoo.addons.database_monitor.engine.errors import MonitorError
from odoo.addons.database_monitor.engine.histogram import Histogram
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, get_db_name, tagged
from odoo.tools import config
from psycopg2.sql import SQL, Identifier

from .common import LabCase


class TestReport(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.do("CREATE EXTENSION pg_stat_statements")
        cls.lab.do("CREATE TABLE reported (id serial PRIMARY KEY, a int)")
        cls.lab.do("INSERT INTO reported (a) SELECT generate_series(1, 200000)")
        cls.lab.do("VACUUM ANALYZE reported")
        cls.lab.do("SELECT pg_stat_statements_reset()")
        cls.before = cls.worked(0.2, "before <b>")
        cls.lab.do("CREATE INDEX reported_a ON reported (a)")
        cls.lab.do("UPDATE database_monitor.latency SET hour = hour - interval '3 days'")
        cls.after = cls.worked(0.004, "after")

    @classmethod
    def worked(cls, seconds, note):
        for number in range(5):
            cls.lab.do("SELECT id FROM reported WHERE a = %s", number)
        durations = Histogram()
        durations.add([seconds] * 50)
        with cls.lab.session() as work, work.transaction() as cursor:
            keep.write(cursor, {(3, "SELECT ?"): (durations, {})})
            keep.write_repeated(cursor, {("a|b.py:3 f", "SELECT ?"): (2, 17, "ask <once>", "/web")})
            return snapshot.take(cursor, note)

    def build(self):
        with self.lab.session() as work, work.transaction() as cursor:
            before, after = (snapshot.load(cursor, which) for which in (self.before, self.after))
            return report.build(cursor, before, after, "lab")

    def test_measured(self):
        found = self.build()
        figures = {row[0]: row[1:] for row in found.tables[0][2]}
        self.assertEqual(figures["Calls under 50 ms"], ("0.00%", "100.00%", "better"))
        self.assertEqual(figures["P90"][2], "better")
        self.assertEqual(set(figures), {title for title, _kind, _more in report.FIGURES.values()})
        statement = next(row for row in found.tables[1][2] if row[4].startswith("SELECT id FROM reported"))
        self.assertEqual((statement[2], statement[3]), ("5", "better"))
        self.assertEqual([row[:3] for row in found.tables[2][2]], [("new", "reported_a", "reported")])
        self.assertEqual(found.tables[3][2][0][0], "a|b.py:3 f")

    def test_forms(self):
        found = self.build()
        text = report.markdown(found)
        self.assertIn("| P90 | 20", text)
        self.assertIn("a\\|b.py:3 f", text)
        page = report.page(found)
        self.assertIn("ask &lt;once&gt;", page)
        self.assertIn('<td class="better">better</td>', page)
        with self.assertRaisesRegex(MonitorError, "ask for html"):
            report.pdf(found, "no_such_wkhtmltopdf")
        with self.assertRaisesRegex(MonitorError, "ended with 1"):
            report.pdf(found, "false")

    def test_not_measured_is_said(self):
        with self.lab.session() as work, work.transaction() as cursor:
            before, after = (snapshot.load(cursor, which) for which in (self.before, self.after))
            before.statements, before.metrics["database"] = None, None
            found = report.build(cursor, before, after, "lab")
            figures = {row[0]: row[1:] for row in found.tables[0][2]}
            self.assertEqual(figures["Blocks found in memory"][0], report.NOT_MEASURED)
            self.assertEqual(figures["Statements with a mean of 100 ms or more"][0], report.NOT_MEASURED)
            self.assertEqual(found.tables[1][2], [])
            with self.assertRaisesRegex(MonitorError, "with itself"):
                report.build(cursor, after, after, "lab")


@tagged("post_install", "-at_install")
class TestCommand(TransactionCase):
    def ask(self, *arguments, database=None):
        path = ",".join(config["addons_path"])
        command = [sys.executable, "-m", "odoo", f"--addons-path={path}", "monitor", *arguments]
        if config["config"]:
            command += ["-c", config["config"]]
        command += ["-d", database or get_db_name()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout, done.stderr.strip().splitlines()

    def tearDown(self):
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            for table in ("snapshot", "alert", "advice"):
                cursor.execute(SQL("DELETE FROM {}").format(Identifier("database_monitor", table)))
        super().tearDown()

    def test_from_snapshot_to_report(self):
        code, out, _err = self.ask("snapshot", "--json", "--note", "first")
        self.assertEqual(code, 0)
        first = json.loads(out)
        self.assertGreater(first["database_bytes"], 1000000)
        code, out, _err = self.ask("baseline", "--snapshot", str(first["id"]), "--json")
        self.assertEqual((code, json.loads(out)), (0, {"baseline": first["id"]}))
        code, _out, err = self.ask("report")
        self.assertEqual(code, 1)
        self.assertIn("compared with itself", err[-1])
        self.assertEqual(self.ask("snapshot")[0], 0)
        code, out, _err = self.ask("report")
        self.assertEqual(code, 0)
        self.assertIn("## Figures", out)
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "report.html"
            code, out, _err = self.ask("report", "--format", "html", "--output", str(target))
            self.assertEqual((code, out), (0, ""))
            self.assertTrue(target.read_text().startswith("<!DOCTYPE html>"))
        code, out, _err = self.ask("report", "--json")
        self.assertEqual(json.loads(out)["tables"][0]["title"], "Figures")
        code, out, _err = self.ask("list", "--json")
        self.assertEqual([row["note"] for row in json.loads(out)], ["first", None])

    def test_analyze_and_alerts(self):
        code, out, _err = self.ask("analyze", "--json", "--most", "5")
        self.assertIn(code, (0, 1))
        answer = json.loads(out)
        self.assertLessEqual(len(answer["statements"]), 5)
        high = any(f["severity"] == "high" for one in answer["statements"] for f in one["findings"])
        self.assertEqual(code, int(high))
        code, out, _err = self.ask("alerts", "--json")
        self.assertEqual((code, json.loads(out)), (0, []))
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            cursor.execute(
                "INSERT INTO database_monitor.alert (kind, key, text, severity, raised_at, seen_at)"
                " VALUES ('test', '', 'wrong', 'error', now(), now())"
            )
        self.assertEqual(self.ask("alerts")[0], 1)

    def test_asked_wrongly(self):
        for arguments, words in (
            (("dance",), "invalid choice"),
            (("analyze", "--hours", "0"), "--hours is 0"),
            (("report", "--format", "docx"), "invalid choice"),
        ):
            code, _out, err = self.ask(*arguments)
            self.assertEqual(code, 2, err)
            self.assertTrue(err[-1].startswith("monitor: "), err)
            self.assertIn(words, err[-1])
        code, _out, err = self.ask("list", database="no_such_database_here")
        self.assertEqual((code, err[-1].startswith("monitor: database 'no_such")), (2, True))
        code, _out, err = self.ask("list", database="postgres")
        self.assertEqual(code, 2)
        self.assertIn("install it first", err[-1])
        code, _out, err = self.ask("report", "--before", "77777777")
        self.assertEqual(code, 1)
        self.assertIn("there is none", err[-1])

    def test_report_from_the_page(self):
        snapshots = self.env["database.monitor.snapshot"]
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            first = snapshot.take(cursor)
        with self.assertRaisesRegex(UserError, "pin one"):
            snapshots.browse(first).action_report()
        snapshots.browse(first).action_pin()
        with self.assertRaisesRegex(UserError, "with itself"):
            snapshots.browse(first).action_report()
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            second = snapshot.take(cursor)
        action = snapshots.browse(second).action_report()
        attachment = self.env["ir.attachment"].browse(int(action["url"].split("/")[3].split("?")[0]))
        self.assertIn(attachment.raw[:4], (b"%PDF", b"<!DO"))
