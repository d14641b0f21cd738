from . import test_bounds, test_engine, test_protocol
