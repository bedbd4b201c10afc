# What a VM is before its first service: directories and a name of its own. $1 has what it keeps, $2 is what it is
# called. Ends, and the VM with it, when nobody holds its standard input any more.
set -eu
# By it replicas on the machine's network tell who leads.
busybox hostname "$2"
mount -t tmpfs -o mode=755 run /run
mount --bind "$1/log" /var/log
mount -t overlay -o "lowerdir=/var/lib,upperdir=$1/var-lib,workdir=$1/work" var-lib /var/lib
mount --bind "$1/kubelet" /var/lib/kubelet
# As init does: what is mounted in a container that asks for it is seen here, and the other way round.
mount --make-rshared /
touch "$1/on"
# Locked while the VM runs: so its host knows.
exec flock --no-fork "$1/lock" tini -- cat
