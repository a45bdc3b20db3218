/* src/report/html.c: the page. */
#include "html.h"

#include <string.h>

#include "markup.h"
#include "page.h"
#include "print.h"
#include "study.h"

enum { PICTURES_BYTES = 12 << 20, LOG_MAX = 1 << 20 };

/* ---- head ------------------------------------------------------------------------------------------------
 */

/* The one script is known by its hash; styles stand in the page, pictures are data. */
static status add_policy(struct text *out)
{
    uint8_t hash[HASH_SIZE];

    hash_bytes(page_js, strlen(page_js), hash);
    TRY(text_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "script-src 'sha256-"));
    TRY(markup_base64(out, hash, sizeof hash));
    return text_add(out, "'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
                         "form-action 'none'\">\n");
}

/* What was done, for who knows neither the program nor the study. */
static status add_method(struct store_reader *r, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    char truth[96];

    TRY(text_add(out, "<p class=\"soft\">Every picture went through every network in each precision. Where a "
                      "network looks is its EigenCAM map, the first principal component of its last "
                      "convolution's activations."));
    if (value_measure(l, "input_entropy") >= 0)
        TRY(text_add(out, " Which pixels move the answer is the map of its input gradient, absolute and "
                          "divided by its largest value."));
    if (l->truths) {
        TRY(gaze_truth(r, truth, sizeof truth));
        TRY(text_add(out, " Maps by eigen"));
        for (int m = 0; m < l->methods; m++)
            TRY(markup_add(out, "%s %s", m == l->methods - 1 ? " and" : ",", l->method[m]));
        TRY(markup_add(out, " were compared with %s, the truth below.", truth));
    }
    if (l->steps > 0 && l->selections > 0)
        TRY(text_add(out, " Deletion and insertion, %d steps each, were run on subsets alone: ", l->steps));
    for (int s = 0; s < l->selections && l->steps > 0; s++) {
        int64_t count[1 + STORE_MAX_SELECTIONS];

        TRY(store_read(r, "/summary/subset/count", STORE_S64, 0, 1, count,
                       (1 + (size_t)l->selections) * sizeof *count));
        TRY(markup_add(out, "%s%s (%lld%s)", s ? ", " : "", l->selection[s], (long long)count[s + 1],
                       strcmp(l->selection[s], "control") == 0 ? ", drawn at random"
                                                               : " whose maps differ most"));
    }
    return text_add(out, l->steps > 0 && l->selections > 0 ? ".</p>\n" : "</p>\n");
}

static status add_head(struct store_reader *r, const struct tables *t, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    char total[32], ok[32], precision[STORE_PRECISION_WORDS];

    TRY(text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"));
    TRY(add_policy(out));
    TRY(text_add(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<title>What quantization changed</title>\n<style>\n"));
    TRY(text_add_bytes(out, page_css, strlen(page_css)));
    TRY(text_add(out, "</style>\n<script>"));
    TRY(text_add_bytes(out, page_js, strlen(page_js)));
    TRY(markup_add(
        out,
        "</script>\n</head>\n<body>\n<a class=\"skip\" href=\"#changed-what\">To the findings</a>\n"
        "<header><button class=\"theme\" id=\"theme\" type=\"button\">light / dark</button>\n"
        "<h1>What quantization changed</h1>\n<p class=\"soft\">%s: %s pictures, %s good, %lld bad; %d "
        "network%s in",
        store_reader_path(r), text_thousands(t->total, total, sizeof total),
        text_thousands(t->ok, ok, sizeof ok), (long long)t->bad, l->networks, l->networks == 1 ? "" : "s"));
    for (int p = 0; p < l->precisions; p++)
        TRY(markup_add(out, "%s%s",
                       !p                       ? " "
                       : p == l->precisions - 1 ? " and "
                                                : ", ",
                       store_precision_words(&l->precision[p], precision)));
    TRY(text_add(out, "</p>\n"));
    TRY(add_method(r, out));
    return text_add(out,
                    "<nav aria-label=\"Contents\"><ul><li><a href=\"#changed-what\">Findings</a></li>"
                    "<li><a href=\"#sign-story\">The sign</a></li><li><a href=\"#tables\">Studies</a>"
                    "</li><li><a href=\"#figures\">Figures</a></li><li><a href=\"#gallery\">Gallery</a></li>"
                    "<li><a href=\"#more\">All tables</a></li><li><a href=\"#provenance\">Provenance</a>"
                    "</li></ul></nav></header>\n<main>\n");
}

/* ---- findings, sign ---------------------------------------------------------------------------------------
 */

/* "Subject (remark): ...": the subject in bold. */
static status add_statement(char *words, struct text *out)
{
    size_t length = strcspn(words, ":(");
    char first;

    length -= length > 0 && words[length - 1] == ' ';
    first = words[length];
    words[length] = '\0';
    TRY(markup_add(out, "<li><b>%s</b>", words));
    words[length] = first;
    return markup_add(out, "%s</li>\n", words + length);
}

/* A headline; the statements are folded. */
static status add_verdict(const struct words_finding *f, struct text *out)
{
    TRY(markup_add(out,
                   "<div class=\"verdict\"><p><b>%s</b> in %s. %s</p>\n"
                   "<details><summary>In numbers</summary><ul class=\"note\">\n",
                   f->network, f->precision, f->sentence[0]));
    for (int i = 1; i < f->sentences; i++)
        TRY(add_statement(f->sentence[i], out));
    return text_add(out, "</ul></details></div>\n");
}

/* Of all networks together: the statements stand open. */
static status add_truth(const struct words_finding *f, struct text *out)
{
    if (f->sentences == 0)
        return OK;
    TRY(markup_add(
        out, "<h3>Maps and where people look</h3>\n<div class=\"verdict\"><p>%s</p>\n<ul class=\"note\">\n",
        f->sentence[0]));
    for (int i = 1; i < f->sentences; i++)
        TRY(add_statement(f->sentence[i], out));
    return text_add(out, "</ul></div>\n");
}

static status add_grid(const struct tables *t, const char *id, struct text *out)
{
    const struct grid *g = tables_find(t, id);

    return g ? print_grid(g, PRINT_HTML, 0, out) : OK;
}

static status add_findings(const struct html_parts *parts, struct text *out)
{
    TRY(text_add(out, "<section id=\"changed-what\"><h2>Findings</h2>\n"));
    TRY(figures_html(&parts->figures, FIGURES_SUMMARY, FIGURES_SUMMARY, out));
    TRY(add_truth(&parts->truth, out));
    TRY(text_add(out, "<div class=\"verdicts\">\n"));
    for (int i = 0; i < parts->words.findings; i++)
        TRY(add_verdict(&parts->words.finding[i], out));
    TRY(markup_add(
        out,
        "</div>\n<details><summary>How the words follow from the numbers</summary><p class=\"note\">%s</p>"
        "</details>\n<details><summary>As a table</summary>\n",
        words_rules()));
    TRY(add_grid(&parts->tables, "overview", out));
    TRY(text_add(out, "</details>\n</section>\n<section id=\"sign-story\"><h2>The sign</h2>\n"));
    TRY(add_grid(&parts->tables, "sign", out));
    return text_add(out, "</section>\n");
}

/* ---- tables -----------------------------------------------------------------------------------------------
 */

static status add_studies(const struct tables *t, struct text *out)
{
    const struct study *last = NULL;

    TRY(text_add(out, "<section id=\"tables\"><h2>Ours beside the studies'</h2>\n"));
    for (int i = 0; i < t->grids; i++) {
        const struct study *s = study_of(t->grid[i]);

        if (!s)
            continue;
        if (s != last && s->intro)
            TRY(text_add(out, "<p>%s: %s</p>\n", s->cited, s->intro));
        else if (s != last)
            TRY(text_add(out,
                         "<p>%s; its numbers stand exactly as printed, \"-\" where it has none. Difference: "
                         "ours as published less the study's; other images or weights make other "
                         "numbers.</p>\n",
                         s->cited));
        last = s;
        TRY(print_grid(t->grid[i], PRINT_HTML, 0, out));
    }
    return text_add(out, last ? "</section>\n" : "<p>None has this job's precisions.</p></section>\n");
}

/* Those that stand nowhere else. */
static status add_more(const struct tables *t, struct text *out)
{
    TRY(text_add(out, "<section id=\"more\"><h2>All tables</h2>\n"));
    for (int i = 0; i < t->grids; i++) {
        const char *id = t->grid[i]->id;

        if (!study_of(t->grid[i]) && strcmp(id, "overview") != 0 && strcmp(id, "sign") != 0)
            TRY(print_grid(t->grid[i], PRINT_HTML, 0, out));
    }
    if (t->bad_images.rows)
        TRY(print_grid(&t->bad_images, PRINT_HTML, 0, out));
    return text_add(out, "</section>\n");
}

/* ---- provenance -------------------------------------------------------------------------------------------
 */

static status add_text(const char *title, const char *text, int open, struct text *out)
{
    return markup_add(out, "<details%s><summary>%s</summary><pre>%s</pre></details>\n", open ? " open" : "",
                      title, text);
}

/* A one-element text of the file; nothing where it is not there. */
static status add_dataset(struct store_reader *r, const char *path, const char *title, int open,
                          struct text *out)
{
    char *text;
    status result = value_text(r, path, &text);

    if (result == OK && text && text[0])
        result = add_text(title, text, open, out);
    mem_free(text);
    return result;
}

static status add_times(struct store_reader *r, struct text *out)
{
    const struct store_dataset *d = store_reader_find(r, "/timing/phase_s");
    char name[64], finished[64] = "", spent[32];
    int64_t ranks = 0;
    double s;

    if (!d)
        return OK;
    TRY(store_read(r, "/timing/ranks", STORE_S64, 0, 1, &ranks, sizeof ranks));
    TRY(store_read_string(r, "/timing/finished", 0, finished, sizeof finished));
    TRY(markup_add(out, "<p>Finished %s on %lld rank%s;", finished, (long long)ranks, ranks == 1 ? "" : "s"));
    for (int64_t i = 0; i < d->dim[0] && i < 16; i++) {
        TRY(store_read_string(r, "/timing/phase", i, name, sizeof name));
        TRY(store_read(r, "/timing/phase_s", STORE_F64, i, 1, &s, sizeof s));
        if (name[0])
            TRY(markup_add(out, "%s%s %s", i ? ", " : " ", name, text_duration(s, spent, sizeof spent)));
    }
    return text_add(out, " (last start).</p>\n");
}

static status add_provenance(struct store_reader *r, const char *decided, struct text *out)
{
    char path[4096 + 16], *log = NULL;
    size_t size = 0;

    TRY(text_add(out, "<section id=\"provenance\"><h2>Provenance</h2>\n"));
    TRY(add_times(r, out));
    TRY(text_add(out,
                 "<p>To repeat it: the pictures, weights and descriptions with the hashes below, and the "
                 "command. The rows come out the same, bit for bit, on any number of ranks and any x86 "
                 "processor, times aside; <code>quantcam verify --digest</code> prints one hash of a result "
                 "to compare.</p>\n"));
    TRY(add_dataset(r, "/timing/command", "How to repeat it: the command of the last start", 1, out));
    if (decided)
        TRY(add_text("What was decided where the inputs leave a choice", decided, 1, out));
    TRY(add_dataset(r, "/job", "The job: what the result depends on, files by their hashes", 0, out));
    TRY(add_dataset(r, "/provenance", "Where the inputs came from", 0, out));
    snprintf(path, sizeof path, "%s.log.jsonl", store_reader_path(r));
    if (text_read_file(path, LOG_MAX, &log, &size) == OK) {
        status result =
            add_text("Every start: time, host, ranks, instruction set, version, command", log, 0, out);

        mem_free(log);
        TRY(result);
    }
    return text_add(out, "</section>\n");
}

/* ---- the page ---------------------------------------------------------------------------------------------
 */

status html_page(const struct html_parts *parts, struct text *out)
{
    TRY(add_head(parts->r, &parts->tables, out));
    TRY(add_findings(parts, out));
    TRY(add_studies(&parts->tables, out));
    TRY(text_add(out, "<section id=\"figures\"><h2>Figures</h2>\n"));
    TRY(figures_html(&parts->figures, FIGURES_SUMMARY + 1, FIGURES - 1, out));
    TRY(html_gaze(&parts->gaze, parts->options->folder, out));
    TRY(html_sheets(&parts->sheets, parts->options->folder, out));
    if (parts->options->pictures > 0)
        TRY(html_example(&parts->example, parts->options->folder, out));
    TRY(text_add(out,
                 "</section>\n<section id=\"gallery\"><h2>Gallery</h2>\n<p>Of each network the pairs that "
                 "differ most (aligned sign), a random sample (the first of the control), and changed "
                 "answers, the surest first. White: true boxes; orange: the map's own box (threshold 0.2). "
                 "Maps from dark violet (0) to yellow (1), over the picture in grey. Margin: logit of the "
                 "first precision's answer less that of its second choice.</p>\n"));
    TRY(html_gallery(parts->r, parts->options, PICTURES_BYTES, parts->summary, out));
    TRY(text_add(out, "</section>\n"));
    TRY(add_more(&parts->tables, out));
    TRY(add_provenance(parts->r, parts->decided.data, out));
    return text_add(
        out,
        "</main>\n<footer class=\"soft\"><p>Made by quantcam report. Beside this page: the same tables as "
        "report.md, report.json, tables.tex and a CSV file each, every number in values.csv, the charts as "
        "figures/*.svg, the "
        "pictures in gallery/.</p></footer>\n"
        "</body>\n</html>\n");
}
