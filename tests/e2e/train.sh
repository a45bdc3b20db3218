#!/usr/bin/env bash
# Trainings of a small network on pictures that this script writes: the same weights on 1, 2 and 3 ranks, by every
# instruction set, after kills and stops; what is refused, and its sentences.
. "$(dirname "$0")/common.bash"

# idx N SIDE CLASSES SEED: the file of pictures, brighter in the rows of their class, and the file of labels.
idx()
{
    awk -v n="$1" -v side="$2" -v classes="$3" -v state="$4" -v pictures="$T/$5-images-idx3-ubyte" -v labels="$T/$5-labels-idx1-ubyte" '
        function draw(below) { state = (state * 16807) % 2147483647; return state % below }
        function word(v) { return sprintf("\\x%02x\\x%02x\\x%02x\\x%02x", int(v / 16777216), int(v / 65536) % 256, int(v / 256) % 256, v % 256) }
        BEGIN {
            printf "%s%s%s%s", word(2051), word(n), word(side), word(side) > pictures
            printf "%s%s", word(2049), word(n) > labels
            for (i = 0; i < n; i++) {
                kind = draw(classes)
                printf "\\x%02x", kind > labels
                for (y = 0; y < side; y++)
                    for (x = 0; x < side; x++)
                        printf "\\x%02x", draw(128) + (int(y * classes / side) == kind ? 100 : 0) > pictures
            }
        }'
    for file in "$T/$5-images-idx3-ubyte" "$T/$5-labels-idx1-ubyte"; do
        printf %b "$(cat "$file")" > "$file.bytes" && mv "$file.bytes" "$file"
    done
}
idx 200 10 4 1 train
idx 60 10 4 7 test
gzip "$T/test-images-idx3-ubyte"

cat > "$T/tiny.model" <<MODEL
model tiny two convolutions and two dense layers
input image 1 10 10  resize squash bilinear  mean 0.3 std 0.25  quant quant
conv conv1 image  out 6 kernel 3 stride 1 pad 1 groups 1  weight conv1  bn bn1 eps 1e-05
relu relu1 conv1
conv conv2 relu1  out 8 kernel 3 stride 2 pad 1 groups 2  weight conv2
relu relu2 conv2
maxpool pool relu2  kernel 2 stride 2 pad 0
dropout drop pool  rate 0.2
linear fc1 drop  out 16  weight fc1
relu relu3 fc1
linear fc2 relu3  out 4  weight fc2
output fc2
cam relu2
MODEL
cat > "$T/job.conf" <<JOB
[data]
train = $T/train-images-idx3-ubyte
test = $T/test-images-idx3-ubyte.gz
test.labels = $T/test-labels-idx1-ubyte
holdout = 20
crop = on
flip = on
[network]
model = $T/tiny.model
[train]
epochs = 3
batch = 50
optimizer = adam
rate = 0.01
[guided]
share = 0.5
[bits]
preset = mixed
alpha = least-squares
[run]
watchdog = 0
JOB
train() { "$MPIRUN" -np "$1" "$Q" train "$T/job.conf" -o "$T/$2.safetensors" "${@:3}"; }
# mpirun and every rank of it, which would hold the lock for a while.
kill_all() { while pkill -9 -f "$T/$1.safetensors"; do sleep 0.1; done; wait $job 2> /dev/null; }
sum()   { sha256sum < "$T/$1.safetensors" | cut -d' ' -f1; }

# ---- the same bits ----
check "one rank" code 0 "$Q" train "$T/job.conf" -o "$T/one.safetensors"
check "curve on stdout" grep -qE "^ +3 +0.01 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$" "$T/log"
check "the state is gone" test ! -e "$T/one.safetensors.state.safetensors" -a ! -e "$T/one.safetensors.lock"
check "a line a start" grep -q '"rows": 0, "time"' "$T/one.safetensors.log.jsonl"
check "curve stored" test "$(wc -l < "$T/one.safetensors.curve.csv")" = 4
check "it learns" awk -F, 'END { exit !($8 > 0.5) }' "$T/one.safetensors.curve.csv"
one=$(sum one)
for n in 2 3; do
    check "$n ranks" code 0 train $n "ranks$n"
    check "$n ranks: the same weights" same "$(sum "ranks$n")" "$one"
    check "$n ranks: the same curve" cmp "$T/one.safetensors.curve.csv" "$T/ranks$n.safetensors.curve.csv"
done
for isa in ref avx2 avx512vnni; do
    if "$Q" train "$T/job.conf" -o "$T/$isa.safetensors" --isa=$isa > "$T/log" 2>&1; then
        check "$isa: the same weights" same "$(sum $isa)" "$one"
    else
        check "$isa" grep -q "this machine does not have it" "$T/log"
        echo "skip: $NAME: $isa (this machine does not have it)"
    fi
done
check "plain, by chunks" code 0 "$Q" train "$T/job.conf" -o "$T/chunk.safetensors" --norm=chunk --preset=fp32 --alpha=auto --share=0 --optimizer=sgd
check "plain, by chunks, 3 ranks" code 0 train 3 chunk3 --norm=chunk --preset=fp32 --alpha=auto --share=0 --optimizer=sgd
check "plain, by chunks: the same weights" same "$(sum chunk3)" "$(sum chunk)"
check "another seed, other weights" code 0 "$Q" train "$T/job.conf" -o "$T/seed.safetensors" --seed=2
check "another seed, other weights" other "$(sum seed)" "$one"

# ---- kills, stops, resumes ----
for i in 1 2 3 4 5; do
    train $((i % 3 + 1)) killed --save=0.01 > "$T/log" 2>&1 & job=$!
    sleep "0.$((i * 7 % 10 + 2))"
    kill_all killed
    [ -e "$T/killed.safetensors" ] && break
done
check "after $i kills" code 0 train 2 killed
check "after kills: the same weights" same "$(sum killed)" "$one"
"$Q" train "$T/job.conf" -o "$T/stopped.safetensors" --epochs=2000 > "$T/log" 2>&1 & job=$!
for i in $(seq 100); do grep -q "^quantcam: epoch 1/\|epoch 1/" "$T/log" && break; sleep 0.1; done
kill -USR1 $job
wait $job
check "SIGUSR1: 75" test $? = 75
check "SIGUSR1: says so" grep -q "keeps what is done" "$T/log"
refuse "other settings" 1 "was made with train.epochs = 2000, this job has 3: put that back" "$Q" train "$T/job.conf" -o "$T/stopped.safetensors"
printf '\xff' | dd of="$T/stopped.safetensors.state.safetensors" bs=1 seek=$(($(stat -c %s "$T/stopped.safetensors.state.safetensors") - 900)) conv=notrunc 2> /dev/null
refuse "a damaged state" 1 "its contents are not those that were written" "$Q" train "$T/job.conf" -o "$T/stopped.safetensors" --epochs=2000
check "a finished one" code 0 "$Q" train "$T/job.conf" -o "$T/one.safetensors"
check "a finished one: says so" grep -q "is there already, made by the same job: nothing to do" "$T/log"
refuse "a finished one, other settings" 1 "one.safetensors was made with train.rate = 0.01, this job has 0.02" "$Q" train "$T/job.conf" -o "$T/one.safetensors" --rate=0.02

# ---- going on from a checkpoint, early stop, the best ----
check "a real network" code 0 "$Q" train "$T/job.conf" -o "$T/real.safetensors" --preset=fp32 --alpha=auto --share=0
check "from there to 2 bits" code 0 "$Q" train "$T/job.conf" -o "$T/two.safetensors" --weights="$T/real.safetensors" --preset=2-bit --alpha=auto --epochs=1 --log=verbose
check "alpha by least squares" grep -q "relu1.alpha begins at" "$T/log"
check "2 bits as integers: the file" code 0 "$Q" inspect "$T/tiny.model" "$T/two.packed.safetensors"
check "2 bits as integers: its layers" grep -qi "pact" "$T/log"
sed 's/^maxpool pool relu2 .*/avgpool2d pool relu2  kernel 2 stride 2 pad 0/' "$T/tiny.model" > "$T/mean.model"
check "a mean of windows, a relu and weights without bits" code 0 "$Q" train "$T/job.conf" -o "$T/mean.safetensors" --model="$T/mean.model" --epochs=1 --layers="relu3 32,fc2 32"
check "some layers as integers" code 0 "$Q" inspect "$T/mean.model" "$T/mean.packed.safetensors"
check "some layers as integers: says which" grep -q "integer layers  *1 of 4" "$T/log"
check "from 2 bits to mixed" code 0 "$Q" train "$T/job.conf" -o "$T/mixed.safetensors" --weights="$T/two.safetensors" --alpha=auto --epochs=1
sed 's/relu2/relu9/g' "$T/tiny.model" > "$T/other.model"
refuse "an alpha of another network's" 1 "does not use 3 of its tensors .relu1.alpha, relu2.alpha" "$Q" train "$T/job.conf" -o "$T/bad.safetensors" --weights="$T/two.safetensors" --alpha=auto --model="$T/other.model"
check "early stop" code 0 "$Q" train "$T/job.conf" -o "$T/early.safetensors" --epochs=60 --patience=2 --keep=best --rate=0.003
check "early stop: says so" grep -q "no better on the pictures held out for 2 epochs" "$T/log"
best=$(awk -F, 'NR > 1 && $6 > most { most = $6; at = $1 } END { print at }' "$T/early.safetensors.curve.csv")
check "the best again" code 0 "$Q" train "$T/job.conf" -o "$T/best.safetensors" --epochs="$best" --rate=0.003
check "the best epoch's weights" same "$(tail -c 3500 "$T/early.safetensors" | sha256sum)" "$(tail -c 3500 "$T/best.safetensors" | sha256sum)"

# ---- int8 by fake quantization ----
fake=(--preset=int8 --quantizer=affine --alpha=auto --observer-epochs=2 --norm-epochs=1)
check "fake quantization" code 0 "$Q" train "$T/job.conf" -o "$T/fake.safetensors" "${fake[@]}"
check "fake quantization: it learns" awk -F, 'END { exit !($8 > 0.4) }' "$T/fake.safetensors.curve.csv"
check "fake quantization, 3 ranks, ref" code 0 train 3 fake3 "${fake[@]}" --isa=ref
check "fake quantization: the same weights" same "$(sum fake3)" "$(sum fake)"
check "fake quantization: the same codes" cmp "$T/fake3.packed.safetensors" "$T/fake.packed.safetensors"
for i in 1 2 3; do
    train 2 fakekilled "${fake[@]}" --save=0.01 > "$T/log" 2>&1 & job=$!
    sleep "0.$((i * 2 + 1))"
    kill_all fakekilled
    [ -e "$T/fakekilled.safetensors" ] && break
done
check "fake quantization, after $i kills" code 0 train 2 fakekilled "${fake[@]}"
check "fake quantization, after kills: the same weights" same "$(sum fakekilled)" "$(sum fake)"
check "fake quantization, held otherwise: other weights" code 0 "$Q" train "$T/job.conf" -o "$T/unheld.safetensors" "${fake[@]:0:3}"
check "fake quantization, held otherwise: other weights" other "$(sum unheld)" "$(sum fake)"
refuse "fake quantization, other settings" 1 "was made with bits.norm-epochs = 1, this job has 2" "$Q" train "$T/job.conf" -o "$T/fake.safetensors" "${fake[@]}" --norm-epochs=2
check "int8: the file" code 0 "$Q" inspect "$T/tiny.model" "$T/fake.packed.safetensors"
check "int8: 8 bits a channel" grep -q "weights of 8 bits per channel, outputs of 8 bits" "$T/log"
check "its master weights are a network of real numbers" code 0 "$Q" inspect "$T/tiny.model" "$T/fake.safetensors"
check "from there on, with its ranges" code 0 "$Q" train "$T/job.conf" -o "$T/more.safetensors" --weights="$T/fake.safetensors" "${fake[@]:0:3}" --epochs=1
refuse "4 bits by fake quantization" 2 "bits.quantizer = affine is of 8 bits throughout: bits.preset = int8 goes with it, not 4-bit" "$Q" train "$T/job.conf" -o "$T/bad.safetensors" --quantizer=affine --alpha=auto --preset=4-bit

# ---- a folder with a bad picture, in small, turned and cut out of more ----
"$Q" synth "$T/drawn" --images=48 --seed=3 > "$T/log"
cat > "$T/pooled.model" <<MODEL
model pooled a convolution, averaged
input image 3 32 32  resize 40 bilinear  crop 32  mean 0.5 0.5 0.5 std 0.25 0.25 0.25
conv conv1 image  out 12 kernel 3 stride 2 pad 1 groups 1  weight conv1  bn bn1 eps 1e-05
relu relu1 conv1
avgpool pool relu1
linear fc pool  out 16  weight fc
output fc
cam relu1
MODEL
cat > "$T/folder.conf" <<JOB
[data]
train = $T/drawn
max_bad = 5
crop = on
crop.padding = 1
crop.margin = 2
flip = on
rotate90 = on
[network]
model = $T/pooled.model
size = 16
[train]
epochs = 4
batch = 20
optimizer = adamw
rate = 0.01
decay = 0.1
decay.of = matrices
schedule = cosine
schedule.by = step
warmup-epochs = 1
[run]
watchdog = 0
JOB
check "a folder" code 0 "$Q" train "$T/folder.conf" -o "$T/folder.safetensors"
check "a folder: what was left out is said" grep -q "data.train: left out, since unreadable: 1 of 48 pictures; the first: .*JPEG: the JPEG file is truncated" "$T/log"
check "a folder: and noted" grep -aq "data.train.left_out = 1" "$T/folder.safetensors"
check "a folder, 3 ranks, ref" code 0 "$MPIRUN" -np 3 "$Q" train "$T/folder.conf" -o "$T/folder3.safetensors" --isa=ref
check "a folder: the same weights" same "$(sum folder3)" "$(sum folder)"
for i in 1 2 3; do
    "$MPIRUN" -np 2 "$Q" train "$T/folder.conf" -o "$T/folderkilled.safetensors" --save=0.001 > "$T/log" 2>&1 & job=$!
    sleep "0.$((i * 2 + 1))"
    kill_all folderkilled
    [ -e "$T/folderkilled.safetensors" ] && break
done
check "a folder, after $i kills" code 0 "$Q" train "$T/folder.conf" -o "$T/folderkilled.safetensors"
check "a folder, after kills: the same weights" same "$(sum folderkilled)" "$(sum folder)"
refuse "a folder: none may be bad" 1 "let data.max_bad leave it out: .*truncated" "$Q" train "$T/folder.conf" -o "$T/bad.safetensors" --max_bad=0
refuse "a folder: too many" 1 "1 of 48 pictures cannot be read, more than data.max_bad = 2 % allows" "$Q" train "$T/folder.conf" -o "$T/bad.safetensors" --max_bad=2
refuse "no margin" 2 "data.crop.margin = 4: .* has no such pixels beside the 16 x 16" "$Q" train "$T/folder.conf" -o "$T/bad.safetensors" --crop.margin=4
refuse "another size of weights" 2 "network tiny: fc1 reads a whole map: its weights are of 10x10 pictures alone" "$Q" train "$T/job.conf" -o "$T/bad.safetensors" --network.size=20
rm -f "$T"/bad.safetensors.*

# ---- the rows of a study ----
sed '/^\[bits\]/d; /^preset/d; /^alpha/d; /^\[guided\]/d; /^share/d' "$T/job.conf" > "$T/rows.conf"
rows() { env RANKS=2 MPIRUN="$MPIRUN" QUANTCAM="$Q" "${@:2}" jobs/train-rows.sh "$T/rows.conf" "$T/rows" 1 "$1"; }
names() { (cd "$T/rows" && echo *.safetensors); }
check "two rows of one way" code 0 rows 7 ROWS="fp32 4-bit" WAYS=sgt
check "these and no others" same "$(names)" "sgt-7-4-bit.packed.safetensors sgt-7-4-bit.safetensors sgt-7-fp32.safetensors"
check "from a trained one" code 0 rows 8 START="$T/rows/sgt-7-fp32.safetensors" WAYS=plain
check "without a row of its own" same "$(cd "$T/rows" && echo plain-8-*[a-z].safetensors.curve.csv)" \
    "plain-8-2-bit.safetensors.curve.csv plain-8-4-bit.safetensors.curve.csv plain-8-longer.safetensors.curve.csv plain-8-mixed.safetensors.curve.csv plain-8-seed.safetensors.curve.csv"
check "longer and seed differ" other "$(sum rows/plain-8-longer)" "$(sum rows/plain-8-seed)"

# ---- a dry run ----
check "a dry run" code 0 train 2 dry --dry-run --steps=9
check "a dry run: a step's time" grep -qE "^a step of 50 pictures takes [0-9.]+ ms \(median of 9, fastest [0-9.]+\); loss [0-9.]+$" "$T/log"
check "a dry run: the job's" grep -qE "^3 epochs of 4 steps, and what is tried after each, take [0-9:]+ on 2 ranks$" "$T/log"
check "a dry run: writes nothing" test -z "$(ls "$T" | grep '^dry')"

# ---- bad input ----
tiny=("$Q" train "$T/job.conf" -o "$T/bad.safetensors")
refuse "diverged" 1 "step [0-9]+ \(epoch [0-9]+, batch [0-9]+\): .*(is not finite)" "${tiny[@]}" --preset=fp32 --alpha=auto --optimizer=sgd --rate=900
check "diverged: no result" test ! -e "$T/bad.safetensors"
rm -f "$T"/bad.safetensors.*
refuse "alpha falls" 0 "relu[123].alpha fell to -?[0-9.e-]+ and was set to 2\^-10" "${tiny[@]}" --optimizer=sgd --momentum=0 --decay=1 --rate=1 --epochs=1
rm -f "$T"/bad.safetensors*
sed 's/out 4 /out 3 /' "$T/tiny.model" > "$T/three.model"
refuse "labels" 1 "picture [0-9]+ has label 3, network tiny has the classes 0 to 2" "${tiny[@]}" --model="$T/three.model"
head -c 5000 "$T/train-images-idx3-ubyte" > "$T/short-images-idx3-ubyte"
refuse "truncated" 1 "truncated" "${tiny[@]}" --data.train="$T/short-images-idx3-ubyte"
refuse "magic" 1 "an IDX file of labels .data.labels., not of pictures" "${tiny[@]}" --data.train="$T/train-labels-idx1-ubyte"
refuse "something else" 1 "neither an IDX file nor CIFAR" "${tiny[@]}" --data.train="$T/tiny.model"
refuse "no such node" 2 "network tiny has no node conv9" "${tiny[@]}" --layers="conv9 4"
refuse "a key" 2 "unknown option '--epoch'" "${tiny[@]}" --epoch=2
refuse "no effect" 2 "guided.fill = mean has no effect: guided.share is 0" "${tiny[@]}" --share=0 --fill=mean
check "nothing is left" test -z "$(ls "$T" | grep '^bad' | grep -v 'log.jsonl$')"
finish
