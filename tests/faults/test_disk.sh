#!/usr/bin/env bash
# Full disks: file systems in memory of three sizes. Too small by half, and too small for the last pages of the file:
# one sentence, 1, and nothing left behind; the same command on the same disk, made larger, is then a plain run. Just
# large enough, and filled by somebody else as soon as the file is there: what was reserved is enough to finish.
. "$(dirname "$0")/common.bash"
[ "$(id -u)" = 0 ] || skip "only root may mount"
fault_job "$T/job.conf" 8 2 shufflenet_v2_x0_5
mkdir "$T/disk"
mount -t tmpfs -o size=64m none "$T/disk" 2> /dev/null || skip "mount is not allowed"
trap 'umount "$T/disk" 2> /dev/null; rm -rf "$T"' EXIT
OUT=$T/disk/out.h5
JOB=("$T/job.conf" --log=quiet --time.runs=0 -o "$OUT")
check "undisturbed" run 2 "${JOB[@]}"
whole=$(digest "$OUT")
size=$(stat -c %s "$OUT")
rm -f "$OUT"*

resize() { mount -o "remount,size=$1" "$T/disk"; }
for room in $((size / 2)) $((size - 65536)); do
    resize $room
    refuse "$room of $size bytes" 1 "^quantcam: .*no room" run 2 "${JOB[@]}"
    check "$room of $size bytes: one sentence" one_sentence "$T/log"
    check "$room of $size bytes: nothing is left" test -z "$(ls -A "$T/disk")"
    resize 64m
    check "$room of $size bytes: and then enough" run 2 "${JOB[@]}"
    check "$room of $size bytes: the same digest" same "$(digest "$OUT")" "$whole"
    rm -f "$OUT"*
done

resize $((size + 131072))
run 2 "${JOB[@]}" --isa=ref > "$T/log" 2>&1 &
pid=$!
for ((i = 0; i < 2000; i++)); do [ ! -s "$OUT.log.jsonl" ] || break; sleep 0.01; done
dd if=/dev/zero of="$T/disk/filler" bs=4096 2> /dev/null
check "the disk is full" test "$(stat -f -c %a "$T/disk")" = 0
wait $pid
check "filled by somebody else: exit $?" test -e "$OUT"
check "filled by somebody else: the same digest" same "$(digest "$OUT")" "$whole"
# A file system that cannot reserve (NFS before 4.2): it says so and goes on; what cannot fit is refused all the same.
parts=3
rm -f "$T/disk/"*
if strace -qq -o /dev/null -e trace=fallocate -e inject=fallocate:error=EOPNOTSUPP true 2> /dev/null; then
    cannot=(strace -f -qq -o /dev/null -e trace=fallocate -e inject=fallocate:error=EOPNOTSUPP "$Q" run "${JOB[@]}" --log=normal)
    for room in $((size / 2)) $((size - 65536)); do
        resize $room
        refuse "no reserving, $room of $size bytes" 1 "^quantcam: .*no room" "${cannot[@]}"
        check "no reserving, $room of $size bytes: one sentence" one_sentence "$T/log"
        check "no reserving, $room of $size bytes: nothing is left" test -z "$(ls -A "$T/disk")"
    done
    resize $((size + 131072))
    check "no reserving, just enough" code 0 "${cannot[@]}"
    check "no reserving: it says so" grep -q 'cannot reserve room: should others fill the disk, the job stops, resumably' "$T/log"
    check "no reserving: the same digest" same "$(digest "$OUT")" "$whole"
    parts=6
else
    echo "skip: $NAME file systems that cannot reserve (no strace, or ptrace is not allowed)"
fi
count "$parts disks of $((size / 2)), $((size - 65536)) and $((size + 131072)) bytes for a result of $size"
finish
