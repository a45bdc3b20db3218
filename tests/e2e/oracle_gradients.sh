#!/usr/bin/env bash
# Gradients and maps against torch.autograd, pytorch-grad-cam and torchcam (tests/oracles/compare_gradients.py): the demo's networks in
# fp32, of integers and rounded; networks with real weights; 20 photographs.
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
compare() { "$python" tests/oracles/compare_gradients.py "$@"; }
demo=models/demo
"$Q" synth "$T/images" --images 4 --seed 3 > /dev/null
picture=$(find "$T/images" -name '*_000000.JPEG')

quantized() # NETWORK NAME OPTION...
{
    "$Q" quantize --model "$demo/$1.model" --weights "$demo/$1_fp32.pth" --images "$T/images" "${@:3}" \
        -o "$T/$2.safetensors" > /dev/null 2> "$T/log" || { cat "$T/log"; exit 1; }
    compare "$demo/$1.model" "$T/$2.safetensors" image "$picture" || exit 1
}
all()
{
    local data=$shared/data
    compare $demo/mobilenet_v3_large.model $demo/mobilenet_v3_large_fp32.pth image "$picture" || return 1
    quantized mobilenet_v3_large v3_int8 --precision=int8
    quantized shufflenet_v2_x0_5 shuffle_int8 --precision=int8
    quantized mobilenet_v2 int4 --arithmetic=rounded --precision=int4
    [ -d "$data/weights" ] || return 0
    compare models/squeezenet1_1.model "$data/weights/squeezenet1_1_ncnn.pth" image,features.12 "$picture" || return 1
    compare models/mobilenet_v2.model "$data/weights/mobilenet_v2_coral.pth" image,features.18.2 "$picture" || return 1
    compare models/efficientnet_lite0.model "$data/weights/efficientnet-lite0-57934424.pth" image,head_relu6 "$picture" || return 1
    compare models/resnet20_cifar10.model "$data/weights/resnet20_cifar10-12fca82f.th" image "$picture" || return 1
    has "pytorch_grad_cam, torchcam, torchvision" || { echo "skip: maps ($python has no pytorch_grad_cam, torchcam)"; return 0; }
    compare before-bn $(ls "$data"/imagenet-sample/*.JPEG | head -2) || return 1
    compare cams squeezenet1_1 "$data/weights/squeezenet1_1_ncnn.pth" $(ls "$data"/imagenet-sample/*.JPEG | head -20)
}
compared all
