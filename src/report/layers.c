/* src/report/layers.c: which layer moves the map. */
#include "layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORST = 12, MOST_LAYERS = 4096, ALONE = 0, OTHERS = 1 };
static const char *const who[] = { "alone", "others" };
enum measure { DRIFT, RMSE, SQNR, CHANGED, MEASURES };
static const char *const measures[MEASURES] = { "drift", "rmse", "sqnr", "changed" };

struct layer {
    char name[STORE_LAYER], op[STORE_NAME];
    int64_t weights;
    double measure[2][MEASURES];
};

/* ---- read ---------------------------------------------------------------------------------------------- */

static status read_numbers(struct store_reader *r, const char *network, const char *name,
                           enum store_type type, int count, void *out)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/sensitivity/%s", network, name);
    return store_read(r, path, type, 0, count, out, (size_t)count * 8);
}

static status read_part(struct store_reader *r, const char *network, int k, int count, void *room,
                        struct layer *layer)
{
    const double *real = room;
    const int64_t *whole = room;
    char name[32];

    for (int m = 0; m < MEASURES; m++) {
        snprintf(name, sizeof name, "%s_%s", who[k], measures[m]);
        TRY(read_numbers(r, network, name, m == CHANGED ? STORE_S64 : STORE_F64, count, room));
        for (int i = 0; i < count; i++)
            layer[i].measure[k][m] = m == CHANGED ? (double)whole[i] : real[i];
    }
    return OK;
}

static status read_names(struct store_reader *r, const char *network, int count, struct layer *layer)
{
    char name[STORE_PATH], op[STORE_PATH];

    snprintf(name, sizeof name, "/models/%s/sensitivity/name", network);
    snprintf(op, sizeof op, "/models/%s/sensitivity/op", network);
    for (int i = 0; i < count; i++) {
        TRY(store_read_string(r, name, i, layer[i].name, sizeof layer[i].name));
        TRY(store_read_string(r, op, i, layer[i].op, sizeof layer[i].op));
    }
    return OK;
}

/* *out: (count), freed by the caller. */
static status read_layers(struct store_reader *r, int network, int *count, struct layer **out)
{
    const struct store_network *n = &store_reader_layout(r)->network[network];
    int64_t *room;
    status result;

    *count = n->layers;
    *out = NULL;
    if (n->layers < 1 || n->layers > MOST_LAYERS)
        return FAIL(ERR_FORMAT, "%s: /models/%s/layer has %d rows", store_reader_path(r), n->name, n->layers);
    MEM_TRY(*out, (size_t)n->layers, sizeof **out);
    room = mem_alloc((size_t)n->layers, sizeof *room);
    result = room ? read_names(r, n->name, n->layers, *out) : FAIL(ERR_MEMORY, "no memory for a column");
    for (int k = ALONE; k <= OTHERS && result == OK; k++)
        result = read_part(r, n->name, k, n->layers, room, *out);
    if (result == OK)
        result = read_numbers(r, n->name, "weights", STORE_S64, n->layers, room);
    for (int i = 0; i < n->layers && result == OK; i++)
        (*out)[i].weights = room[i];
    mem_free(room);
    return result;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static int worst_first(const void *a, const void *b)
{
    const double *x = ((const struct layer *)a)->measure[ALONE],
                 *y = ((const struct layer *)b)->measure[ALONE];

    if (x[DRIFT] != y[DRIFT])
        return x[DRIFT] < y[DRIFT] ? 1 : -1;
    return (x[SQNR] > y[SQNR]) - (x[SQNR] < y[SQNR]);
}

static status add_layer(struct grid *g, const char *network, const struct layer *l)
{
    TRY(grid_row(g, (struct grid_key){ .network = network }));
    grid_text(g, "%s", network);
    grid_text(g, "%s", l->name);
    grid_text(g, "%s", l->op);
    if (l->weights > 0)
        grid_count(g, "", l->weights);
    else
        grid_missing(g, "");
    for (int k = ALONE; k <= OTHERS; k++) {
        const double *of = l->measure[k];

        grid_number(g, "", of[DRIFT], 5);
        grid_number(g, "", of[RMSE], 2);
        grid_count(g, "", (int64_t)of[CHANGED]);
        if (isfinite(of[SQNR]))
            grid_number(g, "", of[SQNR], 1);
        else
            grid_missing(g, "exact");
    }
    return OK;
}

static status add_network(struct store_reader *r, int network, struct grid *g)
{
    struct layer *layer;
    int count;
    status result = read_layers(r, network, &count, &layer);

    if (result == OK)
        qsort(layer, (size_t)count, sizeof *layer, worst_first);
    for (int i = 0; i < count && i < WORST && result == OK; i++)
        result = add_layer(g, store_reader_layout(r)->network[network].name, &layer[i]);
    mem_free(layer);
    return result;
}

static void add_columns(struct grid *g)
{
    static const char *const heads[][4] = {
        { "alone: drift", "alone: RMSE", "alone: changed", "alone: logits" },
        { "others: drift", "others: RMSE", "others: changed", "others: logits" },
    };
    static const char *const units[] = { "", "", "", "dB" };

    grid_column(g, "network", "");
    grid_column(g, "layer", "");
    grid_column(g, "op", "");
    grid_column(g, "weights", "");
    for (int k = ALONE; k <= OTHERS; k++)
        for (int i = 0; i < 4; i++)
            grid_column(g, heads[k][i], units[i]);
}

static status fill(struct store_reader *r, struct grid *g)
{
    const struct store_layout *l = store_reader_layout(r);
    char path[STORE_PATH];
    int64_t pictures = 0;
    int32_t bits = 0;

    grid_init(g, "sensitivity", "Which layer moves the map");
    add_columns(g);
    for (int k = 0; k < l->networks; k++)
        TRY(add_network(r, k, g));
    TRY(read_numbers(r, l->network[0].name, "pictures", STORE_S64, 1, &pictures));
    snprintf(path, sizeof path, "/models/%s/sensitivity/bits", l->network[0].name);
    TRY(store_read(r, path, STORE_S32, 0, 1, &bits, sizeof bits));
    grid_note(
        g,
        "The %d worst layers of each network, by the drift of the map, 1 - |correlation| with %s's: alone, "
        "a layer's weights and output have %d bits and all else is real; others, all but the layer have. "
        "Means over %lld calibration pictures; RMSE 0-255, aligned; changed: answers; logits: signal to "
        "quantization noise. All layers stand in /models/NETWORK/sensitivity.",
        WORST, l->precision[0].name, bits, (long long)pictures);
    return OK;
}

status layers_add(struct store_reader *r, struct tables *out)
{
    struct grid *g;

    if (!store_reader_layout(r)->sensitivity)
        return OK;
    BUG_IF(out->grids == TABLES_MOST);
    MEM_TRY(g, 1, sizeof *g);
    out->grid[out->grids++] = g;
    return fill(r, g);
}

/* ---- the charts ---------------------------------------------------------------------------------------- */

/* The logits' noise beside their signal, in place of decibels. */
static double height(const struct layer *l, int k, enum measure m)
{
    double v = l->measure[k][m];

    return m != SQNR ? v : isfinite(v) ? pow(10, -v / 10) : 0;
}

/* Each line in per cent of its largest value; one that is 0 all along is left out. */
static status draw_part(struct figures_drawing *d, int network, int k, const struct layer *layer, int count,
                        double *room)
{
    static const char *const names[MEASURES] = { "map drift", "RMSE", "noise in the logits",
                                                 "answers changed" };
    double *x = room;
    int worst = 0;

    *d->c = (struct chart){ .title = d->l->network[network].name,
                            .x_label = k == ALONE ? "layer quantized alone, by place"
                                                  : "layer left real, all others quantized, by place",
                            .y_label = "% of the largest",
                            .x = { 0, count > 1 ? count - 1 : 1, 0 },
                            .y = { 0, 100, 0 } };
    for (int i = 0; i < count; i++) {
        x[i] = i;
        worst = layer[i].measure[k][DRIFT] > layer[worst].measure[k][DRIFT] ? i : worst;
    }
    for (int line = 0; line < MEASURES; line++) {
        double *y = room + (line + 1) * count, most = 0;

        for (int i = 0; i < count; i++)
            most = fmax(most, height(&layer[i], k, (enum measure)line));
        for (int i = 0; i < count; i++)
            y[i] = most > 0 ? 100 * height(&layer[i], k, (enum measure)line) / most : 0;
        if (most > 0)
            chart_series(d->c, line, names[line], x, y, count);
    }
    snprintf(d->c->note[0], CHART_NAME, "map drift at most %.4f, %.40s", layer[worst].measure[k][DRIFT],
             layer[worst].name);
    return chart_draw(d->c, &d->to->section[FIGURES_SENSITIVITY]);
}

static status draw_network(struct figures_drawing *d, int network)
{
    struct layer *layer = NULL;
    double *room = NULL;
    int count;
    status result = OK;

    TRY_OUT(read_layers(d->r, network, &count, &layer));
    MEM_TRY_OUT(room, (size_t)count, (MEASURES + 1) * sizeof *room);
    TRY_OUT(draw_part(d, network, ALONE, layer, count, room));
    result = draw_part(d, network, OTHERS, layer, count, room);
out:
    mem_free(room);
    mem_free(layer);
    return result;
}

status layers_draw(struct figures_drawing *d)
{
    for (int k = 0; k < d->l->networks && d->l->sensitivity; k++)
        TRY(draw_network(d, k));
    return OK;
}
