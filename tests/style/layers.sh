#!/bin/sh
# Checks src/LAYERS. A room includes its own headers, those of the rooms its line names, and of the
# libraries in <angle brackets> only its own. A header's room is its name up to the first '.' or '_'.
cd "$(dirname "$0")/../.." || exit 2
grep -rnE '^ *# *include' src include --include='*.[ch]' | awk '
    function bad(msg) { print msg; failed = 1 }
    BEGIN {
        while ((getline line < "src/LAYERS") > 0) {
            n = split(line, w, " ")
            if (n == 0 || line ~ /^#/) continue
            for (i = 1; i <= n; i++) {
                if (w[i] ~ /^</) outer[w[i]] = 1
                else if (i > 1 && !(w[i] in room)) bad("src/LAYERS: " w[1] " names " w[i] ", which is not above it")
                may[w[1], w[i]] = 1
            }
            room[w[1]] = 1
        }
    }
    {
        lines++
        split($0, at, ":"); split(at[1], dir, "/"); from = dir[2]; sub(/[._].*/, "", from)
        to = $0; sub(/.*include */, "", to)
        if (to ~ /\.\.\/[a-z0-9]+\//) bad(at[1] ":" at[2] ": reaches into another folder: " to)
        if (to ~ /^</) known = to in outer
        else { gsub(/"|.*\//, "", to); sub(/[._].*/, "", to); known = to in room }
        if (!(from in room)) bad(at[1] ": room " from " is not in src/LAYERS")
        else if (known && !((from, to) in may)) bad(at[1] ":" at[2] ": " from " may not include " to)
    }
    END { print "layers: " lines " checks, " (failed ? "some" : 0) " failed"; exit failed || !lines }'
