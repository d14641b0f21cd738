from odoo.addons.database_monitor.testing.lab import Lab
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, get_db_name, tagged


@tagged("post_install", "-at_install")
class LabCase(BaseCase):
    """Tests on a scratch database of their own, beside Odoo's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _name, dsn = connection_info_for(get_db_name())
        cls.lab = Lab(dsn, f"{get_db_name()}_monitor_lab").create()
        cls.addClassCleanup(cls.lab.drop)
