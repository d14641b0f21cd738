from . import farm_milk_import
