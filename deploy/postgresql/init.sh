#!/bin/sh
# First start of an empty cluster: the roles, the database and the extensions that only a superuser may create.
# The official image runs it once, as any file in /docker-entrypoint-initdb.d; psql finds the server by PG* variables.
set -eu
: "${ODOO_DB_PASSWORD:?the password of the role odoo}" "${REPLICATION_PASSWORD:?the password of the role replicator}"

# Passwords come by the environment (\getenv), so that neither the process list nor the server's log shows one.
# The slot reserves nothing until the standby has connected for the first time.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv odoo_password ODOO_DB_PASSWORD
\getenv replication_password REPLICATION_PASSWORD
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
CREATE ROLE odoo LOGIN PASSWORD :'odoo_password';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'replication_password';
GRANT pg_monitor TO odoo;
CREATE DATABASE smart_dairy OWNER odoo TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
SELECT pg_create_physical_replication_slot('smart_dairy_replica') \g /dev/null
\connect smart_dairy
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION pgstattuple;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION btree_gist;
SQL
