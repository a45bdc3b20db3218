#!/usr/bin/env bash
# The third study's judging half: IDX pictures, several checkpoints of real numbers, the input gradient's map of every picture, accuracy
# under removal, groups of networks; the same for every rank count and instruction set, stopped and resumed, from another result.
. "$(dirname "$0")/common.bash"
python=$(python_with "array, gzip, json, random, struct") || skip "no Python"
"$python" - "$T" <<'PY' || exit 1
import array, gzip, json, math, random, struct, sys
T = sys.argv[1]
draw = random.Random(4)
def idx(name, extents, values):
    with gzip.open(f'{T}/{name}', 'wb') as f:
        f.write(bytes([0, 0, 8, len(extents)]) + b''.join(struct.pack('>I', e) for e in extents) + bytes(values))
def blob():
    y, x, r = draw.uniform(6, 22), draw.uniform(6, 22), draw.uniform(2, 6)
    return [min(255, int(draw.random() * 30 + 220 * math.exp(-((i // 28 - y) ** 2 + (i % 28 - x) ** 2) / (2 * r * r)))) for i in range(784)]
for name, n in (('test', 10), ('train', 12)):
    idx(f'{name}-images-idx3-ubyte.gz', (n, 28, 28), [v for _ in range(n) for v in blob()])
    idx(f'{name}-labels-idx1-ubyte.gz', (n,), [i % 10 for i in range(n)])
shapes = {'conv1.weight': (4, 1, 3, 3), 'conv1.bias': (4,), 'conv2.weight': (8, 4, 3, 3), 'conv2.bias': (8,),
          'wide1.weight': (320, 392), 'wide1.bias': (320,), 'wide2.weight': (320, 320), 'wide2.bias': (320,),
          'fc.weight': (10, 320), 'fc.bias': (10,)}
def net(seed, away=0.0, first=None):
    draw = random.Random(seed)
    return {k: [(first[k][i] if first else 0) + (away if first else 2 / math.sqrt(math.prod(s[1:]) or 1)) * draw.gauss(0, 1)
                for i in range(math.prod(s))] for k, s in shapes.items()}
def write(name, weights):
    head, at = {}, 0
    for k, s in shapes.items():
        head[k] = {'dtype': 'F32', 'shape': s, 'data_offsets': [at, at + 4 * len(weights[k])]}
        at += 4 * len(weights[k])
    text = json.dumps(head).encode()
    with open(f'{T}/{name}.safetensors', 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(array.array('f', weights[k]).tobytes() for k in shapes))
for n, name in enumerate(('plain-1', 'plain-2')):
    first = net(n)
    write(f'{name}-fp32', first)
    write(f'{name}-longer', net(90 + n, 0.02, first))
PY
# Its last layers are large enough for evaluate to run those of several pictures together.
cat > "$T/net.model" <<MODEL
model  small  for this test
input  image  1 28 28  resize squash bilinear  mean 0.1307 std 0.3081  quant quant
conv    conv1  image  out 4 kernel 3 stride 1 pad 1 groups 1  weight conv1
relu    relu1  conv1
maxpool pool1  relu1  kernel 2 stride 2 pad 0
conv    conv2  pool1  out 8 kernel 3 stride 1 pad 1 groups 1  weight conv2
relu    relu2  conv2
maxpool pool2  relu2  kernel 2 stride 2 pad 0
linear  wide1  pool2  out 320  weight wide1
relu    relu3  wide1
linear  wide2  relu3  out 320  weight wide2
relu    relu4  wide2
linear  fc     relu4  out 10  weight fc
output fc
cam    pool2
MODEL
cat > "$T/job.conf" <<JOB
[data]
images = $T/test-images-idx3-ubyte.gz
labels = $T/test-labels-idx1-ubyte.gz
[cam]
class = true
[input]
map = on
[quantize]
images = $T/train-images-idx3-ubyte.gz
[precision longer]
[group plain]
networks = plain-1, plain-2
[group one]
networks = plain-2
[subset]
fraction = 0.1
[explain]
steps = 0
methods = gradient
[time]
runs = 0
[store]
out = $T/out.h5
[run]
log = quiet
JOB
for n in plain-1 plain-2; do
    printf '[network %s]\nmodel = %s\nfp32 = %s\nlonger = %s\nint8 = quantize\n' $n "$T/net.model" \
        "$T/$n-fp32.safetensors" "$T/$n-longer.safetensors" >> "$T/job.conf"
done
job()  { run "$1" "$T/job.conf" --out="$T/$2.h5" "${@:3}"; }
has()  { h5ls -r "$1" | grep -qE "^$2 +Dataset \{$3\}"; }
data() { h5dump -y -A 0 -w 0 -d "$1" -s "$2" -c "$3" "$T/one.h5" | sed -n '/DATA {/,/}/p' | sed '1d;$d' | grep -v '}' | tr -d ' "'; }
near() { awk -v a="$1" -v b="$2" -v e="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= e && d >= -e) }'; }

check "the job" code 0 job 1 one
first=$(digest "$T/one.h5")
check "answers under removal" has "$T/one.h5" /models/plain-1/int8/removal_right "10, 10"
check "the map's agreement, of every picture" has "$T/one.h5" /models/plain-1/int8/vs_fp32/input_cc 10
check "its mean over a group" has "$T/one.h5" /summary/groups/input_cc/mean "2, 3"
check "differences of any two precisions" has "$T/one.h5" /summary/groups/removal/difference "2, 3, 3"
check "names" grep -q '"test-images-idx3-ubyte.gz/00009"' <(h5dump -d /images/path "$T/one.h5")
check "two networks" test "$(data /summary/groups/top1/networks 0,0 1,1)" = 2
check "one network" test "$(data /summary/groups/top1/networks 1,0 1,1)" = 1
mean=$(for i in 0 1; do data /summary/measures/longer/vs_fp32/input_cc/mean $i,0 1,1; done | awk '{ s += $1 } END { print s / NR }')
check "a group's mean is that of its networks" near "$(data /summary/groups/input_cc/mean 0,1 1,1)" "$mean" 1e-5
sd=$(data /summary/groups/input_cc/sd 0,1 1,1)
check "with Student's interval" near "$(data /summary/groups/input_cc/high 0,1 1,1)" "$(awk "BEGIN { print $mean + 12.706205 * $sd / sqrt(2) }")" 1e-5
check "the area is the mean accuracy" near "$(data /summary/groups/removal/mean 1,0 1,1)" "$(data /summary/measures/fp32/removal/mean 1,0 1,1)" 1e-9
check "nothing removed: the accuracy" near "$(data /summary/removal/fp32/accuracy 0,0,0 1,1,1)" "$(data /summary/accuracy/fp32/top1 0,0 1,1)" 1e-9
check "its report" code 0 "$Q" report "$T/one.h5" -o "$T/report"
for file in training2024_{maps,removal,groups,against,yardsticks}.csv figures/{input_3,removal_2}.svg sheet_plain-2.png; do
    check "$file" test -s "$T/report/$file"
done
check "what int8 did beside the control" grep -qE '^plain,int8,.*,(changed the map (more|less) than|cannot be told from) longer' \
    "$T/report/training2024_against.csv"
check "one network has no interval" grep -q '^one,int8,.*one training, no interval: ' "$T/report/training2024_against.csv"
check "in the headline" grep -qE "the input gradient's map changed (more than|less than|about as much as) longer's" "$T/report/report.md"
check "in words" grep -q 'Maps of the input gradient: CC .* with those of fp32 (controls: longer ' "$T/report/report.md"
check "nothing of the study's own" grep -q "numbers of these two are not at hand" "$T/report/report.html"
check "the sheet's rule" grep -q "what the network saw, then the map in fp32, longer, int8" "$T/report/report.html"
check "verify computes all again" code 0 "$Q" verify "$T/one.h5"
check "3 ranks" job 3 three --schedule=dynamic
check "3 ranks: the same digest" same "$(digest "$T/three.h5")" "$first"
check "ref" job 1 ref --isa=ref
check "ref: the same digest" same "$(digest "$T/ref.h5")" "$first"
check "stopped" code 75 env QUANTCAM_FAULT=0:explain:TERM "$Q" run "$T/job.conf" --out="$T/stopped.h5"
check "resumed" job 1 stopped
check "resumed: the same digest" same "$(digest "$T/stopped.h5")" "$first"
sed '/^int8/d; /^.quantize/,/^images/d' "$T/job.conf" > "$T/fewer.conf"
check "fewer precisions" run 1 "$T/fewer.conf" --out="$T/fewer.h5"
check "from them" job 1 from --from="$T/fewer.h5"
check "from them: the same digest" same "$(digest "$T/from.h5")" "$first"
check "no removal" run 1 "$T/fewer.conf" --out="$T/none.h5" --input.removal=none
h5ls -r "$T/none.h5" > "$T/listed"
check "no removal: no answers" lacks "$T/listed" removal
check "explained" code 0 "$Q" explain "$T/test-images-idx3-ubyte.gz/00003" --model "$T/net.model" --weights "$T/plain-1-fp32.safetensors" -o "$T/x.png"
refuse "an unknown network" 2 "group plain: the job has no network plain-9" job 1 no --group.plain.networks=plain-9
refuse "removal without a map" 2 "input.removal.*input.map is off" job 1 no --input.map=off --input.removal=zero
sed 's/out 10/out 9/' "$T/net.model" > "$T/nine.model"
refuse "labels that are no classes" 1 "its class is 9, but network plain-1 knows 0 to 8" job 1 no --network.plain-1.model="$T/nine.model"
refuse "no labels" 2 "IDX pictures have their labels in a file of their own" job 1 no --labels=
finish
