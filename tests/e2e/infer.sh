#!/usr/bin/env bash
# infer: what it writes, that ready pixels and every instruction set give the same, and that bad input leaves nothing.
. "$(dirname "$0")/common.bash"
M=models/demo/mobilenet_v2.model
W=$WEIGHTS/mobilenet_v2
[ -f "${W}_int8.pth" ] || skip "no ${W}_int8.pth"
"$Q" synth "$T/images" --images 3 --seed 5 > "$T/log" || exit 1
pictures=("$T"/images/*/*.JPEG)
out=$T/out.h5

shape() { h5ls "$1" | grep -qE "^$2 +Dataset \{$3\}"; }
equal() { h5diff -q "$1" "$2" "$3"; }
# refused CODE PATTERN OPTION...: one sentence, and no file.
refused()
{
    local expected=$1 pattern=$2
    shift 2
    check "exit for $pattern" code "$expected" "$Q" infer -o "$T/bad.h5" "$@"
    check "the sentence $pattern" grep -qE "^quantcam: .*$pattern" "$T/log"
    check "one line for $pattern" test "$(wc -l < "$T/log")" = 1
    check "no file for $pattern" test -z "$(ls "$T" | grep bad.h5)"
}

for precision in fp32 int8; do
    check "infer $precision" code 0 "$Q" infer --model $M --weights "${W}_$precision.pth" -o "$out" "${pictures[@]}"
    check "path of $precision" shape "$out" path 3
    check "pixels of $precision" shape "$out" pixels "3, 224, 224, 3"
    check "logits of $precision" shape "$out" logits "3, 16"
    check "last_conv of $precision" shape "$out" last_conv "3, 256, 7, 7"
    check "cam of $precision" shape "$out" cam "3, 7, 7"
    check "nothing else for $precision" test ! -e "$out.part"
    check "ready pixels, $precision" code 0 "$Q" infer --model $M --weights "${W}_$precision.pth" --pixels "$out" -o "$T/again.h5"
    check "the reference, $precision" code 0 "$Q" infer --model $M --weights "${W}_$precision.pth" --isa=ref -o "$T/ref.h5" "${pictures[@]}"
    for set in pixels logits last_conv cam; do
        check "$set from ready pixels, $precision" equal "$out" "$T/again.h5" $set
        check "$set of the reference, $precision" equal "$out" "$T/ref.h5" $set
    done
done
# Several precisions in one file: each in its group what it is alone.
check "two precisions" code 0 "$Q" infer --model $M --weights "${W}_fp32.pth" --weights eight="${W}_int8.pth" -o "$T/two.h5" "${pictures[@]}"
check "a line each" test "$(grep -cE '^mobilenet_v2  (fp32|eight (fbgemm|qnnpack))  ' "$T/log")" = 2
for set in last_conv last_conv_int cam; do
    check "$set beside another" h5diff -q "$T/two.h5" "$out" /eight/$set /$set
done
values() { h5dump -A 0 -w 0 -d "$1" "$2" | sed -n '/DATA {/,$p'; }
check "logits beside another" same "$(values /eight/logits "$T/two.h5")" "$(values /logits "$out")"
check "pixels once" equal "$T/two.h5" "$out" pixels
check "engine of a precision" grep -qE '"(fbgemm|qnnpack)"' <(h5dump -a /eight/logits/engine "$T/two.h5")
check "last_conv_int" shape "$out" last_conv_int "3, 256, 7, 7"
check "its scale" test "$(h5dump -a last_conv_int/scale "$out" | grep -c 'DATASPACE  SCALAR')" = 1
# What inspect says of each node is what lies beside its codes, as one number.
"$Q" inspect --csv $M "${W}_int8.pth" | tr -d '\r' > "$T/nodes.csv"
said() { awk -F, -v node="$1" -v column="$2" '$2 == node { printf "%.6g\n", $column }' "$T/nodes.csv"; }
single() { h5dump -a "$2" "$1" | tr -d '\n' | sed -n 's/.*DATASPACE  SCALAR *DATA {.*(0): \([^ ]*\).*/\1/p'; }
check "every node" code 0 "$Q" infer --model $M --weights "${W}_int8.pth" --tap=all -o "$T/tap.h5" "${pictures[0]}"
for node in $(awk '/^(input|conv|relu6?|add|avgpool|linear) / { print $2 }' $M); do
    for what in scale:13 zero_point:14; do
        check "${what%:*} of $node" same "$(single "$T/tap.h5" "codes/$node/${what%:*}")" "$(said "$node" ${what#*:})"
    done
done
check "what codes there are" same "$(single "$T/tap.h5" "codes/$node/low") $(single "$T/tap.h5" "codes/$node/high")" "0 255"
check "every node of two" code 0 "$Q" infer --model $M --weights "${W}_fp32.pth" --weights "${W}_int8.pth" --tap=all -o "$T/taps.h5" "${pictures[0]}"
check "real values" shape "$T/taps.h5/fp32/values" $node "16, 1, 1"
check "of no codes" test "$(h5dump -A -d "fp32/values/$node" "$T/taps.h5" | grep -c ATTRIBUTE)" = 0
check "codes beside them" same "$(values "/int8/codes/$node" "$T/taps.h5")" "$(values "/codes/$node" "$T/tap.h5")"
check "imitating saturation" code 0 "$Q" infer --model $M --weights "${W}_int8.pth" --engine=fbgemm --numerics.saturate=fbgemm-avx2 \
    -o "$T/sat.h5" "${pictures[0]}"

both=(--model $M --weights "${W}_fp32.pth")
refused 2 "is needed|are needed" --model $M "${pictures[0]}"
refused 2 "there is a precision 'fp32' already" "${both[@]}" --weights "${W}_fp32.pth" "${pictures[0]}"
refused 2 "cannot be called path" "${both[@]}" --weights path="${W}_int8.pth" "${pictures[0]}"
refused 2 "no image" "${both[@]}"
refused 2 "exclude" "${both[@]}" --pixels "$out" "${pictures[0]}"
refused 2 "nearest" "${both[@]}" --preprocess.filter=nearest "${pictures[0]}"
refused 2 "99999" "${both[@]}" --preprocess.resize=99999 "${pictures[0]}"
refused 2 "sse9" "${both[@]}" --isa=sse9 "${pictures[0]}"
refused 2 "wieghts" --model $M --wieghts "${W}_fp32.pth" "${pictures[0]}"
refused 1 "no_such.model" --model "$T/no_such.model" --weights "${W}_fp32.pth" "${pictures[0]}"
refused 1 "no_such.pth" --model $M --weights "$T/no_such.pth" "${pictures[0]}"
refused 1 "${W}_fp32.pth" --model models/mobilenet_v2.model --weights "${W}_fp32.pth" "${pictures[0]}"
refused 1 "no_such.JPEG" "${both[@]}" "${pictures[0]}" "$T/no_such.JPEG"
head -c 3000 "${pictures[0]}" > "$T/short.JPEG"
refused 1 "short.JPEG" "${both[@]}" "${pictures[0]}" "$T/short.JPEG"
refused 1 "no_such.h5: No such file" "${both[@]}" --pixels "$T/no_such.h5"
head -c 100 /dev/zero > "$T/tiny.h5"
refused 1 "tiny.h5: cannot be opened: HDF5: " "${both[@]}" --pixels "$T/tiny.h5"
finish
