#!/bin/sh
# Entry point of every portal container: composes DATABASE_URL from the file that holds
# the database password, so that no secret stands in docker-compose.yml, then becomes the
# command. `docker compose exec` does not come through here; docs/operations.md says how.
set -eu

if [ -n "${DATABASE_PASSWORD_FILE:-}" ]; then
    password=$(cat "$DATABASE_PASSWORD_FILE")
    export DATABASE_URL="postgres://$DATABASE_USER:$password@$DATABASE_HOST/$DATABASE_NAME"
fi
exec "$@"
