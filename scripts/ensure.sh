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

# Debian packages of the programs that are not there; $1 is the purpose. Without them `up` can't run; a test that
# misses one says so itself.
ensure_programs() {
  missing=$(node scripts/missing-packages.ts "$1")
  if [ -z "$missing" ] || install_packages "$missing"; then return 0; fi
  say "hyperv-csi: these packages are missing: $missing; install them with your package manager"
  if [ "$1" = up ]; then exit 1; fi
}

install_packages() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
  say "installing Debian packages: $1"
  # shellcheck disable=SC2086 # a list of words
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1; } >&2
}
