from . import test_bounds, test_engine, test_odoo, test_protocol
