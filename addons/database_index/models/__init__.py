from . import (
    database_index,
    database_index_action,
    database_index_present,
    database_index_task,
    ir_cron,
    ir_module_module,
)
