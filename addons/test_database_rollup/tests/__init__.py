from . import test_asking, test_engine, test_keeping, test_page, test_planner, test_protocol
