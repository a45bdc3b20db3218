#!/usr/bin/env bash
# make check-avx512: the unit tests of the AVX-512 kernels on a machine that has AVX2: their files are compiled with SIMDe's intrinsics
# (Debian's libsimde-dev, tests/avx512.h) and taken for usable. Their bits, not their speed. Last line: N passed, N failed.
#     tests/avx512.sh [TEST...]     as kernel/test_conv_u8; all that compare instruction sets
set -u
cd "$(dirname "$0")/.." || exit 2
B=build/avx512
[ -e /usr/include/simde/x86/avx512.h ] || { echo "no SIMDe: apt-get install libsimde-dev" >&2; exit 2; }
if [ $# = 0 ]; then
    mapfile -t names < <(grep -lE 'kernel_list|test_every_isa|avx512vnni' tests/kernel/test_*.c tests/[!k]*/test_*.c | sed 's|^tests/||; s|\.c$||')
    set -- "${names[@]}"
fi
mkdir -p $B
# select.c asks the compiler's builtin what the machine has.
options=(B=$B OPT="-O1 -g -DNDEBUG" isa.avx512vnni="-mavx2 -mfma -Wno-psabi -include tests/avx512.h" isa.kernel="-D'__builtin_cpu_supports(name)=1'")
make --no-print-directory -j"$(nproc)" "${options[@]}" "${@/#/$B/tests/}" > $B.log 2>&1 || { grep -A3 -m3 error $B.log >&2; exit 1; }
passed=0 failed=0
for name; do
    if timeout 3600 "$B/tests/$name" > "$B/last.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $name  $(tail -1 "$B/last.log")"
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
        tail -5 "$B/last.log"
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
