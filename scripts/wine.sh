#!/bin/sh
# npm run test:wine: installs Wine and Windows' Node, then runs the suite of tests that need them. Plain `npm test` runs it, too,
# where both are there already.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh
ensure_packages
ensure_programs wine

# Once per lockfile. Optional packages are the only ones that npm takes for another system than this.
wanted=test/wine/windows
windows=.cache/windows
if ! cmp -s "$wanted/package-lock.json" "$windows/.installed-lockfile"; then
  say "installing Node for Windows"
  mkdir -p "$windows"
  cp "$wanted/package.json" "$wanted/package-lock.json" "$windows"
  (cd "$windows" && npm ci --os=win32 --cpu=x64 --ignore-scripts --no-audit --no-fund >&2)
  cp "$wanted/package-lock.json" "$windows/.installed-lockfile"
fi
WINE_NEEDED=1 exec node scripts/test.ts wine
