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
check "all squashed" code 0 "$Q" run "$T/crop.conf" --resize=squash -o "$T/squashed.h5"
check "as the description's squash" same_data "$T/squashed.h5" /models/crop/fp32/logits "$T/squash.h5" /models/squash/fp32/logits
refuse "no resize" 2 "preprocess.resize = 'sqash': model, squash or a short side" "$Q" run "$T/crop.conf" --resize=sqash -o "$T/none.h5"
# 3 ranks, dynamically.
check "3 ranks" run 3 "$T/all.conf" --schedule=dynamic -o "$T/ranks.h5"
check "the digest" same "$(digest "$T/all.h5")" "$(digest "$T/ranks.h5")"
# Another layer.
network crop models/demo/mobilenet_v2.model 'cam.layer = features.17.conv.2' | job "$T/layer.conf"
check "another layer" code 0 "$Q" run "$T/layer.conf" --log=normal -o "$T/layer.h5"
check "it is said" grep -q 'CAM layer features.17.conv.2 ' "$T/log"
check "the answers are the same" same_data "$T/layer.h5" /models/crop/int8/logits "$T/crop.h5"
check "the maps are not" test "$(h5ls -r "$T/layer.h5" | sed -n 's/^\/models\/crop\/channel //p')" != "$(h5ls -r "$T/crop.h5" | sed -n 's/^\/models\/crop\/channel //p')"
check "verify of another layer" code 0 "$Q" verify "$T/layer.h5"
refuse "a resume with another layer" 1 'network.crop.cam.layer is' "$Q" run "$T/crop.conf" -o "$T/layer.h5"
refuse "no such layer" 2 "the CAM layer 'features.17.conv.3' is no node of .* \(did you mean 'features.17" "$Q" run "$T/crop.conf" --network.crop.cam.layer=features.17.conv.3 -o "$T/none.h5"
refuse "a layer without a map" 2 'it has no map' "$Q" run "$T/crop.conf" --network.crop.cam.layer=classifier.1 -o "$T/none.h5"
refuse "ablation elsewhere" 1 'ablation needs a classifier of global pooling of the CAM layer features.17.conv.2' "$Q" run "$T/layer.conf" --method=eigen,ablation -o "$T/none.h5"
check "gradients at another layer" code 0 "$Q" run "$T/layer.conf" --method=eigen,gradcampp,layercam --explain.steps=0 -o "$T/layercam.h5"
check "a map of them that is not empty" grep -q '(0): 0, 0, 0' <(h5dump -d "/models/crop/int8/degenerate_gradcampp" "$T/layercam.h5")
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)
check "explain, not square" code 0 "$Q" explain --model "$T/wide.model" --weights "$WEIGHTS/mobilenet_v2_fp32.pth" --steps=0 "$picture" -o "$T/wide.png"
check "explain, not square: its picture" test "$(extents "$T/wide.png")" = "388 160"
both=(--model models/demo/mobilenet_v2.model --weights "$WEIGHTS/mobilenet_v2_fp32.pth")
check "infer, another layer, squashed" code 0 "$Q" infer "${both[@]}" --cam.layer=features.17.conv.2 --resize=squash "$picture" -o "$T/infer.h5"
check "infer: its maps" grep -qE '^/last_conv +Dataset \{1, [0-9]+, 7, 7\}' <(h5ls -r "$T/infer.h5")
check "explain, another layer" code 0 "$Q" explain "${both[@]}" --cam.layer=features.17.conv.2 --steps=0 "$picture" -o "$T/explain.png"
refuse "explain: --cam.layer beside --job" 2 'cam.layer = .* has no effect' "$Q" explain "$picture" --job "$T/crop.conf" --cam.layer=features.17.conv.2
finish
