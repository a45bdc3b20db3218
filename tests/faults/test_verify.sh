#!/usr/bin/env bash
# `verify` on results that are wrong although every checksum fits: one dataset after another with another value, other
# attributes, a dataset too many. Only what no other part of the file determines may go unnoticed: that is listed here.
. "$(dirname "$0")/common.bash"
[ -n "$PYTHON" ] || skip "no python3 with h5py"
fault_job "$T/job.conf" 8 2 shufflenet_v2_x0_5
check "a result" code 0 "$Q" run "$T/job.conf" --log=quiet --time.runs=2
check "it is sound" code 0 "$Q" verify "$T/out.h5"
check "the first line" same "$(head -1 "$T/log")" complete

# The list's names, times, sizes of what was read, and histograms of activations that are not stored.
free='^/(images/(path|class_name)|timing/.*|models/[^/]*/[^/]*/activation_(scale|zero_point)|summary/accuracy/.*/(weights_bytes|parameters|macs)|summary/histogram/(images|.*/(low|high)))$'
noticed=0 unnoticed=0
mkdir "$T/forged"
check "forge" "$PYTHON" $FAULTS/forge.py values "$T/out.h5" "$T/forged" > "$T/list"
while read -r number path; do
    "$Q" verify "$T/forged/$number.h5" > "$T/log" 2>&1
    rc=$?
    rm "$T/forged/$number.h5"
    checks=$((checks + 1))
    if [ $rc = 1 ] && grep -q '^damaged: ' "$T/log"; then
        noticed=$((noticed + 1))
    elif [ $rc = 0 ] && [[ $path =~ $free ]]; then
        unnoticed=$((unnoticed + 1))
    else
        check "another value in $path is noticed (exit $rc)" false
        head -3 "$T/log" >&2
    fi
done < "$T/list"
for what in changed missing extra axis dataset version; do
    check "forge $what" "$PYTHON" $FAULTS/forge.py attribute "$T/out.h5" "$T/forged.h5" $what
    check "attribute or dataset $what: 1" code $([ $what = version ] && echo 3 || echo 1) "$Q" verify "$T/forged.h5"
    verdict='damaged: '
    [ $what != version ] || verdict="another version: $T/forged.h5 has schema version 99, and this program reads version "
    check "attribute or dataset $what: says so" grep -q "^$verdict" "$T/log"
    check "attribute or dataset $what: one sentence" test "$(wc -l < "$T/log")" = 1
done
count "datasets forged $((noticed + unnoticed)): noticed $noticed, free $unnoticed; attributes forged 6"
check "most are noticed" test $noticed -gt 150
refuse "a folder" 3 "^cannot look: $T: not a regular file" "$Q" verify "$T"
refuse "no file" 3 "^cannot look: neither $T/none.h5 nor its .part exists" "$Q" verify "$T/none.h5"
refuse "no file, --resumable" 3 "^cannot look: neither $T/none.h5 nor its .part exists" "$Q" verify --resumable "$T/none.h5"
refuse "no file, --digest" 3 "^quantcam: $T/none.h5: No such file" "$Q" verify --digest "$T/none.h5"
refuse "no argument" 2 "^quantcam: too few arguments" "$Q" verify
: > "$T/empty.h5"
refuse "an empty file" 1 "^damaged: $T/empty.h5" "$Q" verify "$T/empty.h5"
finish
