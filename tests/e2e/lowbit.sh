#!/usr/bin/env bash
# Trained low-bit networks as precisions of a job: one digest however it is run; what inspect, infer and dry runs say of them; what they
# are refused for. (Their numbers: oracle_lowbit.sh, tests/engine/test_lowbit.c.)
. "$(dirname "$0")/common.bash"
python=$(python_with "json") || skip "no Python"
"$python" tests/e2e/make_lowbit.py "$T" || exit 1
"$Q" synth "$T/images" --images 12 --seed 7 > /dev/null || exit 1
cat > "$T/job.conf" <<JOB
[data]
images = $T/images
boxes = $T/images/boxes.csv
[network small]
model = $T/net.model
fp32 = $T/fp32.safetensors
4bit = $T/4bit.safetensors
2bit = $T/2bit.safetensors
8bit = $T/8bit.safetensors
[precision 4bit]
[precision 2bit]
[precision 8bit]
[cam]
method = eigen,gradcam,gradcampp,cam,ablation
[explain]
steps = 6
JOB
check "two ranks" run 2 "$T/job.conf" --out="$T/2.h5"
whole=$(digest "$T/2.h5")
check "complete" code 0 "$Q" verify "$T/2.h5"
for how in "1 auto" "3 ref" "1 avx2"; do
    out=${how/ /-}
    check "$how" run "${how% *}" "$T/job.conf" --out="$T/$out.h5" --isa="${how#* }"
    check "$how: the same digest" same "$(digest "$T/$out.h5")" "$whole"
done
check "show" code 0 "$Q" show "$T/2.h5"
check "show names them" grep -qF 'fp32 (real numbers), 4bit (4 bits), 2bit (2 bits), 8bit (8 bits)' "$T/log"
check "report" code 0 "$Q" report "$T/2.h5" -o "$T/report"
check "quantization statistics of 2 bits" code 0 "$Q" inspect "$T/2.h5"
check "they are there" grep -qE 'entropy_int' "$T/log"

# Real values at the CAM layer, and a second network that has codes there.
sed 's/^avgpool mean relu3/hardswish curve relu3\navgpool mean curve/; s/^cam relu3/cam curve/' "$T/net.model" > "$T/curve.model"
sed '/^8bit/d; /^2bit/d; /8bit]/d; /2bit]/d; s/^method.*/method = eigen,gradcam/' "$T/job.conf" > "$T/short.conf"
check "real values: one rank" run 1 "$T/short.conf" --out="$T/real.h5" --network.small.model="$T/curve.model"
check "real values: two ranks, ref" run 2 "$T/short.conf" --out="$T/real2.h5" --network.small.model="$T/curve.model" --isa=ref
check "real values: the same digest" same "$(digest "$T/real.h5")" "$(digest "$T/real2.h5")"
check "real values are stored" code 0 "$Q" inspect "$T/real.h5"
check "real values are stored as such" grep -qE 'subset/4bit/activation .*f32' "$T/log"
printf '[network curve]\nmodel = %s\nfp32 = %s\n4bit = %s\n' "$T/curve.model" "$T/fp32.safetensors" "$T/4bit.safetensors" >> "$T/short.conf"
refuse "codes and real values" 1 "its CAM layer curve has real values, and network.small.4bit codes: choose nodes that are alike" "$Q" run "$T/short.conf" --out="$T/no.h5"

# A file alone.
check "inspect" code 0 "$Q" inspect "$T/net.model" "$T/2bit.safetensors"
check "inspect names the arithmetic" grep -qE '^arithmetic +pact, of a trained low-bit network' "$T/log"
check "inspect counts the bits" grep -qE '^precision +codes, weights of 2 bits per tensor, outputs of 2 bits' "$T/log"
check "the checkpoint's own list" code 0 "$Q" inspect "$T/2bit.safetensors"
check "with packed bytes" grep -qE '^conv3.weight +32x32x3x3 +s8 +per tensor +2 .* 2,304$' "$T/log"
image=$(find "$T/images" -name '*.JPEG' | sort | head -1)
check "infer" code 0 "$Q" infer --model "$T/net.model" --weights "$T/4bit.safetensors" --tap=all --gradient=image -o "$T/out.h5" "$image"
check "infer names it" grep -qE '^small +pact-w4a4 pact ' "$T/log"
check "explain" code 0 "$Q" explain --model "$T/net.model" --weights "$T/fp32.safetensors" --weights "$T/2bit.safetensors" --output="$T/e" "$image"
check "fp32 of its weights" code 0 "$Q" quantize --model "$T/net.model" --dequantize "$T/4bit.safetensors" -o "$T/back.safetensors"
check "runs" code 0 "$Q" infer --model "$T/net.model" --weights "$T/back.safetensors" -o "$T/out.h5" "$image"

# Refused.
refuse "an engine" 1 "has an arithmetic of its own, pact: leave engine out" "$Q" infer --model "$T/net.model" \
    --weights "$T/4bit.safetensors" --engine=fbgemm -o "$T/out.h5" "$image"
refuse "rounded" 1 "weights of codes of integers, but network.small.4bit names it, which is of rounded numbers" "$Q" run "$T/job.conf" --out="$T/no.h5" --precision.4bit.arithmetic=rounded
refuse "a layer before its PACT" 2 "the CAM layer conv3 stands before its PACT" "$Q" infer --model "$T/net.model" \
    --weights "$T/4bit.safetensors" --cam.layer=conv3 -o "$T/out.h5" "$image"
refuse "saturation" 2 "pact's sums do not saturate" "$Q" infer --model "$T/net.model" --weights "$T/4bit.safetensors" \
    --numerics.saturate=fbgemm-avx2 -o "$T/out.h5" "$image"
finish
