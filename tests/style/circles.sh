#!/bin/sh
# No circle between the files of a room: a file uses another where it calls what the other defines (nm). Files that can
# only be understood together are one file, or lack one that both stand on.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build/release}
objects=$(for c in src/*/*.c src/kernel/*/*.c; do o=$B/obj/${c#src/}; o=${o%.c}.o; [ -f "$o" ] && echo "$o"; done)
[ -n "$objects" ] || { echo "skip: circles (nothing is built)"; exit 77; }
# Objects of older sources tell of circles that are gone, and not of new ones.
for o in $objects; do
    c=src/${o#$B/obj/}; c=${c%.o}.c
    [ -z "$(find "$c" -newer "$o")" ] || { echo "skip: circles ($c is newer than its object: make first)"; exit 77; }
done
nm -A -g $objects | awk -v before="$B/obj/" '
    # The files that lead back to the one at which the search stands, first to last.
    function search(f,    i, n, to, next_) {
        state[f] = "open"
        stack[++depth] = f
        n = split(uses[f], next_, " ")
        for (i = 1; i <= n; i++) {
            to = next_[i]
            if (!(to in state)) search(to)
            else if (state[to] == "open") tell(to)
        }
        state[f] = "left"
        depth--
    }
    function tell(first,    i, text) {
        for (i = depth; stack[i] != first; i--) ;
        for (; i <= depth; i++) text = text stack[i] " (" why[stack[i], i < depth ? stack[i + 1] : first] ") -> "
        print "src/" text first
        bad++
    }
    {
        file = $1; sub(/:.*/, "", file); sub(before, "", file); sub(/\.o$/, ".c", file)
        symbol = $NF
        if (!(file in at)) { at[file] = ++files; name[files] = file }
        if ($(NF - 1) == "U") wants[file] = wants[file] " " symbol
        else home[symbol] = file
    }
    END {
        for (i = 1; i <= files; i++) {
            room = name[i]; sub(/\/.*/, "", room)
            n = split(wants[name[i]], symbols, " ")
            for (k = 1; k <= n; k++) {
                to = home[symbols[k]]
                if (to == "" || to == name[i] || index(to, room "/") != 1) continue
                if (!((name[i], to) in why)) uses[name[i]] = uses[name[i]] " " to
                why[name[i], to] = symbols[k]
            }
        }
        for (i = 1; i <= files; i++) if (!(name[i] in state)) search(name[i])
        print "circles: " files " checks, " bad + 0 " failed"
        exit bad > 0 || !files
    }'
