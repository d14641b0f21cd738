#!/bin/sh
# A streaming standby: copies the primary on its first start, then follows it. Runs as the postgres user.
# PGDATA must be a folder that does not exist yet, or one that this script has filled. Arguments go to postgres.
set -eu
: "${PGDATA:?}" "${PRIMARY_HOST:?the address of the primary}" "${REPLICATION_PASSWORD:?the password of replicator}"

if [ ! -e "$PGDATA" ]; then
    # The copy gets its name when it is complete: a start that was cut short begins again.
    rm -rf "$PGDATA.copy"
    # -R writes how to reach the primary, and the slot, to postgresql.auto.conf (readable by this user only).
    PGPASSWORD="$REPLICATION_PASSWORD" pg_basebackup --pgdata "$PGDATA.copy" \
        --host "$PRIMARY_HOST" --port "${PRIMARY_PORT:-5432}" --username replicator --no-password \
        --wal-method stream --checkpoint fast --slot smart_dairy_replica --write-recovery-conf
    mv "$PGDATA.copy" "$PGDATA"
fi
here=$(cd "$(dirname "$0")" && pwd)
exec postgres -D "$PGDATA" -c "config_file=$here/replica.conf" -c "hba_file=$here/pg_hba.conf" "$@"
