#include "json.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "decided.h"
#include "words.h"

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Is the text a number as JSON writes one: no '+', no leading zeros, digits on both sides of a point? */
static int is_number(const char *text)
{
    text += *text == '-';
    if (digits(text) == 0 || (text[0] == '0' && digits(text) > 1))
        return 0;
    text += digits(text);
    if (*text == '.') {
        if (digits(text + 1) == 0)
            return 0;
        text += 1 + digits(text + 1);
    }
    return *text == '\0';
}

/* A figure stays a number with its digits; the first column is a name, whatever it looks like. */
static cJSON *json_cell(const char *text, int column)
{
    return column > 0 && is_number(text) ? cJSON_CreateRaw(text) : cJSON_CreateString(text);
}

/* cJSON answers a failed allocation with NULL, and adding NULL does nothing: so one look at the end is
 * enough, at the printed text. */
static cJSON *json_grid(const struct grid *g)
{
    cJSON *out = cJSON_CreateObject(), *columns = cJSON_CreateArray(), *rows = cJSON_CreateArray();

    cJSON_AddStringToObject(out, "id", g->id);
    cJSON_AddStringToObject(out, "title", g->title);
    cJSON_AddStringToObject(out, "note", g->note);
    for (int c = 0; c < g->columns; c++) {
        cJSON *column = cJSON_CreateObject();

        cJSON_AddStringToObject(column, "name", g->head[c]);
        cJSON_AddStringToObject(column, "unit", g->unit[c]);
        cJSON_AddItemToArray(columns, column);
    }
    for (int r = 0; r < g->rows; r++) {
        cJSON *row = cJSON_CreateArray();

        for (int c = 0; c < g->columns; c++)
            cJSON_AddItemToArray(row, json_cell(grid_cell(g, r, c), c));
        cJSON_AddItemToArray(rows, row);
    }
    cJSON_AddItemToObject(out, "columns", columns);
    cJSON_AddItemToObject(out, "rows", rows);
    return out;
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
        cJSON_AddNumberToObject(item, "rmse_resolved", (double)p->rmse);
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
        for (int p = 0; p < 2; p++) {
            cJSON *side = cJSON_CreateObject();

            cJSON_AddNumberToObject(side, "iou", (double)row->iou[p]);
            cJSON_AddItemToObject(side, "box", cJSON_CreateIntArray(row->box[p], 4));
            cJSON_AddStringToObject(side, "colour", example_better(row, p) ? "green" : "red");
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

status json_write(struct store_reader *r, const struct collect *c, const struct album *g,
                  const struct example *e, const char *folder)
{
    cJSON *root = cJSON_CreateObject(), *images = cJSON_CreateObject(), *tables = cJSON_CreateArray(),
          *findings = cJSON_CreateArray(), *decided = cJSON_CreateArray();
    char path[4096], *text = NULL;
    status result = OK;

    cJSON_AddStringToObject(root, "file", store_reader_path(r));
    cJSON_AddNumberToObject(images, "total", (double)c->total);
    cJSON_AddNumberToObject(images, "ok", (double)c->ok);
    cJSON_AddNumberToObject(images, "bad", (double)c->bad);
    cJSON_AddItemToObject(root, "images", images);
    cJSON_AddItemToObject(root, "decided", decided);
    TRY_OUT(json_decided(r, decided));
    cJSON_AddItemToObject(root, "findings", findings);
    TRY_OUT(json_findings(r, findings));
    for (int i = 0; i < c->grids; i++)
        cJSON_AddItemToArray(tables, json_grid(&c->grid[i]));
    cJSON_AddItemToObject(root, "tables", tables);
    cJSON_AddItemToObject(root, "bad_images", json_grid(&c->bad_images));
    cJSON_AddItemToObject(root, "gallery", json_album(g));
    cJSON_AddItemToObject(root, "figure_3", json_example(e));
    text = cJSON_Print(root);
    if (!text) {
        result = FAIL(ERR_MEMORY, "no memory for the JSON report");
        goto out;
    }
    TRY_OUT(text_path(path, sizeof path, folder, "report.json"));
    TRY_OUT(text_write_file(path, text, strlen(text)));
out:
    cJSON_free(text);
    cJSON_Delete(root);
    return result;
}
