from . import test_bulk, test_command, test_demand, test_generate, test_life
