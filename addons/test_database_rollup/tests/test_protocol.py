"""The protocol's interleavings: each is right, and wrong as soon as its rule is broken."""

import os
import subprocess
import sys
from pathlib import Path

from odoo.addons.database_rollup.engine.protocol import RULES
from odoo.addons.database_rollup.testing import scenarios
from odoo.tests import BaseCase, get_db_name, tagged

from .common import LabCase, server


@tagged("post_install", "-at_install")
class TestProtocol(LabCase):
    def test_every_interleaving_is_right(self):
        for scenario in scenarios.RULE_OF:
            with self.subTest(scenario.__name__):
                self.assertFalse(scenarios.play(self.lab, scenario))

    def test_every_broken_rule_is_noticed(self):
        for scenario, broken in scenarios.RULE_OF.items():
            for rule in broken:
                with self.subTest(scenario.__name__, rule=rule):
                    self.assertTrue(scenarios.play(self.lab, scenario, rule))

    def test_no_rule_without_an_interleaving(self):
        self.assertEqual(RULES, {rule for broken in scenarios.RULE_OF.values() for rule in broken})


@tagged("post_install", "-at_install")
class TestSoak(BaseCase):
    def test_sixty_seconds_of_soak(self):
        script = Path(__file__).resolve().parents[3] / "benchmarks" / "soak_rollup.py"
        if not script.is_file():
            self.fail(f"{script} belongs to this test")
        info = server()
        done = subprocess.run(
            [sys.executable, str(script), "--seconds", "60", "--database", get_db_name()],
            env={
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "SMART_DAIRY_PGHOST": str(info.get("host", "")),
                "SMART_DAIRY_PGPORT": str(info.get("port", "5432")),
                "SMART_DAIRY_PGUSER": str(info.get("user", "")),
                "PGPASSWORD": str(info.get("password", "")),
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"reads\s+[1-9]")
        self.assertRegex(done.stdout, r"folds\s+[1-9]")
