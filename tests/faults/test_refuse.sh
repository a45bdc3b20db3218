#!/usr/bin/env bash
# A resume with another job, model, checkpoint or list of images is refused, names what differs, and touches nothing.
. "$(dirname "$0")/../e2e/common.bash"
small_job "$T/job.conf" 12
check "stopped" code 75 env QUANTCAM_FAULT=0:explain:USR1 "$Q" run "$T/job.conf"
before=$(sha256sum < "$T/out.h5.part")
lines=$(wc -l < "$T/out.h5.log.jsonl")

refused() # PATTERN OPTION...: by one rank and by three
{
    local pattern=$1 np
    shift
    for np in 1 3; do
        check "$* ($np ranks): exit 1" code 1 run $np "$T/job.conf" "$@"
        check "$*: one sentence" test "$(grep -c '^quantcam: ' "$T/log")" = 1
        check "$*: $pattern" grep -Eq "^quantcam: $T/out.h5[.part]* belongs to another job: $pattern" "$T/log"
    done
}
model=models/demo/shufflenet_v2_x0_5.model
{ cat $model; echo "# another comment"; } > "$T/other.model"
cp "$WEIGHTS/shufflenet_v2_x0_5_int8.pth" "$T/other.pth"
printf '\1' | dd of="$T/other.pth" bs=1 seek=10 conv=notrunc status=none     # the time of a zip entry: nothing reads it
mkdir "$T/copy"
cp -r "$T/images" "$T/copy/"
(cd "$T/copy/images" && find . -name '*.JPEG' | sort | head -1 | xargs -I{} mv {} {}.moved.JPEG)

refuse_all()
{
    refused "cam.sign is 'absmax' there, 'meanact' here" --cam.sign=meanact
    refused "explain.steps is '10' there, '11' here" --steps=11
    refused "network.shuffle.engine is 'auto' there, 'qnnpack' here" --network.shuffle.engine=qnnpack
    refused "network.shuffle.model.sha256 is '[0-9a-f]{64}' there, '[0-9a-f]{64}' here: that file's content is another" --network.shuffle.model="$T/other.model"
    refused "network.shuffle.int8.sha256 is .*: that file's content is another" --network.shuffle.int8="$T/other.pth"
    refused "data.sha256 is .*: other images, classes or boxes are listed" --limit=11
    refused "data.sha256 is .*: other images" --boxes=
    refused "data.sha256 is .*: other images" --images="$T/copy/images"
}
refuse_all
check "the file is untouched" same "$(sha256sum < "$T/out.h5.part")" "$before"
check "the log is untouched" test "$(wc -l < "$T/out.h5.log.jsonl")" = "$lines"
check "the job itself goes on" code 0 run 2 "$T/job.conf" --time.runs=3 --schedule=dynamic --isa=ref
after=$(sha256sum < "$T/out.h5")
refuse_all
check "the result is untouched" same "$(sha256sum < "$T/out.h5")" "$after"
check "the job itself: nothing to do" code 0 run 3 "$T/job.conf" --log=normal
check "the job itself: says so" grep -q "is there already, made by the same job: nothing to do" "$T/log"
finish
