from . import (
    database_monitor_advice,
    database_monitor_alert,
    database_monitor_n_plus_one,
    database_monitor_snapshot,
    database_monitor_statement,
)
