#!/usr/bin/env bash
# The campaign against PyTorch (tests/oracles/campaign.py) with one small network: as torchvision makes it, and with activations of
# 8 bits, whose sums saturate on AVX2. The whole campaign: tests/oracles/campaign.py --seeds A,B,C
. "$(dirname "$0")/oracle.bash"
[ -f "$shared/oracle-tools/make_oracle.py" ] || skip "no $shared/oracle-tools/make_oracle.py"
needs "h5py, numpy, PIL, torch, torchvision"
export QUANTCAM_SHARED=$shared OMP_NUM_THREADS=1
campaign() { "$python" tests/oracles/campaign.py --networks shufflenet_v2_x0_5:fbgemm --images 1 "$@"; }
for more in --seeds=21 "--seeds=22 --eight-bit"; do
    check "the campaign $more" campaign $more
done
finish
