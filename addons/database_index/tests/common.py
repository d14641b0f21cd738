import contextlib

from odoo.addons.database_index.testing.lab import Lab
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged


@tagged("post_install", "-at_install")
class LabCase(BaseCase):
    """Tests on a scratch database of their own, beside Odoo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _name, dsn = connection_info_for(get_db_name())
        cls.lab = Lab(dsn, f"{get_db_name()}_index_lab").create()
        cls.addClassCleanup(cls.lab.drop)

    def setUp(self):
        super().setUp()
        self.lab.clear()

    @contextlib.contextmanager
    def open_report(self):
        """A transaction with an old snapshot, which every concurrent build waits for."""
        cnx = self.lab.connect()
        with contextlib.closing(cnx), cnx.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM visit")
            yield cnx

    def states(self, outcomes):
        return {one.name: one.state for one in outcomes}

    def did(self, outcomes):
        return {one.name: one.did for one in outcomes if one.did}
