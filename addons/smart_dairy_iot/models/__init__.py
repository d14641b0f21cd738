# ruff: noqa: I001  a class is loaded before what extends it
from . import farm_tank
from . import farm_sensor
from . import farm_sensor_calibration
from . import farm_sensor_latest
from . import farm_sensor_reading
from . import farm_sensor_gateway
from . import farm_sensor_milking
from . import farm_sensor_quarantine
from . import farm_sensor_seal
from . import farm_sensor_sealed
from . import farm_sensor_series
from . import database_partition_set
from . import database_rollup
from . import res_company
from . import res_config_settings
