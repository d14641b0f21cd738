from . import test_bounds, test_engine
