/* src/report/json.c: the report as one JSON document. */
#include "html.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "print.h"

/* cJSON answers a failed allocation with NULL, and adding NULL does nothing: so one look at the end is
 * enough, at the printed text. */
static status json_grid(const struct grid *g, cJSON **item)
{
    struct text out = { .max = 64 << 20 };
    status result = print_grid(g, PRINT_JSON, 0, &out);

    *item = result == OK ? cJSON_CreateRaw(out.data) : NULL;
    text_free(&out);
    return result;
}

static cJSON *json_album(const struct album *g)
{
    cJSON *out = cJSON_CreateArray();

    for (int i = 0; i < g->count; i++) {
        const struct album_picture *p = &g->picture[i];
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "network", g->layout->network[p->network].name);
        cJSON_AddNumberToObject(item, "place", p->place);
        cJSON_AddNumberToObject(item, "image", (double)p->image);
        cJSON_AddStringToObject(item, "path", p->path);
        cJSON_AddNumberToObject(item, "rmse_aligned", (double)p->rmse);
        cJSON_AddStringToObject(item, "file", p->file);
        cJSON_AddItemToArray(out, item);
    }
    return out;
}

static cJSON *json_example(const struct example *e)
{
    cJSON *out = cJSON_CreateArray();

    for (int k = 0; k < e->rows; k++) {
        const struct example_row *row = &e->row[k];
        cJSON *item = cJSON_CreateObject();

        cJSON_AddItemToArray(out, item);
        cJSON_AddStringToObject(item, "network", e->layout->network[k].name);
        if (row->image < 0)
            continue;
        cJSON_AddNumberToObject(item, "image", (double)row->image);
        cJSON_AddStringToObject(item, "path", row->path);
        for (int p = 0; p < e->layout->precisions; p++) {
            cJSON *side = cJSON_CreateObject();

            cJSON_AddNumberToObject(side, "iou", (double)row->iou[p]);
            cJSON_AddItemToObject(side, "box", cJSON_CreateIntArray(row->box[p], 4));
            cJSON_AddStringToObject(side, "colour", example_better(e, k, p) ? "green" : "red");
            cJSON_AddItemToObject(item, e->layout->precision[p].name, side);
        }
    }
    return out;
}

static cJSON *json_words(const struct words *w)
{
    cJSON *out = cJSON_CreateArray();

    for (int i = 0; i < w->findings; i++) {
        const struct words_finding *f = &w->finding[i];
        cJSON *item = cJSON_CreateObject(), *statements = cJSON_CreateArray();

        cJSON_AddItemToArray(out, item);
        cJSON_AddItemToObject(item, "statements", statements);
        cJSON_AddStringToObject(item, "network", f->network);
        cJSON_AddStringToObject(item, "precision", f->precision);
        cJSON_AddStringToObject(item, "words", f->sentence[0]);
        for (int k = 1; k < f->sentences; k++)
            cJSON_AddItemToArray(statements, cJSON_CreateString(f->sentence[k]));
    }
    return out;
}

static status json_lines(const char *text, cJSON *to)
{
    struct text line = { .max = 1 << 24 };
    status result = OK;

    for (size_t size; text && *text && result == OK; text += size + (text[size] == '\n')) {
        size = strcspn(text, "\n");
        line.size = 0;
        result = text_add_bytes(&line, text, size);
        if (result == OK)
            cJSON_AddItemToArray(to, cJSON_CreateString(line.data));
    }
    text_free(&line);
    return result;
}

status json_document(const struct html_parts *parts, struct text *out)
{
    const struct tables *t = &parts->tables;
    cJSON *root = cJSON_CreateObject(), *images = cJSON_CreateObject(), *tables = cJSON_CreateArray(),
          *decided = cJSON_CreateArray(), *grid;
    char *text = NULL;
    status result = OK;

    cJSON_AddStringToObject(root, "file", store_reader_path(parts->r));
    cJSON_AddNumberToObject(images, "total", (double)t->total);
    cJSON_AddNumberToObject(images, "ok", (double)t->ok);
    cJSON_AddNumberToObject(images, "bad", (double)t->bad);
    cJSON_AddItemToObject(root, "images", images);
    cJSON_AddItemToObject(root, "decided", decided);
    TRY_OUT(json_lines(parts->decided.data, decided));
    cJSON_AddItemToObject(root, "findings", json_words(&parts->words));
    cJSON_AddItemToObject(root, "tables", tables);
    for (int i = 0; i < t->grids; i++) {
        TRY_OUT(json_grid(t->grid[i], &grid));
        cJSON_AddItemToArray(tables, grid);
    }
    TRY_OUT(json_grid(&t->bad_images, &grid));
    cJSON_AddItemToObject(root, "bad_images", grid);
    cJSON_AddItemToObject(root, "gallery", json_album(&parts->album));
    cJSON_AddItemToObject(root, "figure_3", json_example(&parts->example));
    text = cJSON_Print(root);
    result =
        text ? text_add_bytes(out, text, strlen(text)) : FAIL(ERR_MEMORY, "no memory for the JSON report");
out:
    cJSON_free(text);
    cJSON_Delete(root);
    return result;
}
