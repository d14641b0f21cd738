from . import test_method_cache
