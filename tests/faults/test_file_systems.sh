#!/usr/bin/env bash
# File systems that say no, machines at their limits: what `run`, `verify`, `show` and `report` answer, code and words. A
# sound job is not stopped by a call that is not offered; `verify` calls nothing damaged that it could not read (3).
# file_system.c is the file system. QUANTCAM_TABLE=FILE writes every case with its answer, for another build of the
# program too (QUANTCAM=...): a table of before and now.
. "$(dirname "$0")/common.bash"
${CC:-cc} -shared -fPIC -o "$T/fs.so" $FAULTS/file_system.c -ldl 2> /dev/null || skip "no C compiler"
fault_job "$T/job.conf" 4 2 shufflenet_v2_x0_5
sed -i 's/^log = .*/log = normal/; s/^runs = .*/runs = 0/' "$T/job.conf"
ALONE=$T/alone.h5
check "undisturbed" code 0 "$Q" run "$T/job.conf" -o "$ALONE"
whole=$(digest "$ALONE")
check "its digest" test -n "$whole"
head -c 64 "$ALONE" > "$T/cut.h5"
chmod 755 "$T"
mkdir "$T/r"

# Which calls are refused, as FILE_SYSTEM says; a word with a + is a setting of its own (NAME+VALUE).
under() # SETTINGS COMMAND...
{
    local word calls='' more=()
    for word in $1; do case $word in *+*) more+=("${word/+/=}") ;; *) calls+="$word " ;; esac; done
    shift
    env LD_PRELOAD="$T/fs.so" FILE_SYSTEM="$calls" "${more[@]}" "$@"
}
note() # CASE COMMAND CODE: a line of the table
{
    [ -n "${QUANTCAM_TABLE:-}" ] || return 0
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(grep -aE '^(quantcam: |damaged|cannot look|complete|resumable|another)|no sync|cannot reserve|is there already' \
        "$T/log" | head -1 | sed "s#$T/##g; s#[0-9a-f]\{64\}#(digest)#" | cut -c1-240)" >> "$QUANTCAM_TABLE"
}
# job CASE CODE WORDS [OPTION...]: a run that begins with nothing; WORDS are in its log. Code 0: the result is the same.
job()
{
    local settings=$1 expected=$2 words=$3 rc
    shift 3
    rm -f "$T/r/"*
    under "$settings" timeout -k 5 100 "$Q" run "$T/job.conf" -o "$T/r/out.h5" "$@" > "$T/log" 2>&1
    rc=$?
    note "$settings" "run $*" $rc
    check "$settings: run $*: exit $rc, not $expected" test $rc = "$expected"
    check "$settings: run $*: '$words'" grep -qE "$words" "$T/log"
    if [ "$expected" = 0 ]; then
        check "$settings: run $*: the same digest" same "$(digest "$T/r/out.h5")" "$whole"
        check "$settings: run $*: no litter" no_litter "$T/r/out.h5"
    else
        check "$settings: run $*: one sentence" one_sentence "$T/log"
    fi
    add jobs
}

# ---- locks -----------------------------------------------------------------------------------------------------------
none='has no locks \(.*\): lay the result on another file system, or say --lock=off and see to it that no other job works on it'
for errno in 22 37 38 95 524; do
    job ofd=$errno 0 'the result is'                                # older locks are there
    job "ofd=$errno posix=$errno" 1 "^quantcam: .*out.h5.lock: this file system $none"
    check "no locks: nothing is left" test -z "$(ls "$T/r")"
    job "ofd=$errno posix=$errno" 0 'the result is' --lock=off
done
job posix=37 0 'the result is'
for errno in 11 37 38 95; do
    job flock=$errno 0 'the result is'                              # HDF5's own lock is off ...
    job "flock=$errno HDF5_USE_FILE_LOCKING+TRUE" 1 '^quantcam: .*HDF5: .*\((Resource temporarily unavailable|No locks available|Function not implemented|Operation not supported)\)'
done
job 'inode=1 FILE_SYSTEM_PATH+out.h5.lock' 1 '^quantcam: .*its inode number is another at every look, .*--lock=off'
job 'inode=1 FILE_SYSTEM_PATH+out.h5.lock' 0 'the result is' --lock=off
job 'type=0x6969' 0 'the result is'                                 # NFS, with and without a lock server
job 'type=0x6969 posix=37' 0 'the result is'
job 'type=0x6969 posix=37 ofd=37' 0 'the result is' --lock=off
job 'type=0x0BD00BD0 posix=38 ofd=38' 0 'the result is' --lock=off  # Lustre without -o flock

# Two jobs, both with locks of the older kind, or one: the second is refused and says who is at work. Killed, the first
# leaves a file that stops nobody.
second() # CASE-OF-THE-FIRST CASE-OF-THE-SECOND
{
    local pid rc i job
    rm -f "$T/r/"*
    under "$1" "$Q" run "$T/job.conf" -o "$T/r/out.h5" --isa=ref > "$T/first.log" 2>&1 &
    pid=$!
    for ((i = 0; i < 600; i++)); do [ ! -e "$T/r/out.h5.part" ] || break; sleep 0.05; done
    job=$(sed -n 's/^pid = //p' "$T/r/out.h5.lock")
    kill -STOP "$job" # it must not end before the second has looked
    under "$2" "$Q" run "$T/job.conf" -o "$T/r/out.h5" > "$T/log" 2>&1
    rc=$?
    note "$1 and $2" "run, twice" $rc
    check "first $1, second $2: exit $rc" test $rc = 4
    check "first $1, second $2: who" grep -qE "^quantcam: .*another job is at work on this result: process [0-9]+ on $(hostname), since 20" "$T/log"
    kill -9 "$job"
    wait $pid 2> /dev/null
    check "killed: the lock's file stays" test -e "$T/r/out.h5.lock"
    check "killed: the next goes on" code 0 under "$2" "$Q" run "$T/job.conf" -o "$T/r/out.h5"
    check "killed: the same digest" same "$(digest "$T/r/out.h5")" "$whole"
    check "killed: no litter" no_litter "$T/r/out.h5"
}
second 'ofd=22' 'ofd=22'
second 'ofd=22' ''
second '' 'ofd=22'

# ---- room and syncing ------------------------------------------------------------------------------------------------
for errno in 1 22 38 95 524; do job fallocate=$errno 0 'cannot reserve room: should others fill the disk'; done
job fallocate=5 1 '^quantcam: .*bytes cannot be reserved: Input/output error'
for errno in 22 38 95 524; do
    job fsync=$errno 0 'this file system has no sync: should the power fail'
    job fsync_dir=$errno 0 'the result is'
done
job fsync=5 1 '^quantcam: .*sync: Input/output error'
job fsync_dir=5 1 '^quantcam: .*sync: Input/output error'
job free=0 0 'MB expected, free space on that disk unknown'
job 'free=0 blocks=0' 0 'MB expected, free space on that disk unknown'
job 'free=0 fallocate=95' 0 'free space on that disk unknown'
job 'free=0xffffffffffffff' 0 'free space on that disk unknown'
job free=1 1 '^quantcam: .*no room on the disk: [0-9,]+ bytes are needed, 4,096 are free'

# ---- reading ---------------------------------------------------------------------------------------------------------
# look CASE FILE CODE WORDS [WORD...]: `verify` and `verify --resumable` of it (3, or CODE), `--digest`, `show`, `report`.
look()
{
    local settings=$1 file=$2 expected=$3 words=$4 rc what
    shift 4
    for what in verify "verify --resumable" "verify --digest" show "report -o $T/page"; do
        # shellcheck disable=SC2086
        under "$settings" "$@" "$Q" $what "$file" > "$T/out" 2> "$T/err"
        rc=$?
        cat "$T/out" "$T/err" > "$T/log"
        note "$settings $* ${file##*/}" "$what" $rc
        case $what in
        verify*digest)
            check "$settings $*: $what: exit $rc, not $expected" test $rc = "$expected"
            check "$settings $*: $what: nothing on stdout" test ! -s "$T/out" ;;
        verify*)
            check "$settings $*: $what: exit $rc, not $expected" test $rc = "$expected"
            check "$settings $*: $what: '$words'" grep -qE "$words" <(head -1 "$T/out") ;;
        *)
            check "$settings $*: $what: exit $rc, not 1" test $rc = 1
            check "$settings $*: $what: one sentence" one_sentence "$T/err" ;;
        esac
        if [ "$expected" = 3 ]; then check "$settings $*: $what: not called damaged" lacks "$T/log" damaged; fi
        add looks
    done
}

for errno in 5 11 12 23 24 37 110 116; do   # EIO, EAGAIN, ENOMEM, ENFILE, EMFILE, ENOLCK, ETIMEDOUT, ESTALE
    why='(Input/output error|Resource temporarily unavailable|Cannot allocate memory|Too many open files( in system)?|No locks available|Connection timed out|Stale file handle)$'
    look "open=$errno FILE_SYSTEM_PATH+alone.h5" "$ALONE" 3 "^cannot look: .*alone.h5: $why"
    look "read=$errno read_from=0 FILE_SYSTEM_PATH+alone.h5" "$ALONE" 3 "^cannot look: .*alone.h5: HDF5: .*: $why"
done
size=$(stat -c %s "$ALONE")
for ((i = 1; i < 12; i++)); do
    look "read=5 read_from=$((size * i / 12)) FILE_SYSTEM_PATH+alone.h5" "$ALONE" 3 '^cannot look: .*HDF5: file read failed: Input/output error$'
done
cp "$ALONE" "$T/part.h5.part"
for ((i = 0; i < 4; i++)); do
    under "read=5 read_from=$((size * i / 4)) FILE_SYSTEM_PATH+part.h5" "$Q" verify --resumable "$T/part.h5" > "$T/log" 2>&1
    check "a part with an unreadable place: 3" test $? = 3
    check "a part with an unreadable place: words" grep -q '^cannot look: .*part.h5.part: HDF5: file read failed: Input/output error' "$T/log"
done
look "flock=37 HDF5_USE_FILE_LOCKING+TRUE" "$ALONE" 3 '^cannot look: .*HDF5: unable to lock file: No locks available$'
look "" "$T/none.h5" 3 '^cannot look: neither .*none.h5 nor its .part exists$'
look "" "$T/r" 3 '^cannot look: .*: not a regular file$'
look "" "$T/cut.h5" 1 '^damaged: .*cut.h5'
head -c $((size - 4096)) "$ALONE" > "$T/short.h5"
look "" "$T/short.h5" 1 '^damaged: .*truncated file'
if [ "$(id -u)" = 0 ] && setpriv --reuid=65534 --clear-groups test -x "$Q" 2> /dev/null; then
    cp "$ALONE" "$T/mine.h5"
    chmod 600 "$T/mine.h5"
    look "" "$T/mine.h5" 3 '^cannot look: .*mine.h5: Permission denied$' setpriv --reuid=65534 --clear-groups
    install -d -m 700 "$T/closed"
    cp "$ALONE" "$T/closed/x.h5"
    look "" "$T/closed/x.h5" 3 '^cannot look: .*x.h5: Permission denied$' setpriv --reuid=65534 --clear-groups
else
    echo "skip: files of other users ($NAME: no other user to be)"
fi

# ---- limits ----------------------------------------------------------------------------------------------------------
# With ever less of it `verify` is complete, cannot look, is not even loaded (127), or crashes in a library's beginning: never 1.
limit() # NAME VALUE...
{
    local name=$1 value rc
    shift
    for value; do
        prlimit --"$name"="$value" "$Q" verify "$ALONE" > "$T/log" 2>&1
        rc=$?
        note "RLIMIT $name=$value" verify $rc
        case $rc in
        0) check "$name $value: complete" grep -qx complete "$T/log"; add "within a limit" ;;
        3) check "$name $value: words" grep -q '^cannot look: ' "$T/log"; add "beyond a limit" ;;
        *) check "$name $value: exit $rc" test $rc = 127 -o $rc = 139 ;;
        esac
    done
}
mapfile -t sizes < <(seq 72000000 1000000 80000000; seq 81000000 50000 85000000; seq 86000000 1000000 108000000)
limit as "${sizes[@]}"
limit nofile 64 16 8 6 5 4
check "limits were met" test "$(of 'beyond a limit')" -gt 0 -a "$(of 'within a limit')" -gt 0
rm -f "$T/r/"*
prlimit --fsize=100000 "$Q" run "$T/job.conf" -o "$T/r/out.h5" > "$T/log" 2>&1
rc=$?
note "RLIMIT fsize=100000" run $rc
check "a limit of file sizes: exit $rc" test $rc != 0
check "a limit of file sizes: no result" test ! -e "$T/r/out.h5"
count "jobs $(of jobs), looks $(of looks), limits within $(of 'within a limit'), beyond $(of 'beyond a limit')"
finish
