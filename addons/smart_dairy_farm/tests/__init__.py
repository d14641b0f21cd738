from . import test_ui_reading
from . import test_ui_next_action
