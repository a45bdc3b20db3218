#!/usr/bin/env bash
# Rounded precisions against torch.fake_quantize (tests/oracles/compare_rounded.py): a demo network of 16 and of 4 bits. Networks of the
# second study: oracle_networks.sh.
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
M=models/demo/mobilenet_v2.model
"$Q" synth "$T/images" --images 4 --seed 3 > /dev/null
for p in int16 int4; do
    "$Q" quantize --model $M --weights models/demo/mobilenet_v2_fp32.pth --images "$T/images" \
        --arithmetic=rounded --precision=$p -o "$T/$p.safetensors" > /dev/null 2> "$T/log" || { cat "$T/log"; exit 1; }
done
compared bash -c 'for p in int16 int4; do "$1" tests/oracles/compare_rounded.py "$2" "$3/$p.safetensors" "$4" || exit; done' - \
    "$python" $M "$T" "$(find "$T/images" -name '*_000000.JPEG')"
