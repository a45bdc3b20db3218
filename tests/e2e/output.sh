#!/usr/bin/env bash
# A result that cannot be written is exit 1 and one sentence, in every command: stdout full, closed, a file at its size
# limit; a pipe whose reader has gone is exit 1 without one. Paths of the environment, and texts with byte order marks.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12
[ -w /dev/full ] || skip "no /dev/full"
check "a run" code 0 "$Q" run "$T/job.conf"
M=models/demo/shufflenet_v2_x0_5.model W=$WEIGHTS/shufflenet_v2_x0_5_fp32.pth
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)

# ends WHAT HOW COMMAND...: exit 1, one sentence that names stdout.
full()   { "$@" > /dev/full 2> "$T/err"; }
closed() { "$@" >&- 2> "$T/err"; }
gone()   { { sleep 0.2; "$@" 2> "$T/err"; echo $? > "$T/code"; } | :; return "$(cat "$T/code")"; }
ends()
{
    local what=$1 how=$2 got
    shift 2
    $how "$@"; got=$?
    check "$what: 1" test $got = 1
    if [ "$how" = gone ]; then check "$what: quiet" test "$(grep -c '^quantcam:' "$T/err")" = 0; return; fi
    check "$what: one sentence" test "$(grep -c '^quantcam: stdout: the result could not be written whole' "$T/err")" = 1
}
each() # HOW: every command that prints a result
{
    ends "$1: --help" "$1" "$Q" --help
    ends "$1: --help=man" "$1" "$Q" --help=man
    ends "$1: run --help" "$1" "$Q" run --help
    ends "$1: run --help=job" "$1" "$Q" run --help=job
    ends "$1: version" "$1" "$Q" version
    ends "$1: show" "$1" "$Q" show "$T/out.h5"
    ends "$1: show --csv" "$1" "$Q" show "$T/out.h5" --csv
    ends "$1: show --worst" "$1" "$Q" show "$T/out.h5" --worst 3
    ends "$1: inspect" "$1" "$Q" inspect "$M"
    ends "$1: inspect --json" "$1" "$Q" inspect "$T/out.h5" --json
    ends "$1: verify" "$1" "$Q" verify "$T/out.h5"
    ends "$1: verify --digest" "$1" "$Q" verify --digest "$T/out.h5"
    ends "$1: report" "$1" "$Q" report "$T/out.h5" -o "$T/report"
    ends "$1: infer" "$1" "$Q" infer --model $M --weights "$W" "$picture" -o "$T/infer.h5"
    ends "$1: explain" "$1" "$Q" explain "$picture" --model $M --weights "$W" --steps 0 -o "$T/explain.png"
    ends "$1: quantize" "$1" "$Q" quantize --model $M --weights "$W" --images "$T/images" --limit 4 -o "$T/int8.safetensors"
    ends "$1: bench" "$1" "$Q" bench --model $M --repeats 1
    ends "$1: bench --select" "$1" "$Q" bench --select 1e4
    rm -rf "$T/synth"
    ends "$1: synth" "$1" "$Q" synth "$T/synth" --images 2
}
each full
each closed
each gone
# The first file that a command opens does not get a closed stdout's number.
check "infer with stdout closed: a sound file" code 0 "$Q" inspect "$T/infer.h5"
check "run with all three closed" bash -c '"$@" <&- >&- 2>&-' - "$Q" run "$T/job.conf" -o "$T/closed.h5"
check "run with all three closed: complete" code 0 "$Q" verify "$T/closed.h5"
check "help that is not wanted goes to stderr: 2" code 2 full "$Q"

# Files: the disk's end, seen as a limit of a file's size.
limited() { (ulimit -f "$1"; PMIX_MCA_gds=hash "${@:2}"); }    # Open MPI's own memory is a file, too
fails() { local got; "$@" > "$T/log" 2>&1; got=$?; [ $got = 1 ] && [ "$(grep -c '^quantcam: .' "$T/log")" = 1 ] || { echo "exit $got: $*" >&2; cat "$T/log" >&2; return 1; }; }
check "infer -o" fails limited 16 "$Q" infer --model $M --weights "$W" "$picture" -o "$T/no.h5"
check "explain -o" fails limited 16 "$Q" explain "$picture" --model $M --weights "$W" --steps 0 -o "$T/no.png"
check "quantize -o" fails limited 16 "$Q" quantize --model $M --weights "$W" --images "$T/images" --limit 4 -o "$T/no.safetensors"
check "quantize --csv" fails "$Q" quantize --model $M --weights "$W" --images "$T/images" --limit 4 -o "$T/int8.safetensors" \
    --csv /dev/full/x
check "report" fails limited 16 "$Q" report "$T/out.h5" -o "$T/no-report"
check "synth" fails limited 4 "$Q" synth "$T/no-synth" --images 2
check "nothing half written is left under its name" test ! -e "$T/no.h5" -a ! -e "$T/no.png" -a ! -e "$T/no.safetensors"

# ~/ and $NAME/: in job files and behind `=`, where no shell looks.
sed "s|^images = .*|images = ~/images|; s|^out = .*|out = \${QUANTCAM_PLACE}/home.h5|; s|^boxes = .*|boxes = \$QUANTCAM_PLACE/images/boxes.csv|" \
    "$T/job.conf" > "$T/home.conf"
check "~/ and \$NAME/ in a job" code 0 env HOME="$T" QUANTCAM_PLACE="$T" "$Q" run "$T/home.conf"
check "the same digest" same "$(digest "$T/home.h5")" "$(digest "$T/out.h5")"
check "a variable that is not set: 2" code 2 env -u QUANTCAM_PLACE HOME="$T" "$Q" run "$T/home.conf"
check "named, with the line" grep -q "^quantcam: $T/home.conf:[0-9]*: .*QUANTCAM_PLACE is not set in the environment" "$T/log"
check "behind =" code 0 env HOME="$T" "$Q" explain "$picture" "--model=$M" "--weights=$W" --steps=0 '--output=~/tilde.png'
check "behind =: there" test -s "$T/tilde.png"

# Byte order marks and line ends of other systems.
marked() { printf '\xef\xbb\xbf'; sed 's/$/\r/' "$1"; }
marked "$M" > "$T/marked.model"
marked "$T/job.conf" | sed "s|models/demo/shufflenet_v2_x0_5.model|$T/marked.model|" > "$T/marked.conf"
check "a job and a model with byte order mark and CR LF" code 0 "$Q" run "$T/marked.conf" -o "$T/marked.h5"
iconv -f UTF-8 -t UTF-16 "$T/job.conf" > "$T/wide.conf"
check "a job in UTF-16: 2" code 2 "$Q" run "$T/wide.conf"
check "said" grep -q '^quantcam: .*/wide.conf: the text is UTF-16 or UTF-32: save it as UTF-8$' "$T/log"
iconv -f UTF-8 -t UTF-16LE "$M" > "$T/wide.model"
check "a model in UTF-16 without mark: 1" code 1 "$Q" infer --model "$T/wide.model" --weights "$W" "$picture" -o "$T/wide.h5"
check "said" grep -q '^quantcam: .*/wide.model: a zero byte at byte 1: a text in UTF-8 is wanted$' "$T/log"

# QUANTCAM_ISA says what auto is, in every command that runs kernels.
export QUANTCAM_ISA=ref
check "infer: ref" grep -q ' ref ' <("$Q" infer --model $M --weights "$W" "$picture" -o "$T/infer.h5")
check "bench: ref" grep -q ' ref ' <("$Q" bench --model $M --repeats 1)
check "version: ref" grep -qx 'chosen: ref' <("$Q" version)
export QUANTCAM_ISA=avx3
for c in "run $T/job.conf -o $T/isa.h5" "infer --model $M --weights $W $picture -o $T/infer.h5" "bench --model $M" "bench --kernels" version \
    "bench --phases --model $M" "explain $picture --model $M --weights $W" \
    "quantize --model $M --weights $W --images $T/images -o $T/int8.h5"; do
    # shellcheck disable=SC2086  # words
    check "QUANTCAM_ISA=avx3 $c: 2" code 2 "$Q" $c
    check "QUANTCAM_ISA=avx3 $c: said" grep -q '^quantcam: instruction set avx3: this build or this machine does not have it' "$T/log"
done
finish
