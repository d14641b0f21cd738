import shutil
import tempfile
from pathlib import Path

from odoo.addons.database_partition.testing.lab import Lab
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged


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
