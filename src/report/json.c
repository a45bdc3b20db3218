/* src/report/json.c: the report as one JSON document. */
#include "json.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "decided.h"
#include "print.h"
#include "words.h"

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

/* The page's first screen: a headline and its statements, a network and precision each. */
static status json_findings(struct store_reader *r, cJSON *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct text words = { .max = 1 << 16 };
    status result = OK;

    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++) {
            cJSON *item = cJSON_CreateObject(), *statements = cJSON_CreateArray();
            struct overview o;

            cJSON_AddItemToArray(out, item);
            cJSON_AddItemToObject(item, "statements", statements);
            words.size = 0;
            TRY_OUT(overview_read(r, k, p, &o));
            TRY_OUT(words_headline(&o, &words));
            cJSON_AddStringToObject(item, "network", l->network[k].name);
            cJSON_AddStringToObject(item, "precision", l->precision[p].name);
            cJSON_AddStringToObject(item, "words", words.data);
            for (int i = 0; i < WORDS_STATEMENTS; i++) {
                words.size = 0;
                TRY_OUT(words_statement(l, &o, i, &words));
                if (words.size)
                    cJSON_AddItemToArray(statements, cJSON_CreateString(words.data));
            }
        }
out:
    text_free(&words);
    return result;
}

/* Lines of what was decided. */
static status json_decided(struct store_reader *r, cJSON *out)
{
    struct text lines = { .max = 1 << 20 };
    status result = decided_read(r, &lines);
    char *save = NULL;

    for (char *line = result == OK && lines.size > 0 ? strtok_r(lines.data, "\n", &save) : NULL; line;
         line = strtok_r(NULL, "\n", &save))
        cJSON_AddItemToArray(out, cJSON_CreateString(line));
    text_free(&lines);
    return result;
}

status json_write(struct store_reader *r, const struct tables *t, const struct album *g,
                  const struct example *e, const char *folder)
{
    cJSON *root = cJSON_CreateObject(), *images = cJSON_CreateObject(), *tables = cJSON_CreateArray(),
          *findings = cJSON_CreateArray(), *decided = cJSON_CreateArray(), *grid;
    char path[4096], *text = NULL;
    status result = OK;

    cJSON_AddStringToObject(root, "file", store_reader_path(r));
    cJSON_AddNumberToObject(images, "total", (double)t->total);
    cJSON_AddNumberToObject(images, "ok", (double)t->ok);
    cJSON_AddNumberToObject(images, "bad", (double)t->bad);
    cJSON_AddItemToObject(root, "images", images);
    cJSON_AddItemToObject(root, "decided", decided);
    TRY_OUT(json_decided(r, decided));
    cJSON_AddItemToObject(root, "findings", findings);
    TRY_OUT(json_findings(r, findings));
    cJSON_AddItemToObject(root, "tables", tables);
    for (int i = 0; i < t->grids; i++) {
        TRY_OUT(json_grid(t->grid[i], &grid));
        cJSON_AddItemToArray(tables, grid);
    }
    TRY_OUT(json_grid(&t->bad_images, &grid));
    cJSON_AddItemToObject(root, "bad_images", grid);
    cJSON_AddItemToObject(root, "gallery", json_album(g));
    cJSON_AddItemToObject(root, "figure_3", json_example(e));
    text = cJSON_Print(root);
    if (!text)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for the JSON report"));
    TRY_OUT(text_path(path, sizeof path, folder, "report.json"));
    TRY_OUT(text_write_file(path, text, strlen(text)));
out:
    cJSON_free(text);
    cJSON_Delete(root);
    return result;
}
