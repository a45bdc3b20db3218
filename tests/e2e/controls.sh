#!/usr/bin/env bash
# Controls of the maps: ROAD and the randomisation check, of every map, the same for every rank count, instruction set and after a
# kill.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12
sed -i 's/^fraction = .*/fraction = 0.05\nselect.by = aligned/; s/^steps = .*/steps = 0/; /network mobile/,/int8 =/d' "$T/job.conf"
road=("$T/job.conf" --method=eigen,layercam --explain.road=on --explain.randomise=1)

has()    { h5ls -r "$1" | grep -qE "^$2 +Dataset \{$3\}"; }
hasnot() { h5ls -r "$1" > "$T/listed" && lacks "$T/listed" "$2"; }
# data PATH: a dataset's elements as h5dump writes them, a line each
data()   { h5dump -y -A 0 -w 1 -d "$1" "${2:-$T/road.h5}" | grep -oE '^ +-?[0-9][0-9.e+-]*,?$' | tr -d ' ,'; }

check "without" "$Q" run "$T/job.conf"
check "without: no ROAD" hasnot "$T/out.h5" "road|percentile|subset/.*/class "
check "on" "$Q" run "${road[@]}" --out="$T/road.h5"
first=$(digest "$T/road.h5")
for map in eigen layercam; do
    check "changes of $map" has "$T/road.h5" "/models/shuffle/subset/int8/road_$map" "[0-9]+, 2, 9"
    for measure in road morf lerf; do
        check "summary of ${measure}_$map" has "$T/road.h5" "/summary/measures/fp32/${measure}_$map/mean" "1, 3"
    done
    check "difference of $map" has "$T/road.h5" "/summary/difference/int8/road_$map/difference" "1, 3"
done
check "percentiles" same "$(data /percentile | tr '\n' ' ')" "10 20 30 40 50 60 70 80 90 "
# The mean over all selected places of one network is half of the least relevant pixels' less the most relevant ones'.
check "a mean by hand" awk -v mean="$(data /summary/measures/fp32/road_eigen/mean | sed -n 3p)" '
    FNR == 1 { file++ }
    file == 1 { control[FNR] = $1 } file == 2 { s = int((FNR - 1) / 18) + 1; if (control[s]) sum += (FNR - 1) % 18 < 9 ? -$1 : $1 }
    END { for (s in control) n += control[s]; d = sum / 18 / n - mean; exit !(n > 0 && d < 1e-6 && d > -1e-6) }' \
    <(data /models/shuffle/subset/in_control) <(data /models/shuffle/subset/fp32/road_eigen)

# The classifier alone is drawn: EigenCAM's layer lies before it, LayerCAM weighs by it. Then the last convolution is drawn, too.
rows=$(h5dump -y -A 0 -w 1 -d /models/shuffle/subset/status "$T/road.h5" | sed -nE 's/^ +OK,?$/1/p; s/^ +UNUSED,?$/0/p')
for what in cc ssim correlation stays; do
    check "EigenCAM's $what" same "$(data "/models/shuffle/subset/fp32/random_${what}_eigen")" "$rows"
    check "no $what of codes" hasnot "$T/road.h5" "int8/random"
done
check "EigenCAM stays" same "$(data /summary/measures/fp32/random_stays_eigen/mean | tr '\n' ' ')" "0 1 1 "
check "LayerCAM changes" same "$(data /summary/measures/fp32/random_stays_layercam/mean | tr '\n' ' ')" "0 0 0 "
check "which layers" code 0 h5dump -d /provenance "$T/road.h5"
check "which layers: said" grep -q "network.shuffle.randomised = the weights from fc on; the CAM layer conv5.2 lies before them" "$T/log"
check "deeper" code 0 "$Q" run "$T/job.conf" --explain.randomise=2 --out="$T/deep.h5" --log=normal
check "deeper: said" grep -q "network.shuffle.randomised = the weights from conv5.0 on; the CAM layer conv5.2 hangs on them" "$T/log"
# Random sums of the same inputs have much of their first component.
check "deeper: EigenCAM changes" awk '$1 == 1 { bad = 1 } END { exit bad || NR < 3 }' \
    <(data /summary/measures/fp32/random_correlation_eigen/mean "$T/deep.h5")
check "deeper: no pixels are filled in" hasnot "$T/deep.h5" "road_|percentile"
refuse "deeper than the network" 2 "explain.randomise = 300: network shuffle has 57 layers with weights" "$Q" run "$T/job.conf" \
    --explain.randomise=300 --out="$T/none.h5"
check "report" code 0 "$Q" report "$T/road.h5" -o "$T/report"
check "report: ROAD in words" grep -qE '^- ROAD \(.*eigen -?[0-9.]+ % in fp32, -?[0-9.]+ % in int8' "$T/report/report.md"
check "report: what hangs on nothing, in words" grep -qE 'eigen 100 %, mean .correlation. 1.00 \(does not depend on these weights\); layercam 0 %' \
    "$T/report/report.md"
"$Q" show "$T/road.h5" > "$T/shown"
for row in "ROAD, eigen" "ROAD, layercam" "most relevant first, eigen" "least relevant first, layercam" "randomised: stays, eigen"; do
    check "shown: $row" grep -q "$row" "$T/shown"
done
check "verify" code 0 "$Q" verify "$T/road.h5"
check "3 ranks, ref" run 3 "${road[@]}" --isa=ref --out="$T/ranks.h5"
check "3 ranks, ref: the same digest" same "$(digest "$T/ranks.h5")" "$first"
check "another seed" "$Q" run "${road[@]}" --explain.seed=2 --out="$T/seed.h5"
check "another seed: another digest" other "$(digest "$T/seed.h5")" "$first"
QUANTCAM_FAULT=0:average:KILL "$Q" run "${road[@]}" --out="$T/killed.h5" > /dev/null 2>&1
check "killed behind explain" test -f "$T/killed.h5.part"
check "resumed" "$Q" run "${road[@]}" --out="$T/killed.h5"
check "resumed: the same digest" same "$(digest "$T/killed.h5")" "$first"
check "rows of another result" "$Q" run "${road[@]}" --from="$T/road.h5" --out="$T/from.h5"
check "rows of another result: the same digest" same "$(digest "$T/from.h5")" "$first"
check "a dry run" code 0 "$Q" run "${road[@]}" --dry-run --log=normal --out="$T/dry.h5"
check "a dry run predicts" grep -qE '^ *explain +[0-9:]+ ' "$T/log"
refuse "a seed of nothing" 2 "explain.seed = 2 has no effect: nothing is random" "$Q" run "$T/job.conf" --explain.seed=2 --out="$T/none.h5"
finish
