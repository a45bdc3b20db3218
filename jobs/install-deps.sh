#!/bin/sh
# Installs the Debian packages of the lists named (jobs/packages.txt where none is) that are missing: as root, or with
# sudo. Says what it does.
# On machines without apt-get (clusters with modules) it checks for a compiler and the libraries and explains.
set -u
cd "$(dirname "$0")/.." || exit 2
[ -n "${QUANTCAM_NO_INSTALL:-}" ] && exit 0

if ! command -v dpkg-query > /dev/null 2>&1; then
    command -v "${MPICC:-mpicc}" > /dev/null 2>&1 && exit 0
    echo "quantcam: no mpicc, and this is not Debian: load your MPI and HDF5 modules and name them in config.mk (see README)" >&2
    exit 1
fi
missing=
[ $# -gt 0 ] || set -- jobs/packages.txt
for package in $(sed 's/#.*//' "$@"); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then as_root=
elif command -v sudo > /dev/null 2>&1; then as_root="sudo"
else
    echo "quantcam: these Debian packages are missing, and this is neither root nor a user with sudo:$missing" >&2
    echo "quantcam: ask your administrator for them, or set MPICC, PKG_CONFIG_PATH ... in config.mk" >&2
    exit 1
fi
echo "quantcam: installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
{ $as_root apt-get -q update && $as_root apt-get -q install -y --no-install-recommends $missing; } > /tmp/quantcam-apt.$$ 2>&1
rc=$?
[ $rc = 0 ] || { tail -5 /tmp/quantcam-apt.$$ >&2; echo "quantcam: apt-get could not install:$missing" >&2; }
rm -f /tmp/quantcam-apt.$$
exit $rc
