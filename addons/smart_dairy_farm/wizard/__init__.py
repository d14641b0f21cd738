from . import farm_exit
from . import farm_herd_day
from . import farm_milk_import
from . import farm_milk_override
from . import farm_treatment_cancel
