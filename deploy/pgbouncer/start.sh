#!/bin/sh
# Writes who may log in, from the environment into memory, and becomes PgBouncer.
# Needs ODOO_DB_PASSWORD. Arguments: the configuration file, by default the one that Docker mounts.
set -eu
: "${ODOO_DB_PASSWORD:?the password of the role odoo}"

config="${1:-/etc/pgbouncer/pgbouncer.ini}"
users=$(sed -n 's/^auth_file *= *//p' "$config")
umask 077
# A quotation mark is doubled in this format.
printf '"odoo" "%s"\n' "$(printf %s "$ODOO_DB_PASSWORD" | sed 's/"/""/g')" > "$users"
exec pgbouncer "$config"
