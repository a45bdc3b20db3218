/* src/report/report.c: what `show` prints and `report` writes. */
#include "report.h"

#include <string.h>

#include "decided.h"
#include "html.h"
#include "print.h"

enum { OUTPUT_MAX = 64 << 20 };

static status add_head(struct store_reader *r, const struct tables *t, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    char total[32], ok[32], precision[STORE_PRECISION_WORDS];

    TRY(text_add(out, "%s\n", store_reader_path(r)));
    TRY(text_add(out, "%s images, %s good, %lld bad; %d network%s;",
                 text_thousands(t->total, total, sizeof total), text_thousands(t->ok, ok, sizeof ok),
                 (long long)t->bad, l->networks, l->networks == 1 ? "" : "s"));
    for (int p = 0; p < l->precisions; p++)
        TRY(text_add(out, "%s %s", p ? "," : "", store_precision_words(&l->precision[p], precision)));
    TRY(text_add(out, "\n"));
    for (int k = 0; k < l->networks; k++) {
        int64_t bad = 0;

        TRY(store_read(r, "/summary/rows/bad", STORE_S64, k, 1, &bad, sizeof bad));
        if (bad > t->bad)
            TRY(text_add(out, "%s has no result for %lld of the good images: values that are not finite\n",
                         l->network[k].name, (long long)(bad - t->bad)));
    }
    return text_add(out, "\n");
}

/* What the page says first: a headline a network and precision, then what all maps say of the truth. */
static status add_headlines(struct store_reader *r, struct text *out)
{
    struct words_finding truth = { 0 };
    char line[1024];
    struct words w;
    status result = OK;

    TRY(words_read(r, &w));
    for (int i = 0; i < w.findings; i++) {
        const struct words_finding *f = &w.finding[i];

        snprintf(line, sizeof line, "%s in %s. %s", f->network, f->precision, f->sentence[0]);
        TRY_OUT(print_wrapped(line, out));
    }
    TRY_OUT(text_add(out, "\n"));
    TRY_OUT(words_truth_read(r, &truth));
    for (int i = 0; i < truth.sentences; i++)
        TRY_OUT(print_wrapped(truth.sentence[i], out));
    TRY_OUT(text_add(out, truth.sentences ? "\n" : ""));
out:
    words_truth_free(&truth);
    words_free(&w);
    return result;
}

/* Every table in a form, the bad images last. */
static status add_tables(const struct tables *t, enum print_form form, int columns, struct text *out)
{
    for (int i = 0; i < t->grids; i++)
        TRY(print_grid(t->grid[i], form, columns, out));
    return t->bad_images.rows ? print_grid(&t->bad_images, form, columns, out) : OK;
}

status report_show(struct store_reader *r, int columns, struct text *out)
{
    struct tables t;
    status result = OK;

    TRY(tables_read(r, &t));
    TRY_OUT(add_head(r, &t, out));
    TRY_OUT(add_headlines(r, out));
    TRY_OUT(add_tables(&t, PRINT_TERMINAL, columns, out));
out:
    tables_free(&t);
    return result;
}

status report_show_csv(struct store_reader *r, struct text *out)
{
    struct tables t;
    status result = OK;

    TRY(tables_read(r, &t));
    for (int i = 0; i < t.grids; i++) {
        TRY_OUT(text_add(out, "# %s: %s\r\n", t.grid[i]->id, t.grid[i]->title));
        TRY_OUT(print_grid(t.grid[i], PRINT_CSV, 0, out));
        TRY_OUT(text_add(out, "\r\n"));
    }
out:
    tables_free(&t);
    return result;
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* Writes FOLDER/NAME and empties the text. */
static status write_text(const char *folder, const char *name, struct text *text)
{
    char path[4096];

    TRY(text_path(path, sizeof path, folder, name));
    TRY(text_write_file(path, text->data ? text->data : "", text->size));
    text->size = 0;
    return OK;
}

/* A file a table. */
static status write_csv(const struct tables *t, const char *folder, struct text *out)
{
    char name[GRID_ID + 8];

    for (int i = 0; i < t->grids + (t->bad_images.rows > 0); i++) {
        const struct grid *g = i < t->grids ? t->grid[i] : &t->bad_images;

        snprintf(name, sizeof name, "%s.csv", g->id);
        TRY(print_grid(g, PRINT_CSV, 0, out));
        TRY(write_text(folder, name, out));
    }
    return OK;
}

static status add_values(const struct html_parts *a, struct text *out)
{
    TRY(print_values_head(out));
    for (int i = 0; i < a->tables.grids; i++)
        TRY(print_values(a->tables.grid[i], out));
    return OK;
}

/* A document that compiles as it stands, a `table` with booktabs' rules a grid. */
static status add_latex(const struct html_parts *a, struct text *out)
{
    TRY(text_add(out, "\\documentclass{article}\n"
                      "\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n"
                      "\\usepackage{textcomp}\n\\usepackage{booktabs}\n\\usepackage{graphicx}\n"
                      "\\usepackage[a4paper,landscape,margin=15mm]{geometry}\n"
                      "\\newsavebox{\\fitbox}\n"
                      "\\begin{document}\n"));
    TRY(add_tables(&a->tables, PRINT_LATEX, 0, out));
    return text_add(out, "\\end{document}\n");
}

static status add_markdown(const struct html_parts *a, struct text *out)
{
    TRY(text_add(out, "# What quantization changed\n\n"));
    TRY(add_head(a->r, &a->tables, out));
    TRY(words_markdown(&a->words, out));
    TRY(words_truth_markdown(&a->truth, out));
    TRY(add_tables(&a->tables, PRINT_MARKDOWN, 0, out));
    TRY(figures_markdown(&a->figures, out));
    TRY(gaze_markdown(&a->gaze, out));
    TRY(sheet_markdown(&a->sheets, out));
    TRY(example_markdown(&a->example, out));
    TRY(album_markdown(&a->album, out));
    return decided_markdown(a->decided.data, out);
}

/* The parts are read and their pictures written, then one document after another. */
static status write_all(struct html_parts *a, struct text *out)
{
    static const struct {
        const char *name;
        status (*add)(const struct html_parts *a, struct text *out);
    } documents[] = { { "values.csv", add_values },
                      { "tables.tex", add_latex },
                      { "report.md", add_markdown },
                      { "report.html", html_page },
                      { "report.json", json_document } };
    const char *folder = a->options->folder;

    TRY(tables_read(a->r, &a->tables));
    TRY(words_read(a->r, &a->words));
    TRY(words_truth_read(a->r, &a->truth));
    TRY(decided_read(a->r, &a->decided));
    TRY(text_make_folder(folder));
    TRY(write_csv(&a->tables, folder, out));
    TRY(figures_draw(a->r, folder, &a->figures));
    TRY(album_write(a->r, a->options, &a->album));
    TRY(example_write(a->r, a->options, &a->album.missing, &a->example));
    TRY(gaze_write(a->r, a->options, &a->album.missing, &a->gaze));
    TRY(sheet_write(a->r, a->options, &a->album.missing, &a->sheets));
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        TRY(documents[i].add(a, out));
        TRY(write_text(folder, documents[i].name, out));
    }
    return OK;
}

status report_write(struct store_reader *r, const struct report_options *options,
                    struct report_summary *summary)
{
    struct text out = { .max = OUTPUT_MAX };
    struct html_parts *a;
    status result;

    memset(summary, 0, sizeof *summary);
    MEM_TRY(a, 1, sizeof *a);
    a->r = r;
    a->options = options;
    a->summary = summary;
    a->decided.max = OUTPUT_MAX;
    result = write_all(a, &out);
    summary->tables = a->tables.grids;
    summary->pictures = a->album.count;
    summary->missing = a->album.missing.count;
    snprintf(summary->first_missing, sizeof summary->first_missing, "%s", a->album.missing.first);
    words_free(&a->words);
    words_truth_free(&a->truth);
    album_free(&a->album);
    tables_free(&a->tables);
    figures_free(&a->figures);
    text_free(&a->decided);
    text_free(&out);
    mem_free(a);
    return result;
}
