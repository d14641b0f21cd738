from . import test_deploy, test_health, test_odoo
