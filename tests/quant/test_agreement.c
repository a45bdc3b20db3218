/* One checkpoint as integers and rounded: from equal input codes a layer's codes differ in at most one of
 * 10,000, by one step, where the float's sum rounds near a half (saliency-and-training 2.9). */
#include <math.h>

#include "made.h"

enum { SIDE = 12, CHANNELS = 64 };
static const char text[] =
    "model two  two layers\n"
    "input image 3 12 12 resize 12 bilinear crop 12 mean 0.4 0.5 0.6 std 0.2 0.3 0.4 quant quant\n"
    "conv a image out 64 kernel 7 stride 1 pad 3 groups 1 weight a\n"
    "relu ra a\n"
    "conv b ra out 64 kernel 3 stride 1 pad 1 groups 1 weight b\n"
    "add sum b ra quant sum\n"
    "avgpool pool sum\n"
    "linear fc pool out 8 weight fc\n"
    "output fc\n"
    "cam sum\n";

static void random_real(struct tiny *t, const char *prefix, const char *name, int rank, const int64_t *dim)
{
    int64_t count = 1;
    float *x;

    for (int i = 0; i < rank; i++)
        count *= dim[i];
    x = mem_alloc((size_t)count, sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(random_unit(&t->random) + random_unit(&t->random) - 1);
    tiny_real(t, prefix, name, rank, dim, x);
    mem_free(x);
}

static void make(struct made *m)
{
    memset(m, 0, sizeof *m);
    tiny_describe(&m->net, text);
    random_real(&m->net, "a", ".weight", 4, (int64_t[]){ CHANNELS, 3, 7, 7 });
    random_real(&m->net, "a", ".bias", 1, (int64_t[]){ CHANNELS });
    random_real(&m->net, "b", ".weight", 4, (int64_t[]){ CHANNELS, CHANNELS, 3, 3 });
    random_real(&m->net, "b", ".bias", 1, (int64_t[]){ CHANNELS });
    random_real(&m->net, "fc", ".weight", 2, (int64_t[]){ 8, CHANNELS });
    random_real(&m->net, "fc", ".bias", 1, (int64_t[]){ 8 });
    made_bind(m, MADE_PICTURES);
}

/* Of a layer: what differs, at positions that `known` marks (all where NULL); marks where nothing does. */
struct seen {
    int64_t codes, differ, most;
    uint8_t equal[SIDE][SIDE];
};

static void look(const struct engine_map *codes, const struct engine_map *real,
                 const uint8_t known[SIDE][SIDE], struct seen *s)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            size_t at = (size_t)(y * SIDE + x);

            s->equal[y][x] = 1;
            for (int c = 0; c < CHANNELS; c++) {
                int code = codes->codes[at * (size_t)codes->pitch + (size_t)c];
                double value = (double)real->real[at * (size_t)real->pitch + (size_t)c] / codes->q.scale;
                int64_t step = llabs(llrint(value) + codes->q.zero_point - code);

                s->equal[y][x] &= step == 0;
                if (known && !known[y][x])
                    continue;
                s->codes++;
                s->differ += step > 0;
                s->most = step > s->most ? step : s->most;
            }
        }
}

/* Positions whose 3 x 3 inputs are all equal. */
static void grow(const uint8_t equal[SIDE][SIDE], uint8_t out[SIDE][SIDE])
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            out[y][x] = 1;
            for (int i = y - 1; i <= y + 1; i++)
                for (int j = x - 1; j <= x + 1; j++)
                    if (i >= 0 && i < SIDE && j >= 0 && j < SIDE)
                        out[y][x] &= equal[i][j];
        }
}

static void compare(struct made *m, const struct tensor_table *table, enum engine_arithmetic arithmetic,
                    int bits)
{
    static const char *const nodes[] = { "ra", "b", "sum" };
    const struct engine_options options = { .arithmetic = arithmetic, .keep = 1 }, plain = { .keep = 1 };
    const struct model_reading rounded = { .form = PRECISION_ROUNDED };
    struct model_binding b[2];
    struct engine e[2] = { { 0 } };
    struct seen seen[COUNT_OF(nodes)] = { { 0 } };

    tiny_must(model_bind(&m->net.model, table, NULL, &b[0]));
    tiny_must(model_bind(&m->net.model, table, &rounded, &b[1]));
    tiny_must(engine_open(&b[0], &options, kernel_select("auto"), &e[0]));
    tiny_must(engine_open(&b[1], &plain, kernel_select("auto"), &e[1]));
    for (int p = 0; p < MADE_PICTURES; p++) {
        uint8_t known[SIDE][SIDE], both[SIDE][SIDE];

        for (int i = 0; i < 2; i++)
            engine_run(e[i].plan, e[i].state, m->pixels[p]);
        for (size_t i = 0; i < COUNT_OF(nodes); i++) {
            int node = made_node(m, nodes[i]);
            struct engine_map codes = engine_node_map(e[0].plan, e[0].state, node),
                              real = engine_node_map(e[1].plan, e[1].state, node);

            CHECK(codes.codes && real.real && codes.c == CHANNELS);
            look(&codes, &real, i == 0 ? NULL : (const uint8_t(*)[SIDE])(i == 1 ? known : both), &seen[i]);
            if (i == 0)
                grow((const uint8_t(*)[SIDE])seen[0].equal, known);
            for (int at = 0; i == 1 && at < SIDE * SIDE; at++)
                both[at / SIDE][at % SIDE] =
                    seen[0].equal[at / SIDE][at % SIDE] & seen[1].equal[at / SIDE][at % SIDE];
        }
    }
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        CHECK_MSG(seen[i].codes > 20000 && seen[i].most <= 1 && seen[i].differ * 10000 <= seen[i].codes,
                  "%s %d bits, %s: %lld of %lld codes differ, by up to %lld",
                  engine_arithmetic_name(arithmetic), bits, nodes[i], (long long)seen[i].differ,
                  (long long)seen[i].codes, (long long)seen[i].most);
    for (int i = 0; i < 2; i++) {
        engine_close(&e[i]);
        model_unbind(&b[i]);
    }
}

/* qnnpack's bias is a whole number of steps of the product, which a rounded network's is not: here it is. */
static void snap_bias(struct tensor_table *t, const char *layer, const char *input)
{
    char name[32];
    const struct tensor *weight, *bias, *scale;

    snprintf(name, sizeof name, "%s.weight", layer);
    weight = table_find(t, name);
    snprintf(name, sizeof name, "%s.bias", layer);
    bias = table_find(t, name);
    snprintf(name, sizeof name, "%s.scale", input);
    scale = table_find(t, name);
    CHECK(weight && bias && scale);
    for (int c = 0; c < CHANNELS; c++) {
        double step = weight->scale[weight->channels > 1 ? c : 0] * tensor_at(scale, 0);

        ((float *)bias->data)[c] = (float)(nearbyint(tensor_at(bias, c) / step) * step);
    }
}

int main(void)
{
    static const int bits[] = { 8, 6, 4, 3, 2 };

    for (size_t i = 0; i < COUNT_OF(bits); i++)
        for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++) {
            struct made m;
            struct quant_result r;

            make(&m);
            m.options.arithmetic = (enum engine_arithmetic)a;
            m.options.weight_bits = m.options.activation_bits = bits[i];
            tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &r));
            if (a == ENGINE_QNNPACK) {
                snap_bias(&r.table, "a", "quant");
                snap_bias(&r.table, "b", "a");
            }
            compare(&m, &r.table, (enum engine_arithmetic)a, bits[i]);
            quant_result_free(&r);
            made_free(&m);
        }
    return check_result("quant_agreement");
}
