from . import database_rollup, database_rollup_actions, ir_cron, rollup_mixin
