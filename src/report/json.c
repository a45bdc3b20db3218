/* src/report/json.c: the report as one JSON document. */
#include "html.h"

#include <string.h>

#include "markup.h"
#include "print.h"

static status add_lines(char *text, struct text *out)
{
    for (char *line = text, *end; line && *line; line = end) {
        size_t size = strcspn(line, "\n");

        end = line + size + (line[size] == '\n');
        line[size] = '\0';
        TRY(text_add(out, line == text ? "" : ", "));
        TRY(text_add_quoted(out, line));
        if (end > line + size)
            line[size] = '\n';
    }
    return OK;
}

static status add_words(const struct words *w, struct text *out)
{
    for (int i = 0; i < w->findings; i++) {
        const struct words_finding *f = &w->finding[i];

        TRY(text_add(out, i ? ",\n" : ""));
        TRY(markup_json(out, "{\"network\": %s, \"precision\": %s, \"words\": %s, \"statements\": [",
                        f->network, f->precision, f->sentence[0]));
        for (int k = 1; k < f->sentences; k++) {
            TRY(text_add(out, k > 1 ? ", " : ""));
            TRY(text_add_quoted(out, f->sentence[k]));
        }
        TRY(text_add(out, "]}"));
    }
    return OK;
}

static status add_album(const struct album *g, struct text *out)
{
    for (int i = 0; i < g->count; i++) {
        const struct album_picture *p = &g->picture[i];

        TRY(text_add(out, i ? ",\n" : ""));
        TRY(markup_json(out,
                        "{\"network\": %s, \"place\": %d, \"image\": %lld, \"path\": %s, "
                        "\"rmse_aligned\": %.9g, \"file\": %s}",
                        g->layout->network[p->network].name, p->place, (long long)p->image, p->path,
                        (double)p->rmse, p->file));
    }
    return OK;
}

static status add_example(const struct example *e, struct text *out)
{
    for (int k = 0; k < e->rows; k++) {
        const struct example_row *row = &e->row[k];

        TRY(text_add(out, k ? ",\n" : ""));
        TRY(markup_json(out, "{\"network\": %s", e->layout->network[k].name));
        if (row->image >= 0)
            TRY(markup_json(out, ", \"image\": %lld, \"path\": %s", (long long)row->image, row->path));
        for (int p = 0; p < e->layout->precisions && row->image >= 0; p++)
            TRY(markup_json(out, ", %s: {\"iou\": %.9g, \"box\": [%d, %d, %d, %d], \"colour\": %s}",
                            e->layout->precision[p].name, (double)row->iou[p], row->box[p][0], row->box[p][1],
                            row->box[p][2], row->box[p][3], example_better(e, k, p) ? "green" : "red"));
        TRY(text_add(out, "}"));
    }
    return OK;
}

status json_document(const struct html_parts *parts, struct text *out)
{
    const struct tables *t = &parts->tables;

    TRY(markup_json(out,
                    "{\"file\": %s,\n\"images\": {\"total\": %lld, \"ok\": %lld, \"bad\": %lld},\n"
                    "\"decided\": [",
                    store_reader_path(parts->r), (long long)t->total, (long long)t->ok, (long long)t->bad));
    TRY(add_lines(parts->decided.data, out));
    TRY(text_add(out, "],\n\"findings\": ["));
    TRY(add_words(&parts->words, out));
    TRY(text_add(out, "],\n\"truth\": ["));
    for (int i = 0; i < parts->truth.sentences; i++) {
        TRY(text_add(out, i ? ", " : ""));
        TRY(text_add_quoted(out, parts->truth.sentence[i]));
    }
    TRY(text_add(out, "],\n\"tables\": ["));
    for (int i = 0; i < t->grids; i++) {
        TRY(text_add(out, i ? ",\n" : ""));
        TRY(print_grid(t->grid[i], PRINT_JSON, 0, out));
    }
    TRY(text_add(out, "],\n\"bad_images\": "));
    TRY(print_grid(&t->bad_images, PRINT_JSON, 0, out));
    TRY(text_add(out, ",\n\"gallery\": ["));
    TRY(add_album(&parts->album, out));
    TRY(text_add(out, "],\n\"figure_3\": ["));
    TRY(add_example(&parts->example, out));
    return text_add(out, "]}\n");
}
