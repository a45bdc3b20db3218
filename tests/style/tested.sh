#!/bin/sh
# Every src/<room>/x.c has its tests/<room>/test_x.c, or a line "src/<room>/x.c reason" in tests/UNTESTED.
# A kernel's test compares all instruction sets in one file. Commands are driven by tests/e2e.
cd "$(dirname "$0")/../.." || exit 2
checked=0 bad=0
for c in src/*/*.c src/kernel/*/*.c; do
    room=${c#src/}; room=${room%%/*}; file=$(basename "$c" .c)
    [ "$room" = cli ] && continue
    checked=$((checked + 1))
    [ -f "tests/$room/test_$file.c" ] && continue
    grep -q "^$c " tests/UNTESTED 2> /dev/null && continue
    echo "$c has neither tests/$room/test_$file.c nor a line in tests/UNTESTED"; bad=$((bad + 1))
done
while read -r c reason; do
    [ -z "$c" ] || [ -f "$c" ] || { echo "tests/UNTESTED names $c, which does not exist"; bad=$((bad + 1)); }
    [ -z "$c" ] || [ -n "$reason" ] || { echo "tests/UNTESTED: $c without a reason"; bad=$((bad + 1)); }
done < tests/UNTESTED
echo "tested: $checked checks, $bad failed"
[ $bad = 0 ]
