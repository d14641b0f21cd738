from . import test_database_rollup
