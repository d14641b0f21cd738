from . import test_analysis, test_api, test_console, test_parameters, test_screens
