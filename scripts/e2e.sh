#!/bin/sh
# npm run test:e2e: installs what is missing, then starts a Kubernetes and runs the scenarios in it; arguments name some of them.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh
ensure_packages
ensure_programs e2e
exec node test/e2e/main.ts "$@"
