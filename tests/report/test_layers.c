/* Which layer moves the map: the table and the charts of a result whose layers' losses are set by hand. */
#include "report/layers.h"

#include <math.h>

#include "report_fixture.h"

enum { LAYERS = 3 };

static void lay_out(struct fixture *f)
{
    f->plan.layout.sensitivity = 1;
    f->plan.layout.network[0].layers = f->plan.layout.network[1].layers = LAYERS;
}

static status put(struct store *s, const char *network, const char *name, const void *data, int rows)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/sensitivity/%s", network, name);
    return store_write(s, path, 0, rows, data);
}

/* The second layer is the worst, the third moves nothing. */
static status fill(struct store *s)
{
    static const char *const networks[] = { "resnet18", "mobilenet_v2" };
    static const char name[LAYERS][STORE_LAYER] = { "image", "conv1", "fc" },
                      op[LAYERS][STORE_NAME] = { "input", "conv", "linear" };
    static const int64_t weights[LAYERS] = { 0, 1728, 100 }, changed[LAYERS] = { 0, 2, 1 }, pictures = 64;
    static const int32_t bits[LAYERS] = { 4, 4, 4 };
    static const double drift[LAYERS] = { 0.0125, 0.25, 0 }, rmse[LAYERS] = { 1.5, 20, 0 },
                        sqnr[LAYERS] = { 30, 20, INFINITY }, others[LAYERS] = { 0.375, 0.0625, 0.5 };

    for (int k = 0; k < 2; k++) {
        const char *n = networks[k];

        TRY(put(s, n, "name", name, LAYERS));
        TRY(put(s, n, "op", op, LAYERS));
        TRY(put(s, n, "weights", weights, LAYERS));
        TRY(put(s, n, "bits", bits, LAYERS));
        TRY(put(s, n, "pictures", &pictures, 1));
        TRY(put(s, n, "alone_drift", drift, LAYERS));
        TRY(put(s, n, "alone_rmse", rmse, LAYERS));
        TRY(put(s, n, "alone_sqnr", sqnr, LAYERS));
        TRY(put(s, n, "alone_changed", changed, LAYERS));
        TRY(put(s, n, "others_drift", others, LAYERS));
        TRY(put(s, n, "others_rmse", rmse, LAYERS));
        TRY(put(s, n, "others_sqnr", sqnr, LAYERS));
        TRY(put(s, n, "others_changed", changed, LAYERS));
    }
    return OK;
}

static const char *cell(const struct grid *g, int row, int column)
{
    return g->cell[row * g->columns + column].text;
}

static void check_table(struct store_reader *r)
{
    static const char *const worst[] = { "resnet18", "conv1", "conv",    "1728",  "0.25000", "20.00",
                                         "2",        "20.0",  "0.06250", "20.00", "2",       "20.0" };
    struct tables t = { .grids = 0 };
    const struct grid *g;

    CHECK(layers_add(r, &t) == OK && t.grids == 1);
    g = tables_find(&t, "sensitivity");
    CHECK(g->rows == 2 * LAYERS && g->columns == 12);
    for (int c = 0; c < g->columns; c++)
        CHECK_MSG(strcmp(cell(g, 0, c), worst[c]) == 0, "%s, not %s", cell(g, 0, c), worst[c]);
    CHECK(strcmp(cell(g, 1, 1), "image") == 0 && strcmp(cell(g, 1, 3), "") == 0);
    CHECK(strcmp(cell(g, 2, 1), "fc") == 0 && strcmp(cell(g, 2, 7), "exact") == 0);
    CHECK(strcmp(cell(g, 3, 0), "mobilenet_v2") == 0 && strcmp(cell(g, 3, 1), "conv1") == 0);
    HAS(g->note, "a layer's weights and output have 4 bits and all else is real");
    HAS(g->note, "Means over 64 calibration pictures");
    tables_free(&t);
}

/* Two charts a network; a line's largest value is 100 %, the layer that has it is named. */
static void check(struct store_reader *r, const char *folder)
{
    struct figures f;

    check_table(r);
    CHECK(figures_draw(r, folder, &f) == OK);
    CHECK(f.count[FIGURES_SENSITIVITY] == 4);
    HAS(f.section[FIGURES_SENSITIVITY].data, "layer quantized alone, by place");
    HAS(f.section[FIGURES_SENSITIVITY].data, "layer left real, all others quantized, by place");
    HAS(f.section[FIGURES_SENSITIVITY].data, "map drift at most 0.2500, conv1");
    HAS(f.section[FIGURES_SENSITIVITY].data, "map drift at most 0.5000, fc");
    HAS(f.section[FIGURES_SENSITIVITY].data, "answers changed");
    figures_free(&f);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv, &(struct report_test){ "report/layers", lay_out, fill, check });
}
