from . import database_monitor_statement
