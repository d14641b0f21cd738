from . import (
    farm_exit,
    farm_herd_day,
    farm_milk_import,
    farm_milk_import_line,
    farm_milk_override,
    farm_treatment_cancel,
)
