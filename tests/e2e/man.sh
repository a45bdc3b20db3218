#!/usr/bin/env bash
# Every command has its manual page, every option and every key of job files stands in it, examples name what there is.
. "$(dirname "$0")/common.bash"
commands=$("$Q" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')

plain()   { sed 's/\\f[BIR]//g; s/\\-/-/g; s/\\e/\\/g; s/\\&//g; s/\\://g' "$1"; }
# The options of a command's --help: "run.ranks" of "  -j, --run.ranks=N".
options() { "$Q" "$1" --help | sed -nE 's/^  (-[a-z], )?--([A-Za-z0-9._-]+).*/\2/p' | sort; }
# Those of a page's entries.
entries() { sed -nE '/^\.TP/ { n; s/^(-[a-z], )?--([A-Za-z0-9._-]+).*/\2/p }' "$1" | sort; }
# The keys of a page of job files, "run.ranks" of "ranks = N" under "[run]".
keys()
{
    awk '/^\.SS / { gsub(/[][]/, ""); sub(/^\.SS /, ""); sub(/ /, "."); section = $0 }
        was && match($0, /^[A-Za-z0-9._-]+ = /) { print section "." $1 } { was = /^\.TP/ }' "$1" | sort
}
# No warning of groff or mandoc (which wants a date: a version says more).
clean()
{
    ! command -v groff > /dev/null || [ -z "$(groff -man -ww -z -Tutf8 "$1" 2>&1 | tee "$T/warnings")" ] || { cat "$T/warnings" >&2; return 1; }
    ! command -v mandoc > /dev/null || ! mandoc -Tlint -Wwarning "$1" | grep -v 'missing date' >&2
}
# The options that the examples of a page name, whole or without their section, are options of the command.
examples_fit() # PAGE COMMAND
{
    local option bad=0
    for option in $(awk '/^\.nf/ { on = 1; next } /^\.fi/ { on = 0 } on' "$1" | grep -oE -- '--[a-z][a-z._-]*' | sed 's/--//'); do
        options "$2" | grep -qE "(^|\.)$option\$" || { echo "$1: an example names --$option" >&2; bad=1; }
    done
    for option in $(awk '/^\.nf/ { on = 1; next } /^\.fi/ { on = 0 } on' "$1" | grep -oE '(models|jobs)/[a-z0-9_/-]+\.[a-z]+'); do
        [ -e "$option" ] || { echo "$1: an example names $option" >&2; bad=1; }
    done
    return $bad
}

command -v groff > /dev/null || echo "skip: what groff says of the pages (no groff)"
check "there are commands" test "$(echo "$commands" | wc -l)" -ge 11
"$Q" --help=man > "$T/raw"
check "quantcam(1) is sound" clean "$T/raw"
plain "$T/raw" > "$T/page"
for c in $commands; do check "quantcam(1) names $c" grep -q "^\.BR quantcam-$c (1)$" "$T/page"; done
for heading in NAME SYNOPSIS DESCRIPTION COMMANDS "EXIT STATUS" ENVIRONMENT FILES EXAMPLES "SEE ALSO"; do
    check "quantcam(1): $heading" grep -q "^\.SH $heading$" "$T/page"
done
for word in OUT.part OUT.log.jsonl OUT.progress.json OUT.lock 75 QUANTCAM_ISA OMPI_ALLOW_RUN_AS_ROOT; do
    check "quantcam(1): $word" grep -q "^$word" "$T/page"
done
for name in $(grep -rhoE 'getenv\("QUANTCAM_[A-Z]+"' src | cut -d'"' -f2 | sort -u); do check "quantcam(1): $name" grep -q "^$name" "$T/page"; done

for c in $commands; do
    check "$c" code 0 "$Q" "$c" --help=man
    mv "$T/log" "$T/raw"
    plain "$T/raw" > "$T/page"
    check "$c: sound" clean "$T/raw"
    check "$c: its name" grep -q "^quantcam-$c - ." "$T/page"
    check "$c: its options are those of --help" same "$(options "$c")" "$(entries "$T/page")"
    check "$c: an example" grep -q "^quantcam $c\|^mpirun.* quantcam $c" "$T/page"
    check "$c: examples" examples_fit "$T/page" "$c"
    check "$c: exit codes" grep -q "^\.SH EXIT STATUS" "$T/page"
done
check "job files" code 0 "$Q" run --help=job
mv "$T/log" "$T/raw"
plain "$T/raw" > "$T/page"
check "job files: sound" clean "$T/raw"
check "job files: its keys are run's options" same "$(options run | grep -v '^help$')" "$(keys "$T/page")"
refuse "no page of keys elsewhere" 2 "^quantcam: unknown option '--help'" "$Q" show --help=job

# What is printed for the terminal fits into it; a usage and a long list of choices apart.
for c in $commands; do
    "$Q" "$c" --help | grep -vE '^usage: |^  (-[a-z], )?--[^ ]*$' > "$T/help"
    check "$c --help in 80 columns" lacks "$T/help" '.{80}'
done
finish
