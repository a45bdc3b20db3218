/* src/phase/pictures.c: the gallery: the selected images' maps as HDF5 pictures. */
#include "local.h"

#include <string.h>

#include "metric.h"

struct canvas {
    float *values, *map;
    uint8_t *bytes;
};

static status draw(const struct run *r, int net, int p, int64_t image, int place, const struct canvas *canvas)
{
    const struct store_network *n = &r->layout.network[net];
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/cam", n->name, run_precision(r, p));
    TRY(store_fetch(r->store, path, image, 1, canvas->values));
    cam_finish(canvas->values, n->h, n->w, n->input_h, n->input_w, canvas->map);
    cam_bytes(canvas->map, n->input_h * n->input_w, canvas->bytes);
    snprintf(path, sizeof path, "/gallery/%s_top%02d_%s", n->name, place + 1, run_precision(r, p));
    return store_write(r->store, path, 0, n->input_h, canvas->bytes);
}

/* Fewer good images than pictures: the rest is black, whatever was there. */
static status blank(const struct run *r, int net, int first, const struct canvas *canvas)
{
    const struct store_network *n = &r->layout.network[net];
    char path[STORE_PATH];

    memset(canvas->bytes, 0, (size_t)n->input_h * (size_t)n->input_w);
    for (int i = first; i < r->layout.pictures; i++)
        for (int p = 0; p < r->precisions; p++) {
            snprintf(path, sizeof path, "/gallery/%s_top%02d_%s", n->name, i + 1, run_precision(r, p));
            TRY(store_write(r->store, path, 0, n->input_h, canvas->bytes));
        }
    return OK;
}

static status draw_network(const struct run *r, int net, uint8_t *row_status, float *rmse,
                           const struct canvas *canvas)
{
    int64_t best[STORE_MAX_PICTURES], n = r->layout.images;
    char path[STORE_PATH];
    int count, other = store_selecting(&r->layout);

    snprintf(path, sizeof path, "/models/%s/status", r->layout.network[net].name);
    TRY(store_fetch(r->store, path, 0, n, row_status));
    memset(rmse, 0, (size_t)n * sizeof *rmse);
    if (other > 0) { /* one precision alone shows the first pictures */
        snprintf(path, sizeof path, "/models/%s/%s/vs_%s/rmse_aligned", r->layout.network[net].name,
                 run_precision(r, other), run_precision(r, 0));
        TRY(store_fetch(r->store, path, 0, n, rmse));
    }
    for (int64_t i = 0; i < n; i++)
        row_status[i] = row_status[i] == STORE_OK;
    count = metric_largest(rmse, row_status, n, r->layout.pictures, best);
    for (int i = 0; i < count; i++)
        for (int p = 0; p < r->precisions; p++)
            TRY(draw(r, net, p, best[i], i, canvas));
    return blank(r, net, count, canvas);
}

status pictures_draw(const struct run *r)
{
    size_t n = (size_t)r->layout.images, pixels = 0, values = 0;
    struct canvas canvas = { 0 };
    uint8_t *row_status = mem_alloc(n, 1);
    float *rmse = mem_alloc(n, sizeof *rmse);
    status result = OK;

    for (int i = 0; i < r->networks; i++) {
        size_t hw = (size_t)r->layout.network[i].h * (size_t)r->layout.network[i].w;
        size_t own = (size_t)r->layout.network[i].input_h * (size_t)r->layout.network[i].input_w;
        values = hw > values ? hw : values;
        pixels = own > pixels ? own : pixels;
    }
    canvas.values = mem_alloc(values, sizeof(float));
    canvas.map = mem_alloc(pixels, sizeof(float));
    canvas.bytes = mem_alloc(pixels, 1);
    if (!row_status || !rmse || !canvas.values || !canvas.map || !canvas.bytes)
        result = FAIL(ERR_MEMORY, "no memory for the gallery");
    for (int net = 0; net < r->networks && result == OK; net++)
        result = draw_network(r, net, row_status, rmse, &canvas);
    mem_free(row_status);
    mem_free(rmse);
    mem_free(canvas.values);
    mem_free(canvas.map);
    mem_free(canvas.bytes);
    return result;
}

status pictures_write(struct run *r)
{
    return comm_agree(r->c, r->c->rank == 0 ? pictures_draw(r) : OK);
}
