#!/bin/sh
# npm run test:external-storage: installs what is missing, builds Kubernetes' own storage tests and runs them against the driver
# in a cluster of its own. EXTERNAL_STORAGE is a regular expression that names some of them.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh
ensure_packages
ensure_programs e2e
node test/e2e/external-storage/build.ts
exec node test/e2e/main.ts test/e2e/external-storage/suite.ts test/e2e/nothing-left.ts
