"""``odoo monitor``: the database's figures for engineers, deployment scripts and cron jobs of their own."""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2
from odoo.cli.command import Command
from odoo.tools import config

FORMATS = ("md", "html", "pdf")


class Monitor(Command):
    """What the database's statements take, what is wrong, what would help: analyze, report, snapshot, ….

    Exit codes: 0 done and nothing serious found; 1 something serious was found, or it could not be done;
    2 asked wrongly.
    """

    name = "monitor"

    def run(self, cmdargs):
        # imported late: Odoo looks for commands with ImportError silenced, and loads them as odoo.cli.…
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_monitor import runtime
        from odoo.addons.database_monitor.engine import schema
        from odoo.addons.database_monitor.engine.errors import MonitorError

        options, rest = self._parse(cmdargs)
        config.parser.prog = self.prog
        config.parse_config([*rest, "--no-http"], setup_logging=True)
        names = [options.database] if options.database else config["db_name"]
        if len(names) != 1:
            self._refuse("name one database with -d")
        try:
            work = runtime.session(names[0])
        except psycopg2.OperationalError as error:
            self._refuse(f"database {names[0]!r} cannot be reached: {str(error).strip().splitlines()[0]}")
        with work:
            with work.transaction() as cursor:
                if not schema.installed(cursor):
                    self._refuse(f"database {names[0]!r} has no addon database_monitor; install it first")
            try:
                code = getattr(self, f"_{options.what}")(work, options, names[0])
            except (MonitorError, psycopg2.Error, OSError) as error:
                sys.stderr.write(f"monitor: {str(error).strip().splitlines()[0]}\n")
                sys.exit(1)
        sys.exit(code)

    def _snapshot(self, work, options, _database):
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_monitor.engine import snapshot

        with work.transaction() as cursor:
            one = snapshot.load(cursor, snapshot.take(cursor, options.note))
        answer = {
            "id": one.id, "taken_at": one.taken_at.isoformat(),
            **snapshot.figures(one), "missing": one.missing,
        }  # fmt: skip
        self._print(options, answer, [f"{name}: {value}" for name, value in answer.items()])
        return 0

    def _baseline(self, work, options, _database):
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_monitor.engine import snapshot

        with work.transaction() as cursor:
            pinned = snapshot.pin(cursor, options.snapshot or "latest")
        self._print(options, {"baseline": pinned}, [f"snapshot {pinned} is the baseline"])
        return 0

    def _list(self, work, options, _database):
        with work.transaction() as cursor:
            cursor.execute(
                "SELECT id, taken_at, baseline, note FROM database_monitor.snapshot ORDER BY taken_at"
            )
            rows = [
                {"id": id_, "taken_at": at.isoformat(), "baseline": baseline, "note": note}
                for id_, at, baseline, note in cursor.fetchall()
            ]
        lines = [
            f"{r['id']:>6}  {r['taken_at'][:19]}  {'baseline  ' * r['baseline']}{r['note'] or ''}"
            for r in rows
        ]
        self._print(options, rows, lines)
        return 0

    def _alerts(self, work, options, _database):
        with work.transaction() as cursor:
            cursor.execute(
                "SELECT kind, key, severity, raised_at, text FROM database_monitor.alert"
                " WHERE ended_at IS NULL ORDER BY raised_at"
            )
            rows = [
                {"kind": kind, "key": key, "severity": severity, "since": since.isoformat(), "text": text}
                for kind, key, severity, since, text in cursor.fetchall()
            ]
        self._print(options, rows, [f"{r['since'][:19]}  {r['severity']}  {r['text']}" for r in rows])
        return int(any(row["severity"] == "error" for row in rows))

    def _analyze(self, work, options, _database):
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_monitor.engine import analyze

        now = datetime.now(timezone.utc)
        found, advices, failed = analyze.analyze(
            work, now - timedelta(hours=options.hours), now, options.most
        )
        answer = {
            "statements": [one.to_json() for one in found],
            "advice": [
                {"definition": a.definition, "gain": a.gain, "seconds": a.seconds, "bytes": a.bytes,
                 "write": a.write, "tried": a.tried, "statements": a.statements,
                 "declaration": a.declaration()}
                for a in advices
            ],
            "not_planned": failed,
        }  # fmt: skip
        lines = []
        for one in found:
            lines.append(
                f"{one.total:9.2f} s  {one.calls:>8} ×  P90 {1000 * one.p90:8.2f} ms  {one.text[:150]}"
            )
            lines += [f"             {finding.severity}: {finding.text}" for finding in one.findings]
        for a in advices:
            write = "" if a.write is None else f", writes {a.write:+.0%}"
            lines.append(
                f"ADVICE {a.definition};  -- {a.gain:.0%} less cost, {a.bytes / 2**20:.1f} MB{write}"
            )
        self._print(options, answer, lines)
        return int(any(finding.severity == "high" for one in found for finding in one.findings))

    def _report(self, work, options, database):
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_monitor.engine import report, snapshot

        with work.transaction() as cursor:
            before = snapshot.load(cursor, options.before)
            one = report.build(cursor, before, snapshot.load(cursor, options.after), database)
        if options.json:
            self._print(options, one.to_json(), [])
            return 0
        if options.format == "pdf" and not options.output:
            self._refuse("a PDF needs --output FILE")
        made = {"md": report.markdown, "html": report.page, "pdf": report.pdf}[options.format](one)
        made = made if isinstance(made, bytes) else made.encode()
        if options.output:
            Path(options.output).write_bytes(made)
        else:
            sys.stdout.write(made.decode())
        return 0

    def _parse(self, cmdargs):
        parser = self.parser
        parser.error = self._refuse
        add = parser.add_argument
        add(
            "what", choices=["analyze", "report", "snapshot", "baseline", "list", "alerts"], help="what to do"
        )
        add("-d", "--database", help="the database")
        add("--json", action="store_true", help="one JSON document")
        add("--hours", type=int, default=24, help="analyze: hours to look back (24)")
        add("--most", type=int, default=50, help="analyze: statements to plan (50)")
        add("--note", help="snapshot: a word on it")
        add("--snapshot", help="baseline: which one, by id (the latest)")
        add("--before", default="baseline", help="report: a snapshot's id, or baseline")
        add("--after", default="latest", help="report: a snapshot's id, or latest")
        add("--format", choices=FORMATS, default="md", help="report: md, html or pdf")
        add("--output", help="report: a file to write")
        options, rest = parser.parse_known_args(cmdargs)
        for name in ("hours", "most"):
            if getattr(options, name) < 1:
                self._refuse(f"--{name} is {getattr(options, name)}: give a whole number, 1 or more")
        return options, rest

    @staticmethod
    def _print(options, answer, lines):
        if options.json:
            lines = [json.dumps(answer, indent=1, default=str, ensure_ascii=False)]
        sys.stdout.write("".join(line + "\n" for line in lines))

    @staticmethod
    def _refuse(reason):
        sys.stderr.write(f"monitor: {reason}\n")
        sys.exit(2)
