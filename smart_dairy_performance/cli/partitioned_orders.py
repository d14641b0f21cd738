"""``odoo partitioned_orders``: the partitioned copy of the sales orders, for operators."""

import json
import sys

import psycopg2
from odoo.cli.command import Command
from odoo.tools import config

WHAT = ("status", "fill", "verify", "mend", "grant", "revoke")


class PartitionedOrders(Command):
    """Look after sale_order_partitioned: status, fill, verify, mend; grant or revoke a role's right to read.

    Exit codes: 0 done; 1 orders differ, or it could not be done now; 2 asked wrongly.
    """

    name = "partitioned_orders"

    def run(self, cmdargs):
        # imported late: Odoo looks for commands with ImportError silenced, and loads them as odoo.cli.…
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_partition import runtime
        from odoo.addons.database_partition.engine.errors import PartitionError
        from odoo.addons.smart_dairy_performance.partitions import settle

        options, rest = self._parse(cmdargs)
        config.parser.prog = self.prog
        given = ["--config", options.config] if options.config else []
        config.parse_config([*given, *rest, "--no-http"], setup_logging=True)
        names = [options.database] if options.database else config["db_name"]
        if len(names) != 1:
            self._refuse("name one database with -d")
        if options.what in ("grant", "revoke") and not options.role:
            self._refuse(f"{options.what} needs --role")
        try:
            work = runtime.session(names[0])
        except psycopg2.OperationalError as error:
            self._refuse(f"database {names[0]!r} cannot be reached: {str(error).strip().splitlines()[0]}")
        with work:
            with work.transaction() as cursor:
                if not settle.installed(cursor):
                    self._refuse(
                        f"database {names[0]!r} has no addon smart_dairy_performance; install it first"
                    )
            try:
                answer, code = self._answer(work, options)
            except (PartitionError, psycopg2.Error) as error:
                sys.stderr.write(f"partitioned_orders: {str(error).strip().splitlines()[0]}\n")
                sys.exit(1)
        sys.stdout.write(json.dumps(answer, default=str, indent=1) + "\n" if options.json else _plain(answer))
        sys.exit(code)

    @staticmethod
    def _answer(work, options):
        """``(facts, exit code)``"""
        # pylint: disable=odoo-addons-relative-import
        from odoo.addons.database_partition.engine import clock
        from odoo.addons.database_partition.engine.sql import show
        from odoo.addons.smart_dairy_performance.partitions import access, settle, verify

        if options.what == "status":
            with work.transaction() as cursor:
                return vars(settle.status(cursor)), 0
        if options.what == "fill":
            settle.refresh(work, clock.now())
            settle.prepare(work)
            looked = settle.fill(work)
            done, left = settle.settle(work)
            return {"filled": looked, "settled": done, "left": left}, 0
        if options.what in ("verify", "mend"):
            found = verify.verify(work, mend=options.what == "mend")
            some = sorted(found.differing)[:100]
            facts = {"compared": found.compared, "differing": len(found.differing), "orders": some}
            return facts, int(bool(found.differing))
        with work.transaction() as cursor:
            revoke = options.what == "revoke"
            texts = [show(cursor, one) for one in access.statements(cursor, options.role, revoke)]
            if not options.dry_run:
                access.grant(cursor, options.role, revoke)
        return {"statements": texts}, 0

    def _parse(self, cmdargs):
        parser = self.parser
        parser.error = self._refuse
        add = parser.add_argument
        add("what", choices=WHAT, help="what to do")
        add("-d", "--database", help="the database")
        add("-c", "--config", help="Odoo's configuration file")
        add("--role", help="of grant and revoke; created without login where it is missing")
        add("--dry-run", action="store_true", help="of grant and revoke: show the statements, execute none")
        add("--json", action="store_true", help="one JSON document")
        return parser.parse_known_args(cmdargs)

    @staticmethod
    def _refuse(reason):
        sys.stderr.write(f"partitioned_orders: {reason}\n")
        sys.exit(2)


def _plain(facts):
    lines = []
    for name, found in facts.items():
        if isinstance(found, list):
            lines += [f"{name}: {one}" for one in found]
        else:
            lines.append(f"{name}: {found}")
    return "\n".join(lines) + "\n"
