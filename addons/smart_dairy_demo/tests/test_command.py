import contextlib
import datetime
import io

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..cli.dairy_demo import DairyDemo
from ..generator.build import MARK, check_ready, open_registry
from ..generator.errors import DemoError


@tagged("post_install", "-at_install")
class TestCommand(TransactionCase):
    def _parse(self, *args):
        return DairyDemo()._parse(args)

    def test_defaults(self):
        options, rest = self._parse("-d", "x", "-c", "odoo.conf", "--log-level=warn")
        self.assertEqual(
            (options.database, options.scale, options.seed, options.months, options.languages),
            ("x", 1.0, 1, 24, []),
        )
        self.assertEqual(options.until, datetime.date.today())
        self.assertEqual(rest, ["-c", "odoo.conf", "--log-level=warn"])

    def test_bad_input_is_one_line_and_status_2(self):
        for args, words in (
            (["--scale", "abc"], "--scale: 'abc' is not a number from 0.01 to 125"),
            (["--scale", "0"], "0.01 to 125"),
            (["--scale", "126"], "0.01 to 125"),
            (["--scale", "nan"], "0.01 to 125"),
            (["--months", "0"], "1 to 60"),
            (["--months", "1.5"], "1 to 60"),
            (["--until", "20-11-2026"], "YYYY-MM-DD"),
            (["--until", "2026-02-30"], "YYYY-MM-DD"),
            (["--until", "1999-01-01"], "2005"),
            (["--seed", "x"], "--seed"),
        ):
            err = io.StringIO()
            with (
                self.subTest(args=args),
                contextlib.redirect_stderr(err),
                self.assertRaises(SystemExit) as stop,
            ):
                self._parse(*args)
            self.assertEqual(stop.exception.code, 2)
            self.assertIn(words, err.getvalue())
            self.assertEqual(err.getvalue().count("\n"), 1)

    @mute_logger("odoo.sql_db")
    def test_unknown_database(self):
        with self.assertRaisesRegex(DemoError, "cannot open database 'no_such_dairy'"):
            open_registry("no_such_dairy")

    def test_a_second_build_is_refused(self):
        self.env["ir.config_parameter"].set_param(MARK, "seed 1")
        self.env.flush_all()
        with self.assertRaisesRegex(DemoError, "already holds the demo dairy .*drop it"):
            check_ready(self.env.cr)

    def test_missing_addons_are_named(self):
        self.env.cr.execute(
            "UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'smart_dairy_farm'"
        )
        with self.assertRaisesRegex(DemoError, "lacks smart_dairy_farm; install with -i"):
            check_ready(self.env.cr)
