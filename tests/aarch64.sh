#!/usr/bin/env bash
# make check-aarch64: the program for aarch64 with Debian's cross compiler, its unit tests under qemu-user. The arm64
# libraries are Debian's packages, unpacked beside the build and not installed. Last line: N passed, N failed.
set -u
cd "$(dirname "$0")/.." || exit 2
B=build/aarch64
ROOT=$PWD/$B/root LIB=usr/lib/aarch64-linux-gnu
PACKAGES="libopenmpi-dev libhdf5-openmpi-dev libpng-dev libjpeg-dev libexpat1-dev libcjson-dev libssl-dev zlib1g-dev liblapacke-dev
          libopenblas-dev libc6-dev"
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static; do
    command -v $tool > /dev/null || { echo "no $tool: apt-get install gcc-aarch64-linux-gnu qemu-user-static" >&2; exit 2; }
done

# A list of packages and an archive of its own: the machine's stay as they are.
apt()
{
    apt-get -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o Dir::State="$PWD/$B/apt" -o Dir::State::status="$PWD/$B/apt/status" \
        -o Dir::Cache="$PWD/$B/apt/cache" -o Debug::NoLocking=true "$@"
}
if [ ! -e "$B/unpacked" ]; then
    mkdir -p "$B/apt/lists/partial" "$B/apt/cache/archives/partial" "$ROOT"
    : > "$B/apt/status"
    # shellcheck disable=SC2086  # words
    apt -qq update && apt -qq -d -y --no-install-recommends install $PACKAGES > "$B/apt.log" 2>&1 || { tail -3 "$B/apt.log" >&2; exit 1; }
    for package in "$B"/apt/cache/archives/*.deb; do dpkg -x "$package" "$ROOT" || exit 1; done
    # What an installation chooses by update-alternatives.
    for name in libopenblas.so libopenblas.so.0 libblas.so.3 liblapack.so.3; do
        [ -e "$ROOT/$LIB/$name" ] || ln -s "openblas-pthread/$name" "$ROOT/$LIB/$name"
    done
    touch "$B/unpacked"
fi

# gcc 12.2 for aarch64 ends in an internal error where it vectorises a loop of tests/cli/test_network.c.
# OpenBLAS' own folder comes first: its libblas and liblapack.
rpath="-Wl,-rpath-link,$ROOT/$LIB:$ROOT/$LIB/openblas-pthread:$ROOT/$LIB/openmpi/lib"
options=(OPT="-O2 -g -DNDEBUG -fno-tree-vectorize" MPICC="aarch64-linux-gnu-gcc --sysroot=$ROOT" B=$B PKG_CFLAGS="-I$ROOT/$LIB/openmpi/include"
    PKG_LIBS="-lpng -ljpeg -lexpat -lcjson -lcrypto -lz -llapacke -lopenblas" HDF5_CFLAGS="-I$ROOT/usr/include/hdf5/openmpi"
    HDF5_LIBS="-L$ROOT/$LIB/hdf5/openmpi -lhdf5_hl -lhdf5 -lmpi -lpthread" LDFLAGS="-L$ROOT/$LIB -L$ROOT/$LIB/openmpi/lib $rpath")
tests=$(ls tests/*/test_*.c | sed "s|^tests/|$B/tests/|; s|\.c\$||")
# shellcheck disable=SC2086  # words
make -j"$(nproc)" "${options[@]}" $B/quantcam $tests || exit 1

export QEMU_LD_PREFIX=$ROOT OPENBLAS_NUM_THREADS=1 OMPI_MCA_ess_singleton_isolated=1
libraries=$ROOT/$LIB:$ROOT/$LIB/openblas-pthread:$ROOT/$LIB/openmpi/lib:$ROOT/$LIB/hdf5/openmpi
export OPAL_PREFIX=$ROOT/usr OPAL_LIBDIR=$ROOT/$LIB OPAL_PKGLIBDIR=$ROOT/$LIB/openmpi/lib/openmpi3
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
passed=0 failed=0 skipped=0 checks=0
for test in $tests; do
    # On stderr, which test_guard reads, qemu says in its own words that a program has crashed; test_rows starts itself
    # once more, and this machine's kernel does not start programs of another.
    case $test in */cli/test_guard | */store/test_rows) skipped=$((skipped + 1)); continue ;; esac
    timeout "${QUANTCAM_TEST_TIMEOUT:-1200}" qemu-aarch64-static -E LD_LIBRARY_PATH="$libraries" "$test" > "$B/log" 2>&1
    rc=$?
    n=$(sed -n 's/.*: \([0-9]*\) checks, 0 failed$/\1/p' "$B/log" | tail -1)
    if [ $rc = 0 ]; then
        passed=$((passed + 1)) checks=$((checks + ${n:-0}))
        echo "ok    ${test#"$B/tests/"}: ${n:-no} checks"
    elif [ $rc = 77 ]; then
        skipped=$((skipped + 1))
        tail -1 "$B/log"
    else
        failed=$((failed + 1))
        echo "FAIL  ${test#"$B/tests/"}: exit $rc"
        tail -5 "$B/log" | sed 's/^/      /'
    fi
done
echo "aarch64: $checks checks"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
