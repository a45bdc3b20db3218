#!/usr/bin/env bash
# Deployed networks against LiteRT, every integer of every tensor, from the pixels on, in two readings
# (tests/oracles/compare_deployed.py): the shared networks, and small ones of rarer ops (make_tflite.py). QUANTCAM_PICTURES: how
# many photographs (1); of several, the small networks also with other weights and extents. QUANTCAM_TFLITE: a folder of more files
# (make_keras.py). Oracles are made once, by the shared deployed_oracle.py, in $QUANTCAM_ORACLES (build/oracles).
. "$(dirname "$0")/oracle.bash"
python=$(python_with "h5py, numpy, PIL, ai_edge_litert") || skip "no Python with h5py, numpy, PIL and ai_edge_litert"
program=${B:-build/release}/tests/oracles/deployed
oracles=${QUANTCAM_ORACLES:-build/oracles}/deployed
oracle=$shared/oracle-tools/deployed_oracle.py
cifar=$shared/data/cifar10-lossless/test_10000.bin.gz
pictures=${QUANTCAM_PICTURES:-1} more=()
[ "$pictures" = 1 ] || more=(100:16 200:23)
real=(--input "resize squash bilinear mean 0 0 0 std 0.00392156862745098 0.00392156862745098 0.00392156862745098")
[ -x "$program" ] || { echo "$program is not built"; exit 1; }
[ -f "$oracle" ] || skip "no $oracle"
mkdir -p "$oracles"

one() # FILE READING COUNT
{
    local from=$shared/data/imagenet-sample name out said=()
    name=$(basename "$1" .tflite)
    out=$oracles/$name-$2-$3.h5
    if [[ $name == *cifar10* ]]; then
        from=$oracles/cifar.h5:/pixels
        [ -f "$oracles/cifar.h5" ] || "$python" tests/oracles/cifar_pixels.py "$cifar" "$oracles/cifar.h5" 100 || return 1
    fi
    [ "$out" -nt "$1" ] || "$python" "$oracle" run "$1" "$from" "$out" --reading "$2" --images "$3" > /dev/null 2> "$T/log" ||
        { tail -1 "$T/log"; return 1; }
    [[ $name != *float* ]] || said=("${real[@]}")
    [[ $name == *float* ]] || said+=(--engine "tflite-$2")
    "$python" tests/oracles/compare_deployed.py "$program" "$1" "$out" "${said[@]}"
}
all()
{
    local f set reading rc=0
    [ -f "$oracles/made/apart_int8.tflite" ] || "$python" tests/oracles/make_tflite.py "$oracles/made" 2> /dev/null || return 1
    # The same ops with other weights and extents: of XNNPACK's means some round otherwise where zero points are added later.
    for f in "${more[@]}"; do
        [ -d "$oracles/made$f" ] || "$python" tests/oracles/make_tflite.py "$T/made" "${f%:*}" "${f#*:}" 2> /dev/null || return 1
        [ -d "$oracles/made$f" ] || { mkdir "$oracles/made$f"; for g in "$T"/made/*int8.tflite; do cp "$g" "$oracles/made$f/${f%:*}_$(basename "$g")"; done; }
    done
    for reading in reference xnnpack; do
        for f in "$shared"/data/weights/*.tflite ${QUANTCAM_TFLITE:+"$QUANTCAM_TFLITE"/*.tflite}; do
            [ ! -f "$f" ] || one "$f" "$reading" "$pictures" || rc=1
        done
        for set in made "${more[@]/#/made}"; do
            for f in "$oracles/$set"/*.tflite; do
                one "$f" "$reading" "$pictures" || rc=1
            done
        done
    done
    return $rc
}
compared all
