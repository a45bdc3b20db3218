#!/bin/sh
# Every symbol a file exports begins with its room's or its file's name: tensor_..., wsol_... Of text_letters.c text_ will do.
# The commands, cmd_NAME in cmd_NAME.c, follow the same rule.
cd "$(dirname "$0")/../.." || exit 2
objects=$(find "${B:-build/release}/obj" -name '*.o' 2> /dev/null)
[ -n "$objects" ] || { echo "skip: names (nothing is built)"; exit 77; }
checked=0 bad=0
for o in $objects; do
    room=${o#*/obj/}; room=${room%%/*}; file=$(basename "$o" .o)
    [ -f "src/${o#*/obj/}" ] || [ -f "src/$(echo "${o#*/obj/}" | sed 's/\.o$/.c/')" ] || continue
    out=$(nm -g --defined-only "$o" | awk -v o="$o" -v r="^($room|$file|${file%%_*})(_|\$)" \
        '$3 ~ /^(__asan|__odr_asan|__ubsan)/ { next } $3 != "main" && $3 !~ r { print o ": exports " $3 }')
    checked=$((checked + 1))
    [ -z "$out" ] || { echo "$out"; bad=$((bad + 1)); }
done
echo "names: $checked checks, $bad failed"
[ $bad = 0 ]
