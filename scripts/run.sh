#!/bin/sh
# Runs a TypeScript file with the Node that the lockfile names.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh
ensure_packages
exec node "$@"
