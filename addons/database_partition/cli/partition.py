"""``odoo partition``: what the page does, for operators and cron jobs of their own."""

import json
import sys

import psycopg2
from odoo.cli.command import Command
from odoo.tools import config


class Partition(Command):
    """Look after tables in partitions: list, findings, and every operation, with a dry run.

    Exit codes: 0 done; 1 something is wrong or could not be done now; 2 asked wrongly.
    """

    name = "partition"

    def run(self, cmdargs):
        # imported late: Odoo looks for commands with ImportError silenced, and loads them as odoo.cli.…
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_partition import runtime
        from odoo.addons.database_partition.engine import clock
        from odoo.addons.database_partition.engine.errors import PartitionError
        from odoo.addons.database_partition.engine.operations import OPERATIONS

        options, rest = self._parse(cmdargs, OPERATIONS)
        config.parser.prog = self.prog
        given = ["--config", options.config] if options.config else []
        config.parse_config([*given, *rest, "--no-http"], setup_logging=True)
        names = [options.database] if options.database else config["db_name"]
        if len(names) != 1:
            self._refuse("name one database with -d")
        try:
            work = runtime.session(names[0])
        except psycopg2.OperationalError as error:
            self._refuse(f"database {names[0]!r} cannot be reached: {str(error).strip().splitlines()[0]}")
        with work:
            sets = runtime.installed_sets(work)
            if sets is None:
                self._refuse(f"database {names[0]!r} has no addon database_partition; install it first")
            if options.table and options.table not in {one.name for one in sets}:
                known = ", ".join(one.name for one in sets) or "none"
                self._refuse(f"set {options.table!r} is unknown; known are: {known}")
            chosen = [one for one in sets if options.table in (None, one.name)]
            if options.what in OPERATIONS and OPERATIONS[options.what].partition and not options.partition:
                self._refuse(f"{options.what} needs --partition")
            if (options.partition or options.what == "confirm_drop") and not options.table:
                self._refuse(f"{options.what} needs --set")
            folder = runtime.archive_folder(work, names[0])
            try:
                answer, code = self._answer(work, chosen, options, folder, clock.now())
            except (PartitionError, psycopg2.Error) as error:
                sys.stderr.write(f"partition: {str(error).strip().splitlines()[0]}\n")
                sys.exit(1)
        self._print(answer, options.json)
        sys.exit(code)

    def _answer(self, work, sets, options, folder, now):
        """``(rows to print, exit code)``"""
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_partition.engine import catalogue, operations
        from odoo.addons.database_partition.engine.findings import findings

        if options.what in ("list", "findings"):
            rows = []
            with work.transaction() as cursor:
                for one in sets:
                    if options.what == "findings":
                        rows += [vars(found) for found in findings(cursor, one, now)]
                        continue
                    for p in catalogue.partitions(cursor, one, sizes=True):
                        ends = [p.range and end and end.isoformat() for end in (
                            (p.range.lower, p.range.upper) if p.range else (None, None))]  # fmt: skip
                        rows.append({
                            "set": one.name, "partition": p.relation, "lower": ends[0], "upper": ends[1],
                            "rows": max(p.rows, 0), "bytes": p.bytes,
                        })  # fmt: skip
            return rows, int(options.what == "findings" and any(row["severity"] == "error" for row in rows))
        rows, code = [], 0
        for one in sets:
            if options.dry_run:
                with work.transaction() as cursor:
                    found = operations.preview(cursor, one, options.what, now, options.partition)
                rows += [{"set": one.name, "statement": text} for text in found]
                continue
            try:
                found = operations.perform(
                    work, one, options.what, now, folder, options.partition, options.yes
                )
                rows += [{"set": one.name, "done": text} for text in found]
            except operations.PartitionError as error:
                rows.append({"set": one.name, "failed": str(error)})
                code = 1
        return rows, code

    def _parse(self, cmdargs, known):
        parser = self.parser
        parser.error = self._refuse
        add = parser.add_argument
        add("what", choices=["list", "findings", *known], help="what to do")
        add("-d", "--database", help="the database")
        add("-c", "--config", help="Odoo's configuration file")
        add("--set", dest="table", help="one set, by its table (default: all)")
        add("--partition", help="name of the partition, for operations on one")
        add("--dry-run", action="store_true", help="show the exact statements, execute none")
        add(
            "--yes",
            action="store_true",
            help="confirm that rows leave the table (detach, drop, confirm_drop)",
        )
        add("--json", action="store_true", help="one JSON document")
        return parser.parse_known_args(cmdargs)

    @staticmethod
    def _print(rows, as_json):
        if as_json:
            sys.stdout.write(json.dumps(rows, indent=1) + "\n")
            return
        for row in rows:
            sys.stdout.write("  ".join(str(cell) for cell in row.values() if cell is not None) + "\n")

    @staticmethod
    def _refuse(reason):
        sys.stderr.write(f"partition: {reason}\n")
        sys.exit(2)
