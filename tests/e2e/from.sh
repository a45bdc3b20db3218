#!/usr/bin/env bash
# --from OLD.h5: a further precision costs its own time alone, and the result is the one that the job gives from nothing: on any ranks,
# killed and resumed, of other pictures that overlap. What is taken is said; what is not sound is refused.
. "$(dirname "$0")/common.bash"
small_job "$T/two.conf" 12
"$Q" synth "$T/calibration" --images 2 --seed 41 > /dev/null || exit 1
sed -i "s/^steps = .*/steps = 4/" "$T/two.conf"
sed '/^.network mobile/,/^int8/d' "$T/two.conf" > "$T/old.conf"
sed "s|^fp32 = .*|&\nint4 = quantize|; \$a [quantize]\nimages = $T/calibration" "$T/old.conf" > "$T/new.conf"
# take OUT: what the first start calibrated is OUT's already
take() { cp "$T/whole.h5.shuffle.int4.safetensors" "$1.shuffle.int4.safetensors"; }
job_of() { sed -n 's/^job //p' "$1"; }

check "the old result, 9 of the pictures, drawn" run 2 "$T/old.conf" --out="$T/old.h5" --limit=9 --sample=5
check "the new job from nothing" code 0 run 2 "$T/new.conf" --out="$T/whole.h5" --run.log=normal
whole=$(digest "$T/whole.h5") job=$(job_of "$T/log")
said="from $T/old.h5: 9 of 12 pictures are there; shuffle: fp32, int8 taken; int4 computed: not there; explained pictures too"
for np in 1 3; do
    take "$T/$np.h5"
    check "$np ranks" code 0 run $np "$T/new.conf" --out="$T/$np.h5" --from "$T/old.h5" --run.log=normal
    check "$np ranks: the same digest" same "$(digest "$T/$np.h5")" "$whole"
    check "$np ranks: the same job" same "$(job_of "$T/log")" "$job"
    check "$np ranks: says what is taken" grep -qxF "$said" "$T/log"
    # 9 rows, and those of the explained places that the old result explained too.
    taken=$(sed -n "s|^\([0-9]*\) of them have values of $T/old.h5|\1|p" "$T/log")
    check "$np ranks: explained rows, too" test "$taken" -gt 9
done
check "complete" code 0 "$Q" verify "$T/3.h5"
check "provenance" code 0 "$Q" report "$T/3.h5" -o "$T/report"
check "the report says it" grep -q "store.from.decided = 9 of 12 pictures are there" "$T/report/report.md"
# All of it: every row, and the checkpoint that lies beside.
check "from the same job" code 0 run 2 "$T/new.conf" --out="$T/copy.h5" --from "$T/3.h5" --run.log=normal
check "the same job: the same digest" same "$(digest "$T/copy.h5")" "$whole"
check "says that it takes all" grep -qxF "from $T/3.h5: 12 of 12 pictures are there; shuffle: fp32, int4, int8 taken; explained pictures too" "$T/log"
check "the checkpoint is a copy" grep -qxF "$T/copy.h5.shuffle.int4.safetensors is a copy of $T/3.h5.shuffle.int4.safetensors" "$T/log"
take "$T/dry.h5"
check "--dry-run" code 0 run 2 "$T/new.conf" --out="$T/dry.h5" --from "$T/old.h5" --dry-run --run.log=normal
check "--dry-run says the same" grep -qxF "$said" "$T/log"
check "--dry-run leaves nothing" test ! -e "$T/dry.h5" -a ! -e "$T/dry.h5.part"

# Stopped in the middle; then with and without the old result.
for how in "--from=$T/old.h5" --run.schedule=static; do
    take "$T/kill.h5"
    refuse "stopped by a fault" 1 "^quantcam: image 8" env QUANTCAM_FAULT=0:8 "$Q" run "$T/new.conf" --out="$T/kill.h5" --from="$T/old.h5"
    check "$how: resumable" code 75 "$Q" verify "$T/kill.h5"
    check "$how: goes on" run 2 "$T/new.conf" --out="$T/kill.h5" "$how"
    check "$how: the same digest" same "$(digest "$T/kill.h5")" "$whole"
    check "$how: again: nothing to do" code 0 run 2 "$T/new.conf" --out="$T/kill.h5" "$how" --run.log=normal
    check "$how: says so" grep -q "nothing to do" "$T/log"
    rm -f "$T"/kill.h5*
done

# Other settings: what does not depend on them is taken, and the rest is right.
take "$T/steps.h5"
check "other steps" code 0 run 2 "$T/new.conf" --out="$T/steps.h5" --from "$T/old.h5" --steps=2 --run.log=normal
check "rows are taken" grep -qF "; of explained pictures nothing taken: explain.steps is '4' there, '2' here" "$T/log"
take "$T/steps-whole.h5"
check "other steps from nothing" run 2 "$T/new.conf" --out="$T/steps-whole.h5" --steps=2
check "other steps: the same digest" same "$(digest "$T/steps.h5")" "$(digest "$T/steps-whole.h5")"
sed "s|^int8 = .*shuffle.*|int8 = quantize|; \$a [quantize]\nimages = $T/calibration" "$T/two.conf" > "$T/other.conf"
check "another checkpoint, another network" code 0 "$Q" run "$T/other.conf" --out="$T/dry.h5" --from "$T/old.h5" --dry-run --run.log=normal
check "says which" grep -qE "; shuffle: fp32 taken; int8 computed: its checkpoint is another; explained pictures too; mobile: nothing taken: not there$" "$T/log"

# What is refused, before anything is there.
refuse "a result that is not finished" 1 "^quantcam: store.from: $T/steps.h5.x is not finished" \
    bash -c "QUANTCAM_FAULT=0:8 '$Q' run '$T/old.conf' --out='$T/part.h5' 2> /dev/null; mv '$T/part.h5.part' '$T/steps.h5.x'; '$Q' run '$T/new.conf' --out='$T/no.h5' --from='$T/steps.h5.x'"
head -c 200000 "$T/old.h5" > "$T/cut.h5"
refuse "a file cut off" 1 "^quantcam: store.from: $T/cut.h5: " "$Q" run "$T/new.conf" --out="$T/no.h5" --from="$T/cut.h5"
refuse "no file" 1 "^quantcam: store.from: $T/none.h5: " run 2 "$T/new.conf" --out="$T/no.h5" --from="$T/none.h5"
cp "$T/old.h5" "$T/same.h5"
ln -s same.h5 "$T/link.h5"
refuse "itself" 2 "store.from and store.out are the same file" run 2 "$T/new.conf" --out="$T/same.h5" --from="$T/link.h5"
if command -v h5dump > /dev/null; then
    at=$(h5dump -p -H -d /models/shuffle/int8/logits "$T/old.h5" | sed -n 's/.*OFFSET \([0-9]*\).*/\1/p')
    printf '\x55' | dd of="$T/old.h5" bs=1 seek=$((at + 70)) conv=notrunc status=none
    refuse "a flipped byte" 1 "^quantcam: store.from: $T/old.h5: /models/shuffle/int8/logits is damaged: its checksum does not fit" \
        run 3 "$T/two.conf" --out="$T/no.h5" --from="$T/old.h5"
fi
if python=$(python_with h5py); then
    "$python" -c "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); v = f.attrs['schema_version']; f.attrs['schema_version'] = v.dtype.type(4)" "$T/same.h5"
    refuse "an older schema" 1 "^quantcam: store.from: $T/same.h5 has schema version 4, and this program reads version" "$Q" run "$T/new.conf" --out="$T/no.h5" --from="$T/same.h5"
else
    echo "skip: $NAME older schema (no h5py)"
fi
check "nothing is left" test -z "$(ls -d "$T"/no.h5* 2> /dev/null)"
finish
