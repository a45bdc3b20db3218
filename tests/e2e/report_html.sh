#!/usr/bin/env bash
# The report's page in headless Chromium, where it is installed: drawn at 1280 and 400 pixels, light and dark, without
# an error on the console, with nothing asked of the network; tables.tex through pdflatex where that is installed.
. "$(dirname "$0")/common.bash"

small_job "$T/job.conf" 24
"$Q" run "$T/job.conf" 2> "$T/err" || { cat "$T/err" >&2; exit 1; }
check "report" code 0 "$Q" report "$T/out.h5" -o "$T/report"
PAGE=$T/report/report.html
check "the page is there" test -s "$PAGE"
check "under 15 MB" test "$(stat -c %s "$PAGE")" -lt 15000000
refuse "no address in it" grep -qE 'https?://|url\(|@import' "$PAGE"
check "pictures in it" test "$(grep -c 'data:image/jpeg;base64,' "$PAGE")" -ge 8
check "a policy in it" grep -q "Content-Security-Policy\" content=\"default-src 'none'" "$PAGE"
"$Q" report "$T/out.h5" -o "$T/few" --pictures 1 > /dev/null 2>&1
check "--pictures bounds it" test "$(grep -c '<img ' "$T/few/report.html")" -le 6
"$Q" report "$T/out.h5" -o "$T/none" --pictures 0 > /dev/null 2>&1
refuse "--pictures=0: none" grep -q '<img ' "$T/none/report.html"

if command -v pdflatex > /dev/null; then
    check "tables.tex compiles" code 0 pdflatex -interaction=nonstopmode -halt-on-error -output-directory="$T" \
        "$T/report/tables.tex"
    check "tables.tex: pages" test -s "$T/tables.pdf"
else
    echo "skip: $NAME: tables.tex (no pdflatex)"
fi

CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
if [ -z "$CHROMIUM" ]; then
    echo "skip: $NAME: the page in a browser (no Chromium)"
    finish
fi
# shot PAGE NAME WIDTH dark|light: 0 = dark in Chromium's settings
shot()
{
    "$CHROMIUM" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$T/profile" \
        --window-size="$3",1600 --virtual-time-budget=4000 --enable-logging=stderr \
        --blink-settings=preferredColorScheme="$([ "$4" = dark ] && echo 0 || echo 1)" \
        --log-net-log="$T/$2.net" --host-resolver-rules='MAP * ~NOTFOUND' \
        --screenshot="$T/$2.png" "file://$1" > "$T/$2.log" 2>&1
}
said()  { grep -q CONSOLE "$T/$1.log"; }
# Requests on a file's behalf; the browser's own services do not count.
asked() { grep -qE 'site=file://[^"]*","url":"https?:' "$T/$1.net"; }

echo '<img src="http://example.invalid/x.png"><script>console.error("x")</script>' > "$T/other.html"
shot "$T/other.html" other 400 light
check "a page that asks is seen" asked other
check "a page that complains is seen" said other
for width in 1280 400; do
    for scheme in light dark; do
        name=$width$scheme
        check "$name" shot "$PAGE" "$name" "$width" "$scheme"
        check "$name: a picture" test -s "$T/$name.png"
        refuse "$name: nothing on the console" said "$name"
        refuse "$name: nothing asked of the network" asked "$name"
    done
done
refuse "light and dark differ" cmp -s "$T/1280light.png" "$T/1280dark.png"
"$CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$T/profile" --virtual-time-budget=4000 \
    --window-size=400,1600 --dump-dom "file://$PAGE" > "$T/dom" 2> /dev/null
check "the script ran" grep -q 'class="js"' "$T/dom"
check "the gallery counts" grep -qE '>[0-9]+ of [0-9]+ shown<' "$T/dom"
finish
