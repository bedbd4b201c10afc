#!/bin/sh
# npm test: installs what is missing, then runs every check and suite; arguments name some of them.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh
ensure_packages
ensure_programs test
exec node scripts/test.ts "$@"
