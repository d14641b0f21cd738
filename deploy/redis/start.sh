#!/bin/sh
# Adds to redis.conf what only the environment knows, in memory, and becomes Redis. Needs REDIS_PASSWORD.
# Arguments go to redis-server.
set -eu
: "${REDIS_PASSWORD:?the password of Redis}"

here=$(cd "$(dirname "$0")" && pwd)
secret="${REDIS_RUNTIME:-/run/redis}/redis.conf"
umask 077
{
    printf 'include %s/redis.conf\n' "$here"
    printf 'bind * -::*\n'
    printf 'requirepass "%s"\n' "$(printf %s "$REDIS_PASSWORD" | sed 's/[\\"]/\\&/g')"
} > "$secret"
exec redis-server "$secret" "$@"
