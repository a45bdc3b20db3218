#!/usr/bin/env bash
# Maps by a list of methods: stored, compared, shown, and the same for every rank count and instruction set.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12
all=eigen,cam,gradcam,layercam,gradcampp,gradcampp-eps,gradcampp-torchcam,hirescam,xgradcam,eigengrad,ablation,uncentred

has()    { h5ls -r "$1" | grep -qE "^$2 +Dataset \{$3\}"; }
# equal FILE SET FILE SET: the same values.
equal()
{
    h5dump -d "$2" -b LE -o "$T/a.bin" "$1" > /dev/null && h5dump -d "$4" -b LE -o "$T/b.bin" "$3" > /dev/null && cmp "$T/a.bin" "$T/b.bin"
}
hasnot() { h5ls -r "$1" > "$T/listed" && lacks "$T/listed" "$2"; }

check "eigen alone" "$Q" run "$T/job.conf" --explain.steps=0
eigen=$(digest "$T/out.h5")
check "eigen alone has no other maps" hasnot "$T/out.h5" "cam_layercam|/method|_layercam"
check "eigen, said aloud" "$Q" run "$T/job.conf" --explain.steps=0 --method=eigen --out="$T/said.h5"
check "eigen, said aloud: the same digest" same "$(digest "$T/said.h5")" "$eigen"

check "two methods" "$Q" run "$T/job.conf" --explain.steps=0 --method=eigen,layercam --out="$T/two.h5"
check "its maps" has "$T/two.h5" /models/mobile/int8/cam_layercam "12, 7, 7"
check "their RMSE" has "$T/two.h5" /models/shuffle/int8/vs_fp32/rmse_layercam 12
check "their correlation" has "$T/two.h5" /models/shuffle/int8/vs_fp32/correlation_layercam 12
check "the summary" has "$T/two.h5" /summary/measures/int8/vs_fp32/rmse_layercam/mean "2, 4"
check "the list's order does not count" "$Q" run "$T/job.conf" --explain.steps=0 --method=layercam,eigen --out="$T/turned.h5"
check "the list's order: the same digest" same "$(digest "$T/turned.h5")" "$(digest "$T/two.h5")"
check "another list: another digest" other "$(digest "$T/two.h5")" "$eigen"
refuse "a resume with another list" 1 "cam.method is 'eigen,layercam' there, 'eigen,cam' here" "$Q" run "$T/job.conf" --explain.steps=0 --method=eigen,cam --out="$T/two.h5"
check "eigen is shown" "$Q" show "$T/out.h5" > "$T/shown"
check "eigen alone: no table of methods" lacks "$T/shown" "RMSE, layercam"
check "all are shown" "$Q" show "$T/two.h5" > "$T/shown"
check "a table of methods" grep -q "RMSE, layercam" "$T/shown"
check "verify" code 0 "$Q" verify "$T/two.h5"
refuse "a class for nobody" 2 "^quantcam: .*cam.class" "$Q" run "$T/job.conf" --cam.class=own --out="$T/none.h5"
check "each precision's own class" "$Q" run "$T/job.conf" --explain.steps=0 --method=eigen,layercam --cam.class=own --out="$T/own.h5"
check "the first precision's maps are the same" equal "$T/own.h5" /models/mobile/fp32/cam_layercam "$T/two.h5" /models/mobile/fp32/cam_layercam
refuse "a resume with another class" 1 "cam.class is 'own' there, 'reference' here" "$Q" run "$T/job.conf" --explain.steps=0 --method=eigen,layercam --out="$T/own.h5"
refuse "without eigen" 2 "^quantcam: .*eigen" "$Q" run "$T/job.conf" --method=layercam --out="$T/none.h5"
refuse "an unknown one" 2 "^quantcam: .*scorecam" "$Q" run "$T/job.conf" --method=eigen,scorecam --out="$T/none.h5"

check "all methods" "$Q" run "$T/job.conf" --explain.steps=0 --method=$all --out="$T/all.h5"
first=$(digest "$T/all.h5")
check "3 ranks" run 3 "$T/job.conf" --explain.steps=0 --method=$all --out="$T/ranks.h5"
check "3 ranks: the same digest" same "$(digest "$T/ranks.h5")" "$first"
check "ref" "$Q" run "$T/job.conf" --explain.steps=0 --method=$all --isa=ref --out="$T/ref.h5"
check "ref: the same digest" same "$(digest "$T/ref.h5")" "$first"

# infer's maps of the same pictures, in the list's order, are the job's.
mapfile -t pictures < <(cd "$T/images" && LC_ALL=C ls -d */*.JPEG | sed "s|^|$T/images/|")
for method in cam ablation uncentred; do
    check "infer --cam=$method" code 0 "$Q" infer --model models/demo/mobilenet_v2.model --weights "$WEIGHTS/mobilenet_v2_int8.pth" \
        --cam=$method -o "$T/infer.h5" "${pictures[@]}"
    check "infer's $method is the job's" equal "$T/infer.h5" /cam "$T/all.h5" "/models/mobile/int8/cam_$method"
done
finish
