#!/bin/sh
# npm start: installs what is missing, then runs `hyperv-csi up` with the arguments given.
set -eu
cd "$(dirname "$0")/.."
. scripts/ensure.sh

# Before anything is installed: what no package can mend.
case " $* " in
*" --help "* | *" -h "*) ;;
*)
  [ "$(id -u)" = 0 ] || { say "hyperv-csi: this needs root, to attach and mount disks: run it with sudo"; exit 1; }
  [ -e /dev/loop-control ] || {
    say "hyperv-csi: this machine gives no loop devices (/dev/loop-control is missing): load the module with \`modprobe loop\`; in a container, run it privileged with /dev of the machine"
    exit 1
  }
  ;;
esac
ensure_packages
ensure_programs up
exec node src/main.ts up "$@"
