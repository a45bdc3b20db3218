#!/usr/bin/env bash
# Networks of one job that see their pictures in ways of their own: squashed, smaller, another CAM layer.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12
"$Q" synth "$T/images" --images 12 --seed 7 > /dev/null 2>&1
# The same network three times: as it is, squashed, and squashed to a frame that is not square.
sed '/^input/s/resize 256 bilinear  crop 224/resize squash bilinear/' models/demo/mobilenet_v2.model > "$T/squash.model"
sed '/^input/s/3 224 224  resize 256 bilinear  crop 224/3 160 192  resize squash bicubic/' models/demo/mobilenet_v2.model > "$T/wide.model"
check "the descriptions differ" test "$(cat "$T/squash.model" "$T/wide.model" | grep -c 'resize squash')" = 2
network() { printf '[network %s]\nmodel = %s\nfp32 = %s\nint8 = %s\n%s\n' "$1" "$2" "$WEIGHTS/mobilenet_v2_fp32.pth" "$WEIGHTS/mobilenet_v2_int8.pth" "$3"; }
rest() { sed -n '/^\[subset\]/,$p' "$T/job.conf"; }
job() { sed -n '1,/^\[network/p' "$T/job.conf" | sed '$d' > "$1"; cat >> "$1"; rest >> "$1"; }
{ network crop models/demo/mobilenet_v2.model; network squash "$T/squash.model"; network wide "$T/wide.model"; } | job "$T/all.conf"
check "three pipelines in one job" code 0 "$Q" run "$T/all.conf" --log=normal -o "$T/all.h5"
check "each is said" test "$(grep -cE 'resize (256 bilinear crop 224 224|squash bilinear size 224 224|squash bicubic size 160 192) channels 3 pillow 13$' "$T/log")" = 3
check "verify" code 0 "$Q" verify "$T/all.h5"
check "show" code 0 "$Q" show "$T/all.h5"
check "report" code 0 "$Q" report "$T/all.h5" -o "$T/report"
# Panels as each network sees its pictures: 160 x 192 beside 224 x 224, three a row with gaps of 4.
extents() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'; }
check "the gallery's pictures" test "$(extents "$T/report/gallery/wide_top01.png")" = "584 160"
check "figure 3" test "$(extents "$T/report/figure_3.png")" = "680 616"
# Equal to a job of each network alone.
# same_data FILE SET FILE [SET]: the same bytes.
same_data() { h5dump -d "$2" -b LE -o "$T/a.bin" "$1" > /dev/null && h5dump -d "${4:-$2}" -b LE -o "$T/b.bin" "$3" > /dev/null && cmp "$T/a.bin" "$T/b.bin"; }
for net in crop squash wide; do
    case $net in crop) model=models/demo/mobilenet_v2.model ;; *) model=$T/$net.model ;; esac
    network $net "$model" | job "$T/$net.conf"
    check "$net alone" code 0 "$Q" run "$T/$net.conf" -o "$T/$net.h5"
    for data in fp32/logits int8/cam int8/vs_fp32/rmse_aligned int8/wsol/iou fp32/wsol/right subset/image subset/int8/deletion_curve subset/fp32/cam_u8; do
        check "$net: $data" same_data "$T/all.h5" /models/$net/$data "$T/$net.h5"
    done
done
check "one list of pictures" same_data "$T/all.h5" /images/sha256 "$T/wide.h5"
sha256sum "$T"/images/*/*.JPEG | cut -d' ' -f1 | sort > "$T/files"
check "the files' own hashes" test "$(h5dump -d /images/sha256 "$T/all.h5" | grep -o '[0-9a-f]\{64\}' | sort)" = "$(cat "$T/files")"
check "frames of their own" test "$(h5ls -r "$T/all.h5" | grep -cE '^/models/(crop/y +Dataset \{224\}|wide/y +Dataset \{160\}|wide/x +Dataset \{192\})')" = 3
# The job's own words take the place of the descriptions'.
check "all squashed" code 0 "$Q" run "$T/crop.conf" --preprocess.resize=squash -o "$T/squashed.h5"
check "as the description's squash" same_data "$T/squashed.h5" /models/crop/fp32/logits "$T/squash.h5" /models/squash/fp32/logits
refuse "no resize" 2 "preprocess.resize = 'sqash': model, squash or a short side" "$Q" run "$T/crop.conf" --preprocess.resize=sqash -o "$T/none.h5"
# 3 ranks, dynamically.
check "3 ranks" run 3 "$T/all.conf" --schedule=dynamic -o "$T/ranks.h5"
check "the digest" same "$(digest "$T/all.h5")" "$(digest "$T/ranks.h5")"
# Another layer.
network crop models/demo/mobilenet_v2.model 'cam.layer = features.17.conv.2' | job "$T/layer.conf"
check "another layer" code 0 "$Q" run "$T/layer.conf" --log=normal -o "$T/layer.h5"
check "it is said" grep -q 'CAM layer features.17.conv.2, after features.17.conv.3 112 x 7 x 7 ' "$T/log"
check "the answers are the same" same_data "$T/layer.h5" /models/crop/int8/logits "$T/crop.h5"
check "the maps are not" test "$(h5ls -r "$T/layer.h5" | sed -n 's/^\/models\/crop\/channel //p')" != "$(h5ls -r "$T/crop.h5" | sed -n 's/^\/models\/crop\/channel //p')"
check "verify of another layer" code 0 "$Q" verify "$T/layer.h5"
refuse "a resume with another layer" 1 'network.crop.cam.layer is' "$Q" run "$T/crop.conf" -o "$T/layer.h5"
refuse "no such layer" 2 "the CAM layer 'features.17.conv.4' is no node of .* \(did you mean 'features.17" "$Q" run "$T/crop.conf" --network.crop.cam.layer=features.17.conv.4 -o "$T/none.h5"
refuse "a layer without a map" 2 'it has no map' "$Q" run "$T/crop.conf" --network.crop.cam.layer=classifier.1 -o "$T/none.h5"
refuse "ablation elsewhere" 1 'ablation needs a classifier of global pooling of the CAM layer features.17.conv.2' "$Q" run "$T/layer.conf" --method=eigen,ablation -o "$T/none.h5"
check "gradients at another layer" code 0 "$Q" run "$T/layer.conf" --method=eigen,gradcampp,layercam --explain.steps=0 -o "$T/layercam.h5"
check "a map of them that is not empty" grep -q '(0): 0, 0, 0' <(h5dump -d "/models/crop/int8/degenerate_gradcampp" "$T/layercam.h5")
# A convolution before its batch normalisation: of real and of rounded numbers.
before='features.17.conv.2 before bn'
refuse "integers of a file" 2 "mobilenet_v2_int8.pth: the CAM layer $before is of real or rounded numbers" "$Q" run "$T/crop.conf" --network.crop.cam.layer="$before" -o "$T/none.h5"
network crop models/demo/mobilenet_v2.model "int16 = quantize
paper2 = quantize
cam.layer = $before" | sed '/^int8/d' | job "$T/before.conf"
"$Q" synth "$T/calibration" --images 4 --seed 41 > /dev/null || exit 1
printf '[quantize]\nimages = %s\n' "$T/calibration" >> "$T/before.conf"
sed 's/^paper2/int8/' "$T/before.conf" > "$T/before_int8.conf"
refuse "integers to be made" 2 "leave out the precisions of integers, or say cam.layer = features.17.conv.2$" "$Q" run "$T/before_int8.conf" -o "$T/none.h5"
maps=(--method=eigen,gradcampp,layercam --explain.steps=0)
check "before batch normalisation" code 0 "$Q" run "$T/before.conf" "${maps[@]}" --log=normal -o "$T/before.h5"
check "before: it is said" grep -q 'CAM layer features.17.conv.2, before features.17.conv.3 112 x 7 x 7 ' "$T/log"
check "before: verify" code 0 "$Q" verify "$T/before.h5"
check "before: a map that is not empty" grep -q '(0): 0, 0, 0' <(h5dump -d "/models/crop/paper2/degenerate_gradcampp" "$T/before.h5")
for file in "$T"/before.h5.*.safetensors; do cp "$file" "$T/before3.h5${file#"$T/before.h5"}"; done
check "before: 3 ranks, ref" run 3 "$T/before.conf" "${maps[@]}" --isa=ref -o "$T/before3.h5"
check "before: the digest" same "$(digest "$T/before.h5")" "$(digest "$T/before3.h5")"
refuse "before: ablation" 1 'ablation needs a classifier of global pooling' "$Q" run "$T/before.conf" --method=eigen,ablation -o "$T/none.h5"
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)
check "explain, not square" code 0 "$Q" explain --model "$T/wide.model" --weights "$WEIGHTS/mobilenet_v2_fp32.pth" --steps=0 "$picture" -o "$T/wide.png"
check "explain, not square: its picture" test "$(extents "$T/wide.png")" = "388 160"
both=(--model models/demo/mobilenet_v2.model --weights "$WEIGHTS/mobilenet_v2_fp32.pth")
check "infer, another layer, squashed" code 0 "$Q" infer "${both[@]}" --cam.layer=features.17.conv.2 --resize=squash "$picture" -o "$T/infer.h5"
check "infer: its maps" grep -qE '^/last_conv +Dataset \{1, [0-9]+, 7, 7\}' <(h5ls -r "$T/infer.h5")
check "explain, another layer" code 0 "$Q" explain "${both[@]}" --cam.layer=features.17.conv.2 --steps=0 "$picture" -o "$T/explain.png"
check "infer, before batch normalisation" code 0 "$Q" infer "${both[@]}" --cam.layer="$before" --tap=all "$picture" -o "$T/before_infer.h5"
check "infer: the layer is the convolution's" same_data "$T/before_infer.h5" /last_conv "$T/before_infer.h5" /values/features.17.conv.2
check "infer: behind it the batch normalisation" grep -qE '^/values/features.17.conv.3 +Dataset' <(h5ls -r "$T/before_infer.h5")
# The same in a description's own words.
sed -E 's/^(conv  features.17.conv.2 .*)  bn (features.17.conv.3)( eps .*)/\1\nbatchnorm \2 features.17.conv.2 weight \2\3/
    s/^(conv  features.18.0) features.17.conv.2 /\1 features.17.conv.3 /; s/^cam .*/cam features.17.conv.2/' models/demo/mobilenet_v2.model > "$T/apart.model"
check "infer, a description with the batch normalisation apart" code 0 "$Q" infer --model "$T/apart.model" "${both[@]:2}" --cam=gradcampp "$picture" -o "$T/apart.h5"
check "infer, the same by cam.layer" code 0 "$Q" infer "${both[@]}" --cam.layer="$before" --cam=gradcampp "$picture" -o "$T/before_cam.h5"
for data in logits last_conv cam; do check "apart: $data" same_data "$T/apart.h5" /$data "$T/before_cam.h5"; done
check "explain, before batch normalisation" code 0 "$Q" explain "${both[@]}" --cam.layer="$before" --steps=0 "$picture" -o "$T/explain.png"
refuse "explain: --cam.layer beside --job" 2 'cam.layer = .* has no effect' "$Q" explain "$picture" --job "$T/crop.conf" --cam.layer=features.17.conv.2
finish
