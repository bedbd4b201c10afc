# Installs what is missing; sourced by the other scripts, from the project's root, under set -eu.

say() { printf '%s\n' "$*" >&2; }

# npm packages from the lockfile, once per lockfile. They bring the Node that everything runs on.
ensure_packages() {
  installed=node_modules/.installed-lockfile
  if ! cmp -s package-lock.json "$installed"; then
    say "installing npm packages from package-lock.json"
    npm ci --no-audit --no-fund >&2
    cp package-lock.json "$installed"
  fi
  PATH="$PWD/node_modules/.bin:$PATH"
  export PATH
}

# Debian packages of the programs that are not there; $1 is the purpose: up or test.
ensure_programs() {
  missing=$(node scripts/missing-packages.ts "$1")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "missing packages: $missing; install them with your package manager"
    [ "$1" = up ] && exit 1
    return 0
  fi
  say "installing Debian packages: $missing"
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >&2 ||
    { say "they could not be installed: $missing"; [ "$1" = up ] && exit 1; }
}
