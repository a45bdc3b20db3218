#!/usr/bin/env bash
# jobs/fetch-weights.sh against a folder and a server of this machine: fetched, resumed, checked, refused. Never the network.
. "$(dirname "$0")/common.bash"
F=jobs/fetch-weights.sh
command -v curl > /dev/null || command -v wget > /dev/null || skip "neither curl nor wget"
export http_proxy='' https_proxy='' no_proxy='*'
says() { grep -q -- "$1" "$T/log"; }

# The table of the product: names of the job, a description for each network, hashes in the names.
check "the table" code 0 $F --list --to "$T/none"
check "22 files" test "$(grep -c ' MiB  missing ' "$T/log")" = 22
check "what the study fetches" code 0 $F --dry-run --to "$T/none"
check "no folder is made" test ! -e "$T/none"
cp "$T/log" "$T/urls"
for file in $(sed -n 's/^\(fp32\|int8\) = weights\///p' jobs/imagenet.conf); do
    check "$file of the job" grep -q "^https://download.pytorch.org/models/\(quantized/\)\?$file -> $T/none/$file$" "$T/urls"
done
check "an address of its own" code 0 $F --dry-run resnet20_cifar10 --to "$T/none"
check "as the table has it" grep -q "^https://raw.githubusercontent.com/.*/resnet20-12fca82f.th -> $T/none/resnet20-12fca82f.th$" "$T/log"
check "and no other" test "$(grep -c '^https' "$T/urls")" = 8
for network in $(awk '!/^#/ { print $1 }' jobs/weights.txt | uniq); do check "$network" test -f "models/$network.model"; done
refuse "unknown network" 2 "no network 'mobilnet'" $F --dry-run mobilnet
refuse "unknown option" 2 "^fetch-weights: unknown option '--force'" $F --force
refuse "an option without its value" 2 "^fetch-weights: --to needs a value" $F --to

# A mirror of two files whose names, sizes and hashes fit, and one that does not.
mkdir -p "$T/mirror/quantized"
stated() { awk -v b="$(stat -c %s "$1")" 'BEGIN { printf "%.3f", b / 1048576 }'; }
add() # NETWORK PRECISION FOLDER BYTES
{
    head -c "$4" /dev/urandom > "$T/file"
    local name=$3$1-$(sha256sum < "$T/file" | cut -c1-8).pth
    echo "$1 $2 $name $(stated "$T/file")" >> "$T/table"
    mv "$T/file" "$T/mirror/$name"
    echo "$T/mirror/$name"
}
first=$(add one fp32 '' 300001)
second=$(add one int8 quantized/ 200002)
bad=$(add two fp32 '' 100003)
printf 'X' | dd of="$bad" bs=1 seek=5000 conv=notrunc status=none
# Of an address elsewhere, with the whole hash; and with another one.
third=$T/mirror/three-abcdef01.th
head -c 40004 /dev/urandom > "$third"
cp "$third" "$T/mirror/four-abcdef02.th"
echo "three fp32 https://elsewhere.example/a/three-abcdef01.th $(stated "$third") $(sha256sum < "$third" | cut -d' ' -f1)" >> "$T/table"
echo "four fp32 https://elsewhere.example/a/four-abcdef02.th $(stated "$third") $(printf '%064d' 0)" >> "$T/table"
to=$T/weights
name() { echo "$to/$(basename "$1")"; }

campaign() # URL
{
    fetch() { $F --from "$1" --table "$T/table" --to "$to" "${@:2}"; }
    rm -rf "$to"
    check "$1: fetched" code 0 fetch "$1" one
    check "$1: says so" says "2 of 2 files are in"
    check "$1: the bytes" cmp "$first" "$(name "$first")"
    check "$1: the bytes of the second" cmp "$second" "$(name "$second")"
    before=$(stat -c %i,%Y "$to"/*)
    check "$1: again" code 0 fetch "$1" one
    check "$1: left alone" test "$before" = "$(stat -c %i,%Y "$to"/*)"
    check "$1: listed" code 0 fetch "$1" --list one
    check "$1: listed as there" test "$(grep -c ' there ' "$T/log")" = 2

    head -c 123456 "$first" > "$(name "$first").part"
    rm "$(name "$first")"
    check "$1: what is left" code 0 fetch "$1" --dry-run one
    check "$1: goes on" code 0 fetch "$1" one
    check "$1: to the same bytes" cmp "$first" "$(name "$first")"
    check "$1: no part remains" test -z "$(ls "$to"/*.part 2> /dev/null)"

    check "$1: of an address, by its whole hash" code 0 fetch "$1" three
    check "$1: the bytes of the third" cmp "$third" "$(name "$third")"
    refuse "$1: another hash" 1 "SHA-256 does not begin with 0000" fetch "$1" four
    refuse "$1: wrong bytes" 1 "SHA-256 does not begin with" fetch "$1" two
    check "$1: no file" test -z "$(ls "$to"/two* 2> /dev/null)"
    printf 'X' >> "$(name "$second")"; truncate -s 100 "$(name "$second")"
    refuse "$1: a damaged file" 1 "has the wrong size: move it away" fetch "$1" one
    check "$1: and is kept" test "$(stat -c %s "$(name "$second")")" = 100
    refuse "$1: nothing there" 1 "$1/nothing/" fetch "$1/nothing" --to "$to/nothing" one
}
if command -v curl > /dev/null; then
    campaign "file://$T/mirror"
    # That it goes on in the middle shows where the beginning is wrong.
    mkdir "$T/half"
    head -c 1000 /dev/zero > "$T/half/$(basename "$first").part"
    refuse "a wrong beginning is gone on from, and noticed" 1 "SHA-256 does not begin with" \
        $F --from "file://$T/mirror" --table "$T/table" --to "$T/half" one
    check "then starts again" code 0 $F --from "file://$T/mirror" --table "$T/table" --to "$T/half" one
else
    echo "skip: file:// (no curl)"
fi

if command -v python3 > /dev/null; then
    # A server without ranges, as Python's is: what was broken off starts again.
    python3 -u -c '
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
print(server.server_port)
server.serve_forever()' "$T/mirror" > "$T/port" 2> /dev/null & server=$!
    trap 'kill $server 2> /dev/null; rm -rf "$T"' EXIT
    for _ in $(seq 100); do [ -s "$T/port" ] && break; sleep 0.1; done
    url=http://127.0.0.1:$(cat "$T/port")
    campaign "$url"
    if command -v curl > /dev/null && command -v wget > /dev/null; then
        mkdir "$T/bin"
        for tool in bash awk stat sha256sum mkdir mv rm cut uniq tr wget dirname; do ln -s "$(command -v $tool)" "$T/bin/$tool"; done
        check "wget alone" code 0 env PATH="$T/bin" bash $F --from "$url" --table "$T/table" --to "$T/w" one
        check "wget's bytes" cmp "$first" "$T/w/$(basename "$first")"
    fi
else
    echo "skip: http (no python3)"
fi

echo "one fp32 ../../x-12345678.pth 1.0" > "$T/table"
refuse "a table that leaves its folder" 2 "table:1:" $F --table "$T/table" --list
finish
