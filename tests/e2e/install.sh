#!/usr/bin/env bash
# make install into a folder of its own: what lies there works from there; make uninstall takes all of it away, and nothing else.
. "$(dirname "$0")/common.bash"
command -v make > /dev/null || skip "no make"
kind=${V:-release}
[ -x "build/$kind/quantcam" ] || skip "no build/$kind/quantcam"
# Nothing is to be built here: only what there is, is copied (-o: however old it is).
to() { make -s -o all "$1" V="$kind" DESTDIR="$T/root" PREFIX=/opt/q; }
check "install" code 0 to install
bin=$T/root/opt/q/bin/quantcam
share=$T/root/opt/q/share/quantcam
check "the program" cmp "$bin" "build/$kind/quantcam"
check "runs" code 0 "$bin" --version
for file in models/resnet18.model models/demo/resnet18.model models/README.md jobs/imagenet.conf jobs/weights.txt slurm/imagenet.sbatch README.md LICENSE \
            analysis/read_result.py analysis/requirements.txt; do
    check "$file" cmp "$file" "$share/$file"
done
check "a network is found from there" bash -c "cd '$share' && '$bin' inspect models/resnet18.model > /dev/null"
check "a script" code 0 "$share/jobs/fetch-weights.sh" --list
check "nothing else in PREFIX" test "$(ls "$T/root/opt/q")" = "$(printf 'bin\nshare')"
for model in $(sed -n 's/^model = //p' jobs/imagenet.conf jobs/demo.conf); do check "$model of a job" test -f "$share/$model"; done

man=$T/root/opt/q/share/man
check "the manual: a page" cmp <("$Q" --help=man) "$man/man1/quantcam.1"
check "the manual: job files" cmp <("$Q" run --help=job) "$man/man5/quantcam-job.5"
for c in $("$Q" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do check "the manual: $c" cmp <("$Q" $c --help=man) "$man/man1/quantcam-$c.1"; done
check "the manual: no other page" test "$(find "$man" -type f | wc -l)" = "$(($("$Q" --help | grep -c '^  [a-z]') + 2))"

echo mine > "$share/jobs/mine.conf"
check "uninstall" code 0 to uninstall
check "what is not ours stays, nothing else does" test "$(find "$T/root" -type f)" = "$share/jobs/mine.conf"
rm "$share/jobs/mine.conf"
check "install again" code 0 to install
check "uninstall again" code 0 to uninstall
check "no file is left" test -z "$(find "$T/root" -type f)"
check "no folder of ours is left" test ! -e "$share" -a ! -e "$man/man1" -a ! -e "$man/man5"
check "uninstall of nothing" code 0 to uninstall
finish
