from . import (
    database_partition,
    database_partition_action,
    database_partition_set,
    database_partition_view,
    ir_cron,
)
