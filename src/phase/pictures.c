/* src/phase/pictures.c: the gallery: the selected images' maps as HDF5 pictures. */
#include "local.h"

#include <string.h>

#include "metric.h"

struct gallery {
    struct mem_set mem;
    uint8_t *status;     /* (N) of the network's rows */
    float *rmse;         /* (N) of the pair that the gallery is ranked by */
    float *values, *map; /* of the largest layer, the largest map */
    uint8_t *bytes;
};

static status make_room(const struct run *r, struct gallery *g)
{
    size_t n = (size_t)r->layout.images, pixels = 0, values = 0;

    for (int i = 0; i < r->networks; i++) {
        size_t own = (size_t)r->layout.network[i].input_h * (size_t)r->layout.network[i].input_w;

        for (int p = 0; p < r->precisions; p++) {
            struct store_layer layer = store_layer(&r->layout, i, p);
            size_t hw = (size_t)layer.h * (size_t)layer.w;

            values = hw > values ? hw : values;
        }
        pixels = own > pixels ? own : pixels;
    }
    MEM_TAKE(&g->mem, g->status, n, 1);
    MEM_TAKE(&g->mem, g->rmse, n, sizeof *g->rmse);
    MEM_TAKE(&g->mem, g->values, values, sizeof *g->values);
    MEM_TAKE(&g->mem, g->map, pixels, sizeof *g->map);
    MEM_TAKE(&g->mem, g->bytes, pixels, 1);
    return OK;
}

/* Place `place` of the gallery; image -1: fewer good images than pictures, black, whatever was there. */
static status draw(const struct run *r, int net, int p, int64_t image, int place, struct gallery *g)
{
    const struct store_network *n = &r->layout.network[net];
    const struct store_layer layer = store_layer(&r->layout, net, p);

    memset(g->bytes, 0, (size_t)n->input_h * (size_t)n->input_w);
    if (image >= 0) {
        TRY(run_fetch(r, net, image, 1, g->values, "%s/cam", run_precision(r, p)));
        cam_finish(g->values, layer.h, layer.w, n->input_h, n->input_w, g->map);
        cam_bytes(g->map, n->input_h * n->input_w, g->bytes);
    }
    return run_write(r, 0, n->input_h, g->bytes, "/gallery/%s_top%02d_%s", n->name, place + 1,
                     run_precision(r, p));
}

static status draw_network(const struct run *r, int net, struct gallery *g)
{
    int64_t best[STORE_MAX_PICTURES], n = r->layout.images;
    int count, other = store_selecting(&r->layout);

    TRY(run_fetch(r, net, 0, n, g->status, "status"));
    memset(g->rmse, 0, (size_t)n * sizeof *g->rmse);
    if (other > 0) /* one precision alone shows the first pictures */
        TRY(run_fetch(r, net, 0, n, g->rmse, "%s/vs_%s/rmse_aligned", run_precision(r, other),
                      run_precision(r, 0)));
    for (int64_t i = 0; i < n; i++)
        g->status[i] = g->status[i] == STORE_OK;
    count = metric_largest(g->rmse, g->status, n, r->layout.pictures, best);
    for (int i = 0; i < r->layout.pictures; i++)
        for (int p = 0; p < r->precisions; p++)
            TRY(draw(r, net, p, i < count ? best[i] : -1, i, g));
    return OK;
}

status pictures_draw(const struct run *r)
{
    struct gallery g = { 0 };
    status result = make_room(r, &g);

    for (int net = 0; net < r->networks && result == OK; net++)
        result = draw_network(r, net, &g);
    mem_drop(&g.mem);
    return result;
}
