from . import test_cached_method, test_engine, test_page, test_protocol
