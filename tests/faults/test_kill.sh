#!/usr/bin/env bash
# kill -9 of a rank, rank 0, all ranks or mpirun at random moments of every phase, again and again with other numbers
# of ranks, until the job is left to finish. After every kill the partial file must open, every row that claims to be
# done must be sound, and the next start must compute what is missing and nothing else; at the end the digest must be
# that of a run nobody disturbed. QUANTCAM_KILLS (30; torture 500), QUANTCAM_SEED (1): a part of a long campaign;
# QUANTCAM_JOBS at a time.
. "$(dirname "$0")/common.bash"
KILLS=$(amount KILLS 30 500)
fault_job "$T/job.conf" 16 3 mobilenet_v2 shufflenet_v2_x0_5
command -v h5dump > /dev/null || skip "no h5dump"
TOP=$T
PHASES=(start plan create evaluate select explain average time reduce finish)
SCHEDULES=('')
if "$Q" run --help | grep -q -- '--.*schedule'; then SCHEDULES+=(--schedule=dynamic); fi
declare -A length=() tries=()

# ---- one start ------------------------------------------------------------------------------------------------

begin() # RANKS OPTION...: starts the job; its lines come from descriptor 3
{
    local ranks=$1
    shift
    rm -rf "$T/pids" "$T/fifo"
    mkdir "$T/pids"
    mkfifo "$T/fifo"
    : > "$T/log"
    # shellcheck disable=SC2016
    "$MPIRUN" -np "$ranks" bash -c 'echo $$ > "$0/$OMPI_COMM_WORLD_RANK"; exec "$@"' "$T/pids" \
        "$Q" run "$TOP/job.conf" -o "$T/out.h5" "$@" < /dev/null > "$T/fifo" 2>&1 &
    launcher=$!
    exec 3< "$T/fifo"
    phase=start part_of_line=
}
take_line() # SECONDS: the next line into the log; the phase the job is in. 1 = none yet, 2 = the end
{
    local line rc
    IFS= read -r -t "$1" -u 3 line
    rc=$?
    line=$part_of_line$line part_of_line=
    [ $rc -le 128 ] || { part_of_line=$line; return 1; } # the time was up in the middle of a line
    [ $rc = 0 ] || return 2
    echo "$line" >> "$T/log"
    case $line in
    "phase "*) phase=${line#phase } ;;
    "job "*) phase=create ;; # of a file, or the comparison with the one that is there
    esac
}
ranks_alive() # zombies are not
{
    local file
    for file in "$T"/pids/*; do
        grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$(cat "$file")/status" && return 0
    done
    return 1
}
ended() # waits for the job's end (exit code in rc) and for its last process
{
    local i pid
    hang=
    while take_line 60; [ $? = 0 ]; do :; done
    for ((i = 0; i < 600; i++)); do kill -0 $launcher 2> /dev/null || break; sleep 0.05; done
    if kill -0 $launcher 2> /dev/null; then
        # mpirun of Open MPI 4.1 can lock itself up in PMIx_server_finalize where a rank dies while it connects
        if [ $phase = start ] && ! ranks_alive; then add launcher_hung; else hang=yes; fi
        kill -KILL $launcher
    fi
    wait $launcher
    rc=$?
    exec 3<&-
    for ((i = 0; i < 200; i++)); do
        pid=$(cat "$T"/pids/* 2> /dev/null)
        # shellcheck disable=SC2086
        [ -n "$pid" ] && kill -0 $pid 2> /dev/null || return 0
        sleep 0.05
    done
    hang=yes
    # shellcheck disable=SC2086
    kill -KILL $pid 2> /dev/null
}
strike() # rank|rank0|all|mpirun: false while there is nobody
{
    local pids=() file
    if [ "$1" = mpirun ]; then kill -KILL $launcher 2> /dev/null; return; fi
    [ "$1" != rank0 ] || { [ -s "$T/pids/0" ] && kill -KILL "$(cat "$T/pids/0")" 2> /dev/null; return; }
    for file in "$T"/pids/*; do [ ! -s "$file" ] || pids+=("$(cat "$file")"); done
    [ ${#pids[@]} -gt 0 ] || return 1
    if [ "$1" = rank ]; then pids=("${pids[RANDOM % ${#pids[@]}]}"); fi
    kill -KILL "${pids[@]}" 2> /dev/null
}
# Reads until the job is in the phase, waits the microseconds, strikes; false where the job ended before.
strike_in() # PHASE MICROSECONDS VICTIM
{
    local at='' rc
    while :; do
        now_us
        if [ -z "$at" ] && [ "$phase" = "$1" ]; then at=$((REPLY + $2)); fi
        if [ -n "$at" ] && [ "$REPLY" -ge "$at" ] && strike "$3"; then return 0; fi
        take_line 0.001
        rc=$?
        [ $rc != 2 ] || return 1
    done
}

# ---- what a kill must leave ------------------------------------------------------------------------------------

field() { sed -n "s/.*\b$1 \([0-9]*\).*/\1/p" <<< "$judged"; }
inspect()
{
    local part=$T/out.h5.part verdict good
    expected='' before=''
    if [ -e "$T/out.h5" ]; then
        add renamed
        check "killed after the rename: complete" code 0 "$Q" verify "$T/out.h5"
        return
    fi
    if [ ! -e "$part" ]; then add no_file; return; fi
    add partial
    check "h5dump opens the partial file" code 0 h5dump -H "$part"
    verdict=$("$Q" verify "$T/out.h5")
    check "verify: 75" test $? = 75
    good=$(sed -n 's/^resumable \([0-9]*\) of.*/\1/p' <<< "$verdict")
    add rows "${good:-0}"
    before=$good
    [ -n "$PYTHON" ] || return
    judged=$("$PYTHON" $FAULTS/rows.py "$part" --save "$T/state")
    check "no row claims falsely to be done" test $? = 0
    add damaged "$(field damaged)"
    check "the other reader agrees: $verdict, $judged" test "$verdict" = "resumable $(($(field good) + $(field bad))) of $(field rows) rows"
    # bad pictures are tried once more
    expected=$(($(field missing) + $(field bad)))
}
# Of a start that got that far: it took up what was there, and computed what was missing.
compare_start()
{
    local computed
    if [ -n "$before" ] && grep -q '^phase evaluate' "$T/log"; then
        check "the start took up $before rows" test "$(logged_rows "$T/out.h5")" = "$before"
    fi
    computed=$(sed -n 's/^\([0-9,]*\) rows computed$/\1/p' "$T/log" | tr -d ,)
    if [ -n "$expected" ] && [ -n "$computed" ]; then
        add compared
        check "computed $computed rows, $expected were missing" test "$computed" = "$expected"
    fi
}
conclude() # leaves the job to finish
{
    local ranks=$((1 + RANDOM % 4))
    begin $ranks ${SCHEDULES[RANDOM % ${#SCHEDULES[@]}]:+--schedule=dynamic}
    ended
    add ends
    check "the end on $ranks ranks: exit $rc" test $rc = 0
    check "the end: nothing left" test -z "$hang"
    compare_start
    if [ -n "$before" ] && [ -n "$PYTHON" ]; then
        check "no row that was done was computed again" "$PYTHON" $FAULTS/rows.py "$T/out.h5" --since "$T/state" > /dev/null
    fi
    check "no litter" no_litter "$T/out.h5"
    if same "$(digest "$T/out.h5")" "$whole"; then add equal; else check "the same digest" false; fi
    [ $failed = "$known" ] || { echo "--- the last start:" >&2; tail -20 "$T/log" >&2; known=$failed; }
    rm -f "$T"/out.h5*
    before='' expected='' chain=0
}

# ---- the campaign ----------------------------------------------------------------------------------------------

# An undisturbed run: how long each phase takes beside the other workers, in microseconds.
measure()
{
    local then last=start
    now_us; then=$REPLY
    begin 2
    while take_line 60; [ $? = 0 ]; do
        now_us
        if [ "$phase" != "$last" ]; then length[$last]=$((REPLY - then)) then=$REPLY last=$phase; fi
    done
    now_us; length[$last]=$((REPLY - then))
    ended
    check "undisturbed" test $rc = 0
    check "undisturbed: the same digest" same "$(digest "$T/out.h5")" "$whole"
    rm -f "$T"/out.h5*
}
# One start that is killed, and what comes of it.
attack() # NUMBER
{
    local p aim victim ranks victims=(rank rank0 all mpirun)
    # every second kill, and of the last third every one, aims at the phase that was hit least
    aim=${PHASES[RANDOM % ${#PHASES[@]}]}
    if [ $(($1 % 2)) = 0 ] || [ "$(of kills)" -ge $((share * 2 / 3)) ]; then
        for p in "${PHASES[@]}"; do [ "$(of "hit_$p")" -ge "$(of "hit_$aim")" ] || aim=$p; done
    fi
    victim=${victims[RANDOM % 4]} ranks=$((1 + RANDOM % 4))
    below $((${length[$aim]:-10000} * 3 / 4 + 1)) # the moment within the phase
    tries[$aim]=$((${tries[$aim]:-0} + 1))
    if [ "${tries[$aim]}" -gt $((2 * $(of "hit_$aim") + 1)) ] && [[ ! $aim =~ ^(start|create)$ ]]; then
        # too short for a shell to meet: a rank kills itself where the phase begins
        victim=rank
        QUANTCAM_FAULT=$((RANDOM % ranks)):$aim begin $ranks
        while take_line 60; [ $? = 0 ]; do :; done
        at=$aim
    else
        begin $ranks ${SCHEDULES[RANDOM % ${#SCHEDULES[@]}]:+--schedule=dynamic}
        if strike_in "$aim" "$REPLY" $victim; then at=$phase; else at=''; fi
    fi
    ended
    check "kill of $victim in ${at:-no phase}: all processes ended" test -z "$hang"
    if [ -z "$at" ] || [ $rc = 0 ]; then # it was done before
        add late
        compare_start
        check "undisturbed end: exit $rc" test $rc = 0
        check "undisturbed end: the same digest" same "$(digest "$T/out.h5")" "$whole"
        rm -f "$T"/out.h5*
        chain=0 before='' expected=''
        return
    fi
    if [ ! -e "$T/out.h5" ]; then # a kill after the rename is none: it is looked at, and repeated
        add kills
        add "victim_$victim"
        add "hit_$at"
    fi
    compare_start
    inspect
    chain=$((chain + 1))
    add "chain$chain"
    if [ -e "$T/out.h5" ] || [ $chain = 4 ] || [ $((RANDOM % 3)) = 0 ]; then conclude; fi
}
some_kills() # WORKER
{
    local share=$(((KILLS * ($1 + 1)) / JOBS - KILLS * $1 / JOBS)) turn=$((${#PHASES[@]} * $1 / JOBS)) attempt
    RANDOM=$((${QUANTCAM_SEED:-1} * 100 + $1))
    PHASES=("${PHASES[@]:turn}" "${PHASES[@]:0:turn}") # so that few kills reach every phase all the same
    measure
    chain=0 before='' expected='' known=0
    for ((attempt = 0; $(of kills) < share && attempt < 4 * share + 40; attempt++)); do
        attack $attempt
        if [ $((attempt % 25)) = 24 ]; then echo "worker $1: $(of kills) kills, $(of ends) ends, $checks checks, $failed failed" >&2; fi
    done
    [ $chain = 0 ] || conclude
}

check "undisturbed" code 0 run 2 "$T/job.conf"
whole=$(digest "$T/out.h5")
check "its digest" test -n "$whole"
rm -f "$T"/out.h5*
side_by_side some_kills

count "kills $(of kills): a rank $(of victim_rank), rank 0 $(of victim_rank0), all ranks $(of victim_all), mpirun $(of victim_mpirun); after the rename: $(of renamed); after the end: $(of late)"
[ "$(of launcher_hung)" = 0 ] || count "mpirun alone hung after a kill while its ranks started, all of them dead: $(of launcher_hung)"
text=''
for p in "${PHASES[@]}"; do text+="${text:+, }$p $(of "hit_$p")"; done
count "phases hit: $text"
count "left: partial file $(of partial), no file yet $(of no_file); $(of rows) rows done in them, $(of damaged) false"
count "starts that computed exactly what was missing: $(of compared)"
count "jobs finished $(of ends) (after up to 4 kills on end), digest equal $(of equal)"
[ -n "$PYTHON" ] || echo "skip: $NAME other reader (no python3 with h5py)"
check "kills" test "$(of kills)" = "$KILLS"
if [ "$KILLS" -ge 20 ]; then # fewer cannot reach every phase
    for p in "${PHASES[@]}"; do check "kills in phase $p" test "$(of "hit_$p")" -gt $((KILLS / 60)); done
fi
check "digests" test "$(of equal)" = "$(of ends)"
finish
