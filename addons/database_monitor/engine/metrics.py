"""The state of a database in figures: one function each, from PostgreSQL's own statistics views.

Sums (``pg_stat_database``) count since their statistics were reset; :mod:`.snapshot` takes differences.
"""

DATABASE = """
    SELECT blks_hit, blks_read, xact_commit, xact_rollback, temp_files, temp_bytes, deadlocks, conflicts,
           tup_returned, tup_fetched, session_time / 1000 AS session_seconds,
           active_time / 1000 AS active_seconds,
           idle_in_transaction_time / 1000 AS idle_in_transaction_seconds,
           sessions, sessions_abandoned, sessions_killed, pg_database_size(datid) AS bytes,
           EXTRACT(epoch FROM stats_reset)::float AS reset_at
      FROM pg_stat_database WHERE datname = current_database()
"""
INDEX_HITS = """
    SELECT COALESCE(sum(idx_blks_hit), 0)::bigint AS hit, COALESCE(sum(idx_blks_read), 0)::bigint AS read
      FROM pg_statio_user_indexes
"""
CONNECTIONS = """
    SELECT count(*) FILTER (WHERE datname = current_database()) AS here, count(*) AS all_databases,
           count(*) FILTER (WHERE state = 'active') AS active, count(*) FILTER (WHERE state = 'idle') AS idle,
           count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction,
           count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting_for_locks,
           current_setting('max_connections')::integer
           - current_setting('superuser_reserved_connections')::integer AS most
      FROM pg_stat_activity WHERE backend_type = 'client backend'
"""
LOCKS = """
    SELECT mode, count(*) FILTER (WHERE granted) AS granted, count(*) FILTER (WHERE NOT granted) AS waiting
      FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
     GROUP BY mode ORDER BY mode
"""
CHECKPOINTS_15 = """
    SELECT checkpoints_timed AS timed, checkpoints_req AS requested,
           checkpoint_write_time / 1000 AS write_seconds,
           checkpoint_sync_time / 1000 AS sync_seconds, buffers_checkpoint AS buffers
      FROM pg_stat_bgwriter
"""
CHECKPOINTS_17 = """
    SELECT num_timed AS timed, num_requested AS requested, write_time / 1000 AS write_seconds,
           sync_time / 1000 AS sync_seconds, buffers_written AS buffers FROM pg_stat_checkpointer
"""
REPLICATION = """
    SELECT COALESCE(NULLIF(application_name, ''), client_addr::text, 'unnamed') AS standby, state, sync_state,
           pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint AS lag_bytes,
           EXTRACT(epoch FROM replay_lag)::float AS lag_seconds
      FROM pg_stat_replication ORDER BY 1
"""
STANDBY = """
    SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE EXTRACT(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float
           AS lag_seconds
"""
SLOTS = """
    SELECT slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint AS kept_bytes
      FROM pg_replication_slots ORDER BY 1
"""
#: who holds back what VACUUM may remove, the oldest first; seconds since their transaction began
HORIZON = """
    SELECT 'process' AS kind, pid::text AS who, COALESCE(NULLIF(application_name, ''), backend_type) AS name,
           state, EXTRACT(epoch FROM clock_timestamp() - xact_start)::float AS seconds,
           age(COALESCE(backend_xmin, backend_xid)) AS transactions
      FROM pg_stat_activity
     WHERE COALESCE(backend_xmin, backend_xid) IS NOT NULL AND pid <> pg_backend_pid()
       AND backend_type <> 'autovacuum worker'
       AND (datname = current_database() OR datname IS NULL)
    UNION ALL
    SELECT 'prepared', gid, owner, 'prepared', EXTRACT(epoch FROM clock_timestamp() - prepared)::float,
           age(transaction) FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL
    SELECT 'slot', slot_name, COALESCE(plugin, slot_type), CASE WHEN active THEN 'active' ELSE 'inactive' END,
           NULL, GREATEST(age(xmin), age(catalog_xmin)) FROM pg_replication_slots
     WHERE COALESCE(xmin, catalog_xmin) IS NOT NULL
     ORDER BY transactions DESC LIMIT 20
"""
TABLES = """
    SELECT s.relname AS name, s.n_live_tup AS live, s.n_dead_tup AS dead, s.seq_scan, s.seq_tup_read,
           COALESCE(s.idx_scan, 0) AS idx_scan, s.n_tup_ins AS inserted, s.n_tup_upd AS updated,
           s.n_tup_hot_upd AS hot, s.n_tup_del AS deleted, pg_table_size(s.relid) AS bytes,
           EXTRACT(epoch FROM GREATEST(s.last_vacuum, s.last_autovacuum))::float AS vacuumed_at,
           EXTRACT(epoch FROM GREATEST(s.last_analyze, s.last_autoanalyze))::float AS analyzed_at
      FROM pg_stat_user_tables s WHERE s.schemaname <> 'database_monitor'
     ORDER BY pg_table_size(s.relid) DESC LIMIT 300
"""
INDEXES = """
    SELECT s.indexrelname AS name, s.relname AS "table", s.idx_scan AS scans,
           pg_relation_size(s.indexrelid) AS bytes, i.indisvalid AS valid, i.indisunique AS "unique"
      FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid) WHERE s.schemaname <> 'database_monitor'
     ORDER BY pg_relation_size(s.indexrelid) DESC LIMIT 2000
"""


def rows(cursor, statement):
    """Rows as dictionaries; numbers as JSON knows them."""
    cursor.execute(statement)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def checkpoints(cursor):
    later = cursor.connection.server_version >= 170000
    return rows(cursor, CHECKPOINTS_17 if later else CHECKPOINTS_15)[0]


def replication(cursor):
    """``{"standby": …, "standbys": […], "slots": […]}``: a standby's own lag, a primary's of each."""
    cursor.execute("SELECT pg_is_in_recovery()")
    if cursor.fetchone()[0]:
        return {"standby": rows(cursor, STANDBY)[0], "standbys": [], "slots": []}
    return {"standby": None, "standbys": rows(cursor, REPLICATION), "slots": rows(cursor, SLOTS)}


def horizon(cursor):
    """Who holds back VACUUM, the oldest first."""
    return rows(cursor, HORIZON)


#: places that asked record by record in the last 24 hours' samples
N_PLUS_ONE = """
    SELECT count(*) AS places FROM database_monitor.n_plus_one WHERE last_seen > now() - interval '24 hours'
"""
PARTS = {
    "database": lambda cursor: rows(cursor, DATABASE)[0],
    "index_blocks": lambda cursor: rows(cursor, INDEX_HITS)[0],
    "connections": lambda cursor: rows(cursor, CONNECTIONS)[0],
    "locks": lambda cursor: rows(cursor, LOCKS),
    "checkpoints": checkpoints,
    "replication": replication,
    "horizon": horizon,
    "n_plus_one": lambda cursor: rows(cursor, N_PLUS_ONE)[0],
}
