from . import test_cached_method, test_engine, test_limits, test_page, test_protocol
