from . import test_ui_cow_card
from . import test_ui_herd_entry
from . import test_ui_milk_import
from . import test_ui_next_action
from . import test_ui_reading
from . import test_ui_tours
