from . import test_deploy, test_drop, test_health, test_odoo, test_stored
