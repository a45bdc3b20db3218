// What report_html.sh looks for in the page as it is drawn: added to a copy of report.html, run there by Chromium, it gives
// its findings, a line each, to the page that frames it; the last line is "layout at WIDTH: N looked at, M wrong".
'use strict';
addEventListener('load', async function () {
    let seen = 0;
    const wrong = [];
    const root = document.documentElement;
    const name = e => (e.tagName + (e.id ? '#' + e.id : '') + ' ' + e.textContent.trim().slice(0, 40)).replace(/\s+/g, ' ');
    const look = (good, what) => { seen++; if (!good) wrong.push(what); };

    // Nothing is wider than the page; what must be wider scrolls by itself, with the keyboard too.
    document.querySelectorAll('details').forEach(d => { d.open = true; });
    look(root.scrollWidth <= innerWidth, `the page is ${root.scrollWidth} wide in ${innerWidth}`);
    for (const e of document.querySelectorAll('.scroll')) {
        const table = e.firstElementChild;
        look(e.clientWidth >= table.offsetWidth || (getComputedStyle(e).overflowX === 'auto' && e.tabIndex === 0),
             `${table.id} is cut off`);
        const head = table.querySelector('th[scope=row]');
        if (!head) continue;
        look(getComputedStyle(head).position === 'sticky', `${table.id}: its rows lose their names when it scrolls`);
        look(table.offsetWidth <= e.clientWidth || head.offsetWidth <= 0.6 * e.clientWidth, `${table.id}: the names leave no room`);
    }

    // Charts: every text inside the drawing, none on another; so for the legend's lines.
    for (const chart of document.querySelectorAll('svg.chart')) {
        const frame = chart.viewBox.baseVal, title = chart.querySelector('title').textContent;
        const texts = [...chart.querySelectorAll('text')].map(t => {
            const b = t.getBBox(), m = chart.getScreenCTM().inverse().multiply(t.getScreenCTM());
            const corners = [[b.x, b.y], [b.x + b.width, b.y + b.height], [b.x, b.y + b.height], [b.x + b.width, b.y]]
                .map(([x, y]) => new DOMPoint(x, y).matrixTransform(m));
            const xs = corners.map(p => p.x), ys = corners.map(p => p.y);
            return { text: t.textContent, left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
        });
        texts.forEach((a, i) => {
            look(a.left >= -0.5 && a.right <= frame.width + 0.5 && a.top >= -3 && a.bottom <= frame.height + 3,
                 `${title}: '${a.text}' leaves the drawing`);
            for (const b of texts.slice(i + 1))
                look(Math.min(a.right, b.right) - Math.max(a.left, b.left) < 1 ||
                     Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 4, `${title}: '${a.text}' on '${b.text}'`);
        });
    }

    // Contrast: 4.5 for text (WCAG AA), 3 for lines and marks.
    const channel = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = c => 0.2126 * channel(c[0] / 255) + 0.7152 * channel(c[1] / 255) + 0.0722 * channel(c[2] / 255);
    const parse = s => (s.match(/[\d.]+/g) || []).map(Number);
    const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const ground = e => {
        for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] === 1) return c;
        }
        return [255, 255, 255];
    };
    for (const e of document.querySelectorAll('p,li,th,td,a,b,code,pre,summary,button,select,label,caption,h1,h2,h3,.tag,.soft,.note')) {
        if (e.closest('svg') || !e.textContent.trim()) continue;
        const r = ratio(parse(getComputedStyle(e).color), ground(e));
        look(r >= 4.5, `contrast ${r.toFixed(2)}: ${name(e)}`);
    }
    for (const e of document.querySelectorAll('svg.chart text,svg.chart .line,svg.chart .bar,svg.chart .mark')) {
        const style = getComputedStyle(e), line = e.classList.contains('line') || e.classList.contains('open');
        const r = ratio(parse(line ? style.stroke : style.fill), ground(e));
        look(r >= (e.tagName === 'text' ? 4.5 : 3), `contrast ${r.toFixed(2)}: ${e.getAttribute('class')} of a chart`);
    }

    // Pictures are there, and every control has a name and can be reached.
    const images = [...document.querySelectorAll('img')];
    images.forEach(e => { e.loading = 'eager'; });
    for (let i = 0; i < 50 && !images.every(e => e.complete); i++) await new Promise(done => setTimeout(done, 100));
    for (const e of images)
        look(e.naturalWidth > 0 && e.alt, `a picture is not there or has no text: ${e.alt}`);
    for (const e of document.querySelectorAll('select,button,summary'))
        look(e.tabIndex >= 0 && (e.tagName !== 'SELECT' || e.labels.length === 1), `${name(e)}: not for the keyboard`);

    // The gallery's choices.
    const list = document.getElementById('pictures');
    const shown = () => [...list.children].filter(e => !e.hidden);
    const choose = (id, value) => {
        const e = document.getElementById(id);
        e.value = value;
        e.dispatchEvent(new Event('change'));
        return shown();
    };
    if (list) {
        const all = shown().length, rising = (a, key) => a.every((e, i) => !i || +a[i - 1].dataset[key] <= +e.dataset[key]);
        look(all === list.children.length && all > 0, 'the gallery begins with all');
        look(rising(choose('sort', 'rmse').reverse(), 'rmse'), 'largest RMSE first');
        look(rising(choose('sort', 'rising'), 'rmse'), 'smallest RMSE first');
        look(rising(choose('sort', 'margin'), 'margin'), 'smallest margin first');
        look(rising(choose('sort', 'at'), 'at'), 'by network and kind');
        for (const kind of ['different', 'control', 'changed'])
            look(choose('kind', kind).every(e => e.dataset.kind.split(' ').includes(kind)), `kind ${kind}`);
        choose('kind', '');
        look(choose('changed', '0').every(e => e.dataset.changed === '0'), 'the same answer');
        choose('changed', '');
        look(choose('least', '25').every(e => +e.dataset.rmse >= 25), 'RMSE from 25');
        const some = choose('least', '0');
        look(some.length === all, 'all again');
        look(document.getElementById('shown').textContent === `${all} of ${all} shown`, 'the count');
    }

    const before = getComputedStyle(document.body).backgroundColor, theme = document.getElementById('theme');
    theme.click();
    look(getComputedStyle(document.body).backgroundColor !== before, 'light / dark changes nothing');
    theme.click();
    look(getComputedStyle(document.body).backgroundColor === before, 'light / dark does not come back');

    parent.postMessage(wrong.slice(0, 60).concat(`layout at ${innerWidth}: ${seen} looked at, ${wrong.length} wrong`).join('\n'), '*');
});
