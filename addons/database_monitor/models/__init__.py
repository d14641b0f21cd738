from . import database_monitor_snapshot, database_monitor_statement
