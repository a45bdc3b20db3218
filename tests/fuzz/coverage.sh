#!/usr/bin/env bash
# Lines of the readers that fuzzing runs: tests/fuzz/coverage.sh BUILD-FOLDER CASES. The build has --coverage.
set -eu
cd "$(dirname "$0")/../.."
B=$(realpath "$1")
cases=$2
readers=(image/jpeg image/png image/labels image/loc image/boxes image/annotation image/list image/manifest weight/zip weight/pth
         weight/pickle weight/legacy weight/safetensors weight/json weight/h5 weight/weight model/parse model/shape model/graph model/bind
         base/option base/option_value store/read store/list store/check store/verify store/digest cli/h5)
find "$B" -name '*.gcda' -delete
tests/fuzz/results.sh "$B/quantcam" build/fuzz-seeds
find "$B" -name '*.gcda' -delete
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    "$B/tests/fuzz/$name" --cases="$cases" --folder="$B/tests/fuzz" | head -1
done
printf '%-28s %7s %9s\n' file lines covered
total=0 covered=0
for reader in "${readers[@]}"; do
    [ -f "src/$reader.c" ] || continue
    line=$(gcov -n -o "$B/obj/$reader.o" "src/$reader.c" 2> /dev/null | grep -A1 "^File 'src/$reader.c'" | grep '^Lines' || true)
    n=$(echo "$line" | sed -n 's/.* of \([0-9]*\)$/\1/p')
    percent=$(echo "$line" | sed -n 's/.*executed:\([0-9.]*\)%.*/\1/p')
    [ -n "$n" ] || { echo "coverage: nothing is known of src/$reader.c" >&2; exit 1; }
    printf '%-28s %7d %8.1f%%\n' "src/$reader.c" "$n" "$percent"
    total=$((total + n))
    covered=$(awk -v a="$covered" -v n="$n" -v p="$percent" 'BEGIN { print a + n * p / 100 }')
done
awk -v t="$total" -v c="$covered" 'BEGIN { printf "%-28s %7d %8.1f%%\n", "all", t, 100 * c / t }'
