#!/usr/bin/env bash
# quantize: the same bytes on any number of ranks and every instruction set, in both formats; the report; the demo network loses
# little; bad input leaves nothing.
. "$(dirname "$0")/common.bash"
M=models/demo/mobilenet_v2.model
W=$WEIGHTS/mobilenet_v2_fp32.pth
[ -f "$W" ] || skip "no $W"
"$Q" synth "$T/images" --images 12 --seed 31 > "$T/log" || exit 1
both=(--model $M --weights "$W" --images "$T/images")
quantize() { "$Q" quantize "${both[@]}" "$@"; }
right() { grep -oE "$2 is right in [0-9]+|$2 in [0-9]+" "$1" | grep -oE '[0-9]+$'; }
# refused CODE PATTERN OPTION...: one sentence, and no file.
refused()
{
    local expected=$1 pattern=$2
    shift 2
    check "exit for $pattern" code "$expected" "$Q" quantize -o "$T/bad.h5" "$@"
    check "the sentence $pattern" grep -qE "^quantcam: .*$pattern" "$T/log"
    check "one line for $pattern" test "$(grep -vcE "left out$|^data\.|^\[hwloc" "$T/log")" = 1
    check "no file for $pattern" test -z "$(ls "$T" | grep bad.h5)"
}

check "quantize" quantize -o "$T/one.safetensors" --csv "$T/one.csv" --json "$T/one.json" > "$T/report" 2> "$T/log"
check "says where the checkpoint is" test "$(tail -1 "$T/log")" = "the quantized checkpoint is $T/one.safetensors"
check "a line a layer" test "$(wc -l < "$T/report")" = "$(($(grep -cE '^(input|conv|linear|add) ' $M) + 5))"
check "csv" test "$(wc -l < "$T/one.csv")" = "$(($(wc -l < "$T/report") - 4))"
check "json" grep -q '"layer": "features.0.0", "op": "conv"' "$T/one.json"
# Counted once more: the largest of infer's logits, a line of h5dump a picture, against the list of classes.
counted() # WEIGHTS
{
    local pictures
    mapfile -t pictures < <(sed "s|,.*||; s|^|$T/images/|" "$T/images/labels.csv")
    "$Q" infer --model $M --weights "$1" -o "$T/counted.h5" "${pictures[@]}" > "$T/log" 2>&1 || return 1
    h5dump -y -w 0 -m %.9g -d /logits "$T/counted.h5" | sed -n '/DATA {/,/}/p' | tr -d ' \n' | tr '{},DAT' '    ' | tr ' ' '\n' | grep . |
        awk 'NR == FNR { class[FNR - 1] = $1; next }
            { i = (FNR - 1) % 16; row = (FNR - 1 - i) / 16; if (i == 0 || $1 > best) { best = $1; top = i }; if (i == 15) right += top == class[row] }
            END { print FNR == 16 * 12 ? right : "not 12 rows of 16" }' <(cut -d, -f2 "$T/images/labels.csv") -
}
check "fp32 right, counted" same "$(right "$T/report" fp32)" "$(counted "$W")"
check "quantized right, counted" same "$(right "$T/report" quantized)" "$(counted "$T/one.safetensors")"
check "int8 about as good" test "$(right "$T/report" quantized)" -ge "$(($(right "$T/report" fp32) - 1))"
for ranks in 2 3; do
    check "$ranks ranks" "$MPIRUN" -np $ranks "$Q" quantize "${both[@]}" -o "$T/ranks.safetensors" > "$T/ranks" 2> "$T/log"
    check "the report of $ranks ranks" cmp "$T/report" "$T/ranks"
    check "the file of $ranks ranks" cmp "$T/one.safetensors" "$T/ranks.safetensors"
done
"$Q" quantize "${both[@]}" --limit 2 --isa=auto -o "$T/auto.safetensors" > "$T/auto" || exit 1
for isa in ref avx2; do
    if "$Q" quantize "${both[@]}" --limit 2 --isa=$isa -o "$T/isa.safetensors" > "$T/log" 2> "$T/err"; then
        check "the file of $isa" cmp "$T/auto.safetensors" "$T/isa.safetensors"
        check "the report of $isa" cmp "$T/auto" "$T/log"
    else
        check "$isa is not there" grep -q "does not have it" "$T/err"
    fi
done

pictures=("$T"/images/*/*.JPEG)
check "as HDF5" code 0 quantize -o "$T/one.h5"
for file in one.safetensors one.h5; do
    check "infer $file" code 0 "$Q" infer --model $M --weights "$T/$file" -o "$T/$file.out" "${pictures[@]:0:2}"
    check "$file is int8, fbgemm" grep -q "int8 fbgemm" "$T/log"
done
check "one network in both" h5diff -q "$T/one.safetensors.out" "$T/one.h5.out" logits
check "relu6 noted" grep -q '"quantcam.relu6":"clamp"' "$T/one.safetensors"

for options in "--engine=qnnpack" "--engine=qnnpack --per=channel" "--activation-bits=7 --observer=minmax --weight-scale=minmax" \
    "--observer=percentile --percentile=99.9 --bias-correction=off" "--equalize=on" \
    "--arithmetic=rounded --weight-bits=16 --activation-bits=16"; do
    check "$options" code 0 quantize --limit 2 -o "$T/other.safetensors" $options
    check "$options change the file" differ "$T/auto.safetensors" "$T/other.safetensors"
done

# Which layer moves the map, and bits chosen by it: the same on any number of ranks; what maps lose is a job's own measure.
check "layers alone" quantize --sensitivity --trials 5 -o "$T/other.safetensors" --csv "$T/alone.csv" > "$T/alone" 2> "$T/log"
check "the file is the same" cmp "$T/one.safetensors" "$T/other.safetensors"
check "worst first" sort -c -s -t, -k17,17gr <(sed 1d "$T/alone.csv")
check "of five pictures" grep -q "^the logits' dB of 5 pictures" "$T/alone"
check "the same layers" cmp <(sed '1,/^layer .* bits w/d; /^$/,$d' "$T/alone" | awk '{ print $1 }' | sort) \
    <(sed '1,/^layer .* drift/d' "$T/alone" | awk '{ print $1 }' | sort)
for ranks in 2 3; do
    check "layers on $ranks ranks" "$MPIRUN" -np $ranks "$Q" quantize "${both[@]}" --sensitivity --trials 5 -o "$T/other.safetensors" \
        > "$T/ranks" 2> "$T/log"
    check "the layers of $ranks ranks" cmp "$T/alone" "$T/ranks"
done
codes() # FILE: bytes of its weights' codes
{
    "$Q" inspect "$1" --csv 2> /dev/null | awk -F, '$1 ~ /[.]weight$/ { bytes += $NF } END { print bytes + 0 }'
}
check "bits for a size" quantize --choose-bytes 110000 --trials 6 -o "$T/mixed.safetensors" > "$T/mixed" 2> "$T/log"
# The last bit taken is at most one of the largest layer's 336 x 112 weights.
check "they fit" test "$(codes "$T/mixed.safetensors")" -le 110000 -a "$(codes "$T/mixed.safetensors")" -gt $((110000 - 336 * 112 / 8))
check "the choice is said" grep -qE "^bits chosen: $(codes "$T/mixed.safetensors") bytes of codes; [0-9]+ networks tried on 6 pictures$" "$T/mixed"
check "and its bits" grep -qE "weights [2-7] to 8 bit per channel" "$T/mixed"
check "and noted" grep -q '"quantcam.chosen":"bytes 110000"' "$T/mixed.safetensors"
check "on three ranks" "$MPIRUN" -np 3 "$Q" quantize "${both[@]}" --choose-bytes 110000 --trials 6 -o "$T/ranks.safetensors" > "$T/ranks" 2> "$T/log"
check "the same choice" cmp "$T/mixed.safetensors" "$T/ranks.safetensors"
check "bits for a drift" code 0 quantize --limit 4 --choose-drift 0.01 -o "$T/drift.safetensors"
check "smaller than 8 bits" test "$(codes "$T/drift.safetensors")" -lt "$(codes "$T/one.safetensors")"
cat > "$T/mixed.conf" << EOF
[data]
images = $T/images
[network n]
model = $M
fp32 = $W
mixed = $T/mixed.safetensors
[precision mixed]
[explain]
steps = 0
[store]
out = $T/mixed.h5
EOF
check "a job of mixed bits" code 0 "$Q" run "$T/mixed.conf" --log=quiet
h5dump -y -w 1 -m %.9g -d /models/n/mixed/vs_fp32/correlation "$T/mixed.h5" | grep -oE '^ *-?[0-9.]+,?$' | tr -d ' ,' > "$T/correlation"
check "the drift is the job's" awk -v said="$(sed -n 's/^maps: drift \([0-9.]*\) .*/\1/p' "$T/mixed")" \
    '{ s += 1 - $1 } END { d = s / NR - said; exit !(NR == 12 && d < 6e-5 && d > -6e-5) }' "$T/correlation"
printf '%s\n' "${pictures[@]:0:3}" > "$T/list"
check "a list" code 0 "$Q" quantize --model $M --weights "$W" --list "$T/list" -o "$T/list.h5"
check "without classes" grep -qE "^3 pictures: [0-3] answers changed$" "$T/log"
mkdir "$T/flat" && cp "${pictures[@]:0:3}" "$T/flat"
check "a flat folder" code 0 "$Q" quantize --model $M --weights "$W" --images "$T/flat" -o "$T/flat.h5"
check "equal to the list" cmp "$T/list.h5" "$T/flat.h5"
head -c 3000 "${pictures[0]}" > "$T/flat/a_short.JPEG"
check "a bad picture on two ranks" code 0 "$MPIRUN" -np 2 "$Q" quantize --model $M --weights "$W" --images "$T/flat" -o "$T/flat.h5"
check "it is named" grep -q "a_short.JPEG cannot be read: left out" "$T/log"
check "the same without it" cmp "$T/list.h5" "$T/flat.h5"
head -4 "$T/images/labels.csv" > "$T/labels.csv"
check "labels" code 0 quantize --labels "$T/labels.csv" -o "$T/labels.h5"
check "with classes" grep -qE "^[34] pictures: [0-4] answers changed; of [34] with a class" "$T/log"

# Few bits: packed, smaller the fewer, run by infer; the file says what it holds.
sizes=()
for precision in int8 w4a8 int2; do
    check "quantize $precision" code 0 quantize --limit 4 --precision=$precision -o "$T/few.safetensors"
    sizes+=("$(stat -c %s "$T/few.safetensors")")
    check "$precision's size is said" grep -q "^file ${sizes[-1]} bytes" "$T/log"
    check "infer $precision" code 0 "$Q" infer --model $M --weights "$T/few.safetensors" -o "$T/few.out" "${pictures[@]:0:2}"
    check "called $precision" grep -q "^mobilenet_v2  $precision fbgemm" "$T/log"
done
check "sizes fall" test "${sizes[0]}" -gt "${sizes[1]}" -a "${sizes[1]}" -gt "${sizes[2]}"
check "codes are packed" grep -q 'bits 2 shape' "$T/few.safetensors"
check "bits are said" grep -q "codes of weights have 2 bits (8 in 2 of [0-9]* layers), of outputs 2 bits (8 in 2 of [0-9]*)$" "$T/log"
check "quantize to bits without a name" code 0 quantize --limit 4 --weight_bits=6 -o "$T/few.safetensors"
check "infer them" code 0 "$Q" infer --model $M --weights "$T/few.safetensors" -o "$T/few.out" "${pictures[0]}"
check "called by their bits" grep -q "^mobilenet_v2  w6a8 fbgemm" "$T/log"
check "quantize rounded" code 0 quantize --limit 4 --precision=int16 -o "$T/few.safetensors"
check "its relu6" code 0 "$Q" infer --model $M --weights "$T/few.safetensors" --relu6=clamp -o "$T/few.out" "${pictures[0]}"
check "called int16" grep -q "^mobilenet_v2  int16  " "$T/log"

# Back: the fp32 checkpoint of an int8 one answers alike, and can be quantized again.
check "dequantize" code 0 "$Q" quantize --model $M --dequantize "$T/one.safetensors" -o "$T/back.safetensors"
check "infer it" code 0 "$Q" infer --model $M --weights "$T/back.safetensors" -o "$T/back.out" "${pictures[@]:0:2}"
check "it is folded" grep -q "folded into the weights already" "$T/log"
check "near the int8 one" h5diff -d 2 "$T/back.out" "$T/one.safetensors.out" logits
check "of torch's too" code 0 "$Q" quantize --model $M --dequantize "$WEIGHTS/mobilenet_v2_int8.pth" -o "$T/torch.h5"

# torch_runs NETWORK ENGINE ENDING OPTION...: PyTorch gives the same logits of the same file. Its fbgemm saturates without VNNI.
torch_runs()
{
    local net=$1 engine=$2 file=$T/torch.$3 saturate=off
    shift 3
    [ $engine = qnnpack ] || grep -q avx512_vnni /proc/cpuinfo || saturate=fbgemm-avx2
    check "quantize $net" "$Q" quantize --model models/demo/$net.model --weights "$WEIGHTS/${net}_fp32.pth" --images "$T/images" \
        --limit 2 --engine=$engine -o "$file" "$@" > "$T/log"
    check "infer $net" "$Q" infer --model models/demo/$net.model --weights "$file" --engine=$engine --numerics.saturate=$saturate -o "$T/torch.out" \
        "${pictures[@]:0:2}" > "$T/log"
    check "PyTorch's logits of $net" code 0 "$QUANTCAM_PYTHON" analysis/load_quantized.py demo:$net "$file" "$T/torch.out"
}
if [ -n "${QUANTCAM_PYTHON:-}" ] && "$QUANTCAM_PYTHON" -c 'import torchvision, h5py' 2> /dev/null; then
    torch_runs resnet18 fbgemm h5 --activation-bits=7
    torch_runs mobilenet_v2 qnnpack safetensors
    torch_runs resnet18 fbgemm safetensors --precision=int4
    torch_runs mobilenet_v2 qnnpack safetensors --precision=w4a2
    torch_runs shufflenet_v2_x0_5 fbgemm safetensors --precision=int2
else
    echo "skip: the file in PyTorch (QUANTCAM_PYTHON has no torchvision)"
fi

refused 2 "are needed" --model $M --images "$T/images"
refused 2 "FOLDER or --list" --model $M --weights "$W"
refused 2 "exclude" "${both[@]}" --list "$T/list" --labels "$T/labels.csv"
refused 1 "a choice of 9 bytes: codes of 2 bits in every layer take [0-9]* already: ask for more" "${both[@]}" --choose-bytes 9
refused 1 "a choice of drift 1e-06: with weights of 8 bits in every layer the maps drift by" "${both[@]}" --limit 4 --choose-drift 1e-6
refused 2 "has no effect: --choose-bytes chooses" "${both[@]}" --choose-bytes 90000 --weight-bits 4
refused 2 "has no effect: --choose-bytes chooses" "${both[@]}" --choose-bytes 90000 --choose-drift 0.1
refused 2 "has no effect: --sensitivity, --choose-bytes or" "${both[@]}" --trials 9
refused 1 "weights of 9 bits: integer arithmetic has 2 to 8" "${both[@]}" --weight-bits 9
refused 2 "int5 is none of int16, int8" "${both[@]}" --precision int5
refused 2 "has no effect: --dequantize needs" --model $M --dequantize "$WEIGHTS/mobilenet_v2_int8.pth" --images "$T/images"
refused 1 "real numbers already" --model $M --dequantize "$W"
refused 2 "sse9" "${both[@]}" --isa=sse9
refused 1 "no_such.pth" --model $M --weights "$T/no_such.pth" --images "$T/images"
refused 1 "a quantized checkpoint" --model $M --weights "$WEIGHTS/mobilenet_v2_int8.pth" --images "$T/images"
refused 1 "no_such" --model $M --weights "$W" --images "$T/no_such"
mkdir "$T/empty"
refused 1 "no class folders" --model $M --weights "$W" --images "$T/empty"
rm "$T"/flat/img*
refused 1 "a_short.JPEG: none of 1" --model $M --weights "$W" --images "$T/flat"
refuse "another ending" 2 "-o OUT.h5 or -o OUT.safetensors is needed" quantize -o "$T/one.pth"
finish
