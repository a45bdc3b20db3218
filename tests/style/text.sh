#!/bin/sh
# Sources: a .c file opens with what it is; at most 110 columns and 500 lines, no tabs, no unfinished marks, no typedef'd structs, no machine's paths.
cd "$(dirname "$0")/../.." || exit 2
files=$(git ls-files --cached --others --exclude-standard 'src/*.c' 'src/*.h' 'include/*.h' 'tests/*.c' 'tests/*.h' 2> /dev/null)
[ -n "$files" ] || files=$(find src include tests -name '*.[ch]')
out=$(for f in $files; do
    awk -v f="$f" '
        FNR == 1 && f ~ /^src.*\.c$/ && !/^\/\* [A-Za-z]/ { print f ": does not open with what it is" }
        FNR == 1 && /^\/\* src\// && index($0, "/* " f) != 1 { print f ": opens with another file'"'"'s name" }
        length($0) > 110 { print f ":" FNR ": " length($0) " columns" }
        /\t/ { print f ":" FNR ": a tab" }
        /(TODO|FIXME|(^|[^X])XXX([^X]|$))/ { print f ":" FNR ": an unfinished mark" }
        /^#if 0/ { print f ":" FNR ": dead code" }
        /^typedef struct/ { print f ":" FNR ": a typedef of a struct" }
        END { if (FNR > 500) print f ": " FNR " lines" }' "$f"
done)
count=$(echo "$files" | wc -w)
[ -z "$out" ] || echo "$out"
echo "text: $count checks, $(printf '%s' "$out" | grep -c .) failed"
[ -z "$out" ]
