import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from odoo.addons.database_partition.testing.lab import Lab
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config


def command(*arguments):
    """``odoo partition`` on the test database: (exit code, standard output, lines of standard error)."""
    path = ",".join(config["addons_path"])
    program = [sys.executable, "-m", "odoo", f"--addons-path={path}", "partition", *arguments]
    if config["config"]:
        program += ["-c", config["config"]]
    done = subprocess.run([*program, "-d", get_db_name()], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.strip().splitlines()


@tagged("post_install", "-at_install")
class LabCase(BaseCase):
    """Tests on a scratch database of their own, beside Odoo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _name, dsn = connection_info_for(get_db_name())
        cls.lab = Lab(dsn, f"{get_db_name()}_partition_lab").create()
        cls.addClassCleanup(cls.lab.drop)

    def setUp(self):
        super().setUp()
        self.lab.clear()
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
