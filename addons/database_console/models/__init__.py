from . import database_console, database_console_analysis
