/* A checkpoint's codes run as integers and as rounded values: what both are defined by is the same, so from
 * equal input codes a layer's codes may differ where the float comes to lie near a half, by one step. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "cli/network.h"
#include "weight.h"

enum { PIXELS = 224 * 224 * 3 };

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/rounded"));
}

static void open_bound(const struct model *m, const char *weights, enum precision_form form,
                       struct engine *out)
{
    const struct model_reading how = { .form = form };
    const struct engine_options options = { .arithmetic = ENGINE_AUTO, .keep = 1 };
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };

    must(weight_load(weights, NULL, &table));
    must(model_bind(m, &table, &how, &binding));
    must(engine_open(&binding, &options, kernel_select("auto"), out));
    CHECK(engine_form(out->plan) == form);
    model_unbind(&binding);
    table_free(&table);
}

/* Values of a node that no code stands for: those of torch.fake_quantize_per_tensor_affine are where they
 * were. */
static int off_grid(const struct engine_map *m)
{
    int off = 0;

    for (int i = 0; i < m->h * m->w; i++)
        for (int c = 0; c < m->c; c++) {
            float x = m->real[(size_t)i * (size_t)m->pitch + (size_t)c];
            int code = quantize_params_value(x, m->q);

            off += x != dequantize_value(code, m->q.scale, m->q.zero_point);
        }
    return off;
}

/* Codes that differ, and the most that any does. */
static int differ(const struct engine_map *codes, const struct engine_map *real, int *most)
{
    int count = 0;

    *most = 0;
    for (int i = 0; i < codes->h * codes->w; i++)
        for (int c = 0; c < codes->c; c++) {
            int code = codes->codes[(size_t)i * (size_t)codes->pitch + (size_t)c],
                now = quantize_params_value(real->real[(size_t)i * (size_t)real->pitch + (size_t)c], real->q);

            count += code != now;
            if (abs(code - now) > *most)
                *most = abs(code - now);
        }
    return count;
}

/* first: the first layer, whose input codes are the same. Under qnnpack the integers' bias is rounded to the
 * scale of the sums, which moves more values over a half. */
static void test_network(const char *net, const char *first)
{
    static uint8_t pixels[PIXELS];
    struct network n = { 0 };
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    struct random random = { .seed = 8 };
    struct engine codes, rounded;
    struct engine_map a, b;
    char model[128], weights[128];
    int most, count, qnnpack, off = 0, seen = 0;

    snprintf(model, sizeof model, "models/demo/%s.model", net);
    snprintf(weights, sizeof weights, "models/demo/%s_int8.pth", net);
    must(network_open(&(struct network_how){ .model = model, .isa = "auto", .options = options }, weights,
                      &n));
    open_bound(&n.model, weights, PRECISION_CODES, &codes);
    open_bound(&n.model, weights, PRECISION_ROUNDED, &rounded);
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)random_below(&random, 256);
    engine_run(codes.plan, codes.state, pixels);
    engine_run(rounded.plan, rounded.state, pixels);
    for (int i = 0; i < n.model.nodes; i++) {
        b = engine_node_map(rounded.plan, rounded.state, i);
        if (b.real && b.q.scale > 0) {
            off += off_grid(&b);
            seen++;
        }
    }
    CHECK_MSG(off == 0 && seen == n.model.nodes, "%s: %d values off their grid, %d of %d nodes", net, off,
              seen, n.model.nodes);
    a = engine_node_map(codes.plan, codes.state, 0);
    b = engine_node_map(rounded.plan, rounded.state, 0);
    CHECK_MSG(differ(&a, &b, &most) == 0, "%s: input", net);
    a = engine_node_map(codes.plan, codes.state, model_find(&n.model, first));
    b = engine_node_map(rounded.plan, rounded.state, model_find(&n.model, first));
    count = differ(&a, &b, &most);
    qnnpack = engine_arithmetic_used(codes.plan) == ENGINE_QNNPACK;
    CHECK_MSG(most <= 1 && count <= a.h * a.w * a.c / (qnnpack ? 1000 : 10000),
              "%s: %d of %d codes of %s differ, by %d", net, count, a.h * a.w * a.c, first, most);
    engine_close(&codes);
    engine_close(&rounded);
    network_close(&n);
}

int main(void)
{
    test_network("mobilenet_v2", "features.0.0");
    test_network("mobilenet_v3_large", "features.0.0");
    test_network("resnet18", "conv1");
    test_network("shufflenet_v2_x0_5", "conv1.0");
    CHECK(mem_live() == 0);
    return check_result("engine/rounded");
}
