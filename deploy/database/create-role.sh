#!/bin/bash
# Runs once, when the database server is new: an ordinary role that owns the portal's
# database and nothing else. The portal never signs in as the superuser.
set -euo pipefail

psql --quiet -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v role="$PORTAL_DATABASE" <<'SQL'
\set password `cat "$PORTAL_PASSWORD_FILE"`
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
