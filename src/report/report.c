#include "report.h"

#include <string.h>

#include "collect.h"
#include "decided.h"
#include "figure.h"
#include "album.h"
#include "example.h"
#include "html.h"
#include "json.h"
#include "latex.h"
#include "study.h"
#include "words.h"

enum { OUTPUT_MAX = 64 << 20 };

static status add_head(struct store_reader *r, const struct collect *c, struct text *out)
{
    const struct store_layout *layout = store_reader_layout(r);
    int64_t bad[STORE_MAX_NETWORKS] = { 0 };
    char total[32], ok[32];

    TRY(collect_matrix(r, STORE_S64, 1, 1, bad, "/summary/rows/bad"));
    TRY(text_add(out, "%s\n", store_reader_path(r)));
    TRY(text_add(out, "%s images, %s good, %lld bad; %d network%s;",
                 text_thousands(c->total, total, sizeof total), text_thousands(c->ok, ok, sizeof ok),
                 (long long)c->bad, layout->networks, layout->networks == 1 ? "" : "s"));
    for (int p = 0; p < layout->precisions; p++)
        TRY(text_add(out, " %s", layout->precision[p].name));
    TRY(text_add(out, "\n"));
    for (int k = 0; k < layout->networks; k++)
        if (bad[k] > c->bad)
            TRY(text_add(out, "%s has no result for %lld of the good images: values that are not finite\n",
                         layout->network[k].name, (long long)(bad[k] - c->bad)));
    return text_add(out, "\n");
}

/* What the page says first: a headline a network and precision. */
static status add_headlines(struct store_reader *r, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct text words = { .max = 1 << 16 };
    status result = OK;

    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            struct overview o;

            words.size = 0;
            TRY_OUT(overview_read(r, k, p, &o));
            TRY_OUT(text_add(&words, "%s in %s. ", l->network[k].name, l->precision[p].name));
            TRY_OUT(words_headline(&o, &words));
            TRY_OUT(grid_wrapped(words.data, out));
        }
    TRY_OUT(text_add(out, "\n"));
out:
    text_free(&words);
    return result;
}

status report_show(struct store_reader *r, int columns, struct text *out)
{
    struct collect c;
    status result = OK;

    TRY(collect_tables(r, &c));
    TRY_OUT(add_head(r, &c, out));
    TRY_OUT(add_headlines(r, out));
    for (int i = 0; i < c.grids; i++)
        TRY_OUT(grid_terminal(&c.grid[i], columns, out));
    if (c.bad_images.rows)
        TRY_OUT(grid_terminal(&c.bad_images, columns, out));
out:
    collect_free(&c);
    return result;
}

status report_show_csv(struct store_reader *r, struct text *out)
{
    struct collect c;
    status result = OK;

    TRY(collect_tables(r, &c));
    for (int i = 0; i < c.grids; i++) {
        TRY_OUT(text_add(out, "# %s: %s\r\n", c.grid[i].id, c.grid[i].title));
        TRY_OUT(grid_csv(&c.grid[i], out));
        TRY_OUT(text_add(out, "\r\n"));
    }
out:
    collect_free(&c);
    return result;
}

static status write_csv(const struct grid *g, const char *folder)
{
    struct text out = { .max = OUTPUT_MAX };
    char name[64], path[4096];
    status result = OK;

    snprintf(name, sizeof name, "%s.csv", g->id);
    TRY(text_path(path, sizeof path, folder, name));
    TRY_OUT(grid_csv(g, &out));
    TRY_OUT(text_write_file(path, out.data, out.size));
out:
    text_free(&out);
    return result;
}

/* The name of a precision's figure 2. */
static void figure_name(const struct store_layout *layout, int p, char *name, size_t size)
{
    snprintf(name, size, p < 2 ? "figure_2.svg" : "figure_2_%.20s.svg", layout->precision[p].name);
}

static status write_figure(struct store_reader *r, int p, const char *folder)
{
    struct text out = { .max = OUTPUT_MAX };
    char name[64], path[4096];
    status result = OK;

    figure_name(store_reader_layout(r), p, name, sizeof name);
    TRY(text_path(path, sizeof path, folder, name));
    TRY_OUT(figure_histograms(r, p, &out));
    TRY_OUT(text_write_file(path, out.data, out.size));
out:
    text_free(&out);
    return result;
}

static status write_markdown(struct store_reader *r, const struct collect *c, const struct album *album,
                             const struct example *example, const char *folder)
{
    struct text out = { .max = OUTPUT_MAX };
    char path[4096], name[64];
    status result = OK;

    TRY(text_path(path, sizeof path, folder, "report.md"));
    TRY_OUT(text_add(&out, "# What quantization changed\n\n"));
    TRY_OUT(add_head(r, c, &out));
    TRY_OUT(words_markdown(r, &out));
    for (int i = 0; i < c->grids; i++)
        TRY_OUT(grid_markdown(&c->grid[i], &out));
    if (c->bad_images.rows)
        TRY_OUT(grid_markdown(&c->bad_images, &out));
    for (int p = 1; p < store_reader_layout(r)->precisions; p++) {
        figure_name(store_reader_layout(r), p, name, sizeof name);
        TRY_OUT(text_add(&out, "![Figure 2. Histograms of the mean activation](%s)\n\n", name));
    }
    TRY_OUT(example_markdown(example, &out));
    TRY_OUT(album_markdown(album, &out));
    TRY_OUT(decided_markdown(r, &out));
    TRY_OUT(text_write_file(path, out.data, out.size));
out:
    text_free(&out);
    return result;
}

status report_write(struct store_reader *r, const struct report_options *options,
                    struct report_summary *summary)
{
    struct collect c = { 0 };
    struct album album = { 0 };
    struct example example = { 0 };
    status result = OK;

    memset(summary, 0, sizeof *summary);
    TRY(collect_tables(r, &c));
    TRY_OUT(study_collect(&c));
    TRY_OUT(text_make_folder(options->folder));
    for (int i = 0; i < c.grids; i++)
        TRY_OUT(write_csv(&c.grid[i], options->folder));
    if (c.bad_images.rows)
        TRY_OUT(write_csv(&c.bad_images, options->folder));
    for (int p = 1; p < store_reader_layout(r)->precisions; p++)
        TRY_OUT(write_figure(r, p, options->folder));
    TRY_OUT(album_write(r, options, &album));
    TRY_OUT(example_write(r, options, &album, &example));
    TRY_OUT(write_markdown(r, &c, &album, &example, options->folder));
    TRY_OUT(latex_write(&c, options->folder));
    TRY_OUT(html_write(r, &c, &example, options, summary));
    TRY_OUT(json_write(r, &c, &album, &example, options->folder));
    summary->tables = c.grids;
    summary->pictures = album.count;
    summary->missing = album.missing;
    snprintf(summary->first_missing, sizeof summary->first_missing, "%s", album.first_missing);
out:
    album_free(&album);
    collect_free(&c);
    return result;
}
