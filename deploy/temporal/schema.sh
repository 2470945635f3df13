#!/bin/sh
# Makes Temporal's two databases and brings their schemas up to date; may run again.
set -eu
for pair in temporal:temporal temporal_visibility:visibility; do
	db=${pair%%:*}
	tool="temporal-sql-tool --plugin postgres12_pgx --ep postgres -p 5432 -u otklik --db $db"
	$tool create-database --defaultdb otklik
	$tool setup-schema -v 0.0
	$tool update-schema --schema-name "postgresql/v12/${pair#*:}"
done
