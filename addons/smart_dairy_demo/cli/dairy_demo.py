"""``odoo dairy_demo``: fill a fresh database with a whole dairy."""

import argparse
import datetime
import sys

from odoo.cli.command import Command
from odoo.tools import config


def scale(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 125:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.01 to 125 (1 = 800 animals)")
    return value


def months(text):
    if not text.isdigit() or not 1 <= int(text) <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of months from 1 to 60")
    return int(text)


def last_day(text):
    try:
        day = datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day written YYYY-MM-DD")
    if not 2005 <= day.year <= 2099:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 2005 and 2099")
    return day


class DairyDemo(Command):
    """Fill a fresh database with a dairy: herd, milk, health, climate, sales, stock and accounts.

    The same seed, scale, months and last day always give the same dairy. The command refuses a database
    that already holds its data: to build it again, start from a new database.
    """

    name = "dairy_demo"

    def run(self, cmdargs):
        options, rest = self._parse(cmdargs)
        # imported late: Odoo looks for commands with ImportError silenced
        from odoo.addons.smart_dairy_demo.generator.build import build
        from odoo.addons.smart_dairy_demo.generator.errors import DemoError

        config.parser.prog = self.prog
        config.parse_config([*rest, "--no-http"], setup_logging=True)
        if not options.database:
            names = config["db_name"]
            if len(names) != 1:
                self._refuse("name one database with -d")
            options.database = names[0]
        try:
            build(options)
        except DemoError as error:
            self._refuse(error)

    def _parse(self, cmdargs):
        parser = self.parser
        parser.error = self._refuse
        add = parser.add_argument
        add("-d", "--database", help="database to fill; the dairy's addons are installed in it")
        add("--scale", type=scale, default=1.0, help="1 = 800 animals (default); 0.01 to 125")
        add("--seed", type=int, default=1, help="another seed makes another dairy (default 1)")
        add("--months", type=months, default=24, help="months of history, 1 to 60 (default 24)")
        add("--until", type=last_day, default=None, help="last day, YYYY-MM-DD (default today)")
        add("--languages", default="", help="activate these too, e.g. bn_IN,fr_FR (some seconds each)")
        options, rest = parser.parse_known_args(cmdargs)
        options.until = options.until or datetime.date.today()
        options.languages = [code for code in options.languages.split(",") if code]
        return options, rest

    @staticmethod
    def _refuse(reason):
        sys.stderr.write(f"dairy_demo: {reason}\n")
        sys.exit(2)
