"""``odoo index``: what the page does, for operators and deployment scripts."""

import getpass
import json
import sys

import psycopg2
from odoo.cli.command import Command
from odoo.tools import config

SINGLE = ("reindex", "drop", "restore", "withdraw")
WHAT = ("list", "verify", "declare", "deploy", "rollback", *SINGLE, "progress", "stop", "health", "prove")


class Index(Command):
    """Deploy declared indexes while people work, verify, roll back, rebuild and judge indexes.

    Exit codes: 0 done, all as it should be; 1 something is wrong or was put off; 2 asked wrongly.
    """

    name = "index"

    def run(self, cmdargs):
        # imported late: Odoo looks for commands with ImportError silenced, and loads them as odoo.cli.…
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_index import runtime
        from odoo.addons.database_index.engine import catalogue
        from odoo.addons.database_index.engine.errors import IndexRefusal

        options, rest = self._parse(cmdargs)
        config.parser.prog = self.prog
        config.parse_config([*rest, "--no-http"], setup_logging=True)
        names = [options.database] if options.database else config["db_name"]
        if len(names) != 1:
            self._refuse("name one database with -d")
        if options.what in SINGLE and len(options.index) != 1:
            self._refuse(f"{options.what} needs one --index")
        if (options.what == "declare") != (options.declaration is not None):
            self._refuse("declare needs --declaration JSON, and nothing else takes it")
        if options.what == "drop" and not (options.yes or options.dry_run):
            self._refuse("drop removes what no deployment made: look at it with --dry-run, then add --yes")
        try:
            session = runtime.session(names[0])
        except psycopg2.OperationalError as error:
            self._refuse(f"database {names[0]!r} cannot be reached: {str(error).strip().splitlines()[0]}")
        with session:
            with session.transaction() as cursor:
                if not catalogue.installed(cursor):
                    self._refuse(f"database {names[0]!r} has no addon database_index; install it first")
            try:
                rows, code = self._answer(session, names[0], options)
            except (IndexRefusal, psycopg2.Error) as error:
                sys.stderr.write(f"index: {str(error).strip().splitlines()[0]}\n")
                sys.exit(1)
        self._print(rows, options.json)
        sys.exit(code)

    def _answer(self, session, database, options):
        """``(rows to print, exit code)``"""
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_index.engine import deploy, drop, health, progress, reindex, stored, tasks

        if options.what == "health":
            with session.transaction() as cursor:
                found = health.findings(cursor)
            rows = [one.to_dict() for one in found if not options.index or one.index in options.index]
            return rows, int(any(row["severity"] == "error" for row in rows))
        if options.what == "progress":
            with session.transaction() as cursor:
                return [one.to_dict() for one in progress.running(cursor)], 0
        if options.what == "stop":
            tasks.stop(session)
            return [], 0
        if options.what in SINGLE and options.dry_run:
            shown = tasks.preview(session, {}, options.what, options.index[0])
            return [{"statement": one} for one in shown], 0
        if options.what in ("drop", "restore"):
            size = getattr(drop, options.what)(session, options.index[0])
            return [{"name": options.index[0], "bytes": size}], 0
        if options.what == "reindex":
            before, after, seconds = reindex.reindex(session, options.index[0])
            facts = {
                "name": options.index[0],
                "bytes_before": before,
                "bytes": after,
                "seconds": round(seconds, 1),
            }
            return [facts], 0
        if options.what == "withdraw":
            outcomes = deploy.withdraw(session, options.index[0])
            return [one.to_dict() for one in outcomes], int(any(one.failed for one in outcomes))
        declarations = self._declarations(database)
        if options.what == "declare":
            index = self._declare(session, options.declaration, declarations)
            return [{"name": index.name, "table": index.table}], 0
        declarations = stored.beside(session, declarations)
        unknown = set(options.index) - set(declarations)
        if unknown and options.what != "rollback":
            self._refuse(f"index {', '.join(sorted(unknown))} is not declared; see: odoo index list")
        if options.what == "list":
            return self._list(declarations), 0
        if options.what in ("deploy", "rollback") and options.dry_run:
            found = []
            for name in options.index or [None]:
                found += tasks.preview(session, declarations, options.what, name)
            return [{"statement": one} for one in found], 0
        if options.what == "prove":
            if not options.yes:
                self._refuse("prove locks tables while it runs: use it on a copy of a database, with --yes")
            if by_hand := sorted(one for one in options.index if isinstance(declarations[one][0].query, str)):
                self._refuse(f"{by_hand[0]} serves a statement without its values; see: odoo monitor analyze")
            return self._prove(database, [index for index, _addon in declarations.values()], options)
        names = set(options.index) or None
        if options.what == "verify":
            outcomes = deploy.verify(session, declarations)
            outcomes = [one for one in outcomes if names is None or one.name in names]
        elif options.what == "deploy":
            outcomes = deploy.deploy(session, declarations, names=names, tell=self._teller(options))
        else:
            outcomes = deploy.rollback(session, names=names, tell=self._teller(options))
        rows = [one.to_dict() for one in outcomes] if options.json or options.what == "verify" else []
        return rows, int(any(one.failed for one in outcomes))

    @staticmethod
    def _declarations(database):
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_index import runtime
        from odoo.orm.registry import Registry

        return runtime.declarations(Registry(database))

    def _declare(self, session, text, declarations):
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_index.engine import stored
        from odoo.addons.database_index.engine.errors import DeclarationError

        try:
            facts = json.loads(sys.stdin.read() if text == "-" else text)
            return stored.declare(session, facts, getpass.getuser(), declarations)
        except json.JSONDecodeError as error:
            self._refuse(f"--declaration is no JSON: {error}")
        except DeclarationError as error:
            self._refuse(str(error).splitlines()[0])

    @staticmethod
    def _prove(database, indexes, options):
        # pylint: disable=odoo-addons-relative-import
        from odoo import api
        from odoo.addons.database_index import evidence
        from odoo.orm.registry import Registry

        wanted = [one for one in indexes if not options.index or one.name in options.index]
        rows = []
        for group in evidence.together(wanted):
            with Registry(database).cursor() as cr:
                found = evidence.prove(api.Environment(cr, api.SUPERUSER_ID, {}), group)
                rows += [one.to_dict() for one in found]
                cr.rollback()
        return rows, int(not all(row["used"] for row in rows))

    @staticmethod
    def _list(declarations):
        return [
            {
                "name": index.name,
                "table": index.table,
                "addon": addon,
                "purpose": index.purpose,
                "query": str(index.query or ""),
                "rejected": index.rejected,
            }
            for index, addon in declarations.values()
        ]

    def _teller(self, options):
        """Each outcome is shown as soon as it is known, unless one document is wanted at the end."""
        if options.json:
            return None
        return lambda outcome: self._print([outcome.to_dict()], False)

    def _parse(self, cmdargs):
        parser = self.parser
        parser.error = self._refuse
        add = parser.add_argument
        add("what", choices=WHAT, help="what to do")
        add("-d", "--database", help="the database")
        add(
            "--index",
            action="append",
            default=[],
            help="one index, by its name; may be repeated (default: all)",
        )
        add("--declaration", help="declare: the index as a JSON object; -: from the standard input")
        add("--dry-run", action="store_true", help="show the exact statements, execute none")
        add("--yes", action="store_true", help="prove: this is a copy, which may be locked; drop: yes")
        add("--json", action="store_true", help="one JSON document")
        return parser.parse_known_args(cmdargs)

    @staticmethod
    def _print(rows, as_json):
        if as_json:
            sys.stdout.write(json.dumps(rows, indent=1) + "\n")
            return
        for row in rows:
            cells = (cell for name, cell in row.items() if name != "failed" and cell not in (None, "", 0))
            sys.stdout.write(
                "  ".join(f"{c:.1f} s" if isinstance(c, float) else str(c) for c in cells) + "\n"
            )
        sys.stdout.flush()

    @staticmethod
    def _refuse(reason):
        sys.stderr.write(f"index: {reason}\n")
        sys.exit(2)
