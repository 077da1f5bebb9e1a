#!/usr/bin/env bash
# Makes the databases and roles of all services, with the passwords that are in the environment (postgres.env of
# deploy/secrets). Run again, it only sets the passwords. libpq's own variables say where PostgreSQL is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
for service in auth social history media; do
    password=${service^^}_DATABASE_PASSWORD
    psql -q -X -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres -v service="$service" \
        -v password="${!password}" -f "$here/${DATABASES_SQL:-databases.sql}"
done
