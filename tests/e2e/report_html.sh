#!/usr/bin/env bash
# The report's page in headless Chromium, where it is installed: drawn at 1280 and 400 pixels, light and dark, without
# an error on the console, with nothing asked of the network, nothing cut off, no text on another, enough contrast, a
# gallery that sorts and filters (report_layout.js), and printed; tables.tex through pdflatex where that is installed.
. "$(dirname "$0")/common.bash"

small_job "$T/job.conf" 24
"$Q" run "$T/job.conf" 2> "$T/err" || { cat "$T/err" >&2; exit 1; }
check "report" code 0 "$Q" report "$T/out.h5" -o "$T/report"
PAGE=$T/report/report.html
check "the page is there" test -s "$PAGE"
check "under 15 MB" test "$(stat -c %s "$PAGE")" -lt 15000000
check "no address in it" lacks "$PAGE" 'https?://|url\(|@import'
check "pictures in it" test "$(grep -c 'data:image/jpeg;base64,' "$PAGE")" -ge 8
check "every chart as a file" test "$(find "$T/report/figures" -name '*.svg' | wc -l)" = "$(grep -o '<svg ' "$PAGE" | wc -l)"
check "a policy in it" grep -q "Content-Security-Policy\" content=\"default-src 'none'" "$PAGE"
for i in {10..25}; do echo "n014407$i thing $i"; done > "$T/names"
"$Q" report "$T/out.h5" -o "$T/few" --pictures 1 --names "$T/names" > /dev/null 2>&1
check "--names" grep -qE '<li>(<b>)?thing [12][0-9]' "$T/few/report.html"
refuse "--names of nothing" 1 "^quantcam: $T/none: No such file" "$Q" report "$T/out.h5" -o "$T/few" --names "$T/none"
check "--pictures bounds it" test "$(grep -c '<img ' "$T/few/report.html")" -le 6
"$Q" report "$T/out.h5" -o "$T/none" --pictures 0 > /dev/null 2>&1
check "--pictures=0: none" lacks "$T/none/report.html" '<img '

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
# A frame of that width: Chromium makes no window narrower than 500 pixels.
frame() # PAGE WIDTH dark|light: 0 = dark in Chromium's settings
{
    cat > "$T/frame.html" << END
<!DOCTYPE html><meta name="color-scheme" content="$3">
<style>body{margin:0}iframe{border:0;width:$2px;height:1600px;color-scheme:$3}</style><iframe src="file://$1"></iframe>
<script>addEventListener('message', e => {
    const found = document.body.appendChild(document.createElement('pre'));
    found.textContent = e.data; found.id = 'found' })</script>
END
    options=(--headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$T/profile"
        --window-size="$(($2 < 500 ? 500 : $2))",1600 --virtual-time-budget=8000
        --blink-settings=preferredColorScheme="$([ "$3" = dark ] && echo 0 || echo 1)")
}
shot() # PAGE NAME WIDTH dark|light
{
    frame "$1" "$3" "$4"
    "$CHROMIUM" "${options[@]}" --enable-logging=stderr --log-net-log="$T/$2.net" \
        --host-resolver-rules='MAP * ~NOTFOUND' --screenshot="$T/$2.png" "file://$T/frame.html" > "$T/$2.log" 2>&1
}
said()  { grep -q CONSOLE "$T/$1.log"; }
quiet() { lacks "$T/$1.log" CONSOLE; }
# Requests on a file's behalf; the browser's own services do not count.
asks='site=file://[^"]*","url":"https?:'

echo '<img src="http://example.invalid/x.png"><script>console.error("x")</script>' > "$T/other.html"
shot "$T/other.html" other 400 light
check "a page that asks is seen" grep -qE "$asks" "$T/other.net"
check "a page that complains is seen" said other
for width in 1280 400; do
    for scheme in light dark; do
        name=$width$scheme
        check "$name" shot "$PAGE" "$name" "$width" "$scheme"
        check "$name: a picture" test -s "$T/$name.png"
        check "$name: nothing on the console" quiet "$name"
        check "$name: nothing asked of the network" lacks "$T/$name.net" "$asks"
    done
done
# The page with report_layout.js in it, which the page's own policy would not let run.
{ sed '/Content-Security-Policy/d' "$PAGE"; echo '<script>'; cat tests/e2e/report_layout.js; echo '</script>'; } > "$T/layout.html"
layout() # WIDTH light|dark
{
    frame "$T/layout.html" "$1" "$2"
    "$CHROMIUM" "${options[@]}" --dump-dom "file://$T/frame.html" 2> /dev/null |
        sed -n '/<pre id="found">/,/<\/pre>/p' | sed 's/<[^>]*>//g' > "$T/layout"
    grep -q '^layout at '"$1"': .* looked at, 0 wrong' "$T/layout" || { cat "$T/layout" >&2; return 1; }
}
for width in 1280 400; do
    for scheme in light dark; do check "layout at $width, $scheme" layout "$width" "$scheme"; done
done
check "light and dark differ" differ "$T/1280light.png" "$T/1280dark.png"
"$CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$T/profile" --virtual-time-budget=4000 \
    --window-size=400,1600 --dump-dom "file://$PAGE" > "$T/dom" 2> /dev/null
check "the script ran" grep -q 'class="js"' "$T/dom"
"$CHROMIUM" --headless --no-sandbox --disable-gpu --user-data-dir="$T/profile" --virtual-time-budget=4000 \
    --no-pdf-header-footer --print-to-pdf="$T/page.pdf" "file://$PAGE" > /dev/null 2>&1
check "printed" test -s "$T/page.pdf"
if command -v pdftotext > /dev/null && command -v pdfimages > /dev/null; then
    pdftotext "$T/page.pdf" "$T/page.txt"
    check "printed: what is folded on the screen" test "$(grep -c 'pictures changed' "$T/page.txt")" -ge 2
    check "printed: the pictures" test "$(pdfimages -list "$T/page.pdf" | grep -c jpeg)" = "$(grep -c '<img ' "$PAGE")"
else
    echo "skip: $NAME: the printed page's text (no pdftotext)"
fi
check "the gallery counts" grep -qE '>[0-9]+ of [0-9]+ shown<' "$T/dom"
finish
