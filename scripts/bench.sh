#!/bin/sh
# npm run bench: installs what is missing, then measures.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh
ensure_packages
ensure_programs up
exec node test/bench/bench.ts "$@"
