#!/usr/bin/env bash
# Fetches torchvision's weights and ResNet-20's for CIFAR-10, resumes what was broken off, checks size and SHA-256.
set -u
usage="usage: jobs/fetch-weights.sh [--list | --dry-run] [--to DIR] [--from URL] [--table FILE] [NETWORK...]

Fetches the weights of the networks named into DIR [weights], where jobs/imagenet.conf looks for them; without a
NETWORK those of jobs/imagenet.conf, with 'all' every network of the table. What is there and sound is left alone;
what was broken off goes on where it stopped. A file gets its name when its size and its SHA-256, or the first digits
that the table has of it, are right. Needs curl or wget.

  --list        the table: network, precision, size, and whether DIR has the file
  --dry-run     what would be fetched, from where, how many bytes; fetches nothing
  --to DIR      where to [weights]
  --from URL    in place of https://download.pytorch.org/models and other addresses of the table: a mirror, or
                file:///folder (with curl)
  --table FILE  in place of jobs/weights.txt

Exit codes: 0 all there, 1 something could not be had, 2 usage."
study="mobilenet_v2 mobilenet_v3_large resnet18 shufflenet_v2_x0_5"

die() { echo "fetch-weights: $*" >&2; exit 2; }
say() { echo "fetch-weights: $*" >&2; }
to=weights from='' mode=fetch table=$(dirname "$0")/weights.txt networks=
while [ $# -gt 0 ]; do
    case $1 in
    --list | --dry-run) mode=${1#--} ;;
    --to=* | --from=* | --table=*) name=${1%%=*}; name=${name#--}; printf -v "$name" %s "${1#*=}" ;;
    --to | --from | --table) [ $# -gt 1 ] || die "$1 needs a value"; name=${1#--}; printf -v "$name" %s "$2"; shift ;;
    --help | -h) echo "$usage"; exit 0 ;;
    -*) die "unknown option '$1'; --help lists them" ;;
    *) networks="$networks $1" ;;
    esac
    shift
done
[ -r "$table" ] || die "$table cannot be read"
[ -n "$to" ] || die "--to needs a folder"
rows=$(awk '{ sub(/#.*/, "") } NF == 0 { next }
    NF < 4 || NF > 5 || $2 !~ /^(fp32|int8)$/ || $3 !~ /[-_][0-9a-f]+\.p?th$/ || $3 ~ /\.\.\// || $4 !~ /^[0-9]+(\.[0-9]+)?$/ ||
        (NF == 5 && $5 !~ /^[0-9a-f]+$/) {
        print FILENAME ":" FNR ": `network fp32|int8 path-HASH.pth MiB [SHA-256]` expected" > "/dev/stderr"; exit 1 }
    { print $1, $2, $3, $4, $5 }' "$table") || exit 2
known=$(echo "$rows" | cut -d' ' -f1 | uniq | tr '\n' ' ')
case $networks in
'')     [ "$mode" = list ] && networks=$known || networks=$study ;;
' all') networks=$known ;;
esac
for network in $networks; do
    [[ " $known" == *" $network "* ]] || die "no network '$network' in $table; it has: $known"
done

if command -v curl > /dev/null; then tool=curl
elif command -v wget > /dev/null; then tool=wget
else tool=; fi

# Torchvision states MiB with three decimals: right within 525 bytes.
size_of() { stat -c %s "$1" 2> /dev/null || echo 0; }
bytes()   { awk -v m="$1" 'BEGIN { printf "%d", m * 1048576 + 0.5 }'; }
right_size() { local d=$(($(size_of "$1") - $(bytes "$2"))); [ ${d#-} -le 525 ]; }
# The table's, or the digits in the name.
hash_of()    { local h=${1%.*}; echo "${2:-${h##*[-_]}}"; }
right_hash() { [[ $(sha256sum < "$2") == "$1"* ]]; }
url_of() {
    case $from:$1 in
    :https://*) echo "$1" ;;
    :*)         echo "https://download.pytorch.org/models/$1" ;;
    *:https://*) echo "$from/${1##*/}" ;;
    *)          echo "$from/$1" ;;
    esac
}

# Appends to FILE what is missing; a server that cannot go on in the middle starts again.
get() # URL FILE
{
    local rc
    case $tool in
    curl) curl -fsSL --retry 3 --connect-timeout 30 -C - -o "$2" "$1"; rc=$?
          if [ $rc = 33 ]; then rm -f "$2"; curl -fsSL --retry 3 --connect-timeout 30 -o "$2" "$1"; rc=$?; fi ;;
    wget) wget -q -c --tries=3 --timeout=30 -O "$2" "$1"; rc=$? ;;
    esac
    [ $rc = 0 ] || say "$1: $tool ended with $rc$([ -s "$2" ] && echo "; $2 is kept, the same command goes on from there")"
    return $rc
}

fetch() # PATH MIB HASH
{
    local file=$to/${1##*/} url
    local part=$file.part
    url=$(url_of "$1")
    [ -n "$tool" ] || { say "neither curl nor wget is here: fetch $url by hand into $to"; return 1; }
    if ! { right_size "$part" "$2" && right_hash "$3" "$part"; }; then
        # A whole part with wrong bytes cannot be mended by going on.
        if [ "$(size_of "$part")" -ge $(($(bytes "$2") - 525)) ]; then rm -f "$part"; fi
        get "$url" "$part" || return 1
        right_size "$part" "$2" ||
            { say "$url: $(size_of "$part") bytes, about $(bytes "$2") expected: not the file, or broken off; kept as $part"; return 1; }
        right_hash "$3" "$part" ||
            { say "$url: its SHA-256 does not begin with $3: removed"; rm -f "$part"; return 1; }
    fi
    mv "$part" "$file"
}

[ "$mode" != fetch ] || mkdir -p "$to" || exit 1
count=0 have=0 missing=0 left=0
while read -r network precision path mib hash; do
    [[ " $networks " == *" $network "* ]] || continue
    file=$to/${path##*/} hash=$(hash_of "$path" "$hash")
    count=$((count + 1))
    if [ ! -e "$file" ]; then state=missing
    elif ! right_size "$file" "$mib"; then state="wrong size"
    elif ! right_hash "$hash" "$file"; then state="wrong hash"
    else state=there; have=$((have + 1)); fi
    case $mode:$state in
    list:*)    printf '%-18s  %-4s  %7s MiB  %-10s  %s\n' "$network" "$precision" "$mib" "$state" "${path##https:*/}" ;;
    *:there)   ;;
    *:wrong*)  say "$file has the $state: move it away, then start again"; missing=$((missing + 1)) ;;
    dry-run:*) echo "$(url_of "$path") -> $file"
               left=$((left + $(bytes "$mib") - $(size_of "$file.part"))) ;;
    fetch:*)   say "$network $precision, $mib MiB"
               if fetch "$path" "$mib" "$hash" < /dev/null; then have=$((have + 1)); else missing=$((missing + 1)); fi ;;
    esac
done <<< "$rows"
case $mode in
dry-run) echo "$count files, $have there, about $left bytes to fetch into $to" ;;
fetch)   say "$have of $count files are in $to" ;;
esac
[ $missing = 0 ]
