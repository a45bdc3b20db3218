#!/usr/bin/env bash
# A job's PRECISION = quantize: calibrated once, the same on any number of ranks, taken again at the next start; pictures that are
# evaluated too are left out; what is wrong is said.
. "$(dirname "$0")/common.bash"
"$Q" synth "$T/calibration" --images 16 --seed 41 > /dev/null || exit 1
small_job "$T/small.conf" 8
sed -i "/^int8 = /d" "$T/small.conf"
awk -v folder="$T/calibration" '{ print } /^fp32 = / { print "int8 = quantize\nint4 = quantize\nwide = quantize" }
    END { print "[quantize]\nimages = " folder "\nlimit = 6\nseed = 3\n[precision wide]\npreset = int16" }' "$T/small.conf" > "$T/job.conf"

check "one rank" code 0 "$Q" run "$T/job.conf" --out="$T/1.h5" --run.log=normal
check "says what it made" grep -q "mobile: int4 calibrated on 6 pictures, [0-6] answers changed" "$T/log"
cp "$T/log" "$T/first.log"
check "complete" code 0 "$Q" verify "$T/1.h5"
check "its checkpoints" test "$(cd "$T" && ls 1.h5* | tr '\n' ' ')" = "1.h5 1.h5.log.jsonl $(for n in mobile shuffle; do for p in int4 int8 wide; do printf '1.h5.%s.%s.safetensors ' $n $p; done; done)"
check "two ranks" run 2 "$T/job.conf" --out="$T/2.h5"
check "the same digest" same "$(digest "$T/1.h5")" "$(digest "$T/2.h5")"
check "the same checkpoint" cmp "$T/1.h5.mobile.int4.safetensors" "$T/2.h5.mobile.int4.safetensors"
check "packed" grep -q "bits 4 shape" "$T/1.h5.mobile.int4.safetensors"
h5dump -d /provenance "$T/1.h5" > "$T/provenance" 2> /dev/null
check "its hash is recorded" grep -qE "network.mobile.int4.calibration = [0-9a-f]{64}" "$T/provenance"
check "shown" code 0 "$Q" show "$T/1.h5"
check "with every precision" grep -q wide "$T/log"

# explain reads what was calibrated; what is not there, or is another precision's, is refused.
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)
explain=("$Q" explain "$picture" --steps=0 --network=shuffle -o "$T/x.png")
sed "s|^out = .*|out = $T/1.h5|" "$T/job.conf" > "$T/one.conf"
check "explain --job" code 0 "${explain[@]}" --job "$T/one.conf"
check "explain --job: every precision" grep -qE '^  map  +fp32  +int8  +int4  +wide$' "$T/log"
sed "s|^out = .*|out = $T/none.h5|" "$T/job.conf" > "$T/none.conf"
refuse "explain --job without a run" 1 "int8 = quantize, and its checkpoint $T/none.h5.shuffle.int8.safetensors is not there" \
    "${explain[@]}" --job "$T/none.conf"
for precision in int8 int4; do cp "$T/1.h5.shuffle.int8.safetensors" "$T/none.h5.shuffle.$precision.safetensors"; done
refuse "explain --job, another precision's" 1 "shuffle.int4.safetensors is of another calibration than int4 of this job" \
    "${explain[@]}" --job "$T/none.conf"
rm "$T"/none.h5.*

# Again: the checkpoints are there, and nothing is calibrated; another setting is another calibration.
rm "$T"/1.h5 "$T"/1.h5.log.jsonl
check "another start" code 0 "$Q" run "$T/job.conf" --out="$T/1.h5" --run.log=normal
check "calibrates nothing" lacks "$T/log" "calibrated on .* answers changed"
check "the same result" same "$(digest "$T/1.h5")" "$(digest "$T/2.h5")"
rm "$T"/1.h5 "$T"/1.h5.log.jsonl
check "another seed" code 0 "$Q" run "$T/job.conf" --out="$T/1.h5" --run.log=normal --quantize.seed=4
check "calibrates again" grep -q "1.h5.mobile.int8.safetensors is of another calibration: made again" "$T/log"
check "is another result" other "$(digest "$T/1.h5")" "$(digest "$T/2.h5")"
check "a dry run" code 0 "$Q" run "$T/job.conf" --out="$T/dry.h5" --dry-run
check "leaves nothing" test -z "$(ls -d "$T"/dry.h5* 2> /dev/null)"

# Pictures of the job among the calibration's, by content.
mkdir "$T/mixed"
files=("$T"/images/*/*.JPEG) others=("$T"/calibration/*/*.JPEG)
for i in 0 1; do cp "${files[$i]}" "$T/mixed/copy$i.JPEG"; done
for i in 0 1 2; do cp "${others[$i]}" "$T/mixed/other$i.JPEG"; done
check "mixed" code 0 run 2 "$T/job.conf" --out="$T/mixed.h5" --quantize.images="$T/mixed" --run.log=normal
check "two are left out" grep -q "2 of 5 calibration pictures are evaluated too: left out" "$T/log"
check "three are used" grep -q "calibrated on 3 pictures" "$T/log"
refuse "all of them" 2 "all 6 calibration pictures are evaluated too" "$Q" run "$T/job.conf" --out="$T/all.h5" --quantize.images="$T/images"
refuse "no pictures" 2 "quantize.images is not set" "$Q" run "$T/job.conf" --out="$T/no.h5" --quantize.images=
sed "s/^preset = int16/arithmetic = rounded/" "$T/job.conf" > "$T/bits.conf"
refuse "no bits" 2 "precision wide: to quantize it needs preset, or weights and activations \(bits\)" "$Q" run "$T/bits.conf" --out="$T/bits.h5"
# A file that is not what its section says is refused before anything is calibrated, whatever comes first.
awk '/^fp32 = / { file = $3 } { print } /^wide = / { print "odd = " file }' "$T/job.conf" > "$T/odd.conf"
printf '[precision odd]\narithmetic = integer\n' >> "$T/odd.conf"
check "a contradicted file: 2" code 2 "$Q" run "$T/odd.conf" --out="$T/odd.h5" --run.log=normal
check "said" grep -q "arithmetic = integer has no effect: its weights are real numbers" "$T/log"
check "nothing is calibrated" lacks "$T/log" "calibrated on"
check "nothing is left" test -z "$(ls -d "$T"/odd.h5* 2> /dev/null)"
# How the calibration pictures were read is said once a job.
check "said once" test "$(grep -c '^calibration pictures: data.classes = ' "$T/first.log")" = 1
finish
